"""Losses over rows of classes. Their loops are kernels of their own: ``kernels/softmax.pxi``."""

from .declare import class_index, class_weights, fraction, rowwise

cross_entropy = rowwise(
    name="cross_entropy",
    summary="Softmax cross-entropy of logits, for class indices or for a probability of each class.",
    formula="log(sum_c e^x_c) - x_y;  with probabilities  sum_c y_c (log(sum_k e^x_k) - x_c)",
    source="Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    class_weight=class_weights(
        "one factor for each class: it multiplies the weight of a sample of that class, "
        "or that class's term of a soft target"
    ),
    ignore_index=class_index("rows with this label have loss 0, gradient 0 and weight 0, whatever their logits"),
    label_smoothing=fraction(0.0, "the e of the smoothed target (1 - e) onehot(y) + e / C", kind="number"),
    notes="""`y_true` holds class indices (any integer type) and has the shape of `logits` without the class axis, or it
has the shape of `logits` and holds probabilities, each row adding up to 1.

The mean divides by the sum of the weights: sample weight x class weight of the label, so that class indices and their
one-hot rows give the same number (PyTorch divides by the number of rows when it is given probabilities). The Hessian
diagonal is exact, p (1 - p); some boosting libraries multiply it by C / (C - 1) or by 2.""",
)
