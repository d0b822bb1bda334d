"""
Focal loss for imbalanced data in LightGBM
==========================================

One sample in fifty is positive. The objective is a loss of fastloss, with its exact gradient and a positive curvature;
focal loss takes weight from what is easy already.
"""

import lightgbm as lgb
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score
from sklearn.model_selection import train_test_split

import fastloss as fl

X, y = make_classification(8000, 20, n_informative=6, weights=[0.98], flip_y=0.002, class_sep=0.8, random_state=0)
X, X_test, y, y_test = train_test_split(X, y, random_state=0, stratify=y)
print(f"{y.mean():.1%} of {len(y)} samples are positive")

scores = {}
for loss in (fl.binary_cross_entropy, fl.binary_focal.bind(gamma=1.0)):
    objective = fl.interop.lightgbm.objective(loss)
    options = {"objective": objective, "num_leaves": 15, "learning_rate": 0.1, "verbose": -1, "num_threads": 1}
    booster = lgb.train(options, lgb.Dataset(X, y), num_boost_round=80)
    raw = booster.predict(X_test, raw_score=True)
    scores[loss.name] = average_precision_score(y_test, raw)
    found = fl.report(fl.binary_cross_entropy, y_test, raw, class_names=["negative", "positive"])
    print(f"\n{loss.name}: average precision {scores[loss.name]:.3f}, ECE {found.calibration.ece:.3f}")
    for group in found.groups:
        print(f"  {group.name}: {group.count} samples, {group.share:.0%} of the loss, accuracy {group.accuracy:.1%}")

assert min(scores.values()) > 10 * y.mean()
