"""Along the light of which scenes an exposure ladder is measured: of all but its own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from lacr_lib.latent.ladders import Trajectory, correlations


def ladder(mu: np.ndarray) -> Trajectory:
    rungs = np.arange(len(mu))
    return Trajectory("s", mu, 2.0 ** (rungs - rungs[-1]), rungs)


def test_two_scenes_of_opposite_light_both_run_the_wrong_way() -> None:
    """Along a direction in which it took part itself, the steeper of the two would run right."""
    rungs = np.arange(4.0)[:, None]
    paths = [ladder(rungs * [5.0, 1.0]), ladder(rungs * [-1.0, 0.0])]
    np.testing.assert_allclose(correlations(paths), [-1, -1])


@pytest.mark.parametrize("given", [False, True])
def test_each_path_is_measured_along_the_mean_way_of_the_others(given: bool) -> None:
    """`given`: also where the light is that of other ladders of the same scenes."""
    rng = np.random.default_rng(0)
    paths, untouched = ([ladder(rng.normal(size=(6, 4))) for _ in range(5)] for _ in range(2))
    light = untouched if given else paths
    expected = []
    for own in range(5):
        ways = [p.mu[5] - p.mu[:5].mean(axis=0) for i, p in enumerate(light) if i != own]
        expected.append(spearmanr(paths[own].mu @ np.mean(ways, axis=0), range(6)).statistic)
    np.testing.assert_allclose(correlations(paths, untouched if given else None), expected)
