"""CSV files: training on them, and predictions for them."""
