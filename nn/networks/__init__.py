"""What networks are made of: modules, neurons, layers, activations and initialisers."""
