"""
A ranker in LightGBM, with LambdaRank for its objective
=======================================================

Queries have some thirty results each, graded from 0 to 3. Trees learn to bring the best ones to the top: with
LightGBM's own objective, and with the same loss of fastloss, which takes the queries from the data.
"""

import lightgbm as lgb
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ndcg_score

import fastloss as fl

rng = np.random.default_rng(0)


def drawn(queries):
    """Return features, grades, and how many results each query has."""
    sizes = rng.integers(20, 41, queries)
    X = rng.normal(size=(sizes.sum(), 8)) + np.repeat(rng.normal(size=(queries, 8)), sizes, axis=0)
    worth = X[:, 0] + np.sin(2 * X[:, 1]) + 0.5 * X[:, 2] * X[:, 3] + 0.7 * rng.normal(size=len(X))
    return X, np.digitize(worth, [0.5, 1.5, 2.5]).astype(float), sizes


X, y, sizes = drawn(400)
X_test, y_test, sizes_test = drawn(200)
ends = np.cumsum(sizes_test)[:-1]


def ndcg(scores):
    """Return the mean NDCG of the first ten results of a query."""
    lists = zip(np.split(y_test, ends), np.split(scores, ends), strict=True)
    return np.mean([ndcg_score([2**grades - 1], [own], k=10) for grades, own in lists if grades.any()])


options = {"learning_rate": 0.1, "num_leaves": 15, "verbose": -1, "num_threads": 1, "deterministic": True}
rounds = (1, 3, 10, 30, 100)
found = {}
for name, objective in (("LightGBM", "lambdarank"), ("fastloss", fl.interop.lightgbm.objective(fl.lambdarank))):
    booster = lgb.train({**options, "objective": objective}, lgb.Dataset(X, y, group=sizes), rounds[-1])
    found[name] = [ndcg(booster.predict(X_test, raw_score=True, num_iteration=k)) for k in rounds]
    print(f"{name}: NDCG@10 " + ", ".join(f"{x:.4f}" for x in found[name]) + f" after {rounds} trees")
    plt.semilogx(rounds, found[name], marker="o", label=name, alpha=0.6, linewidth=2 if name == "fastloss" else 7)
plt.xlabel("trees")
plt.ylabel("NDCG@10")
plt.legend()

assert abs(found["fastloss"][-1] - found["LightGBM"][-1]) < 0.005
assert found["fastloss"][-1] > found["fastloss"][0] + 0.05
