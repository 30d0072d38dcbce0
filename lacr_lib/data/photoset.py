"""What a set of photographs is: frames, scenes and pairs, with references or without."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from lacr_lib.data.images import Array
from lacr_lib.errors import LacrError

TRAINING_NAMES = ("train", "our485")
HELD_OUT_NAMES = ("val", "test", "eval15", "eval", "valid", "validation")
Tell = Callable[[str], object]  # is called with one line
_LAYOUT_WORDS = {
    "ladder": "exposure ladders",
    "paired": "low/clear pairs",
    "lol": "low/clear pairs in the LOL layout",
    "unpaired": "unpaired, without references",
    "embedded": "exposure ladders of the embedded photographs",
}


@dataclass(frozen=True)
class Frame:
    """One photograph of a scene; `read()` gives it as uint8 (H, W, 3), sRGB.

    path: None where no file holds it. exposure: against the clear frame, None where unknown.
    """

    name: str
    read: Callable[[], Array]
    path: Path | None
    exposure: float | None


def read_or_tell(frame: Frame, tell: Tell | None) -> Array | None:
    """A photograph, or None where it cannot be read and `tell` was told why.

    Raises LacrError where there is nobody to tell.
    """
    try:
        return frame.read()
    except LacrError as error:
        if tell is None:
            raise
        tell(str(error))
        return None


@dataclass(frozen=True)
class Scene:
    """All photographs of one scene: `low` darkest first, `clear` None where there is none.

    split: the folder's word for it ("train", "val", "eval15" ...), "" where nothing says it.
    """

    name: str
    split: str
    clear: Frame | None
    low: tuple[Frame, ...]


class Pair(NamedTuple):
    """A low frame and its reference; `name` is unique in the set, `scene` is the scene's name."""

    name: str
    scene: str
    low: Frame
    clear: Frame


@dataclass(frozen=True)
class PhotoSet:
    """Scenes of one source, all in one layout."""

    name: str
    layout: str  # "ladder" | "paired" | "lol" | "unpaired" | "embedded"
    scenes: tuple[Scene, ...]

    def describe(self) -> str:
        """One line: how many scenes and images, and in which layout."""
        images = sum(len(scene.low) + (scene.clear is not None) for scene in self.scenes)
        counts = f"{_count(len(self.scenes), 'scene')}, {_count(images, 'image')}"
        return f"{counts}, {_LAYOUT_WORDS[self.layout]}"

    def fingerprint(self) -> str:
        """Such as "sice of 180 scenes, names 1a2b3c4d": equal for equal names of scenes and frames.

        Of names alone: a photograph that was changed under its name is not noticed.
        """
        frames = [
            [scene.name, *(frame.name for frame in (scene.clear, *scene.low) if frame)]
            for scene in self.scenes
        ]
        names = hashlib.sha256(json.dumps(frames).encode()).hexdigest()[:8]
        return f"{self.name} of {_count(len(self.scenes), 'scene')}, names {names}"

    def select(self, split: str) -> PhotoSet:
        """The scenes to train on ("train") or the held-out ones ("test": val, eval15, test).

        A set without splits returns itself for either; in a set with splits, a scene without one
        counts as training. Raises LacrError if nothing is left.
        """
        if split not in ("train", "test"):
            raise LacrError(f'split is "train" or "test", not {split!r}')
        if not any(scene.split for scene in self.scenes):
            return self
        held_out = split == "test"
        chosen = tuple(s for s in self.scenes if (s.split in HELD_OUT_NAMES) == held_out)
        if not chosen:
            raise LacrError(f"{self.name} has no {split} scenes: give a folder that has some")
        return replace(self, scenes=chosen)

    def pairs(self) -> list[Pair]:
        """Every low frame with its reference, scene by scene; scenes without one are left out."""
        return [
            Pair(_pair_name(scene, low), scene.name, low, scene.clear)
            for scene in self.scenes
            if scene.clear is not None
            for low in scene.low
        ]


def _pair_name(scene: Scene, low: Frame) -> str:
    alone = len(scene.low) == 1 and low.name == scene.name
    return scene.name if alone else f"{scene.name}/{low.name}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
