/*
 * Losses of a batch whose vectors are all compared with each other, of so few vectors that their similarities stay in the
 * cache: a product of BLAS, and each step between two of them by NumPy, would take longer than all that is here.
 *
 * Everything is computed in double. Vectors lie in the lanes: number k of vector i is at k * width + i, and so does the
 * transpose of a matrix of similarities. What is behind the last vector is 0.
 */
#ifndef FASTLOSS_BATCHES_H
#define FASTLOSS_BATCHES_H
#include "vectors/sums.h"

enum { FL_BATCH_LANES = 32, FL_BATCH_MOST = 64, FL_BATCH_NUMBERS = 128 };

/* For each of so many lanes; there are whole steps of them, and no rest. */
#define FL_BATCH_EACH(i, width)                                                                                        \
    for (ptrdiff_t step_of_##i = 0; step_of_##i < (width); step_of_##i += FL_BATCH_LANES)                              \
        for (ptrdiff_t i = step_of_##i; i < step_of_##i + FL_BATCH_LANES; i++)

/* One row of similarities, of whole steps of lanes; its label is that of no lane behind the last vector, which is NaN. */
typedef struct {
    ptrdiff_t width;
    double label;
    ptrdiff_t own;          /* the place that is no pair, -1: there is none */
    const double *labels;
    const double *parameter;
    double *alike, *unlike; /* room for a row of numbers each */
    double by_shared[2];    /* the derivatives by what all share */
} fl_pairs;

/* Leaves the slopes by the similarities in their place; returns the loss. */
typedef double (*fl_pairs_function)(fl_pairs *, double *);

typedef struct {
    ptrdiff_t count, columns, width; /* vectors, numbers of each; count, up to whole lanes */
    int one;                         /* both arrays are one: no vector is compared with itself */
    int both;                        /* columns are compared with rows, too */
    int normalize, wants;            /* whether vectors are divided by their lengths, whether gradients are wanted */
    fl_pairs_function pairs;         /* of the similarities of a vector; NULL: a softmax */
    double parameter[3];             /* of that function */
    double scale, multiplier;        /* of the similarities of a softmax; of gradients */
    double label[FL_BATCH_MOST];     /* of vectors that belong together it is the same */
    double weight[FL_BATCH_MOST];
    ptrdiff_t positive[FL_BATCH_MOST]; /* one that a vector belongs to, -1 where there is none */
    double value[FL_BATCH_MOST];       /* weighted */
    double by_shared[2];               /* the derivatives by what all share */
    double *vectors[2], *gradient[2];  /* columns * width numbers each; the second are the first where both are one */
    double *similar, *slopes, *turned; /* width * width each */
} fl_batch;

/* Whole steps of lanes for so many vectors */
static inline ptrdiff_t fl_batch_width(ptrdiff_t count)
{
    return (count + FL_BATCH_LANES - 1) / FL_BATCH_LANES * FL_BATCH_LANES;
}

/* Lay out what a batch needs of memory; returns how many bytes. */
static inline ptrdiff_t fl_batch_room(fl_batch *batch, double *memory)
{
    ptrdiff_t width = fl_batch_width(batch->count);
    ptrdiff_t numbers = width * batch->columns, pairs = width * width;
    batch->width = width;
    batch->vectors[0] = memory, batch->vectors[1] = batch->one ? memory : memory + numbers;
    batch->gradient[0] = memory + 2 * numbers, batch->gradient[1] = memory + 3 * numbers;
    batch->similar = memory + 4 * numbers, batch->slopes = batch->similar + pairs, batch->turned = batch->slopes + pairs;
    return (4 * numbers + 3 * pairs) * (ptrdiff_t)sizeof(double);
}

/* out = sum_k factor[k] row k, each row `width` numbers. */
FL_SWEEP void fl_batch_sum(double *out, const double *factor, const double *row, ptrdiff_t rows, ptrdiff_t step, ptrdiff_t width)
{
    for (ptrdiff_t first = 0; first < width; first += FL_BATCH_LANES) {
        double sum[FL_BATCH_LANES] = {0};
        for (ptrdiff_t k = 0; k < rows; k++) {
            double x = factor[k * step];
            for (int j = 0; j < FL_BATCH_LANES; j++) sum[j] = fl_fma(x, row[k * width + first + j], sum[j]);
        }
        for (int j = 0; j < FL_BATCH_LANES; j++) out[first + j] = sum[j];
    }
}

/* Divide vectors by their lengths; returns 0 where squares lose digits, or a number is none. */
FL_SWEEP int fl_batch_lengths(double *vectors, double *length, ptrdiff_t columns, ptrdiff_t count, ptrdiff_t width, int normalize)
{
    int inside = 1;
    FL_BATCH_EACH(i, width) length[i] = 0;
    for (ptrdiff_t k = 0; k < columns; k++)
        FL_BATCH_EACH(i, width) length[i] = fl_fma(vectors[k * width + i], vectors[k * width + i], length[i]);
    for (ptrdiff_t i = 0; i < count; i++) inside &= length[i] < 0x1p60 && (!normalize || length[i] > 0x1p-60);
    FL_BATCH_EACH(i, width) length[i] = normalize && i < count ? fl_sqrt(length[i]) : 1.0;
    if (normalize && inside)
        for (ptrdiff_t k = 0; k < columns; k++)
            FL_BATCH_EACH(i, width) vectors[k * width + i] /= length[i];
    return inside;
}

/* Of each vector one of its label, the next; -1 where there is none. Vectors of another array have their own place. */
static inline void fl_batch_positives(fl_batch *batch)
{
    for (ptrdiff_t i = 0; i < batch->count; i++) {
        ptrdiff_t j = i;
        if (batch->one)
            do j = j + 1 < batch->count ? j + 1 : 0;
            while (batch->label[j] != batch->label[i]);
        batch->positive[i] = batch->one && j == i ? -1 : j;
    }
}

/*
 * The softmax over each row of similarities: adds weight x loss to the values, leaves the slopes, times what multiplies
 * gradients. Numbers are differences from the similarity of the positive, which stays out of the sum: a pair that is
 * right keeps its digits.
 */
static void fl_batch_softmax(fl_batch *batch, const double *similar, double *slopes)
{
    const ptrdiff_t count = batch->count, width = batch->width;
    const double scale = batch->scale, share = batch->both ? 0.5 : 1.0;
    double top[FL_BATCH_MOST], sum[FL_BATCH_MOST], loss[FL_BATCH_MOST], whole[FL_BATCH_MOST];
    for (ptrdiff_t i = 0; i < count; i++) {
        double *row = slopes + i * width;
        ptrdiff_t positive = batch->positive[i] < 0 ? i : batch->positive[i];
        double at_positive = similar[i * width + positive];
        FL_BATCH_EACH(j, width) {
            double x = scale * (similar[i * width + j] - at_positive);
            row[j] = j < count ? x : -FL_INFINITY;
        }
        row[positive] = -FL_INFINITY;
        if (batch->one) row[i] = -FL_INFINITY;
        double largest = fl_block_max_f64(row, width);
        top[i] = largest > 0.0 ? largest : 0.0;
        FL_BATCH_EACH(j, width) row[j] -= top[i];
    }
    fl_block_exp_f64(slopes, slopes, count * width);
    for (ptrdiff_t i = 0; i < count; i++) sum[i] = fl_block_sum_f64(slopes + i * width, width);
    for (ptrdiff_t i = 0; i < count; i++) {
        double at_top = fl_exp_minus_abs(top[i]);
        /* Where the positive is not the largest, the sum is at least 1: nothing is lost. */
        loss[i] = top[i] + fl_log1p(top[i] > 0.0 ? (sum[i] - 1.0) + at_top : sum[i]);
        whole[i] = sum[i] + at_top;
    }
    for (ptrdiff_t i = 0; i < count; i++) {
        double *row = slopes + i * width, weight = batch->weight[i] * share;
        const double *own = similar + i * width;
        ptrdiff_t positive = batch->positive[i];
        if (positive < 0 || weight == 0) {
            FL_BATCH_EACH(j, width) row[j] = 0;
            continue;
        }
        double factor = weight * batch->multiplier * scale, each = factor / whole[i], others = 0, apart = 0;
        if (batch->one)
            for (ptrdiff_t p = batch->positive[positive]; p != i; p = batch->positive[p]) {
                others += 1;
                apart += own[positive] - own[p];
            }
        double mean = 1.0 / (others + 1.0);
        loss[i] += scale * apart * mean;
        batch->value[i] += weight * loss[i];
        FL_BATCH_EACH(j, width) row[j] *= each;
        row[positive] = -sum[i] * each;
        if (others) {
            row[positive] += factor * (1.0 - mean);
            for (ptrdiff_t p = batch->positive[positive]; p != i; p = batch->positive[p]) row[p] -= factor * mean;
        }
    }
}

/* ---- losses of pairs ---------------------------------------------------------------------------------------------- */

/* Keep numbers of vectors of the same label in `alike`, of others in `unlike`; -infinity in the place of the rest. */
static inline void fl_pairs_part(fl_pairs *row)
{
    FL_BATCH_EACH(j, row->width) {
        double label = row->labels[j], alike = row->alike[j], unlike = row->unlike[j];
        row->alike[j] = label == row->label ? alike : -FL_INFINITY;
        row->unlike[j] = (label < row->label) | (label > row->label) ? unlike : -FL_INFINITY;
    }
    if (row->own >= 0) row->alike[row->own] = -FL_INFINITY;
}

/* x = e^(factor (x - top)), 0 of -infinity; returns the sum. Top is the largest, and at least `least`. */
static inline double fl_pairs_exp(double *x, double factor, double least, double *top, ptrdiff_t width)
{
    double largest = fl_block_max_f64(x, width), taken;
    largest = largest > least ? largest : least;
    taken = fl_abs(largest) < FL_INFINITY ? largest : 0.0;
    FL_BATCH_EACH(j, width) x[j] = (x[j] - taken) * factor;
    fl_block_exp_f64(x, x, width);
    *top = largest;
    return fl_block_sum_f64(x, width);
}

/* log(1 + sum e^(factor x)) / factor; its slopes take the place of x. */
static inline double fl_pairs_soft_sum(double *x, double factor, ptrdiff_t width)
{
    double top, total = fl_pairs_exp(x, factor, 0.0, &top, width);
    double one = fl_exp(-factor * top), whole = total + one;
    FL_BATCH_EACH(j, width) x[j] /= whole;
    /* Where the 1 is the largest, the sum beside it keeps its digits. */
    return top + (top > 0 ? fl_log(whole) : fl_log1p(total)) / factor;
}

/* parameters: alpha, beta, base */
static double fl_pairs_multi_similarity(fl_pairs *row, double *similar)
{
    const double base = row->parameter[2];
    FL_BATCH_EACH(j, row->width) row->alike[j] = base - similar[j], row->unlike[j] = similar[j] - base;
    fl_pairs_part(row);
    double value = fl_pairs_soft_sum(row->alike, row->parameter[0], row->width);
    value += fl_pairs_soft_sum(row->unlike, row->parameter[1], row->width);
    FL_BATCH_EACH(j, row->width) similar[j] = row->unlike[j] - row->alike[j];
    return value;
}

/* parameters: margin, gamma, detached */
static double fl_pairs_circle(fl_pairs *row, double *similar)
{
    const double margin = row->parameter[0], gamma = row->parameter[1], moves = row->parameter[2] == 0;
    double alike_top, unlike_top;
    FL_BATCH_EACH(j, row->width) {
        double s = similar[j], drawn = (1.0 + margin) - s, pushed = s + margin;
        row->alike[j] = (drawn > 0 ? drawn : 0.0) * ((1.0 - margin) - s);
        row->unlike[j] = (pushed > 0 ? pushed : 0.0) * (s - margin);
    }
    fl_pairs_part(row);
    double alike = fl_pairs_exp(row->alike, gamma, -FL_INFINITY, &alike_top, row->width);
    double unlike = fl_pairs_exp(row->unlike, gamma, -FL_INFINITY, &unlike_top, row->width);
    double exponent = gamma * (alike_top + unlike_top) + fl_log(alike) + fl_log(unlike), small = fl_exp_minus_abs(exponent);
    double slope = (exponent > 0 ? 1.0 : small) / (1.0 + small) * gamma;
    double of_alike = slope / (alike == 0 ? 1.0 : alike), of_unlike = slope / (unlike == 0 ? 1.0 : unlike);
    FL_BATCH_EACH(j, row->width) {
        /* How far pairs of a class, and of two, are from their best; at the kinks, half of the slope beyond. */
        double s = similar[j], drawn = (1.0 + margin) - s, pushed = s + margin;
        double draws = drawn > 0 ? 1.0 : drawn == 0 ? 0.5 : 0.0, pushes = pushed > 0 ? 1.0 : pushed == 0 ? 0.5 : 0.0;
        drawn = (drawn > 0 ? drawn : 0.0) + moves * draws * ((1.0 - margin) - s);
        pushed = (pushed > 0 ? pushed : 0.0) + moves * pushes * (s - margin);
        similar[j] = row->unlike[j] * (pushed * of_unlike) - row->alike[j] * (drawn * of_alike);
    }
    return (exponent > 0 ? exponent : 0.0) + fl_log1p_unit(small);
}

/* parameters: the logarithm of the scale, bias, which are what all share */
static double fl_pairs_sigmoid_contrastive(fl_pairs *row, double *similar)
{
    const double scale = fl_exp(row->parameter[0]), bias = row->parameter[1];
    double *small = row->alike, *loss = row->unlike;
    FL_BATCH_EACH(j, row->width) {
        similar[j] *= scale;
        double exponent = similar[j] + bias;
        loss[j] = row->labels[j] == row->label ? -exponent : exponent;
    }
    fl_block_exp_minus_abs_f64(loss, small, row->width);
    FL_BATCH_EACH(j, row->width) {
        double slope = (loss[j] > 0 ? 1.0 : small[j]) / (1.0 + small[j]), label = row->labels[j];
        double each = fl_log1p_unit(small[j]) + (loss[j] > 0 ? loss[j] : 0.0);
        slope = label == row->label ? -slope : slope;
        loss[j] = label == label ? each : 0.0;
        small[j] = label == label ? slope : 0.0;
    }
    row->by_shared[0] = fl_block_dot_f64(small, similar, row->width);
    row->by_shared[1] = fl_block_sum_f64(small, row->width);
    FL_BATCH_EACH(j, row->width) similar[j] = small[j] * scale;
    return fl_block_sum_f64(loss, row->width);
}

/* The loss of each vector, and the slopes, times what multiplies gradients, of a small batch. */
static void fl_batch_pairs(fl_batch *batch)
{
    const ptrdiff_t width = batch->width;
    double labels[FL_BATCH_MOST];
    FL_BATCH_EACH(j, width) labels[j] = j < batch->count ? batch->label[j] : FL_NAN;
    fl_pairs row = {width, 0, -1, labels, batch->parameter, batch->turned, batch->turned + width, {0, 0}};
    for (ptrdiff_t i = 0; i < batch->count; i++) {
        double *slopes = batch->slopes + i * width, factor = batch->weight[i] * batch->multiplier;
        if (batch->weight[i] == 0) {
            FL_BATCH_EACH(j, width) slopes[j] = 0;
            continue;
        }
        row.label = batch->label[i], row.own = batch->one ? i : -1;
        FL_BATCH_EACH(j, width) slopes[j] = batch->similar[i * width + j];
        batch->value[i] = batch->weight[i] * batch->pairs(&row, slopes);
        FL_BATCH_EACH(j, width) slopes[j] *= factor;
        for (int k = 0; k < 2; k++) batch->by_shared[k] += factor * row.by_shared[k];
    }
}

/* The gradient by the vectors as they were given. */
FL_SWEEP void fl_batch_of_given(double *gradient, const double *vectors, const double *length, ptrdiff_t columns, ptrdiff_t width)
{
    double along[FL_BATCH_MOST] = {0};
    for (ptrdiff_t k = 0; k < columns; k++)
        FL_BATCH_EACH(i, width)
            along[i] = fl_fma(gradient[k * width + i], vectors[k * width + i], along[i]);
    for (ptrdiff_t k = 0; k < columns; k++)
        FL_BATCH_EACH(i, width) {
            double across = fl_fma(-vectors[k * width + i], along[i], gradient[k * width + i]);
            gradient[k * width + i] = across / length[i];
        }
}

/* Add a matrix, turned, to another. */
FL_SWEEP void fl_batch_add_turned(double *to, const double *from, double *turned, ptrdiff_t width)
{
    fl_transpose_f64(from, width, turned, width, width, width);
    FL_BATCH_EACH(i, width * width) to[i] += turned[i];
}

/* Compute a batch whose vectors, weights, labels and positives are there; returns 0, and leaves nothing, where it is not sure. */
static int fl_batch_run(fl_batch *batch)
{
    const ptrdiff_t count = batch->count, columns = batch->columns, width = batch->width;
    double length[2][FL_BATCH_MOST];
    const double *first = batch->vectors[0], *second = batch->vectors[1];
    if (!batch->pairs && !(0x1p-60 < batch->scale && batch->scale < 0x1p60)) return 0;
    for (int k = 0; k < (batch->one ? 1 : 2); k++)
        if (!fl_batch_lengths(batch->vectors[k], length[k], columns, count, width, batch->normalize)) return 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        fl_batch_sum(batch->similar + i * width, first + i, second, columns, width, width);
        batch->value[i] = 0;
    }
    for (ptrdiff_t i = count * width; i < width * width; i++) batch->similar[i] = batch->slopes[i] = 0;
    batch->by_shared[0] = batch->by_shared[1] = 0;
    if (batch->pairs)
        fl_batch_pairs(batch);
    else
        fl_batch_softmax(batch, batch->similar, batch->slopes);
    if (batch->both) {
        /* The slopes of columns take the place of the similarities. */
        fl_transpose_f64(batch->similar, width, batch->turned, width, width, width);
        fl_batch_softmax(batch, batch->turned, batch->similar);
        fl_batch_add_turned(batch->slopes, batch->similar, batch->turned, width);
    }
    for (ptrdiff_t i = 0; i < count; i++)
        if (!(batch->value[i] < FL_INFINITY)) return 0;
    if (!batch->wants) return 1;
    if (batch->one)
        fl_batch_add_turned(batch->slopes, batch->slopes, batch->turned, width);
    else
        fl_transpose_f64(batch->slopes, width, batch->turned, width, width, width);
    for (ptrdiff_t k = 0; k < columns; k++) {
        if (batch->one)
            fl_batch_sum(batch->gradient[0] + k * width, first + k * width, batch->slopes, count, 1, width);
        else {
            fl_batch_sum(batch->gradient[0] + k * width, second + k * width, batch->turned, count, 1, width);
            fl_batch_sum(batch->gradient[1] + k * width, first + k * width, batch->slopes, count, 1, width);
        }
    }
    if (!batch->pairs) batch->by_shared[0] = fl_block_dot_f64(batch->gradient[0], first, columns * width);
    for (int k = 0; k < (batch->one ? 1 : 2) && batch->normalize; k++)
        fl_batch_of_given(batch->gradient[k], batch->vectors[k], length[k], columns, width);
    return 1;
}
#endif
