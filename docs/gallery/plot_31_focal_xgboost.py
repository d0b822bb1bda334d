"""
Focal loss for imbalanced data in XGBoost
=========================================

The objective and the metric of XGBoost are a loss of fastloss. The curvature is made positive in the same pass:
that of focal loss is negative where a sample is very wrong, and a tree cannot step by it.
"""

import matplotlib.pyplot as plt
import xgboost as xgb
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score, precision_recall_curve
from sklearn.model_selection import train_test_split

import fastloss as fl

X, y = make_classification(8000, 20, n_informative=6, weights=[0.98], flip_y=0.002, class_sep=0.8, random_state=0)
X, X_test, y, y_test = train_test_split(X, y, random_state=0, stratify=y)
train, test = xgb.DMatrix(X, y), xgb.DMatrix(X_test, y_test)
print(f"{y.mean():.1%} of {len(y)} samples are positive")

figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
scores = {}
for loss in (fl.binary_cross_entropy, fl.binary_focal.bind(gamma=1.0), fl.binary_focal.bind(gamma=2.0, alpha=0.75)):
    history = {}
    booster = xgb.train(
        {"max_depth": 4, "eta": 0.1, "nthread": 1, "disable_default_eval_metric": True, "base_score": 0.0},
        train,
        num_boost_round=80,
        obj=fl.interop.xgboost.objective(loss),
        custom_metric=fl.interop.xgboost.metric(loss),
        evals=[(test, "test")],
        evals_result=history,
        verbose_eval=False,
    )
    raw = booster.predict(test, output_margin=True)
    name = f"{loss.name} {loss.parameters.get('gamma', '')}".strip()
    scores[name] = average_precision_score(y_test, raw)
    (curve,) = history["test"].values()
    print(f"{name}: its own loss {curve[0]:.4f} -> {curve[-1]:.4f}, average precision {scores[name]:.3f}")
    precision, recall, _ = precision_recall_curve(y_test, raw)
    axes.step(recall, precision, where="post", label=f"{name} ({scores[name]:.3f})")
    assert abs(curve[-1] - loss(y_test, raw)) < 1e-5  # XGBoost rounds what it reports
axes.set(xlabel="recall", ylabel="precision")
axes.legend(frameon=False)
plt.show()
assert min(scores.values()) > 10 * y.mean()
