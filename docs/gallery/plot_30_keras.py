"""
A network in Keras, trained by a loss of fastloss
=================================================

``fl.interop.keras.FusedLoss`` makes a loss of Keras of any loss: here focal loss of logits, which Keras has for two
classes and for probabilities only. The model is saved with its loss and comes back with it.
"""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")  # JAX and TensorFlow take them, too

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
parts = train_test_split((pixels / 16).astype(np.float32), digits, random_state=0, stratify=digits)
X, X_test, y, y_test = parts

keras.utils.set_random_seed(0)
layers = [keras.Input((64,)), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10)]
model = keras.Sequential(layers)
loss = fl.interop.keras.FusedLoss(fl.categorical_focal, {"gamma": 1.5})
model.compile(keras.optimizers.Adam(3e-3), loss=loss, metrics=["accuracy"])
history = model.fit(X, y, batch_size=64, epochs=20, verbose=0).history
print("loss:", " ".join(f"{value:.3f}" for value in history["loss"][::4]))

with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder, "digits.keras"))
    again = keras.saving.load_model(Path(folder, "digits.keras"))
value, accuracy = again.evaluate(X_test, y_test, verbose=0)
print(f"loaded again: {again.loss.name}, loss {value:.3f}, accuracy {accuracy:.3f} on digits that were not seen")
assert accuracy > 0.95

# Keras reports the loss that a call of fastloss computes.
direct = fl.categorical_focal(y_test, again.predict(X_test, verbose=0), gamma=1.5)
print(f"computed by a call: {direct:.3f}")
assert abs(direct - value) < 1e-4 * value
