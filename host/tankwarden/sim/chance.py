"""Chance that can be repeated: everything random in the simulation comes from the seed and the name of its use."""

import random


def seeded(seed: int, use: str) -> random.Random:
    """A generator of its own for each use, so that more draws in one place change nothing in another."""
    return random.Random(f"{seed} {use}")  # noqa: S311 - weather and noise, nothing secret
