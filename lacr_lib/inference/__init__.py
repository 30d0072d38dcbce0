"""Weights in, enhanced photographs out."""
