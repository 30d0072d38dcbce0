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
    lamps = [torch.hypot(rows - r, columns - c) < 2.5 for r, c in ((3.5, 17.5), (12.0, 8.5))]
    paint = -2 * torch.rand(2, 16, 24, generator=torch.Generator().manual_seed(5))
    return (paint - 3 + 3 * torch.stack(lamps).float())[:, None]


def places(scenes: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """Row and column of the brightest cell of a grid, counted in cells: (B,) each."""
    brightest = region_tokens(scenes, (grid,))[..., 0].argmax(1)
    return brightest // grid, brightest % grid


def brightest_place(answer: Answer) -> Hint:
    """03-brightest: where the brightest cell of a grid has its middle."""
    scenes, grid = lamp_scene(), 4
    height, width = scenes.shape[2:]
    found = answer(scenes, grid)
    i, j = places(scenes, grid)
    cell = torch.tensor([height / grid, width / grid])
    right = (torch.stack([i, j], 1) + 0.5) * cell
    if shape_of(found) != right.shape:
        return f"a row and a column for each scene, (2, 2); this is {shape_of(found)}"
    if close(found, right) or close(found, right - 0.5):  # from the edge, or from pixel 0's middle
        return None
    darkest = places(-scenes, grid)
    for mistake, hint in (
        (right.flip(1), "first the row, then the column"),
        (
            (torch.stack([j, i], 1) + 0.5) * cell,
            "cells are numbered row by row, not column by column",
        ),
        (torch.stack([i, j], 1), "counted in cells; the answer is in pixels"),
        (torch.stack([i, j], 1) * cell, "that is the corner of the cell; its middle is wanted"),
        ((torch.stack(darkest, 1) + 0.5) * cell, "that is the darkest cell"),
        (
            (torch.stack([i, j], 1) + 0.5) * cell.flip(0),
            "a cell is height / grid high, width / grid wide",
        ),
    ):
        if close(found, mistake):
            return hint
    return "find the brightest token; the middle of its cell, in pixels, is the answer"


def show_places() -> Figure:
    """The middles of the brightest cells of two grids, on one scene."""
    from lacr_lib.figures.panels import map_row

    scene = lamp_scene()[:1]
    height, width = scene.shape[2:]
    marks = []
    for grid in (4, 8):
        (row,), (column,) = places(scene, grid)
        marks.append(
            ((row.item() + 0.5) * height / grid - 0.5, (column.item() + 0.5) * width / grid - 0.5)
        )
    title = "middle of the brightest cell,\ngrid 4: blue, grid 8: red"
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
