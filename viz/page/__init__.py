"""The page: backprop in a browser and in a notebook."""
