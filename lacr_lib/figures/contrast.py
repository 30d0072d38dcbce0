"""Figures of notebook 05, first part: the contrast, its gradients, its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from torch import Tensor

from lacr_lib.figures.images import as_array
from lacr_lib.figures.style import GREY, MARKERS, OKABE_ITO, ROLES, WIDTH

BLACK, BLUE, GREEN = OKABE_ITO["black"], OKABE_ITO["blue"], OKABE_ITO["green"]
VERMILLION = OKABE_ITO["vermillion"]

Energy = Callable[[Tensor], Tensor]


def contrast_planes(
    energies: Mapping[str, Energy], clear: Tensor, low: Tensor, starts: Tensor, steps: int = 130
) -> Figure:
    """Level lines, downhill arrows and descent paths of energies on a plane of 2-D latents.

    energies: title -> function of points (N, 2) -> (N,). clear (2,), low (K, 2), starts (S, 2). The
    shaded part lies farther from clear than from low, on average (L1).
    """
    figure, axes = plt.subplots(
        1, len(energies), figsize=(WIDTH, 3.7), sharey=True, squeeze=False, layout="constrained"
    )
    x, y = np.meshgrid(np.linspace(-1.15, 1.15, 47), np.linspace(-1.15, 1.15, 47))
    points = torch.tensor(np.stack([x.ravel(), y.ravel()], 1), dtype=torch.float32)
    nearer = (points[:, None] - low).abs().sum(2).mean(1)
    far = (points - clear).abs().sum(1) > nearer + 1e-4  # not where both are equal but for rounding
    for axis, (title, energy) in zip(axes[0], energies.items(), strict=True):
        level = energy(points).detach().reshape(x.shape)
        axis.contourf(x, y, far.reshape(x.shape), [0.5, 1.5], colors=["#EAEAEA"])
        axis.contour(x, y, level, np.linspace(0, 2.4, 13), colors=GREY, linewidths=0.7)
        _arrows(axis, points.reshape(47, 47, 2)[2::6, 2::6].reshape(-1, 2), energy)
        for path in descend(energy, starts, steps).unbind(1):
            axis.plot(*path.T, color=VERMILLION, linewidth=1.8)
            axis.plot(*path[0], MARKERS["enhanced"], color=VERMILLION, markersize=6)
        axis.plot(*low.T, MARKERS["low"], color=ROLES["low"], markersize=9, label="low")
        axis.plot(*clear, MARKERS["clear"], color=ROLES["clear"], markersize=10, label="clear")
        axis.set(title=title, xlabel="latent entry 1", xlim=(-1.15, 1.15), ylim=(-1.15, 1.15))
        axis.set_aspect("equal")
        axis.grid(False)
    axes[0][0].set_ylabel("latent entry 2")
    handles = axes[0][0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2)
    return figure


def descend(energy: Energy, starts: Tensor, steps: int, rate: float = 0.015) -> Tensor:
    """Paths of plain gradient descent with steps of one length: (S, 2) -> (steps + 1, S, 2)."""
    path = [starts]
    for _ in range(steps):
        path.append(path[-1] - rate * _downhill(energy, path[-1])[1])
    return torch.stack(path)


def gradient_sizes(
    panels: Mapping[str, tuple[ArrayLike, Mapping[str, ArrayLike]]], log_x: Sequence[str] = ()
) -> Figure:
    """Size of a gradient, one panel for each horizontal axis: its label -> (x, form -> sizes)."""
    figure, axes = plt.subplots(
        1, len(panels), figsize=(WIDTH, 3.5), sharey=True, squeeze=False, layout="constrained"
    )
    for axis, (label, (x, forms)) in zip(axes[0], panels.items(), strict=True):
        for (form, sizes), colour, line in zip(
            forms.items(), (VERMILLION, BLUE, GREY, GREEN), ("-", "--", ":", "-."), strict=False
        ):
            axis.plot(x, sizes, line, color=colour, label=form)
        axis.set(xlabel=label, yscale="log", xscale="log" if label in log_x else "linear")
    axes[0][0].set_ylabel("size of the gradient\n(1 / latent unit)")
    axes[0][0].legend()
    return figure


def infonce_curves(
    temperatures: Sequence[float] = (0.05, 0.2, 0.8), negatives: Sequence[float] = (0.4, 0.8)
) -> Figure:
    """InfoNCE of one image against its distance to clear; its negatives stay where they are."""
    figure, axis = plt.subplots(figsize=(WIDTH * 0.75, 3.3), layout="constrained")
    d_p = np.linspace(0.0, 1.2, 121)
    others = np.array(negatives)[:, None]
    for temperature, colour, line in zip(
        temperatures, (VERMILLION, BLUE, BLACK), ("-", "--", "-."), strict=True
    ):
        loss = np.log1p(np.exp((d_p - others) / temperature).sum(axis=0))
        axis.plot(d_p, loss, line, color=colour, label=f"temperature {temperature:g}")
    for distance in negatives:
        axis.axvline(distance, color=ROLES["low"], linewidth=1.2, linestyle=":")
        axis.plot(distance, 0.15, MARKERS["low"], color=ROLES["low"], markersize=8)
    axis.set(xlabel="distance to clear (latent units); triangles: to the two negatives")
    axis.set(ylabel="InfoNCE (nats)", ylim=(0, 6))
    axis.legend()
    return figure


def light_lost(low: Any, clear: Any, lost: Any, weights: Any) -> Figure:
    """Two photographs, the light that each region lost, and the weights made of it.

    low, clear: images. lost (h, w): difference of illumination maps, of the 0 to 1 of a file.
    weights (h, w): mean 1.
    """
    photo = as_array(clear)
    height = (WIDTH / 2 - 0.6) * photo.shape[0] / photo.shape[1]
    figure, axes = plt.subplots(2, 2, figsize=(WIDTH, 2 * height + 0.7), layout="constrained")
    maps = ((lost, "light lost (1 = white)", "cividis"), (weights, "weight (mean 1)", "viridis"))
    for axis, image, title in zip(axes[0], (low, clear), ("low", "clear"), strict=True):
        axis.imshow(as_array(image))
        axis.set_title(title)
    for axis, (values, label, colours) in zip(axes[1], maps, strict=True):
        drawn = axis.imshow(np.asarray(values), cmap=colours, interpolation="nearest")
        axis.set_title("each 8 x 8 region")
        figure.colorbar(drawn, ax=axis, label=label, shrink=0.9)
    for axis in axes.flat:
        axis.set_axis_off()
    return figure


class Response(NamedTuple):
    """One photograph's distances against step size, each relative to where it was: (S,) each."""

    name: str
    to_clear: ArrayLike
    to_low: ArrayLike


def step_response(sizes: ArrayLike, responses: Sequence[Response]) -> Figure:
    """How distances change when each image takes one gradient step; sizes in grey levels, rms."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.5), layout="constrained")
    sides = (("to_clear", "distance to clear", "clear"), ("to_low", "distance to low light", "low"))
    for axis, (side, title, role) in zip(axes, sides, strict=True):
        axis.axhline(0, color=BLACK, linewidth=0.8)
        for response in responses:
            change = 100 * np.asarray(getattr(response, side))
            axis.plot(sizes, change, MARKERS[role] + "-", color=ROLES[role],
                      linewidth=1.2, markersize=5, alpha=0.8)  # fmt: skip
        axis.set(title=title, xlabel="size of the step (grey levels of 255, rms)", xscale="log")
        axis.set_xticks(sizes, [f"{size:.2g}" for size in np.asarray(sizes)])
        axis.minorticks_off()
        axis.set_ylabel("change (%)")
    return figure


def _downhill(energy: Energy, points: Tensor) -> tuple[Tensor, Tensor]:
    """Values, and gradients scaled to length 1 (0 where there is none): (N,) and (N, 2)."""
    points = points.detach().requires_grad_()
    values = energy(points)
    (gradient,) = torch.autograd.grad(values.sum(), points)
    return values.detach(), gradient / gradient.norm(dim=1, keepdim=True).clamp_min(1e-9)


def _arrows(axis: Axes, points: Tensor, energy: Energy) -> None:
    down = -_downhill(energy, points)[1]
    axis.quiver(
        *points.T, *down.T, color=BLACK, scale=13, width=0.008, headwidth=4, pivot="mid"
    )  # fmt: skip
