"""Checks of notebook 08: how many seeds, and a hinge."""

from __future__ import annotations

import math

import numpy as np
import torch

from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close, shape_of


def seeds_needed(answer: Answer) -> Hint:
    """08-seeds: seeds until a mean difference lies two standard errors from zero."""
    pilot = np.array([0.3, -0.2, 0.05, 0.4])
    mean, spread = pilot.mean(), pilot.std(ddof=1)
    found = answer(pilot)
    if close(found, math.ceil((2 * pilot.std() / mean) ** 2)):
        return "the spread of a few seeds is taken with S - 1 (ddof=1)"
    if close(found, math.ceil(2 * spread / abs(mean))):
        return "the standard error falls with the root of n: square the ratio"
    if close(found, (2 * spread / mean) ** 2):
        return "a number of seeds is whole: round up"
    if not close(found, math.ceil((2 * spread / mean) ** 2)):
        return "n is the smallest whole number with |mean| >= 2 * spread / sqrt(n)"
    if not close(answer(-pilot), found):
        return "a difference below zero needs as many seeds as one above"
    if not close(answer(np.array([1.0, 1.1])), 2):
        return "a single seed has no spread: never fewer than 2"
    return None


def hinge(answer: Answer) -> Hint:
    """08-hinge: mean over negatives of max(0, D_p - D_n + margin)."""
    d_p = torch.tensor([0.1, 0.5, 0.6])
    d_n = torch.tensor([[0.2, 0.9], [0.2, 0.9], [1.0, 0.1]])
    found = answer(d_p, d_n, 0.2)
    if shape_of(found) != (3,):
        return f"one number for each image, (B,), not {shape_of(found)}"
    if close(found, (d_p - d_n.mean(dim=1) + 0.2).clamp_min(0)):
        return "the negatives were averaged first: a far one then hides a near one"
    if close(found, (d_n - d_p[:, None] + 0.2).clamp_min(0).mean(dim=1)):
        return "clear and low are exchanged: near clear must be cheap"
    if close(found, (d_p[:, None] - d_n + 0.2).mean(dim=1)):
        return "a negative that is far enough costs nothing; it is no gain either"
    if not close(found, (d_p[:, None] - d_n + 0.2).clamp_min(0).mean(dim=1)):
        return "each negative costs max(0, d_p - d_n + margin); then their mean"
    return None


EXERCISES = {"08-seeds": Exercise(seeds_needed), "08-hinge": Exercise(hinge)}
