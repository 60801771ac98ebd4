"""A plant that fits a host's configuration file: its site, its circuits' elements."""

from dataclasses import replace
from pathlib import Path

from tankwarden import config
from tankwarden.sim import defaults
from tankwarden.sim.defaults import CircuitSpec, Site


def world_of(path: Path) -> tuple[Site, tuple[CircuitSpec, ...]]:
    """Site and circuits after the file; what it leaves out is as in defaults.py. ConfigError as config.load."""
    settings = config.load(path)
    site = Site(settings.site.name, settings.site.latitude, settings.site.longitude, settings.site.zone)
    circuits = []
    for spec in defaults.CIRCUITS:
        wired = settings.circuit(spec.circuit)
        circuits.append(spec if wired is None else replace(spec, element_ohm=wired.resistance_ohm))
    return site, tuple(circuits)
