"""Graphs as pictures and steps read them: names, folded neurons and layers, and what went wrong."""
