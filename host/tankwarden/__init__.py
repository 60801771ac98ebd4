"""Tankwarden."""
