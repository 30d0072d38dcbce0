"""Checks of notebook 03: asking softly, the brightest place, the tokens of another photograph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close, shape_of
from lacr_lib.inference.tiles import global_statistics
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.rcam import RCAM, region_tokens
from lacr_lib.models.vae import LacrVae

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def ask_softly(answer: Answer) -> Hint:
    """03-ask-softly: the brightness that a scene's regions answer, brighter ones counting more."""
    scenes = torch.randn(3, 1, 16, 24, generator=torch.Generator().manual_seed(4)) - 2
    grid, sharpness = 4, 3.0
    found = answer(scenes, grid, sharpness)
    tokens = region_tokens(scenes, (grid,))[..., 0]  # (scenes, tokens), stops

    def asked(scores: Tensor, dim: int = 1) -> Tensor:
        return (scores.softmax(dim) * tokens).sum(1)

    right = asked(sharpness * tokens)
    if shape_of(found) != right.shape:
        return f"one number for each scene, {tuple(right.shape)}; this is {shape_of(found)}"
    if close(found, right):
        return None
    for mistake, hint in (
        (
            asked(-sharpness * tokens),
            "that asks the darkest region; brighter ones should count more",
        ),
        (
            asked(sharpness * tokens, dim=0),
            "weights sum to 1 over the tokens of a scene, not over scenes",
        ),
        (sharpness * asked(tokens), "sharpness belongs in the scores, before the softmax"),
        (asked(tokens), "sharpness is not used: it multiplies the scores"),
        (asked(tokens / sharpness), "scores are multiplied by the sharpness, not divided"),
        (right / grid**2, "softmax weights sum to 1 already: sum the weighted tokens, no mean"),
        (tokens.amax(1), "that is the hard rule, the brightest token alone"),
    ):
        if close(found, mistake):
            return hint
    return "scores are sharpness x token; softmax makes weights of them; sum the weighted tokens"


def lamp_scene() -> Tensor:
    """Two scenes (2, 1, 16, 24) in stops, each with a lamp off the diagonal."""
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(24.0), indexing="ij")
    lamps = [torch.hypot(rows - r, columns - c) < 2.5 for r, c in ((5.0, 14.5), (9.5, 20.5))]
    paint = -2 * torch.rand(2, 16, 24, generator=torch.Generator().manual_seed(5))
    return (paint - 3 + 3 * torch.stack(lamps).float())[:, None]


def brightest_cell(scenes: Tensor, grid: int) -> Tensor:
    """Row and column of the brightest cell of a grid, counted in cells: (B, 2)."""
    number = region_tokens(scenes, (grid,))[..., 0].argmax(1)
    return torch.stack([number // grid, number % grid], 1)


def brightest_place(answer: Answer) -> Hint:
    """03-brightest: where the brightest cell of a grid has its middle."""
    scenes, grid = lamp_scene(), 4
    size = torch.tensor(scenes.shape[2:]) / grid
    found = answer(scenes, grid)
    cell, darkest = brightest_cell(scenes, grid), brightest_cell(-scenes, grid)
    right = (cell + 0.5) * size
    if shape_of(found) != right.shape:
        return f"a row and a column for each scene, (2, 2); this is {shape_of(found)}"
    if close(found, right) or close(found, right - 0.5):  # from the edge, or from pixel 0's middle
        return None
    for mistake, hint in (
        (right.flip(1), "first the row, then the column"),
        ((cell.flip(1) + 0.5) * size, "cells are numbered row by row, not column by column"),
        (cell, "counted in cells; the answer is in pixels"),
        (cell * size, "that is the corner of the cell; its middle is wanted"),
        ((darkest + 0.5) * size, "that is the darkest cell"),
        ((cell + 0.5) * size.flip(0), "a cell is height / grid high, width / grid wide"),
    ):
        if close(found, mistake):
            return hint
    return "find the brightest token; the middle of its cell, in pixels, is the answer"


def show_places() -> Figure:
    """The middles of the brightest cells of two grids, on one scene."""
    from lacr_lib.figures.panels import map_row

    scene = lamp_scene()[:1]
    size = torch.tensor(scene.shape[2:])
    places = [(brightest_cell(scene, grid)[0] + 0.5) * size / grid - 0.5 for grid in (4, 8)]
    marks = [(float(row), float(column)) for row, column in places]
    title = "middle of the brightest cell,\ngrid 4: blue, grid 8: orange"
    return map_row({title: scene[0, 0]}, "brightness (stops)", marks=marks)


def swap_tokens(answer: Answer) -> Hint:
    """03-swap: a photograph enhanced with the region tokens of another one."""
    generator = torch.Generator().manual_seed(3)
    torch.manual_seed(2)
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=4)).eval()
    rcams = [part for part in model.modules() if isinstance(part, RCAM)]
    for silent in (model.gain_head[-1], model.decoder.head, *(part.mix for part in rcams)):
        torch.nn.init.normal_(silent.get_parameter("weight"), std=0.3)
    photo = torch.rand(1, 3, 16, 24, generator=generator)
    other = 0.1 * torch.rand(1, 3, 24, 16, generator=generator)

    def swapped(parts: torch.nn.Module, x: Tensor, source: Tensor) -> Tensor:
        with global_statistics(parts, "record"):
            model(source)
        with global_statistics(parts, "replay"):
            enhanced: Tensor = model(x).enhanced
        return enhanced

    with torch.no_grad():
        found = answer(model, photo, other)
        modes = {part.tokens.mode for part in rcams}
        for part in rcams:
            part.tokens.mode = "live"
        own, tokens = model(photo).enhanced, torch.nn.ModuleList(rcams)
        if close(found, own):
            return "photo still has its own tokens: record while the model sees the other one"
        if close(found, swapped(tokens, other, photo)):
            return "turned round: it is photo that is enhanced, with the other one's tokens"
        if close(found, swapped(model, photo, other)):
            return "more than the tokens was replayed; set the mode of RCAM's tokens only"
        right = swapped(tokens, photo, other)
    if not close(found, right) and not close(found, right.clamp(0, 1)):
        return f"record on other, replay on photo, give .enhanced; this has shape {shape_of(found)}"
    if modes != {"live"}:
        return "the picture is right, but the model goes on replaying: set the modes back to live"
    return None


EXERCISES = {
    "03-ask-softly": Exercise(ask_softly),
    "03-brightest": Exercise(brightest_place, show_places),
    "03-swap": Exercise(swap_tokens),
}
