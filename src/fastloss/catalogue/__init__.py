"""The rows of all losses, in the order in which they are declared: the single registry."""

from __future__ import annotations

from ..rows import PenaltyRow, Row
from . import (
    adversarial,
    binary,
    classes,
    contrastive,
    divergences,
    likelihoods,
    metric,
    penalties,
    preference,
    ranking,
    regression,
    segmentation,
    speech,
    survival,
    tagging,
    transfer,
)

_MODULES = {
    "rows of classes": classes,
    "divergences": divergences,
    "two classes": binary,
    "likelihoods": likelihoods,
    "regression": regression,
    "metric": metric,
    "contrastive": contrastive,
    "segmentation": segmentation,
    "preference": preference,
    "adversarial": adversarial,
    "transfer": transfer,
    "speech": speech,
    "tagging": tagging,
    "ranking": ranking,
    "survival": survival,
}
#: The rows by family.
FAMILIES: dict[str, list[Row]] = {
    family: [row for row in vars(module).values() if isinstance(row, Row)] for family, module in _MODULES.items()
}
CATALOGUE: dict[str, Row] = {row.name: row for rows in FAMILIES.values() for row in rows}

#: Penalties of a model's parameters, which stand beside the losses.
PENALTIES: dict[str, PenaltyRow] = {row.name: row for row in vars(penalties).values() if isinstance(row, PenaltyRow)}

#: Second names, where the field has two for one loss; the package has the same object under both.
ALIASES = {"pinball": "quantile"}
