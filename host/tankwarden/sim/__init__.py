"""The simulated house: a Pico board that runs the real program, and the plant behind its pins."""
