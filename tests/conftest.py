"""What every test shares: hypothesis judges by content, not by how busy the machine is."""

from hypothesis import settings

settings.register_profile("tankwarden", deadline=None)
settings.load_profile("tankwarden")
