"""Estimators for scikit-learn: networks of scalars for pipelines and searches.

They stand in for ``sklearn.neural_network``: parameters and attributes have the same names where they mean the same.
"""

from __future__ import annotations

from .estimator_classifier import MLPClassifier
from .estimator_regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
