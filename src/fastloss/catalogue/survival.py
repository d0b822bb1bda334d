"""Losses of survival times. The loop of Cox's is in ``kernels/groups/``, that of hazards in ``kernels/rows/``."""

from ..rows import (
    Domain,
    choice,
    group_of_scores,
    group_of_targets,
    labelled,
    learned,
    of_groups,
    of_hazards,
    of_lifetimes,
    positive,
    prediction,
    target,
)

_event = Domain("0 or 1", 0.0, 1.0, ends_only=True)

cox = of_groups(
    group_of_targets("time", "when each row had its event, or was last seen"),
    group_of_targets("event", "1 where it was the event, 0 where the row is censored", labelled),
    group_of_scores("scores", "the logarithm of each row's hazard ratio"),
    name="cox",
    summary="Cox's partial likelihood: which of those at risk has each event.",
    formula="sum over event times t of sum_{l<d} log(sum_{R} exp(s) - l/d sum_{D} exp(s)) - sum_{D} s,  "
    "R = {time >= t}, D its d events; Breslow: l/d = 0",
    source="Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron 1977, doi:10.1080/01621459.1977.10480613; "
    "Breslow 1974, doi:10.2307/2529620",
    of_group="ordered",
    ordered_by="time",
    has_hessian=True,
    ties=choice("efron", "breslow", description="what is at risk at each of several events at one time"),
    per=choice(
        "group", "event", description="what the loss of a group is divided by: nothing, or its number of events"
    ),
    notes="""A group is a stratum: those at risk are of the event's own group. Groups lie one behind the other, and one
of `groups`, `group_ids` and `group_offsets` says where each begins; without any, all rows are one. A sample is a group:
`sample_weight`, `where` and ``reduction='none'`` have one number for each. Rows may be in any order of time.

A group without an event, or without rows, has a loss of 0. One with a score that is not finite has a loss and a
gradient of NaN. Who is censored at the time of an event is at risk at it.

With `row_weight` a row counts as w exp(s) at risk, and an event as w; each of the d terms of tied events has their mean
weight. That is what R's survival and the `weights_col` of lifelines have. In Breslow's form a weight of 2 is the row
twice, in Efron's it is not: there are as many terms as rows. ``per='event'`` divides by the weights of the events.

The Hessian of a stratum is a matrix of all of its rows, of which methods return the diagonal.

pycox and XGBoost have Breslow's form: ``ties='breslow'``; that of pycox is divided by the number of events:
``per='event'``. The default is that of R's survival.""",
)

logistic_hazard = of_hazards(
    target(
        Domain("the index of an interval", 0.0),
        "the interval of each sample's event, or the one in which it was last seen",
        "interval",
    ),
    target(_event, "1 where it was the event, 0 where the sample is censored", "event"),
    prediction("logits", "the logits of the hazard of each interval", "D"),
    name="logistic_hazard",
    summary="Logistic hazard: survival in discrete time, a decision for each interval up to the last that was seen.",
    formula="event at i: sum_{k<i} log(1 + exp(x_k)) + log(1 + exp(-x_i));  "
    "censored at i: sum_{k<=i} log(1 + exp(x_k))",
    source="Brown 1975, doi:10.2307/2529811; Gensheimer and Narasimhan 2019, doi:10.7717/peerj.6257",
    notes="""The hazard of interval k, the probability of an event in it if there was none before, is 1 / (1 + e^-x_k).
Survival to the end of interval k is the product of 1 less each hazard up to it. Intervals count from 0; the last axis
of `logits` has one score for each.

A sample that is censored is taken to have survived its interval, as in pycox's ``nll_logistic_hazard``. Gradients of
later intervals are 0; a score that is NaN makes its whole row NaN.""",
)

aft = of_lifetimes(
    target(Domain(">= 0 and finite", 0.0, high_open=True), "when the event had not happened yet", "lower"),
    target(Domain("> 0", 0.0, low_open=True), "when it had happened", "upper"),
    prediction("y_pred", "the logarithms of predicted times"),
    name="aft",
    summary="Accelerated failure time: the likelihood of a time that is known, or known to lie between two others.",
    formula="-log(F(b) - F(a)),  a = (log(lower) - y_pred) / scale,  b = (log(upper) - y_pred) / scale;  "
    "where lower = upper = t: -log(f(a) / (scale t))",
    source="Kalbfleisch and Prentice 2002, doi:10.1002/9781118032985; Barnwal, Cho and Hocking 2022, "
    "doi:10.1080/10618600.2022.2067548",
    ulps={"float64 value": 5, "float64 hess": 10},  # 4.2, and 8.7: differences of which a third is left
    distribution=choice(
        "normal", "logistic", "extreme", description="F, of the logarithm of a time: log-normal, log-logistic, Weibull"
    ),
    scale=learned(positive(1.0, "the scale of that distribution", "number")),
    notes="""Times are raw. Of an event at t both are t. Of one that was censored at t, and comes later, `lower` is t
and `upper` infinity; of one that had happened before t, `lower` is 0 and `upper` t. Where nothing is known, 0 and
infinity, the loss is 0.

F is the standard normal distribution, the logistic one, or that of the smallest extreme value, 1 - exp(-e^z). They are
those of XGBoost's ``survival:aft``, whose ``aft_loss_distribution_scale`` is `scale`; it lets no probability be less
than 1e-12, here no tail is cut off. lifelines' fitters of log-normal, log-logistic and Weibull times have the same
likelihood, the rho of the last being 1 / `scale`. The loss is convex in `y_pred`.""",
)
