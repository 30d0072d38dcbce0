"""The embedded photographs: those that ship inside packages the course installs anyway."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from lacr_lib.data.images import Array, read_image, resize_to
from lacr_lib.errors import LacrError


@dataclass(frozen=True)
class Photograph:
    """One photograph with its source: `package` is the distribution that carries the file.

    scene: photographs of one place share it and are never parted by the split.
    """

    name: str
    scene: str
    split: str  # "train" | "test"
    package: str
    title: str
    credit: str
    licence: str
    link: str


_SKIMAGE, _SKLEARN, _MATPLOTLIB = "scikit-image", "scikit-learn", "matplotlib"
_MIDDLEBURY = (
    "Scharstein, Hirschmueller, Kitajima, Krathwohl, Nesic, Wang, Westling: High-resolution "
    "stereo datasets with subpixel-accurate ground truth, GCPR 2014",
    "no licence stated; published for research, cite the paper",
    "https://vision.middlebury.edu/stereo/data/scenes2014/",
)
_FLICKR = "https://www.flickr.com/photos/"

PHOTOGRAPHS: tuple[Photograph, ...] = (
    Photograph(
        "astronaut", "astronaut", "train", _SKIMAGE, "Eileen Collins",
        "NASA", "public domain", "https://flic.kr/p/r9qvLn",
    ),
    Photograph(
        "rocket", "rocket", "train", _SKIMAGE, "Launch of DSCOVR on a Falcon 9",
        "SpaceX", "public domain", _FLICKR + "spacexphotos/16511594820/",
    ),
    Photograph(
        "motorcycle_left", "motorcycle", "train", _SKIMAGE, "Motorcycle, left view", *_MIDDLEBURY
    ),
    Photograph(
        "motorcycle_right", "motorcycle", "train", _SKIMAGE, "Motorcycle, right view", *_MIDDLEBURY
    ),
    Photograph(
        "flower", "flower", "train", _SKLEARN, "Flower",
        "vultilion, by the link in the package's README (its text says danielbuechele)",
        "CC BY 2.0", _FLICKR + "vultilion/6056698931/",
    ),
    Photograph(
        "grace_hopper", "grace_hopper", "train", _MATPLOTLIB, "Grace Hopper",
        "James S. Davis, US Navy", "public domain",
        "https://commons.wikimedia.org/wiki/File:Commodore_Grace_M._Hopper,_USN_%28covered%29.jpg",
    ),
    Photograph(
        "coffee", "coffee", "test", _SKIMAGE, "Coffee cup",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar", "CC0",
        "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.coffee",
    ),
    Photograph(
        "chelsea", "chelsea", "test", _SKIMAGE, "Chelsea the cat",
        "Stefan van der Walt", "CC0",
        "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data.chelsea",
    ),
    Photograph(
        "china", "china", "test", _SKLEARN, "Temple roof in China",
        "danielbuechele", "CC BY 2.0", _FLICKR + "danielbuechele/6061409035/",
    ),
)  # fmt: skip


def read_photograph(name: str, max_side: int | None = None) -> Array:
    """Read one embedded photograph, reduced to `max_side` pixels if it is larger.

    Returns uint8 (H, W, 3), sRGB. No network: the file lies in an installed package.
    Raises LacrError for a name that is not in PHOTOGRAPHS.
    """
    names = [photograph.name for photograph in PHOTOGRAPHS]
    if name not in names:
        raise LacrError(f"no embedded photograph {name!r}: choose from {', '.join(names)}")
    photo = _read(name)
    return photo.copy() if max_side is None else resize_to(photo, max_side).copy()


def credits_table() -> str:
    """A Markdown table of the embedded photographs: what, by whom, on what terms, from where."""
    lines = ["| photograph | split | by | terms | ships with |", "|---|---|---|---|---|"]
    lines += [
        f"| [{photo.title}]({photo.link}) (`{photo.name}`) | {photo.split} | {photo.credit} | "
        f"{photo.licence} | {photo.package} |"
        for photo in PHOTOGRAPHS
    ]
    return "\n".join(lines)


@cache
def _read(name: str) -> Array:
    """The photograph at full size, through the package that carries it."""
    package = next(photo.package for photo in PHOTOGRAPHS if photo.name == name)
    if package == _SKIMAGE:
        import skimage.data

        if name.startswith("motorcycle"):
            left, right, _ = skimage.data.stereo_motorcycle()
            return np.asarray(left if name.endswith("left") else right)
        return np.asarray(getattr(skimage.data, name)())
    if package == _SKLEARN:
        from sklearn.datasets import load_sample_image

        return np.asarray(load_sample_image(f"{name}.jpg"))
    from matplotlib.cbook import get_sample_data

    return read_image(str(get_sample_data(f"{name}.jpg", asfileobj=False)))
