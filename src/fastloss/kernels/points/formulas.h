/* The words of a formula (catalogue/vocabulary.py): `log1p` is fl_log1p, and fl_log1pf for float. */
#ifndef FASTLOSS_FORMULAS_H
#define FASTLOSS_FORMULAS_H

#include "blocks/blocks.h"
#include "maths/tails.h"
#include "maths/vecmath.h"
#include "points/columns.h"

/* A condition that is left out of a loop, and noted; fl_whole is 1 in the loop of a block in which one was seen. */
#define FL_NOTHING_SEEN int fl_seen = 0
#define fl_seldom(condition) (fl_whole ? (condition) : (fl_seen |= (condition), 0))
#define fl_seldomf(condition) fl_seldom(condition)

/* a parameter whose default is None */
#define FL_NOT_GIVENf FL_NANF
#define FL_NOT_GIVEN FL_NAN

/* x where c holds, else y, by the bits. A ?: is the same number, but several of them in one loop become branches
 * nested in ways that gcc does not turn back into selects, and the loop stays scalar: 26 ns an element, not 1.7. */
FL_INLINE float fl_wheref(int c, float x, float y)
{
    uint32_t mask = -(uint32_t)(c != 0);
    return fl_from_bitsf((fl_bitsf(x) & mask) | (fl_bitsf(y) & ~mask));
}
FL_INLINE double fl_where(int c, double x, double y)
{
    uint64_t mask = -(uint64_t)(c != 0);
    return fl_from_bits((fl_bits(x) & mask) | (fl_bits(y) & ~mask));
}

/* As the instructions for the larger and the smaller of two numbers choose, so that each choice is one: the second number
 * where one of them is NaN. */
FL_INLINE float fl_clampf(float x, float low, float high)
{
    float below = high < x ? high : x;
    return low > below ? low : below;
}
FL_INLINE double fl_clamp(double x, double low, double high)
{
    double below = high < x ? high : x;
    return low > below ? low : below;
}
#endif
