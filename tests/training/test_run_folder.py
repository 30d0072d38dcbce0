"""What a run folder keeps, refuses, and takes for the same run."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from lacr_lib import LacrError, TrainConfig, fit
from lacr_lib.inference.load import read_metadata
from lacr_lib.models.config import ModelConfig
from lacr_lib.training.run_settings import BEFORE, FREE, differences, settings_key, settings_of

CONFIG = TrainConfig(steps=1, crop=32, batch_size=2, lacr_clear_images=False)


def test_a_run_without_a_checkpoint_is_kept_too(make_model, photoset, tmp_path) -> None:
    fit(make_model(), photoset, CONFIG, tmp_path)
    assert not list(tmp_path.glob("checkpoint*"))
    weights = (tmp_path / "model.safetensors").read_bytes()
    with pytest.raises(LacrError, match="holds a run; resume it or choose another folder"):
        fit(make_model(), photoset, CONFIG, tmp_path)
    with pytest.raises(LacrError, match="other settings: seed 0, not 1"):
        fit(make_model(), photoset, replace(CONFIG, seed=1), tmp_path, resume=True)
    assert (tmp_path / "model.safetensors").read_bytes() == weights


def test_a_setting_that_a_folder_does_not_tell_had_its_default(
    make_model, photoset, tmp_path
) -> None:
    fit(make_model(), photoset, CONFIG, tmp_path)
    file = tmp_path / "config.json"
    held = json.loads(file.read_text())
    del held["train"]["lacr_negatives_from"]
    file.write_text(json.dumps(held))
    batch = replace(CONFIG, lacr_negatives_from="batch")
    with pytest.raises(LacrError, match="settings: lacr_negatives_from scene, not batch"):
        fit(make_model(), photoset, batch, tmp_path, resume=True)
    fit(make_model(), photoset, CONFIG, tmp_path, resume=True)


def test_a_folder_that_cannot_be_one_is_told(make_model, photoset, tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    message = r"a run folder cannot be made there \(.+\); choose another"
    for out in (file, file / "run"):
        with pytest.raises(LacrError, match=message) as told:
            fit(make_model(), photoset, CONFIG, out)
        assert "\n" not in str(told.value)
    assert file.read_text() == "no folder"


def test_a_config_of_something_else_is_told(make_model, photoset, tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"architectures": ["other"]}')
    with pytest.raises(LacrError, match=r"config\.json: not the settings of a run"):
        fit(make_model(), photoset, CONFIG, tmp_path, resume=True)


def test_differences_are_named_and_what_touches_no_weight_is_none() -> None:
    now = settings_of(ModelConfig(), CONFIG)
    free = settings_of(ModelConfig(), replace(CONFIG, **dict.fromkeys(FREE, 3) | {"snapshots": ()}))
    assert differences(free, now) == [] and settings_key(free) == settings_key(now)
    other = settings_of(ModelConfig(rcam=False), replace(CONFIG, seed=4))
    assert differences(other, now) == ["rcam False, not True", "seed 4, not 0"]
    assert settings_key(other) != settings_key(now)
    newer = {**now, "model": {**now["model"], "hue": 3}}
    assert differences(newer, now) == ["hue 3, not known here"]


def test_a_run_older_than_a_field_is_taken_for_what_it_was() -> None:
    """Before `lacr_clear_images` clear images took no part; its default is that they do."""
    assert TrainConfig().lacr_clear_images
    assert set(BEFORE) <= set(asdict(TrainConfig()))
    older = settings_of(ModelConfig(), CONFIG)
    del older["train"]["lacr_clear_images"]
    assert settings_key(older) == settings_key(settings_of(ModelConfig(), CONFIG))
    now = settings_of(ModelConfig(), replace(CONFIG, lacr_clear_images=True))
    assert differences(older, now) == ["lacr_clear_images False, not True"]


def test_what_a_run_began_from_stays_when_it_goes_on(make_model, photoset, tmp_path) -> None:
    began = {"data": "toy", "init": {"seed": 5}}
    every = replace(CONFIG, checkpoint_every=1)
    fit(make_model(), photoset, every, tmp_path, about=began)
    weights = tmp_path / "model.safetensors"
    weights.unlink()  # it had not come so far
    with pytest.raises(LacrError, match="holds a run on toy, not on other"):
        fit(make_model(), photoset, every, tmp_path, resume=True, about={"data": "other"})
    fit(make_model(), photoset, every, tmp_path, resume=True, about={"data": "toy"})
    assert read_metadata(weights)["about"]["init"] == {"seed": 5}


def test_a_config_that_is_none_of_a_run_is_left_alone(make_model, photoset, tmp_path) -> None:
    theirs = tmp_path / "config.json"
    theirs.write_text('{"architectures": ["other"]}')
    with pytest.raises(LacrError, match="not the settings of a run"):
        fit(make_model(), photoset, CONFIG, tmp_path)
    assert theirs.read_text() == '{"architectures": ["other"]}'


def test_the_folder_may_be_named_by_a_word(make_model, photoset, tmp_path) -> None:
    fit(make_model(), photoset, CONFIG, str(tmp_path / "run"))
    assert (tmp_path / "run" / "model.safetensors").is_file()


def test_other_photographs_of_the_same_name_are_noticed(make_model, photoset, tmp_path) -> None:
    every = replace(CONFIG, checkpoint_every=1)

    def run(photos, out=tmp_path / "run"):
        about = {"data": photos.name, "photographs": photos.fingerprint()}
        return fit(make_model(), photos, every, out, resume=True, about=about)

    run(photoset)
    (scene,) = photoset.scenes
    other = replace(photoset, scenes=(replace(scene, name="s1"),))
    more = replace(photoset, scenes=(scene, replace(scene, name="s1")))
    less = replace(photoset, scenes=(replace(scene, low=scene.low[:1]),))
    for photos, told in ((other, "not on toy of 1 scene"), (more, "2 scenes"), (less, "1 scene")):
        with pytest.raises(LacrError, match=f"holds a run on toy of 1 scene, .*{told}"):
            run(photos)
    run(photoset)


def test_a_run_older_than_the_fingerprint_goes_on_and_has_it_then(
    make_model, photoset, tmp_path
) -> None:
    every, older = replace(CONFIG, checkpoint_every=1), {"data": "toy"}
    now = {**older, "photographs": photoset.fingerprint()}
    fit(make_model(), photoset, every, tmp_path, about=older)
    fit(make_model(), photoset, every, tmp_path, resume=True, about=now)
    assert json.loads((tmp_path / "config.json").read_text())["about"] == now
