"""What training minimises, losses and penalties; and metrics, which people look at."""
