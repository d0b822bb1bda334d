"""Loss functions for NumPy: value, gradient and Hessian diagonal in one fused pass, correct to the last digits.

Every loss is an object that is called, with methods for its other results::

    import fastloss as fl

    loss = fl.cross_entropy(y_true, logits)
    loss, grad = fl.cross_entropy.value_and_grad(y_true, logits)

`losses` lists them all. The functions `softmax`, `log_softmax`, `logsumexp`, `sigmoid`, `log_sigmoid` and `softplus`
stand beside, `crf_marginals` and `crf_viterbi` of chains of tags, `ctc_decode` and `ctc_align` of labels in frames, and
the penalties `l1`, `l2` and `elastic_net` of a model's parameters. `report` tells where a loss comes from, `plot` draws
one.
"""

from .catalogue import ALIASES as _ALIASES
from .catalogue import CATALOGUE as _CATALOGUE
from .documentation import losses
from .functions import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax, softplus
from .loss import Loss
from .multitask import uncertainty_weighted
from .penalties import Penalty, elastic_net, l1, l2
from .runtime import build_info, engine, get_num_threads, num_threads, set_num_threads
from .runtime import kernels as _kernels

__version__ = "0.2.0"

__all__ = [
    "Loss",
    "Penalty",
    "build_info",
    "crf_marginals",
    "crf_viterbi",
    "ctc_align",
    "ctc_decode",
    "elastic_net",
    "engine",
    "get_num_threads",
    "l1",
    "l2",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "losses",
    "num_threads",
    "plot",
    "report",
    "set_num_threads",
    "sigmoid",
    "softmax",
    "softplus",
    "uncertainty_weighted",
    *_CATALOGUE,
    *_ALIASES,
]


#: Functions whose modules are loaded when somebody asks for them.
_ON_DEMAND = {
    "crf_marginals": "tagging",
    "crf_viterbi": "tagging",
    "ctc_align": "decoding",
    "ctc_decode": "decoding",
    "plot": "pictures",
    "report": "reports",
}


def __getattr__(name: str) -> object:
    """Import what is imported when it is asked for, and say of the names of other libraries what stands for them.

    ``__pyx_capi__`` is what other Cython code calls (``__init__.pxd``).
    """
    if name in ("interop", "jit", "metrics"):
        from importlib import import_module

        return import_module(f".{name}", __name__)
    if name in _ON_DEMAND:
        from importlib import import_module

        return globals().setdefault(name, getattr(import_module(f".{_ON_DEMAND[name]}", __name__), name))
    if name == "__pyx_capi__":
        return {**_kernels.points.__pyx_capi__, **_kernels.rows.__pyx_capi__}
    text = f"module {__name__!r} has no attribute {name!r}"
    if not name.startswith("_"):
        from .habits import instead_of

        text += instead_of(name)
    raise AttributeError(text)


def __dir__() -> list[str]:
    """Name what is imported when it is asked for, too: consoles and notebooks complete names from here."""
    return sorted({*globals(), *_ON_DEMAND})


globals().update({name: Loss(row) for name, row in _CATALOGUE.items()})
globals().update({alias: globals()[name] for alias, name in _ALIASES.items()})
