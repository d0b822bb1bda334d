"""
A network in PyTorch, trained by a loss of fastloss
===================================================

``fl.interop.torch.FusedLoss`` makes a module of any loss: PyTorch differentiates the network, fastloss the loss. Here
these are two that PyTorch does not have.
"""

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
parts = train_test_split((pixels / 16).astype(np.float32), digits, random_state=0, stratify=digits)
X, X_test, y, y_test = map(torch.from_numpy, parts)

torch.manual_seed(0)
torch.set_num_threads(1)
for loss in (fl.interop.torch.FusedLoss(fl.categorical_focal, gamma=2.0), fl.interop.torch.FusedLoss(fl.entmax15)):
    network = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    for _ in range(25):
        for batch in torch.randperm(len(X)).split(64):
            optimizer.zero_grad()
            value = loss(y[batch], network(X[batch]))  # the order of fastloss: targets first
            value.backward()
            optimizer.step()
    accuracy = (network(X_test).argmax(1) == y_test).float().mean().item()
    print(f"{loss.loss.name}: {accuracy:.3f}")
    assert accuracy > 0.95
