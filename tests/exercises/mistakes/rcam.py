import torch

from lacr_lib.inference.tiles import global_statistics
from lacr_lib.models.rcam import RCAM, region_tokens


def asked(brightness, grid, factor, dim=1):
    tokens = region_tokens(brightness, (grid,)).squeeze(2)
    return torch.einsum("st,st->s", torch.softmax(factor * tokens, dim), tokens)


def cell_of(brightness, grid, sign=1):
    number = (sign * region_tokens(brightness, (grid,)).squeeze(2)).argmax(dim=1)
    return torch.stack([number // grid, number % grid], dim=1)


def size_of(brightness, grid):
    return torch.tensor(brightness.shape[2:]) / grid


def middle(brightness, grid, sign=1):
    return (cell_of(brightness, grid, sign) + 0.5) * size_of(brightness, grid)


def played(model, parts, recorded, shown, after="live"):
    doors = [part for part in parts if hasattr(part, "mode")]
    for mode, photo in (("record", recorded), ("replay", shown)):
        for door in doors:
            door.mode = mode
        enhanced = model(photo).enhanced
    for door in doors:
        door.mode = after
    return enhanced


def tokens_of(model):
    return [part.tokens for part in model.modules() if isinstance(part, RCAM)]


def everything(model, photo, other):
    with global_statistics(model, "record"):
        model(other)
    with global_statistics(model, "replay"):
        return model(photo).enhanced


MISTAKES = {
    "03-ask-softly": {
        "asks the darkest": lambda b, g, s: asked(b, g, -s),
        "softmax over scenes": lambda b, g, s: asked(b, g, s, dim=0),
        "sharpness after the softmax": lambda b, g, s: s * asked(b, g, 1),
        "sharpness forgotten": lambda b, g, s: asked(b, g, 1),
        "sharpness divides": lambda b, g, s: asked(b, g, 1 / s),
        "mean of weighted tokens": lambda b, g, s: asked(b, g, s) / g**2,
        "the hard maximum": lambda b, g, s: region_tokens(b, (g,)).amax(dim=(1, 2)),
        "one number for all": lambda b, g, s: asked(b, g, s).mean(),
    },
    "03-brightest": {
        "row and column swapped": lambda b, g: middle(b, g).flip(1),
        "cells column by column": lambda b, g: (cell_of(b, g).flip(1) + 0.5) * size_of(b, g),
        "in cells": lambda b, g: cell_of(b, g),
        "corner of the cell": lambda b, g: cell_of(b, g) * size_of(b, g),
        "the darkest": lambda b, g: middle(b, g, -1),
        "sides swapped": lambda b, g: (cell_of(b, g) + 0.5) * size_of(b, g).flip(0),
        "number of the token": lambda b, g: region_tokens(b, (g,)).squeeze(2).argmax(dim=1),
    },
    "03-swap": {
        "turned round": lambda m, photo, other: played(m, tokens_of(m), photo, other),
        "its own tokens": lambda m, photo, other: played(m, tokens_of(m), photo, photo),
        "all global statistics": everything,
        "goes on replaying": lambda m, a, b: played(m, tokens_of(m), b, a, after="replay"),
        "all of the output": lambda m, photo, other: m(photo),
    },
}
