"""Exercises of the course: `check(name, answer)` says to do, wrong with a hint, or correct."""

from lacr_lib.exercises.check import check

__all__ = ["check"]
