"""Losses of the overlap of regions: how much of what there is was found. Their loops are in ``kernels/regions/``.

Each is a power of 1 less Tversky's index, of sums over the pixels of a region: of what lies in both, of what is wrongly
found, and of what is missed. Of `together` the classes of an image have their sums together, weighed by 1 / T^2.
"""

from ..rows import Declared, Domain, Overlap, RowTarget, at_least_zero, labelled, number, of_errors, of_regions, switch


def _smooth() -> Declared:
    return at_least_zero(0.0, "what is added to numerator and denominator of the overlap", "number")


def _squared() -> Declared:
    return switch(False, "whether the sums of probabilities and of targets are those of their squares")


def _dice_of(smooth: float, squared: bool) -> Overlap:
    return Overlap(0.5, 0.5, smooth / 2)


def _jaccard_of(smooth: float, squared: bool) -> Overlap:
    return Overlap(1.0, 1.0, smooth)


def _tversky_of(alpha: float, beta: float, smooth: float, squared: bool) -> Overlap:
    return Overlap(alpha, beta, smooth)


def _focal_tversky_of(alpha: float, beta: float, gamma: float, smooth: float) -> Overlap:
    return Overlap(alpha, beta, smooth, gamma)


def _generalized_dice_of(smooth: float) -> Overlap:
    return Overlap(0.5, 0.5, smooth / 2)


_NOTES = """Axis 0 is that of the images, `axis` that of the classes, all others are space: one axis of it, two, three …
No axis is ever copied into another place. `mode` says what the arrays are:

- ``"binary"``: one class. `logits` of the shape (N, ...), without an axis of classes; `y_true` has the same shape.
  p = 1 / (1 + e^-x).
- ``"multilabel"``: classes that do not exclude each other. `logits` of the shape (N, C, ...), as has `y_true`.
- ``"multiclass"``: each pixel has one class, p is the softmax along `axis`. `y_true` has a class index for each pixel,
  of any integer type, in the shape (N, ...); or a share in [0, 1] for each class, in the shape (N, C, ...).

I is the sum of p y over the pixels of a region, P that of p, T that of y; with `squared` P is that of p^2, T that of
y^2. A sample is {sample}: with ``over="batch"`` the sums go over all images. `sample_weight`, `where` and
``reduction="none"`` have the shape of the samples: {shape}.

A pixel whose target is `ignore_index` counts for nothing, whatever its logits are; beside shares for each class of
``"multiclass"`` there is none. `pixel_weight` multiplies what a pixel adds to I, P and T, so a pixel of weight 0 counts
for nothing either; its target has to be one all the same. Where nothing is there and nothing is found, 0/0 is a loss of
0, with gradient 0. Without `smooth`, what is found where nothing is there is a loss of 1, however little that is;
``classes="present"`` leaves such classes out. A list of indices leaves all others out. What is left out has weight 0. A
NaN makes its region NaN."""

_EACH = _NOTES.format(sample="a class of an image", shape='(N, C), or (N,) if binary; of ``over="batch"`` (C,), or ()')
_TOGETHER = _NOTES.format(sample="an image", shape='(N,); of ``over="batch"`` ()')

dice = of_regions(
    name="dice",
    of_sums=_dice_of,
    summary="Dice loss: 1 less twice the overlap of two regions over the sum of their sizes.",
    formula="1 - (2 I + smooth) / (P + T + smooth)",
    source="Milletari, Navab and Ahmadi 2016, arXiv:1606.04797 (there squared)",
    smooth=_smooth(),
    squared=_squared(),
    notes=f"""{_EACH}

segmentation_models_pytorch's ``DiceLoss`` is ``over="batch", classes="present", reduction="sum"`` over the number of
all classes; its `smooth` is half of that here. MONAI's has a `smooth` of 1e-5, and each class of each image, as is the
default here. Keras adds up a whole batch, all classes of it.""",
)

jaccard = of_regions(
    name="jaccard",
    of_sums=_jaccard_of,
    summary="Jaccard loss: 1 less the overlap of two regions over what they cover together (soft IoU).",
    formula="1 - (I + smooth) / (P + T - I + smooth)",
    source="Rahman and Wang 2016, doi:10.1007/978-3-319-50835-1_22",
    smooth=_smooth(),
    squared=_squared(),
    notes=_EACH,
)

tversky = of_regions(
    name="tversky",
    of_sums=_tversky_of,
    summary="Tversky loss: as Dice loss, with a weight for what is wrongly found and one for what is missed.",
    formula="1 - (I + smooth) / (I + alpha (P - I) + beta (T - I) + smooth)",
    source="Salehi, Erdogmus and Gholipour 2017, arXiv:1706.05721",
    alpha=at_least_zero(0.5, "weighs what is wrongly found", "number"),
    beta=at_least_zero(0.5, "weighs what is missed", "number"),
    smooth=_smooth(),
    squared=_squared(),
    notes=f"""{_EACH}

`alpha` weighs false positives, as with segmentation_models_pytorch, MONAI and optax. Keras up to 3.15 has it the other
way round. With 1/2 and 1/2 this is `dice` with a `smooth` of twice the number; with 1 and 1 it is `jaccard`. With
`squared` and an `alpha` above `beta` it may be a little below 0.""",
)

focal_tversky = of_regions(
    name="focal_tversky",
    of_sums=_focal_tversky_of,
    summary="Focal Tversky loss: a power of the Tversky loss, which small regions are a larger part of.",
    formula="(1 - (I + smooth) / (I + alpha (P - I) + beta (T - I) + smooth))^gamma",
    source="Abraham and Khan 2019, arXiv:1810.07842",
    alpha=at_least_zero(0.5, "weighs what is wrongly found", "number"),
    beta=at_least_zero(0.5, "weighs what is missed", "number"),
    gamma=number(1.0, Domain(">= 1 and finite", 1.0, float("inf"), high_open=True), "the power"),
    smooth=_smooth(),
    notes=f"""{_EACH}

The power of the paper is 1 / gamma, with gamma from 1 to 3, and its alpha weighs what is missed. Below 1 a power has an
infinite slope where the loss is 0, and is refused.""",
)

generalized_dice = of_regions(
    name="generalized_dice",
    of_sums=_generalized_dice_of,
    together=True,
    summary="Generalized Dice loss: all classes of an image together, each weighed by its size.",
    formula="1 - (2 sum_c w_c I_c + smooth) / (sum_c w_c (P_c + T_c) + smooth),  w_c = 1 / T_c^2 where T_c > 0, else 0",
    source="Sudre, Li, Vercauteren, Ourselin and Cardoso 2017, arXiv:1707.03237",
    smooth=_smooth(),
    notes=f"""{_TOGETHER}

`class_weight` multiplies w_c. A class that is absent has w_c = 0: what is found of it costs nothing here.""",
)

_SORTED = """An image's errors are sorted, the largest first; ties stay in the order of the pixels, on which the value
does not depend. Each error is multiplied by what Jaccard's index (intersection over union) loses when its pixel is
added to those that are wrong: so the loss of errors of 0 and 1 is 1 less the index. Of n pixels it takes time
O(n log n) and memory O(n). A sample is an image, or with ``over='batch'`` all of them; an image of which no pixel is
kept has a loss of 0, one with a score that is NaN a loss of NaN."""

lovasz_hinge = of_errors(
    name="lovasz_hinge",
    target=labelled,
    over_classes=False,
    summary="Lovász hinge: a convex surrogate of Jaccard's index for masks of two classes.",
    formula="sum_k m_k (J_k - J_k-1) in descending order of m,  m = max(0, 1 - (2 y - 1) x),  "
    "J_k = 1 - index if the first k pixels are wrong",
    source="Berman, Rannen Triki and Blaschko 2018, doi:10.1109/CVPR.2018.00464",
    notes=f"""`y_true` has the shape of `logits`, the images on the first axis.

{_SORTED} At the kink of an error the slope is half. Where an image has no pixel of the class, its largest error is the
loss. That is the authors' code, but for the order of ties.""",
)

lovasz_softmax = of_errors(
    name="lovasz_softmax",
    target=RowTarget("a class index", 0.0, 1.0, forms=("index",)),
    over_classes=True,
    summary="Lovász softmax: a surrogate of the mean of Jaccard's index over the classes.",
    formula="mean_c sum_k m_k (J_k - J_k-1) in descending order of m,  "
    "m = 1 - p_c where y = c, else p_c,  p = softmax(x),  J_k = 1 - index if the first k pixels are wrong",
    source="Berman, Rannen Triki and Blaschko 2018, doi:10.1109/CVPR.2018.00464",
    notes=f"""`y_true` holds class indices, in the shape of `logits` without `axis`; the images are on the first axis.
The softmax is part of the loss; the authors' code takes probabilities.

{_SORTED} Of a class that an image does not have, counted with ``classes='all'`` or by a list, the largest probability
is its loss.""",
)
