"""A package, so that its tests find each other: on mypy's path this folder's conftest and tests/web's would clash."""
