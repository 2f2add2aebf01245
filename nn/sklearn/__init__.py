"""Scikit-learn estimators; needs the extra ``sklearn``, but for `conversion` and `programs`."""
