"""`fit`: data, objective, solver, callbacks, history."""
