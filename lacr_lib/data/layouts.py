"""Sets of photographs, found by how their folders are laid out.

    ladder    SCENE/clear.*  SCENE/low_0.* (darkest) .. low_K.*     anywhere below the folder
    paired    low/ + high/ (or clear/, normal/) with the same file stems
    lol       our485/low + high, eval15/low + high
    unpaired  any images, nothing to compare with
    embedded  the photographs that ship with the installed packages, darkened by the camera model

A folder named train, val, test, our485 or eval15 on the way to a scene gives its split.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache, partial
from pathlib import Path

from lacr_lib.data.camera import LADDER_EXPOSURES, Ladder, exposure_ladder
from lacr_lib.data.images import Array, find_images, image_size, read_image
from lacr_lib.data.photographs import PHOTOGRAPHS, read_photograph
from lacr_lib.data.photoset import HELD_OUT_NAMES, TRAINING_NAMES, Frame, Pair, PhotoSet, Scene
from lacr_lib.errors import LacrError

__all__ = ["Frame", "Pair", "PhotoSet", "Scene", "embedded_ladder", "open_photoset"]

EMBEDDED_MAX_SIDE = 384
REFERENCE_FOLDERS = ("high", "clear", "normal")


def open_photoset(data: str | Path) -> PhotoSet:
    """Open "embedded" or a folder, whose layout is found by looking.

    Ladders win over pairs, pairs over single images, wherever below the folder they are.
    Raises LacrError for a missing or empty folder, a photograph or a folder without its partner, a
    photograph with two of them, or a pair of two sizes.
    """
    if str(data) == "embedded":
        return _embedded_set()
    folder = Path(data).expanduser()
    if not folder.exists():
        raise LacrError(f'no such folder: {folder}: check the path, or say "embedded"')
    if not folder.is_dir():
        raise LacrError(f"{folder} is a file, not a folder: give the folder that holds it")
    images = find_images(folder)
    if not images:
        raise LacrError(f"no image found in {folder}: it should hold .jpg, .png or .tif files")
    name = folder.resolve().name
    scenes = _ladder_scenes(folder, images)
    if scenes:
        return PhotoSet(name, "ladder", _checked(scenes))
    scenes = _paired_scenes(folder, images)
    if scenes:
        lol = any(scene.split in ("our485", "eval15") for scene in scenes)
        return PhotoSet(name, "lol" if lol else "paired", _checked(scenes))
    return PhotoSet(name, "unpaired", tuple(_single_scenes(folder, images)))


def _ladder_scenes(root: Path, images: Iterable[Path]) -> list[Scene]:
    """A scene for each folder that holds clear.* and low_*.*; [] if no folder looks like it."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for image in images:
        folders[image.parent].append(image)
    found = []
    # low_0.jpg without clear.jpg, or the reverse: a mistake, not an unpaired set
    halves: dict[Path, str] = {}
    for folder, files in folders.items():
        low = sorted((f for f in files if f.stem.lower().startswith("low_")), key=_natural)
        clear = [f for f in files if f.stem.lower() == "clear"]
        if clear and low:
            _check_stems([*clear, *low])
            found.append((folder, clear[0], low))
        elif low and re.fullmatch(r"low_\d+", low[0].stem.lower()):
            halves[folder] = f"missing reference: {folder} holds {low[0].name} but no clear.*"
        elif clear:
            halves[folder] = f"missing low-light frame: {folder} holds {clear[0].name} but no low_*"
    mistakes = [
        half
        for folder, half in halves.items()
        if found or (half.startswith("missing reference") and not _has_partner(folder, folders))
    ]
    if mistakes:
        raise LacrError(f"{mistakes[0]}: add the frame, or take the folder out")
    names = _short_names(root, [folder for folder, _, _ in found])
    # train/clear.jpg: a split of one scene, or a scene that is called so beside others
    own = all(folder != root and _is_split(folder.name) for folder, _, _ in found)
    return [
        Scene(name, _split(root, folder, own), _file_frame(clear), tuple(map(_file_frame, low)))
        for name, (folder, clear, low) in zip(names, found, strict=True)
    ]


def _has_partner(folder: Path, folders: Iterable[Path]) -> bool:
    """Whether a folder `low` lies beside one of references, or the reverse: it holds pairs."""
    role = folder.name.lower()
    partners = REFERENCE_FOLDERS if role == "low" else ("low",) if role in REFERENCE_FOLDERS else ()
    return any(f.parent == folder.parent and f.name.lower() in partners for f in folders)


def _paired_scenes(root: Path, images: Iterable[Path]) -> list[Scene]:
    """A scene for each stem of a folder `low` beside a folder `high`, `clear` or `normal`.

    Raises LacrError for such a folder that is alone, if others are not.
    """
    parents: dict[Path, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    for image in images:
        role = image.parent.name.lower()
        if image.parent != root and (role == "low" or role in REFERENCE_FOLDERS):
            parents[image.parent.parent][role].append(image)
    found: list[tuple[Path, Path, Path]] = []
    alone: list[Path] = []
    for parent, roles in sorted(parents.items()):
        references = [role for role in REFERENCE_FOLDERS if role in roles]
        if "low" in roles and len(references) > 1:
            raise LacrError(f"{parent} holds {' and '.join(references)} beside low: keep one")
        if "low" in roles and references:
            found += [(parent, *pair) for pair in _matched(roles["low"], roles[references[0]])]
        else:
            alone.append(next(iter(roles.values()))[0].parent)
    if found and alone:
        is_low = alone[0].name.lower() == "low"
        raise LacrError(
            f"missing {'references' if is_low else 'low-light photographs'}: no folder "
            f"{'high, clear or normal' if is_low else 'low'} with photographs lies beside "
            f"{alone[0]}: add it, rename the one that is meant, or take this one out"
        )
    names = _short_names(root, [parent / low.stem for parent, low, _ in found])
    return [
        Scene(name, _split(root, parent), _file_frame(clear), (_file_frame(low),))
        for name, (parent, low, clear) in zip(names, found, strict=True)
    ]


def _matched(low: list[Path], clear: list[Path]) -> list[tuple[Path, Path]]:
    """Low and clear files of equal stems; raises LacrError for one that has no partner, or two."""
    _check_stems(low)
    _check_stems(clear)
    shared = {image.stem.lower() for image in low} & {image.stem.lower() for image in clear}
    low_of, clear_of = ({_pair_key(each, shared): each for each in role} for role in (low, clear))
    alone = sorted(low_of.keys() ^ clear_of.keys())
    if alone:
        is_low = alone[0] in low_of
        image, other = (low_of[alone[0]], clear[0]) if is_low else (clear_of[alone[0]], low[0])
        raise LacrError(
            f"missing {'reference' if is_low else 'low-light photograph'}: {image} has no file of "
            f"that stem in {other.parent}: add it, or take this one out"
        )
    return [(low_of[key], clear_of[key]) for key in sorted(low_of)]


def _check_stems(images: list[Path]) -> None:
    """Raises LacrError for two files of one folder with one stem: which of them is meant?"""
    seen: dict[tuple[Path, str], Path] = {}
    for image in images:
        other = seen.setdefault((image.parent, _pair_key(image)), image)
        if other is not image:
            raise LacrError(f"{image.parent} holds {other.name} and {image.name}: keep one")


def _single_scenes(root: Path, images: list[Path]) -> list[Scene]:
    """A scene without a reference for each image, named by its path below the root."""
    names = _short_names(root, [image.with_suffix("") for image in images])
    if len(set(names)) < len(names):  # a.jpg beside a.png
        names = [image.relative_to(root).as_posix() for image in images]
    return [
        Scene(name, _split(root, image.parent), None, (_file_frame(image),))
        for name, image in zip(names, images, strict=True)
    ]


def _embedded_set() -> PhotoSet:
    """The embedded photographs as exposure ladders, seeded by name, in the fixed split."""
    scenes = []
    for photo in PHOTOGRAPHS:
        low = tuple(
            Frame(f"low_{step}", partial(_embedded_low, photo.name, step), None, exposure)
            for step, exposure in enumerate(sorted(LADDER_EXPOSURES))
        )
        clear = Frame("clear", partial(_embedded_clear, photo.name), None, 1.0)
        scenes.append(Scene(photo.name, photo.split, clear, low))
    return PhotoSet("embedded", "embedded", tuple(scenes))


@cache
def embedded_ladder(name: str) -> Ladder:
    """The ladder of an embedded photograph, at most 384 pixels a side, made once and kept."""
    photo = read_photograph(name, EMBEDDED_MAX_SIDE)
    return exposure_ladder(photo, seed=zlib.crc32(name.encode()))


def _embedded_low(name: str, step: int) -> Array:
    return embedded_ladder(name).low[step].copy()


def _embedded_clear(name: str) -> Array:
    return embedded_ladder(name).clear.copy()


def _file_frame(path: Path) -> Frame:
    return Frame(path.stem, partial(read_image, path), path, None)


def _checked(scenes: list[Scene]) -> tuple[Scene, ...]:
    """The scenes, after a look into every file's header: the frames of a scene have one size."""
    for scene in scenes:
        assert scene.clear is not None and scene.clear.path is not None
        height, width = image_size(scene.clear.path)
        for low in scene.low:
            assert low.path is not None
            h, w = image_size(low.path)
            if (h, w) != (height, width):
                raise LacrError(
                    f"sizes differ: {low.path} is {w}x{h}, its reference {scene.clear.path} is "
                    f"{width}x{height}: crop or resize them to one size"
                )
    return tuple(scenes)


def _split(root: Path, folder: Path, own: bool = True) -> str:
    """The last part of the path below the root that names a split, in lower case, or "".

    own: whether the folder's own name may be that part.
    """
    parts = folder.relative_to(root).parts
    chosen = filter(_is_split, reversed(parts if own else parts[:-1]))
    return next(chosen, "").lower()


def _is_split(name: str) -> bool:
    return name.lower() in TRAINING_NAMES + HELD_OUT_NAMES


def _short_names(root: Path, paths: list[Path]) -> list[str]:
    """Last parts of the paths where those are unique, else the whole paths below the root."""
    short = [path.name if path != root else root.resolve().name for path in paths]
    return short if len(set(short)) == len(short) else [_below(root, path) for path in paths]


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix() if path != root else root.resolve().name


def _pair_key(image: Path, shared: Collection[str] = ()) -> str:
    """What must match in a pair: the stem in lower case, without its folder's name before a number.

    LOL-v2 names its files low00690.png and normal00690.png. A stem in `shared` matches as it is.
    """
    role, stem = re.escape(image.parent.name.lower()), image.stem.lower()
    return stem if stem in shared else re.sub(rf"^{role}[_-]?(?=\d)", "", stem)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """A sort key that puts low_2 before low_10."""
    parts = re.split(r"(\d+)", path.stem.lower())
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
