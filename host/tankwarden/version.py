"""The version of this copy of Tankwarden."""

from functools import cache


@cache
def version() -> str:
    """As the package's metadata has it."""
    from importlib.metadata import version as of  # slow to import, and seldom needed

    return of("tankwarden")
