"""
A robust linear model as an estimator of scikit-learn
=====================================================

``GeneralizedLinear`` is a linear model of any loss, with a penalty of any kind: it takes its place in pipelines and
grid searches. Here a tenth of the targets is nonsense.
"""

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastloss as fl

X, y = load_diabetes(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, random_state=0)
rng = np.random.default_rng(0)
y = np.where(rng.random(len(y)) < 0.1, 5000.0, y)

errors = {}
for loss in (fl.squared_error, fl.huber.bind(delta=50.0)):
    linear = fl.interop.sklearn.GeneralizedLinear(loss, penalty=fl.l2, strength=1e-3)
    model = make_pipeline(StandardScaler(), linear).fit(X, y)
    errors[loss.name] = mean_absolute_error(y_test, model.predict(X_test))
    print(f"{loss.name:14} mean absolute error on clean data: {errors[loss.name]:.1f}")
assert errors["huber"] < 60 < 200 < errors["squared_error"]
