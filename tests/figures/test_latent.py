"""The figures of notebook 07: each draws what it was given, with names and units."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lacr_lib.figures.latent import kind_maps, scene_family, toy_maps
from lacr_lib.figures.latent_motion import (
    film_curves,
    film_gif,
    film_panels,
    ladder_numbers,
    ladder_paths,
    walk_curves,
    walk_strips,
)
from lacr_lib.figures.latent_pull import (
    PULL_PANELS,
    pull_differences,
    pull_panels,
    way_sketch,
)
from lacr_lib.latent.embed import LatentMap
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.film import AlignedMaps, Still
from lacr_lib.latent.ladders import trajectories
from lacr_lib.latent.light_axis import Walk
from lacr_lib.latent.pull import PULL_KEYS

RNG = np.random.default_rng(0)


def _texts(figure: Figure) -> str:
    """All text of a figure, its parts and legends included."""
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def _points(figure: Figure) -> int:
    return sum(len(c.get_offsets()) for axis in figure.axes for c in axis.collections)


def _table(kind: np.ndarray) -> Latents:
    n = len(kind)
    scene = np.array([f"s{i % 4}" for i in range(n)])
    exposure = np.where(kind == "clear", 1, RNG.uniform(0.02, 0.5, n)).astype("f4")
    zero = np.zeros(n, np.int32)
    return Latents(
        RNG.normal(size=(n, 3)).astype("f4"), np.zeros((n, 3), "f4"), kind, scene, exposure,
        RNG.uniform(size=n).astype("f4"), zero, zero, np.arange(n, dtype=np.int32),
        np.arange(n).astype(str),
    )  # fmt: skip


@pytest.fixture
def parts() -> tuple[list[LatentMap], Latents, Latents]:
    fitted = _table(np.repeat(["low", "clear"], [30, 10]))
    moved = _table(np.repeat(["enhanced"], 15))
    flat = LatentMap("PCA", fitted.mu[:, :2], moved.mu[:, :2], True, 0.912, 0.834)
    return [flat, flat._replace(method="t-SNE", transformed=False)], fitted, moved


def test_kind_maps_draw_every_point_twice_and_say_how_far_to_trust_them(parts):
    figure = kind_maps(*parts)
    assert _points(figure) >= 2 * 2 * 55  # two maps, by kind and by luma
    text = _texts(figure)
    assert "trust 0.912, continuity 0.834" in text and "map axis 1 (no unit)" in text
    assert text.count("enhanced fitted along") == 1  # t-SNE alone
    assert {"low", "enhanced", "clear"} <= set(text.split("\n"))


def test_toy_maps_show_truth_and_maps():
    names = ["A"] * 5 + ["B"] * 5
    figure = toy_maps(RNG.normal(size=(10, 3)), names, {"PCA": RNG.normal(size=(10, 2))})
    assert _points(figure) == 3 * 10
    assert "x (length units)" in _texts(figure)


def test_the_sketch_puts_the_shadow_where_the_fraction_says():
    figure = way_sketch((0.0, 0.0), (4.0, 0.0), {"e": ((1.0, 2.0), 0.25)})
    shadows = [line.get_xydata()[0] for line in figure.axes[0].lines if line.get_marker() == "|"]
    np.testing.assert_allclose(shadows, [[1.0, 0.0]])


def test_pull_panels_draw_both_models_and_survive_a_missing_number():
    side = {key: 0.5 for key in PULL_KEYS} | {"intervals": {key: [0.4, 0.6] for key in PULL_KEYS}}
    broken = {**side, "alignment_ratio": None}
    figure = pull_panels({"weights": side, "against": broken}, ("ours", "twin"))
    assert set(PULL_PANELS) == set(PULL_KEYS) and len(figure.axes) == 9
    text = _texts(figure)
    assert "ours" in text and "twin" in text and text.count("no value") == 1


def test_differences_leave_room_for_every_interval():
    wide, empty = [0.3, 0.1, 0.6], [None, None, None]
    record = {key: wide for key in PULL_KEYS} | {"fraction_of_way": empty}
    figure = pull_differences({"ours": record, "theirs": record})
    assert figure.axes[0].get_xlim()[1] > 0.6 and len(figure.axes[2].lines) == 1
    assert "better ->" in _texts(figure) and "theirs" in _texts(figure)


def test_a_family_stands_beside_its_place_on_the_map(parts):
    maps, fitted, moved = parts
    picture = np.zeros((6, 9, 3), np.uint8)
    rows = [[("clear", picture)], [("low", picture), ("enhanced", picture)]]
    figure = scene_family(maps[0], fitted, moved, "s1", rows)
    text = _texts(figure)
    assert "PCA: s1" in text and sum(bool(axis.images) for axis in figure.axes) == 3
    own = sum((table.scene == "s1").sum() for table in (fitted, moved))
    assert _points(figure) == len(fitted) + len(moved) + own


def test_ladder_figures_draw_a_line_a_scene():
    table = _table(np.array(["low"] * 12 + ["clear"] * 4))
    paths = trajectories(table)
    flat = table.mu[:, :2]
    figure = ladder_paths({"before": (flat, paths), "after": (flat, paths)})
    assert len(figure.axes[0].lines) == 2 * len(paths) == 8
    assert "exposure (1 = clear)" in _texts(figure)
    numbers = {"before": [0.9, 0.8], "shuffled": [0.1, np.nan]}
    assert "straightness" in _texts(ladder_numbers({"straightness": numbers}))


def _chain():
    """Three stills of a chain and their maps: without at step 8, start, with at step 8."""
    table = _table(np.array(["low", "enhanced", "clear"] * 4))
    stills = [Still(*moment, table) for moment in (("without", 8), ("start", 0), ("with", 8))]
    fitted, moved = (RNG.normal(size=(3, n, 2)) for n in (8, 4))
    return stills, AlignedMaps(fitted, moved)


def test_the_film_has_a_row_a_run_and_both_begin_alike():
    figure = film_panels(*_chain())
    assert [axis.get_title() for axis in figure.axes] == ["step 0", "step 8", "", ""]
    rows = [[c.get_offsets() for c in axis.collections] for axis in figure.axes]
    np.testing.assert_array_equal(rows[0][0], rows[2][0])
    assert not np.array_equal(rows[1][0], rows[3][0])
    curves = film_curves({"with": {0: (0.0, -0.1, 0.1), 8: (1.0, 0.9, 1.1)}})
    np.testing.assert_array_equal(curves.axes[0].lines[0].get_ydata(), [0.0, 1.0])


def test_the_gif_moves(tmp_path):
    with Image.open(film_gif(tmp_path / "a" / "film.gif", *_chain())) as film:
        assert film.format == "GIF" and film.n_frames >= 4


def test_walks_show_pictures_and_curves():
    steps = np.array([-0.5, 0.0, 0.5])
    walk = Walk(steps, RNG.uniform(size=(3, 16, 24, 3)).astype("f4"), np.array([0.6, 0.5, 0.4]))
    strips = walk_strips({"coffee": walk}, [0, 2])
    assert "t = -0.5" in _texts(strips) and "luma 0.40" in _texts(strips)
    assert len([axis for axis in strips.axes if axis.images]) == 2
    curves = walk_curves({"coffee": walk}, {"low": RNG.normal(size=50), "clear": [1.0, 1.1]})
    np.testing.assert_array_equal(curves.axes[0].lines[0].get_ydata(), walk.luma)
    assert "density of regions" in _texts(curves)


def test_neighbour_maps_count_what_both_maps_share() -> None:
    from lacr_lib.figures.latent import neighbour_maps

    first = RNG.normal(size=(20, 2))
    figure = neighbour_maps((first, -first), 0, (np.array([1, 2, 3]), np.array([3, 2, 9])))
    assert "first map: 2 of 3 in common" in _texts(figure)
    assert all("no unit" in axis.get_xlabel() for axis in figure.axes)
