"""
Cox's model of survival, by scipy.optimize
==========================================

Patients of two hospitals, some of whom are lost from sight before their event. A hazard ratio for each covariate is
learned from who has an event while who else is at risk; hospitals are strata. The coefficients are those of lifelines.
"""

import numpy as np
from scipy.optimize import minimize

import fastloss as fl

rng = np.random.default_rng(0)
patients, truth = 2000, np.array([0.8, -0.5, 0.0])
X = rng.normal(size=(patients, len(truth)))
hospital = np.sort(rng.integers(0, 2, patients))  # the rows of a stratum lie one behind the other
hazard = np.exp(X @ truth) * np.where(hospital, 5.0, 1.0)
happens = rng.exponential(1 / hazard)
lost = rng.exponential(1.0, patients)
event = (happens <= lost).astype(float)
time = np.ceil(100 * np.minimum(happens, lost))  # in days: many are tied


def objective(coefficients):
    value, by_scores = fl.cox.value_and_grad(time, event, X @ coefficients, group_ids=hospital, reduction="sum")
    return value, X.T @ by_scores


found = minimize(objective, np.zeros(3), jac=True, method="BFGS", options={"gtol": 1e-8 * patients})
print(f"coefficients {found.x.round(3)} (true: {truth}), hazard ratios {np.exp(found.x).round(2)}")
assert np.allclose(found.x, truth, atol=0.15)

# %%
# Of two patients the one with the larger score should have its event first. Those who are lost before are no pair.
score = X @ found.x
first = (time[:, None] < time) & (event[:, None] == 1) & (hospital[:, None] == hospital)
concordance = (score[:, None] > score)[first].mean()
print(f"of {concordance:.0%} of the pairs the order is right")
assert concordance > 0.68

# %%
# Times themselves need a distribution: here Weibull's, with a scale that is learned too. An event on a day lies between
# its morning and its evening: `aft` takes both ends, and of those who are lost, the last morning and infinity.
morning, evening = time - 1, np.where(event == 1, time, np.inf)
design = np.column_stack([hospital == 0, hospital == 1, X]).astype(float)


def likelihood(parameters):
    *coefficients, log_scale = parameters
    given = {"distribution": "extreme", "scale": np.exp(log_scale), "reduction": "sum"}
    log_time = design @ coefficients
    value, by_log_time = fl.aft.value_and_grad(morning, evening, log_time, **given)
    by_scale = fl.aft.parameter_grads(morning, evening, log_time, **given)["scale"]
    return value, np.append(design.T @ by_log_time, by_scale * given["scale"])


whole = minimize(likelihood, np.zeros(6), jac=True, method="BFGS", options={"gtol": 1e-6 * patients})
print(f"log hazard ratios {-whole.x[2:5].round(3)} (Cox: {found.x.round(3)}), scale {np.exp(whole.x[5]):.3f}")
assert np.allclose(-whole.x[2:5], found.x, atol=0.05) and abs(whole.x[5]) < 0.05
