import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from lacr_lib import LacrError
from lacr_lib.data.batches import (
    BatchSettings,
    StepSampler,
    TrainingBatches,
    Window,
    add_noise,
    darken_further,
    random_camera,
    to_tensor,
)
from lacr_lib.data.layouts import Frame, PhotoSet, Scene, open_photoset

REAL_ONLY = {"clear_share": 0.0, "synthetic_share": 0.0, "noise_share": 0.0, "half_size_share": 0.0}


def scene(name="s0", levels=(0.2, 0.5), size=(64, 80), seed=0):
    photo = np.random.default_rng(seed).random((*size, 3))

    def frame(label, factor):
        pixels = np.round(photo * factor * 255).astype(np.uint8)
        return Frame(label, lambda: pixels, None, None)

    low = tuple(frame(f"low_{i}", level) for i, level in enumerate(levels))
    return Scene(name, "train", frame("clear", 1.0), low)


def counted():
    """A set of one scene, and the list to which each reading of a photograph adds its name."""
    toy, reads = scene(), []
    clear, *low = (
        dataclasses.replace(f, read=lambda f=f: reads.append(f.name) or f.read())
        for f in (toy.clear, *toy.low)
    )
    toy = dataclasses.replace(toy, clear=clear, low=tuple(low))
    return PhotoSet("toy", "ladder", (toy,)), reads


def samples(count=40, levels=(0.2, 0.5), **settings):
    photoset = PhotoSet("toy", "ladder", (scene(levels=levels),))
    data = TrainingBatches(photoset, BatchSettings(crop=32, **settings))
    return [data[i] for i in range(count)]


def test_an_item_depends_on_seed_and_index_only():
    photoset = PhotoSet("toy", "ladder", (scene("a"), scene("b", seed=1)))
    one, two = (TrainingBatches(photoset, BatchSettings(crop=32, seed=3)) for _ in range(2))
    first = {i: one[i] for i in (0, 7, 5)}
    for i in (5, 0, 7):
        for name, images in two[i].items():
            assert torch.equal(images, first[i][name])
    other = TrainingBatches(photoset, BatchSettings(crop=32, seed=4))
    assert not torch.equal(other[0]["low"], first[0]["low"])


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_see_the_same_samples(workers):
    photoset = PhotoSet("toy", "ladder", (scene(),))
    data = TrainingBatches(photoset, BatchSettings(crop=32))
    loader = torch.utils.data.DataLoader(
        data, batch_sampler=StepSampler(0, 3, 2), num_workers=workers
    )
    for step, batch in enumerate(loader):
        expected = torch.stack([data[2 * step]["low"], data[2 * step + 1]["low"]])
        assert torch.equal(batch["low"], expected)


def test_shapes_and_ranges():
    for sample in samples(negatives=3):
        assert sample["low"].shape == sample["clear"].shape == (3, 32, 32)
        assert sample["negatives"].shape == (3, 3, 32, 32)
        for images in sample.values():
            assert images.dtype == torch.float32
            assert images.min() >= 0 and images.max() <= 1


def test_low_and_clear_show_the_same_pixels():
    for sample in samples(**REAL_ONLY):
        ratio = (sample["low"].sum() / sample["clear"].sum()).item()
        assert min(abs(ratio - 0.2), abs(ratio - 0.5)) < 0.01
        torch.testing.assert_close(sample["low"], ratio * sample["clear"], atol=0.01, rtol=0.03)


def test_negatives_are_the_input_and_then_something_no_brighter():
    for sample in samples(**REAL_ONLY, negatives=3):
        assert torch.equal(sample["negatives"][0], sample["low"])
        for further in sample["negatives"][1:]:
            assert further.mean() < sample["low"].mean() + 0.005


def test_shares_are_kept():
    clear = samples(400, clear_share=0.3)
    same = sum(torch.equal(s["low"], s["clear"]) for s in clear) / len(clear)
    assert same == pytest.approx(0.3, abs=0.08)
    assert not any(torch.equal(s["low"], s["clear"]) for s in samples(clear_share=0.0))


def test_synthetic_samples_reach_below_the_ladder():
    dark = samples(60, levels=(0.9,), clear_share=0.0, synthetic_share=1.0)
    assert min(s["low"].mean() for s in dark) < 0.2


def test_noise_changes_real_frames_and_keeps_their_mean():
    noisy = samples(60, levels=(0.5,), **{**REAL_ONLY, "noise_share": 1.0})
    clean = samples(60, levels=(0.5,), **{**REAL_ONLY, "noise_share": 0.0})
    gaps = [(n["low"].mean() - c["low"].mean()).item() for n, c in zip(noisy, clean, strict=True)]
    assert abs(np.mean(gaps)) < 0.02
    assert all(not torch.equal(n["low"], c["low"]) for n, c in zip(noisy, clean, strict=True))


def test_window_at_half_size_is_the_area_average():
    photo = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    out = Window(top=4, left=2, side=32, scale=2, flip=False, turns=0).cut(photo)
    assert out.shape == (16, 16, 3)
    expected = photo[4:6, 2:4].astype(float).mean(axis=(0, 1)) / 255
    np.testing.assert_allclose(out[0, 0], expected, rtol=1e-5)


def test_two_processes_see_what_one_with_the_double_batch_sees():
    whole = list(StepSampler(2, 5, batch=4))
    halves = [list(StepSampler(2, 5, batch=2, process=p, processes=2)) for p in range(2)]
    assert [a + b for a, b in zip(*halves, strict=True)] == whole
    assert len(whole) == len(StepSampler(2, 5, 4)) == 3
    assert whole[0][0] == 8  # resumed at step 2: sample 2 * 4


def test_too_small_photographs_and_empty_sets_are_refused():
    data = TrainingBatches(PhotoSet("toy", "ladder", (scene(),)), BatchSettings(crop=96))
    with pytest.raises(LacrError, match="crop"):
        data[0]
    with pytest.raises(LacrError, match="no scene"):
        TrainingBatches(PhotoSet("none", "ladder", ()), BatchSettings())


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop": 100},
        {"negatives": 0},
        {"noise_share": 2.0},
        {"seed": -1},
        {"darkest": -1.0},
        {"darkest": float("nan")},
    ],
)
def test_a_wrong_setting_is_named(wrong):
    with pytest.raises(LacrError, match=next(iter(wrong))):
        BatchSettings(**wrong)


@pytest.mark.parametrize(
    "wrong", [lambda p: p / 255.0, lambda p: p.astype(np.uint16), lambda p: p[..., 0]]
)
def test_a_reader_of_something_else_is_named(wrong):
    whole = scene()
    clear = Frame("s0/clear", lambda: wrong(whole.clear.read()), None, None)
    data = TrainingBatches(
        PhotoSet("toy", "ladder", (Scene("s0", "train", clear, whole.low),)),
        BatchSettings(crop=32),
    )
    with pytest.raises(LacrError, match=r"s0/clear: a photograph is uint8 \(H, W, 3\), not"):
        data[0]


def test_seeds_have_no_samples_in_common():
    photoset = PhotoSet("toy", "ladder", (scene(),))
    one, two = (TrainingBatches(photoset, BatchSettings(crop=32, seed=s)) for s in (3, 4))
    assert not torch.equal(one[1]["low"], two[0]["low"])


def share(dark, clear):
    return round((dark.sum() / clear.sum()).item(), 1)


def test_every_scene_and_every_exposure_is_drawn():
    scenes = (scene("a"), scene("b", levels=(0.1, 0.8), seed=1))
    data = TrainingBatches(PhotoSet("toy", "ladder", scenes), BatchSettings(crop=32, **REAL_ONLY))
    items = [data[i] for i in range(40)]
    assert {share(s["low"], s["clear"]) for s in items} == {0.1, 0.2, 0.5, 0.8}


def test_further_negatives_are_every_darker_exposure_then_a_darkened_one():
    seen = {}
    for s in samples(60, levels=(0.2, 0.5, 0.8), **REAL_ONLY, negatives=3):
        low, second, third = s["negatives"]
        assert second.mean() < 0.95 * low.mean() and third.mean() < 0.95 * low.mean()
        assert not torch.equal(second, third)
        seen.setdefault(share(low, s["clear"]), set()).add(share(second, s["clear"]))
    assert seen[0.8] == {0.2, 0.5} and seen[0.5] == {0.2}


def test_the_second_negative_of_a_clear_pair_is_a_dark_photograph_of_its_scene():
    for s in samples(20, clear_share=1.0):
        assert torch.equal(s["negatives"][0], s["clear"])
        assert share(s["negatives"][1], s["clear"]) in (0.2, 0.5)


def test_synthetic_exposures_lie_between_one_stop_and_the_darkest():
    settings = {"levels": (0.9,), "clear_share": 0.0, "synthetic_share": 1.0}
    one_stop = samples(40, darkest=1.0, **settings)
    shares = [(s["low"].mean() / s["clear"].mean()).item() for s in one_stop]
    assert min(shares) > 0.4 and max(shares) < 0.8
    assert min(s["low"].mean() for s in samples(40, darkest=6.0, **settings)) < 0.08
    assert all(s["negatives"][1].mean() < 0.95 * s["low"].mean() for s in one_stop)


def test_what_is_not_clear_is_shared_out_between_synthetic_and_real():
    settings = BatchSettings(clear_share=0.5, synthetic_share=0.4)
    data = TrainingBatches(PhotoSet("toy", "ladder", (scene(),)), settings)
    assert data.kind_shares() == pytest.approx((0.5, 0.2, 0.3))


def drawn(size, count=400, **settings):
    photoset = PhotoSet("toy", "ladder", (scene(size=size),))
    data = TrainingBatches(photoset, BatchSettings(crop=32, **settings))
    rng = np.random.default_rng(0)
    return [data.draw_window(data.scenes[0], rng) for _ in range(count)]


def test_windows_lie_anywhere_flipped_turned_and_at_half_size_as_often_as_asked():
    windows = drawn((64, 80), half_size_share=0.25)
    whole = [w for w in windows if w.scale == 1]
    assert len(whole) / len(windows) == pytest.approx(0.75, abs=0.07)
    tops, lefts = [w.top for w in whole], [w.left for w in whole]
    assert (min(tops), max(tops), min(lefts), max(lefts)) == (0, 32, 0, 48)
    assert {(w.flip, w.turns) for w in windows} == {(f, t) for f in (0, 1) for t in range(4)}
    assert {w.scale for w in drawn((48, 80), 40, half_size_share=1.0)} == {1}  # 64 do not fit


def test_a_window_flips_columns_and_turns_and_leaves_colours():
    photo = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    plain = Window(4, 2, 32, 1, False, 0).cut(photo)
    turned = Window(4, 2, 32, 1, True, 1).cut(photo)
    np.testing.assert_array_equal(turned, np.rot90(plain[:, ::-1]))


def test_a_tensor_has_the_images_rows_columns_and_colours():
    image = np.random.default_rng(0).random((4, 6, 3), dtype=np.float32)
    torch.testing.assert_close(to_tensor(image), torch.from_numpy(image).permute(2, 0, 1))


def test_what_the_camera_made_is_on_the_8_bit_grid():
    image = np.random.default_rng(0).random((16, 16, 3), dtype=np.float32)
    for spoil in (add_noise, darken_further):
        levels = 255 * spoil(image, np.random.default_rng(1))
        np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)


def test_random_cameras_span_their_ranges():
    rng = np.random.default_rng(0)
    cameras = [random_camera(rng) for _ in range(500)]
    wells, noises = ([getattr(c, name) for c in cameras] for name in ("full_well", "read_noise"))
    assert 500 <= min(wells) < 550 and 7000 < max(wells) <= 8000
    assert np.median(wells) == pytest.approx(2000, rel=0.25)  # even in stops
    assert 1 <= min(noises) < 1.2 and 4.8 < max(noises) <= 5


def test_a_photograph_is_read_once():
    photoset, reads = counted()
    data = TrainingBatches(photoset, BatchSettings(crop=32))
    for i in range(20):
        data[i]
    assert sorted(reads) == ["clear", "low_0", "low_1"]


def test_small_refusals():
    with pytest.raises(LacrError, match="crop"):
        BatchSettings(crop=16)
    with pytest.raises(LacrError, match="no scene"):
        TrainingBatches(PhotoSet("toy", "ladder", (scene(levels=()),)), BatchSettings())
    assert len(StepSampler(5, 3, 1)) == 0


def test_a_small_photograph_is_told_before_the_first_step(tmp_path):
    """One among many might be drawn late, and end a training of hours."""
    for name, side in (("a", 64), ("b", 40)):
        (tmp_path / name).mkdir()
        for file, value in (("clear", 200), ("low_0", 20)):
            Image.new("RGB", (64, side), (value,) * 3).save(tmp_path / name / f"{file}.png")
    photoset = open_photoset(tmp_path)
    with pytest.raises(LacrError, match=r"^b: 64x40 pixels are too few; set crop below 48, or"):
        TrainingBatches(photoset, BatchSettings(crop=48))
    assert len(TrainingBatches(photoset, BatchSettings(crop=40)).scenes) == 2


def test_photographs_beyond_the_limit_are_read_anew_and_the_samples_are_the_same():
    photoset, reads = counted()
    room_for_two = 2 * scene().clear.read().nbytes + 1
    whole, small = (
        TrainingBatches(photoset, BatchSettings(crop=32), *limit) for limit in ((), (room_for_two,))
    )
    expected = [whole[i] for i in range(20)]
    reads.clear()
    for i, sample in enumerate(expected):
        for name, images in small[i].items():
            assert torch.equal(images, sample[name])
    assert sum(photo.nbytes for photo in small.cache.values()) == room_for_two - 1
    assert sorted(reads.count(name) == 1 for name in set(reads)) == [False, True, True]
