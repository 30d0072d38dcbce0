"""Checks of notebook 08: how many seeds, a hinge, a distance of posteriors."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

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


def wasserstein(answer: Answer) -> Hint:
    """08-wasserstein: 2-Wasserstein distance of the posteriors of each region."""
    generator = torch.Generator().manual_seed(8)
    mu_a, log_var_a, mu_b, log_var_b = torch.randn(4, 2, 3, 4, 5, generator=generator)
    found = answer(mu_a, log_var_a, mu_b, log_var_b)
    means = (mu_a - mu_b).square()

    def widths(power: float) -> Tensor:  # 0.5: deviations, 1: variances
        return (torch.exp(power * log_var_a) - torch.exp(power * log_var_b)).square()

    squares = means + widths(0.5)
    for value, hint in (
        (squares.mean(dim=1), "that is its square: take the root of the mean over channels"),
        (squares.sum(dim=1).sqrt(), "divide the sum over channels by their number before the root"),
        ((means + widths(1.0)).mean(1).sqrt(),
         "variances were compared, not deviations, exp(log_var / 2)"),
        ((means + (log_var_a - log_var_b).square()).mean(1).sqrt(),
         "log-variances were compared; sigma is exp(log_var / 2)"),
        (means.mean(dim=1).sqrt(), "the means alone: a posterior has a width, too"),
        (squares.sqrt().mean(dim=1), "the root comes last, after the mean over channels"),
        (squares.flatten(1).mean(dim=1).sqrt(), "one number for each region, not for each image"),
    ):  # fmt: skip
        if close(found, value):
            return hint
    if shape_of(found) != (2, 4, 5):
        return f"one number for each region, (B, h, w), not {shape_of(found)}"
    if not close(found, squares.mean(dim=1).sqrt()):
        return "the root of the mean over channels of (mu - mu')^2 + (sigma - sigma')^2"
    return None


EXERCISES = {
    "08-seeds": Exercise(seeds_needed),
    "08-hinge": Exercise(hinge),
    "08-wasserstein": Exercise(wasserstein),
}
