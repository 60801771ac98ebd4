"""tankbench: bring a Pico up and look at it from a terminal, with no host running."""
