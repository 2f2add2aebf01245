"""The steps of backprop as records, with their arithmetic and their sentences."""
