"""Headrace: an open streaming recommendation system."""

__version__ = "0.1.0"
