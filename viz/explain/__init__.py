"""The chain rule for one gradient, path by path."""
