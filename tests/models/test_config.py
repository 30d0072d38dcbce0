import pytest

from lacr_lib import LacrError, ModelConfig


def test_strides_end_at_one_latent_for_each_8x8_region():
    assert ModelConfig().strides == (1, 2, 4, 8)
    assert ModelConfig(stem_stride=2).strides == (2, 4, 8, 8)


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_channels": 6},
        {"latent_channels": 0},
        {"stem_stride": 4},
        {"skip_dropout": 1.5},
        {"light": "gamma"},
        {"token_grids": ()},
        {"token_grids": (0, 2)},
        {"kernel_sizes": (3, 4)},
    ],
)
def test_a_wrong_value_is_named(wrong):
    with pytest.raises(LacrError, match=next(iter(wrong))):
        ModelConfig(**wrong)


def test_lists_from_json_become_tuples():
    assert ModelConfig(token_grids=[1, 2]) == ModelConfig(token_grids=(1, 2))
