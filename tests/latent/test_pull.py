"""The pull metrics where the answer is known: stayed, arrived, half-way, past, and at chance."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from lacr_lib.data.photoset import Frame, PhotoSet, Scene
from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import Interval
from lacr_lib.latent.pairs import fraction_of_way, measure_pairs, texture_energy
from lacr_lib.latent.pull import (
    PULL_KEYS,
    active_units,
    clear_share,
    out_of_fold_scores,
    pull,
    pull_record,
    pull_statistics,
)
from lacr_lib.latent.statistics import estimate, once, ranked_right
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae


@pytest.mark.parametrize("reach", [0.0, 0.5, 1.0])
def test_fraction_of_way_says_how_far_enhanced_latents_went(reach, ladders, known_model):
    record = pull(known_model(reach), known_model(0.0), ladders)
    assert record["weights"]["fraction_of_way"] == pytest.approx(reach, abs=0.03)
    assert record["against"]["fraction_of_way"] == pytest.approx(0, abs=1e-3)


def test_alignment_ratio_is_the_ratio_of_two_means(ladders, known_model):
    near = pull(known_model(0.9), known_model(0.5), ladders)
    # codes are linear in the image, so |e - c| / |e - l| = (1 - reach) / reach, but for rounding
    assert near["weights"]["alignment_ratio"] == pytest.approx(0.1 / 0.9, abs=0.02)
    assert near["against"]["alignment_ratio"] == pytest.approx(1.0, abs=0.03)
    mean, low, high = near["difference"]["alignment_ratio"]
    assert low <= mean <= high < -0.8
    # both models have the same encoder here, so the shared ratio is the own one
    assert near["weights"]["alignment_ratio_shared"] == near["weights"]["alignment_ratio"]


def test_shared_ratio_is_measured_in_the_twins_encoder(ladders, known_model):
    class Inverted(type(known_model(1.0))):
        def encode(self, x):  # blind to brightness: every code has mean 0
            code = super().encode(x)
            return code._replace(mu=code.mu - code.mu.mean())

    twin = Inverted(0.5)
    twin.decode = lambda z, x, skips: x
    record = pull(known_model(0.9), twin, ladders)["weights"]
    assert record["alignment_ratio_shared"] != pytest.approx(record["alignment_ratio"], abs=0.01)


def test_a_third_model_can_be_the_judge_of_both(ladders, known_model):
    class Gamma(type(known_model(1.0))):
        def encode(self, x):  # sees light differently from the two
            return super().encode(x**0.5)

    two, judge = (known_model(0.9), known_model(0.5)), Gamma(0.0)
    record = pull(*two, ladders, judge=judge)
    for side, model in zip(("weights", "against"), two, strict=True):
        measures = measure_pairs(model, ladders, shared=judge)
        clear, low = measures.column("shared_to_clear"), measures.column("shared_to_low")
        shared = record[side]["alignment_ratio_shared"]
        assert shared == pytest.approx(clear.mean() / low.mean())
        assert shared != pytest.approx(record[side]["alignment_ratio"], rel=0.05)


def test_the_code_is_used_and_the_next_scenes_code_hurts(ladders, known_model):
    record = pull(known_model(1.0), known_model(0.0), ladders)
    assert record["weights"]["psnr_drop_z_swapped"] > 5
    assert record["weights"]["psnr_drop_z_zero"] > 5
    assert record["against"]["psnr_drop_z_swapped"] == pytest.approx(0)


def test_each_scene_gets_the_code_of_the_next_scenes_same_rung(ladders, known_model):
    model = known_model(1.0)
    seen = []
    plain = model.decode
    model.decode = lambda z, x, skips: (
        seen.append((float(x.mean()), float(z.mean()))) or plain(z, x, skips)
    )
    measure_pairs(model, ladders)
    level = [[f.read().mean() / 255 for f in scene.low] for scene in ladders.scenes]
    swaps = {round(x, 4): z for x, z in seen[1::3]}  # own, swapped, zero of each pair
    for s, scene in enumerate(level):
        for rung, value in enumerate(scene):
            assert swaps[round(value, 4)] == pytest.approx(level[(s + 1) % 4][rung], abs=1e-3)


def test_the_record_is_json_with_every_key_and_interval(ladders):
    torch.manual_seed(0)
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=8)).eval()
    record = json.loads(json.dumps(pull(model, model, ladders, ("a", "b")), allow_nan=False))
    assert record["n_pairs"] == 8 and record["n_scenes"] == 4
    for side, name in (("weights", "a"), ("against", "b")):
        assert record[side]["name"] == name
        assert set(PULL_KEYS) <= set(record[side]) and set(PULL_KEYS) <= set(record["difference"])
        assert all(len(record[side]["intervals"][key]) == 2 for key in PULL_KEYS)
        # an untrained model returns its input: it went nowhere, and no code changes anything
        assert record[side]["fraction_of_way"] == pytest.approx(0, abs=1e-6)
        assert record[side]["psnr_drop_z_zero"] == 0
        assert record[side]["alignment_ratio"] is None  # divided by no distance from low
    assert record["difference"]["psnr"] == [0, 0, 0]


def test_fraction_of_way_by_hand():
    low, clear = torch.tensor([[0.0, 0.0]] * 4), torch.tensor([[2.0, 0.0]] * 4)
    enhanced = torch.tensor([[0.0, 5.0], [2.0, 0.0], [1.0, 9.0], [-2.0, 0.0]])
    # a sideways step is no way at all; backwards counts as negative
    assert fraction_of_way(low, enhanced, clear).tolist() == [0, 1, 0.5, -1]
    assert fraction_of_way(clear, enhanced, low).tolist() == [1, 0, 0.5, 2]  # roles swapped
    assert torch.isnan(fraction_of_way(low, enhanced, low)).all()


def test_texture_energy_is_what_a_box_blur_takes_away():
    image = torch.rand(1, 3, 12, 15, generator=torch.Generator().manual_seed(0))
    box = torch.full((3, 1, 3, 3), 1 / 9)
    blurred = F.conv2d(image, box, groups=3)
    expected = (image[..., 1:-1, 1:-1] - blurred).abs().mean()
    assert texture_energy(image) == pytest.approx(float(expected), rel=1e-5)
    assert texture_energy(torch.full((1, 3, 9, 9), 0.4)) == pytest.approx(0, abs=1e-7)


def _clouds(gap: float, seed: int = 0):
    """Ten scenes of 20 latents of each kind; clear lies `gap` away from low."""
    rng = np.random.default_rng(seed)
    scene = np.repeat(np.arange(10), 20)
    low, clear = rng.normal(size=(2, 200, 6))
    clear[:, 0] += gap
    return low, clear, scene


def test_neighbour_share_is_one_on_the_clear_side_and_chance_between():
    low, clear, scene = _clouds(gap=8)
    jitter = np.random.default_rng(5).normal(size=low.shape) * 0.1
    assert clear_share(clear + jitter, scene, low, clear, scene).mean() == 1
    assert clear_share(low + jitter, scene, low, clear, scene).mean() == 0
    low, clear, scene = _clouds(gap=0)
    fresh = np.random.default_rng(7).normal(size=low.shape)
    assert clear_share(fresh, scene, low, clear, scene).mean() == pytest.approx(0.5, abs=0.04)


def test_neighbours_of_the_own_scene_do_not_count():
    low, clear, scene = _clouds(gap=0)
    # enhanced = its own clear latent: with the own scene allowed, the nearest would always be clear
    share = clear_share(clear, scene, low, clear, scene).mean()
    assert share == pytest.approx(0.5, abs=0.06)
    allowed = clear_share(clear, scene + 100, low, clear, scene).mean()
    assert allowed > share + 0.04


def test_auc_is_one_apart_and_half_alike():
    low, clear, scene = _clouds(gap=8)
    up, down, fold = out_of_fold_scores(clear, low, scene)
    apart = estimate(ranked_right(up, down, scene, fold), 10)
    assert apart.mean > 0.99 and np.bincount(fold).tolist() == [2] * 5
    values = []
    for seed in range(5):
        low, clear, scene = _clouds(gap=0, seed=seed)
        up, down, fold = out_of_fold_scores(clear, low, scene)
        values.append(estimate(ranked_right(up, down, scene, fold), 10).mean)
    assert np.mean(values) == pytest.approx(0.5, abs=0.05)


def test_a_scene_in_its_own_training_fold_would_flatter_the_auc():
    rng = np.random.default_rng(0)
    scene = np.repeat(np.arange(8), 6)
    place = rng.normal(size=(8, 40))  # each scene has its place, and a random label tells nothing
    enhanced, other = (place[scene] + 0.05 * rng.normal(size=(48, 40)) for _ in range(2))
    offsets = rng.normal(size=(8, 40))  # within a scene the kinds differ, each scene its own way
    enhanced += offsets[scene]
    up, down, fold = out_of_fold_scores(enhanced, other, scene)
    honest = ranked_right(up, down, scene, fold)(np.ones((1, 8)))[0]
    alone = np.arange(48)  # the mistake: each pair a group of its own
    up, down, fold = out_of_fold_scores(enhanced, other, alone)
    flattered = ranked_right(up, down, alone, fold)(np.ones((1, 48)))[0]
    assert honest < 0.8 < 0.95 < flattered


def test_the_neighbour_bank_holds_each_region_of_a_scene_once(ladders, known_model):
    """The clear photograph belongs to all pairs of its scene, which take turns to offer it."""
    first, *rest = ladders.scenes
    uneven = replace(first, low=(*first.low, replace(first.low[0], name="low_2")))
    measures = measure_pairs(known_model(0.5), replace(ladders, scenes=(uneven, *rest)))
    assert np.bincount(measures.scene).tolist() == [3, 2, 2, 2]
    for scene in range(4):
        offered = np.stack(
            [measures.pairs[i].offered for i in np.flatnonzero(measures.scene == scene)]
        )
        assert (offered.sum(axis=0) == 1).all()
        assert np.ptp(offered.sum(axis=1)) <= 1  # as many dark as less dark ones


def test_one_scene_or_no_reference_is_refused(ladders, known_model):
    one = PhotoSet("one", "ladder", ladders.scenes[:1])
    with pytest.raises(LacrError, match="1 found"):
        pull(known_model(1.0), known_model(0.0), one)
    alone = Frame("x", lambda: np.zeros((16, 16, 3), np.uint8), None, None)
    bare = PhotoSet("bare", "unpaired", (Scene("x", "", None, (alone,)),))
    with pytest.raises(LacrError, match="0 found"):
        pull(known_model(1.0), known_model(0.0), bare)


@pytest.mark.filterwarnings("ignore:invalid value")  # PSNR of equal images is infinite
def test_pairs_that_are_equal_have_no_way_to_measure(ladders, known_model):
    scenes = [replace(s, low=(replace(s.clear, name="low_0"),)) for s in ladders.scenes]
    record = pull(known_model(1.0), known_model(0.0), replace(ladders, scenes=tuple(scenes)))
    assert record["weights"]["fraction_of_way"] is None


def test_each_number_is_made_of_its_own_measures(ladders, known_model):
    measures = measure_pairs(known_model(0.5), ladders)
    known = {
        "to_clear": 1.0, "to_low": 2.0, "shared_to_clear": 3.0, "shared_to_low": 4.0,
        "psnr": 20.0, "ssim": 0.9, "psnr_swapped": 15.0, "psnr_zero": 12.0,
        "texture": 0.3, "texture_clear": 0.5,
    }  # fmt: skip
    pairs = tuple(pair._replace(**known) for pair in measures.pairs)
    found = pull_statistics(replace(measures, pairs=pairs))
    expected = {
        "alignment_ratio": 0.5, "alignment_ratio_shared": 0.75, "texture_ratio": 0.6,
        "psnr_drop_z_swapped": 5.0, "psnr_drop_z_zero": 8.0, "psnr": 20.0, "ssim": 0.9,
    }  # fmt: skip
    assert {key: once(found[key], 4) for key in expected} == pytest.approx(expected)


def test_each_scene_is_counted_with_its_own_pairs(ladders, known_model):
    """The statistics of one scene alone are those of its two pairs."""
    measures = measure_pairs(known_model(0.5), ladders)
    rng = np.random.default_rng(0)
    columns = ("to_clear", "to_low", "shared_to_clear", "shared_to_low", "psnr", "ssim",
               "psnr_swapped", "psnr_zero", "texture", "texture_clear")  # fmt: skip
    values = {name: rng.uniform(1, 2, (4, 2)) for name in columns}
    fraction, lit = rng.normal(size=(4, 2, 25)), np.array([1.0, 0, 0, 1])
    flat = {name: value.ravel() for name, value in values.items()}
    pairs = tuple(
        pair._replace(
            **{name: value[i] for name, value in flat.items()},
            fraction=fraction[i // 2, i % 2],
            regions=np.broadcast_to(np.array([0, lit[i // 2], 1])[:, None, None], (3, 20, 3)),
        )
        for i, pair in enumerate(measures.pairs)
    )
    found = pull_statistics(replace(measures, pairs=pairs))
    mean = {name: value.mean(axis=1) for name, value in values.items()}
    expected = {
        "alignment_ratio": mean["to_clear"] / mean["to_low"],
        "alignment_ratio_shared": mean["shared_to_clear"] / mean["shared_to_low"],
        "fraction_of_way": np.sort(fraction.reshape(4, 50))[:, 24],  # the lower median
        "clear_neighbour_share": lit,
        "psnr_drop_z_swapped": mean["psnr"] - mean["psnr_swapped"],
        "psnr_drop_z_zero": mean["psnr"] - mean["psnr_zero"],
        "texture_ratio": mean["texture"] / mean["texture_clear"],
        "psnr": mean["psnr"],
        "ssim": mean["ssim"],
    }
    for key, value in expected.items():
        np.testing.assert_allclose(found[key](np.eye(4)), value, atol=1e-6, err_msg=key)


def test_who_arrived_lives_among_clear_latents_and_who_stayed_among_low_ones(ladders, known_model):
    record = pull(known_model(1.0), known_model(0.0), ladders)
    arrived, stayed = record["weights"], record["against"]
    assert arrived["clear_neighbour_share"] > 0.9 and stayed["clear_neighbour_share"] < 0.1
    assert arrived["auc_enhanced_vs_low"] > 0.9 and stayed["auc_enhanced_vs_clear"] > 0.9
    assert stayed["auc_enhanced_vs_low"] == 0.5  # it is the low one


def test_active_units_vary_by_a_tenth_over_the_low_photographs(ladders, known_model):
    measures = measure_pairs(known_model(0.5), ladders)
    rng = np.random.default_rng(0)

    def regions(pair):
        spread = np.array([[0.05, 1.0, 0.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])  # low first
        return rng.normal(size=pair.regions.shape) * spread[:, None]

    pairs = tuple(pair._replace(regions=regions(pair)) for pair in measures.pairs)
    assert active_units(replace(measures, pairs=pairs)) == 1


def test_ten_neighbours_are_asked():
    clear = np.r_[1:5, 11:17].astype(float)[:, None]  # 4 of the 10 nearest to 0
    low = np.r_[5:11, 100:104].astype(float)[:, None]
    share = clear_share(np.zeros((1, 1)), np.array([0]), low, clear, np.ones(10, int))
    np.testing.assert_allclose(share, 0.4)


def test_scores_are_those_of_a_standardised_regression_with_scenes_of_equal_weight():
    rng = np.random.default_rng(0)
    scene = np.repeat(np.arange(5), [1, 2, 3, 6, 9])
    enhanced, other = 50 + rng.normal(size=(2, 21, 3)) * [1.0, 10.0, 0.1]
    enhanced[:, 0] += 1
    up, down, fold = out_of_fold_scores(enhanced, other, scene)
    assert sorted(fold) == [0, 1, 2, 3, 4]  # a scene each
    x, groups = np.concatenate([enhanced, other]), np.tile(scene, 2)
    weight = 1 / np.bincount(scene)[groups]
    weight = weight / weight.mean()
    for s in range(5):
        rest = groups != s
        scaler = StandardScaler().fit(x[rest], sample_weight=weight[rest])
        label = (np.arange(42) < 21)[rest]
        model = LogisticRegression(C=1.0, max_iter=1000)
        model.fit(scaler.transform(x[rest]), label, sample_weight=weight[rest])
        expected = model.decision_function(scaler.transform(x[~rest]))
        np.testing.assert_allclose(np.r_[up[scene == s], down[scene == s]], expected, atol=1e-6)


def test_the_seed_reaches_every_interval(ladders, known_model, monkeypatch):
    seeds = []

    def spied(statistic, n_scenes, seed=0):
        seeds.append(seed)
        return Interval(0.0, 0.0, 0.0)

    monkeypatch.setattr("lacr_lib.latent.pull.estimate", spied)
    measures = measure_pairs(known_model(0.5), ladders)
    pull_record(measures, measures, "toys", ("a", "b"), seed=3)
    assert set(seeds) == {3}


def test_the_record_keeps_ten_digits(ladders, known_model):
    measures = measure_pairs(known_model(0.5), ladders)
    pairs = tuple(pair._replace(to_clear=1.0, to_low=3.0) for pair in measures.pairs)
    known = replace(measures, pairs=pairs)
    record = pull_record(known, known, "toys", ("a", "b"))
    assert record["weights"]["alignment_ratio"] == pytest.approx(1 / 3, abs=1e-9)
