"""`--set key=value` into typed fields."""

from dataclasses import dataclass
from typing import Literal

import pytest

from lacr_lib.errors import LacrError
from lacr_lib.training.settings import read_settings


@dataclass(frozen=True)
class One:
    steps: int = 1
    rate: float = 0.1
    flag: bool = False
    form: Literal["ratio", "bounded"] = "ratio"
    limit: int | None = None


@dataclass(frozen=True)
class Two:
    grids: tuple[int, ...] = (1,)
    latent_channels: int = 4


def test_values_take_their_fields_type():
    words = ["steps=3", "rate=1e-4", "flag=yes", "form=bounded", "limit=none", "grids=1,2,4"]
    one, two = read_settings(words, One, Two)
    assert One(**one) == One(3, 1e-4, True, "bounded", None)
    assert Two(**two).grids == (1, 2, 4)
    assert type(one["steps"]) is int and type(one["rate"]) is float


def test_one_item_tuple_and_no_words():
    assert read_settings(["grids=(3,)"], Two) == ({"grids": (3,)},)
    assert read_settings([], One, Two) == ({}, {})


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("steps", "key=value"),
        ("stps=3", "did you mean steps"),
        ("latent=3", "did you mean latent_channels"),
        ("colour=3", "known are flag, form, grids"),
        ("=3", "no such setting"),
        ("steps=3.5", "a whole number, not '3.5'"),
        ("steps=", "a whole number"),
        ("rate=fast", "a number, not 'fast'"),
        ("flag=maybe", "true or false, not 'maybe'"),
        ("form=cubic", "one of ratio, bounded"),
        ("grids=1,x", "a whole number, not 'x'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(word, message):
    with pytest.raises(LacrError, match=message) as told:
        read_settings([word], One, Two)
    assert "\n" not in str(told.value)


def test_given_twice():
    with pytest.raises(LacrError, match="steps is given twice"):
        read_settings(["steps=1", "steps=2"], One)


def test_every_field_of_the_real_configurations_can_be_set():
    from dataclasses import fields

    from lacr_lib.models.config import ModelConfig
    from lacr_lib.training.config import TrainConfig

    def text(value):
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    defaults = [*fields(TrainConfig), *fields(ModelConfig)]
    words = [f"{field.name}={text(field.default)}" for field in defaults]
    train, model = read_settings(words, TrainConfig, ModelConfig)
    assert TrainConfig(**train) == TrainConfig()
    assert ModelConfig(**model) == ModelConfig()
    assert not set(train) & set(model)  # one key, one meaning
