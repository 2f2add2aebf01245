"""How a gradient becomes a step: optimisers and schedules of the learning rate."""
