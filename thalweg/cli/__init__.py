"""The command `thalweg`."""

from .command import main

__all__ = ["main"]
