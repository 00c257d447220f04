"""Frames and whole conversations that no honest station would send."""
