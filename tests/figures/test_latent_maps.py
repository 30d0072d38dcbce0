"""Maps side by side: each panel names its settings and says how far it can be trusted."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.figures.latent_maps import clear_shares, joint_maps, setting_maps, view_panels
from lacr_lib.latent.embed import LatentMap
from lacr_lib.latent.encode import Latents
from lacr_lib.latent.map_settings import MapSettings
from lacr_lib.latent.map_study import ClearShare, View


def _table(kind: np.ndarray) -> Latents:
    n = len(kind)
    rng = np.random.default_rng(n)
    one, zero = np.ones(n, np.float32), np.zeros(n, np.int32)
    mu = rng.normal(size=(n, 3)).astype("f4")
    return Latents(mu, mu, kind, kind, one, one, zero, zero, zero, kind)


@pytest.fixture
def view() -> View:
    fitted, moved = _table(np.repeat(["low", "clear"], [12, 5])), _table(np.repeat(["enhanced"], 7))
    flat = LatentMap("UMAP", fitted.mu[:, :2], moved.mu[:, :2], True, 0.912, 0.834)
    return View(flat, fitted, moved)


def _texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def _points(figure: Figure) -> int:
    return sum(len(c.get_offsets()) for axis in figure.axes for c in axis.collections)


def test_a_grid_names_the_settings_and_trust_of_each_panel(view):
    flat, fitted, moved = view
    tight = flat._replace(settings=MapSettings(5, 0.0), trustworthiness=0.5)
    tsne = flat._replace(method="t-SNE", settings=MapSettings(perplexity=30))
    figure = setting_maps([[flat, tight, tsne]], fitted, moved)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["n_neighbors 15, min_dist 0.1", "n_neighbors 5, min_dist 0", "perplexity 30"]
    below = [axis.get_xlabel() for axis in figure.axes]
    assert below[:2] == ["trust 0.912, continuity 0.834", "trust 0.500, continuity 0.834"]
    assert _points(figure) == 3 * 24


def test_a_joint_fit_stands_at_the_right_of_a_transformed_one(view):
    flat, fitted, moved = view
    figure = joint_maps([(flat, flat._replace(transformed=False))], fitted, moved)
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["UMAP: enhanced placed", "UMAP: enhanced fitted along"]
    assert {"low", "enhanced", "clear"} <= set(_texts(figure).split("\n"))


def test_views_have_means_above_draws_and_regions_left_of_pooled(view):
    other = view._replace(flat=view.flat._replace(trustworthiness=0.1))
    grains = [(source, grain) for source in ("draws", "means") for grain in ("pooled", "regions")]
    figure = view_panels({key: other if key[0] == "draws" else view for key in grains})
    panels = [(axis.get_title(), axis.get_xlabel()[:11]) for axis in figure.axes]
    assert panels == [
        ("posterior means, a point a region", "trust 0.912"),
        ("posterior means, a point a photograph", "trust 0.912"),
        ("one draw of each posterior, a point a region", "trust 0.100"),
        ("one draw of each posterior, a point a photograph", "trust 0.100"),
    ]


def test_shares_of_clear_stand_against_the_latent_space():
    def share(value: float) -> ClearShare:
        near = Interval(value, value - 0.1, value + 0.1)
        truth = Interval(0.4, 0.3, 0.5)
        return ClearShare(near, truth, Interval(value - 0.4, -0.1, 0.1), near, 0.2)

    figure = clear_shares({"PCA": share(0.5), "UMAP": share(0.7)})
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["PCA", "UMAP"]
    dots = [line.get_xdata()[0] for line in left.lines if line.get_marker() == "o"]
    assert dots == [0.5, 0.7]
    differences = [line.get_xdata()[0] for line in right.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(differences, [0.1, 0.3])
    assert "chance" in _texts(figure) and "latent space" in _texts(figure)


def test_a_difference_of_a_thousandth_does_not_fill_the_axis():
    one, none = Interval(1.0, 1.0, 1.0), Interval(0.001, 0.0, 0.002)
    _, right = clear_shares({"PCA": ClearShare(one, one, none, none, 0.2)}).axes
    low, high = right.get_xlim()
    assert low <= -0.02 and high >= 0.02
