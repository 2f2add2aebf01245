"""Plots of training runs and of functions, with matplotlib."""
