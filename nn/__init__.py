"""Neurons, layers, losses and training, on networks of scalars.

============================== ===================================================================================
`module`, `layers`, `dropout`  what networks are made of; `activations` and `init` by name; `weighted` for speed
`loss`, `losses`, `metrics`    what is minimised, and what people look at
`optim`, `adaptive`            how a gradient becomes a step; `optimizers` by name, `schedules`, `penalties`
`fitting`                      `fit`; with `data` (checks), `training` (the loop), `steps` (the gradient, eager or
                               compiled), `callbacks`, `history`, `nonfinite` (what went wrong), `restarts`,
                               `prediction`
`saving`                       models in files; with `packing` (the parts), `archive` (the format), `files` (whole or
                               not at all), `weights`
`models`                       the models that courses begin with
`tabular`                      CSV files; with `csv_file`, `tables`, `encoding`, `wording`
`estimators`                   for scikit-learn (an extra, loaded when asked for); with
                               `estimator_base`, `estimator_classifier`, `estimator_regressor`, `estimator_training`,
                               `estimator_lbfgs`, `shared_programs`; and `sklearn_networks`, for networks that it fitted
============================== ===================================================================================

>>> from autograd_lite import nn
>>> model = nn.MLP(2, [4, 1], activation="tanh", output_activation="sigmoid", seed=0)
>>> loss = nn.binary_cross_entropy([model(x) for x in [[0.0, 1.0], [1.0, 1.0]]], [1.0, 0.0])
>>> model.zero_grad()
>>> loss.backward()
>>> nn.SGD(lr=0.5).step(model.parameters())
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from autograd_lite.errors import MissingDependencyError, UnknownNameError

from .activations import activation_names
from .adaptive import Adam, AdamW, RMSProp
from .callbacks import Callback, Progress, Record, ReduceOnPlateau, Schedule, StopWhen
from .dropout import Dropout
from .files import check_writable, writing_atomically
from .fitting import fit
from .history import History
from .init import INITIALISERS
from .layers import MLP, Layer, Neuron
from .loss import LOSSES, Loss, loss_named
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    half_mean_squared_error,
    half_sum_of_squares,
    hinge,
    mean_squared_error,
    root_mean_squared_error,
    sum_of_squares,
)
from .metrics import accuracy_at_threshold, accuracy_of_classes, r2, rmse
from .models import (
    XOR,
    Trained,
    linear_regression,
    logistic_regression,
    perceptron_with_restarts,
    sigmoid_neuron,
    xor_network,
)
from .module import Module
from .optim import SGD, Optimizer
from .optimizers import OPTIMIZERS
from .penalties import L1, L2, Penalty
from .prediction import predict
from .restarts import Restarts, fit_restarts
from .saving import Checkpoint, SavedModel, load, load_checkpoint, save
from .schedules import constant, cosine, step_decay, warm_up
from .sklearn_networks import INSTALL, from_sklearn
from .tabular import Scores, TableModel, describe_model_file, load_table_model, predict_csv, train_on_csv
from .training import Training
from .weights import from_numpy, to_numpy

if TYPE_CHECKING:
    from .estimators import MLPClassifier as MLPClassifier
    from .estimators import MLPRegressor as MLPRegressor

__all__ = [
    "INITIALISERS",
    "L1",
    "L2",
    "LOSSES",
    "MLP",
    "OPTIMIZERS",
    "SGD",
    "XOR",
    "Adam",
    "AdamW",
    "Callback",
    "Checkpoint",
    "Dropout",
    "History",
    "Layer",
    "Loss",
    "Module",
    "Neuron",
    "Optimizer",
    "Penalty",
    "Progress",
    "RMSProp",
    "Record",
    "ReduceOnPlateau",
    "Restarts",
    "SavedModel",
    "Schedule",
    "Scores",
    "StopWhen",
    "TableModel",
    "Trained",
    "Training",
    "accuracy_at_threshold",
    "accuracy_of_classes",
    "activation_names",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "check_writable",
    "constant",
    "cosine",
    "cross_entropy",
    "describe_model_file",
    "fit",
    "fit_restarts",
    "from_numpy",
    "from_sklearn",
    "half_mean_squared_error",
    "half_sum_of_squares",
    "hinge",
    "linear_regression",
    "load",
    "load_checkpoint",
    "load_table_model",
    "logistic_regression",
    "loss_named",
    "mean_squared_error",
    "perceptron_with_restarts",
    "predict",
    "predict_csv",
    "r2",
    "rmse",
    "root_mean_squared_error",
    "save",
    "sigmoid_neuron",
    "step_decay",
    "sum_of_squares",
    "to_numpy",
    "train_on_csv",
    "warm_up",
    "writing_atomically",
    "xor_network",
]

ESTIMATORS = ("MLPClassifier", "MLPRegressor")  # not in __all__: a star import must not need scikit-learn


def __getattr__(name: str) -> Any:
    if name not in ESTIMATORS:
        raise AttributeError(f"Module autograd_lite.nn: {UnknownNameError.among('name', name, __dir__())}")
    try:
        return getattr(importlib.import_module(".estimators", __name__), name)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(INSTALL) from error


def __dir__() -> list[str]:
    return sorted([*__all__, *ESTIMATORS])
