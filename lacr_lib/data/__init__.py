"""Photographs in: camera model, embedded photographs, folder layouts, training batches."""
