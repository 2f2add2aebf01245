"""Neurons, layers, losses and training, on networks of scalars.

============ ================================================================================================
`networks`   what networks are made of
`losses`     what is minimised, penalties among it, and metrics, which people look at
`optimizers` how a gradient becomes a step, and schedules of the learning rate
`training`   `fit`: checks of data, the objective, solvers, callbacks, history, restarts, `predict`
`saving`     models and checkpoints in files
`tabular`    training on CSV files
`sklearn`    estimators for scikit-learn (an extra, loaded when asked for), and networks that it fitted
`models`     the models that courses begin with
`registry`   what can be given by name
============ ================================================================================================

A room imports only from those above it, but `sklearn` not from `tabular`.

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

from autograd_lite.atomic_files import check_writable, writing_atomically
from autograd_lite.errors import MissingDependencyError, UnknownNameError

from .losses.classification import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    cross_entropy_of_probabilities,
    hinge,
)
from .losses.loss import LOSSES, Loss, loss_named, register_loss
from .losses.metrics import accuracy_at_threshold, accuracy_of_classes, r2, rmse
from .losses.penalties import L1, L2, Penalty
from .losses.squared_errors import (
    half_mean_squared_error,
    half_sum_of_squares,
    mean_squared_error,
    root_mean_squared_error,
    sum_of_squares,
)
from .models import (
    XOR,
    Trained,
    linear_regression,
    logistic_regression,
    perceptron_with_restarts,
    sigmoid_neuron,
    xor_network,
)
from .networks.activations import activation_names, register_activation
from .networks.dropout import Dropout
from .networks.embedding import Embedding
from .networks.initialisers import INITIALISERS, register_initialiser
from .networks.layers import MLP, Layer, Neuron
from .networks.module import Module
from .networks.weights import from_numpy, to_numpy
from .optimizers.adaptive import Adam, AdamW, RMSProp
from .optimizers.named import OPTIMIZERS, register_optimizer
from .optimizers.optimizer import SGD, Optimizer
from .optimizers.schedules import constant, cosine, step_decay, warm_up
from .optimizers.traced import fast_update
from .saving.model_files import Checkpoint, SavedModel, load, load_checkpoint, save
from .sklearn.conversion import INSTALL, from_sklearn
from .tabular.prediction import predict_csv
from .tabular.table_model import Scores, TableModel, describe_model_file, load_table_model
from .tabular.training import train_on_csv
from .training.callbacks import Callback, Progress, Record, ReduceOnPlateau, Schedule, StopWhen
from .training.fitting import fit
from .training.history import History
from .training.loop import Training
from .training.prediction import predict
from .training.restarts import Restarts, fit_restarts

if TYPE_CHECKING:
    from .sklearn.classifier import MLPClassifier as MLPClassifier
    from .sklearn.regressor import MLPRegressor as MLPRegressor

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
    "Embedding",
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
    "cross_entropy_of_probabilities",
    "describe_model_file",
    "fast_update",
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
    "register_activation",
    "register_initialiser",
    "register_loss",
    "register_optimizer",
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

ESTIMATORS = {"MLPClassifier": ".sklearn.classifier", "MLPRegressor": ".sklearn.regressor"}
# not in __all__: a star import must not need scikit-learn


def __getattr__(name: str) -> Any:  # a class of the estimators
    if name not in ESTIMATORS:
        unknown = UnknownNameError.among("name", name, __dir__(), ours=True)
        raise AttributeError(f"Module autograd_lite.nn: {unknown}", name=name)
    try:
        return getattr(importlib.import_module(ESTIMATORS[name], __name__), name)
    except ModuleNotFoundError as error:
        raise MissingDependencyError(INSTALL) from error


def __dir__() -> list[str]:
    return sorted([*__all__, *ESTIMATORS])
