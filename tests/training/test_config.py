import pytest

from lacr_lib import LacrError, TrainConfig


def test_lambda_ramps_up_and_stays():
    config = TrainConfig(steps=100, lambda_lacr=0.4, lacr_ramp=0.2)
    assert config.lambda_at(0) == 0
    assert config.lambda_at(10) == pytest.approx(0.2)
    assert config.lambda_at(20) == config.lambda_at(99) == pytest.approx(0.4)
    assert TrainConfig(lacr_ramp=0.0).lambda_at(1) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": 0},
        {"learning_rate": 0.0},
        {"beta": -1.0},
        {"ema": 1.0},
        {"lacr_form": "cosine"},
        {"lacr_encoder": "momentum"},
        {"lacr_anchor": "code", "negatives": 1},
        {"lacr_distance": "cosine"},
        {"lacr_distance": "wasserstein", "lacr_anchor": "code"},
        {"lacr_distance": "wasserstein", "lacr_unit_scale": True},
        {"lacr_negatives_from": "memory"},
        {"lacr_negatives_from": "batch", "lacr_anchor": "code"},
        {"lacr_clear_images": True, "negatives": 1},
        {"lacr_clear_images": True, "lacr_negatives_from": "batch"},
        {"lacr_clear_images": True, "lacr_anchor": "code"},
        {"lacr_negatives_from": "batch", "batch_size": 2, "negatives": 3},
        {"crop": 33},
        {"crop": 32, "lacr_scale": 4},
        {"lacr_scale": 3, "crop": 40},
        {"seed": -1},
        {"seed": 2**32},
        {"workers": -1},
        {"cache_gb": -1.0},
        {"skipped_limit": -1},
        {"lacr_ramp": -0.1},
        {"lacr_ramp": 1.5},
        {"lacr_ramp": float("nan")},
        {"snapshots": (0,)},
        {"snapshots": (5, 11), "steps": 10},
        {"darkest": 0.5},
        {"darkest": float("nan")},
        {"darkest": float("inf")},
        {"clip_norm": float("inf")},
        {"lambda_lacr": float("inf")},
        {"learning_rate": float("nan")},
    ],
)
def test_a_wrong_value_is_named(wrong):
    with pytest.raises(LacrError, match=next(iter(wrong))):
        TrainConfig(**wrong)


def test_without_lacr_nothing_is_asked_of_its_negatives():
    """A twin may keep or drop the negatives of its pair."""
    assert TrainConfig(lambda_lacr=0.0, negatives=1).lacr_clear_images
    with pytest.raises(LacrError, match=r"or set lacr_clear_images=false$"):
        TrainConfig(negatives=1)
