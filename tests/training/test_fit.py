import json
import math

import numpy as np
import pytest
import torch

from lacr_lib import LacrError, TrainConfig, fit, load_model
from lacr_lib.training.objective import Terms
from lacr_lib.training.run_folder import is_finished

CONFIG = TrainConfig(steps=6, crop=32, batch_size=2, checkpoint_every=2)


def same_weights(a, b):
    return all(
        torch.equal(x, y)
        for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


class Killed(Exception):
    pass


def kill_at(step):
    def on_step(now, record, model):
        if now == step:
            raise Killed

    return on_step


def test_training_lowers_the_loss(make_model, photoset):
    config = TrainConfig(steps=30, crop=32, batch_size=4, learning_rate=3e-3)
    history = fit(make_model(), photoset, config).history
    first, last = (sum(r["reconstruction"] for r in part) for part in (history[:5], history[-5:]))
    assert last < 0.8 * first


def test_the_same_seed_gives_the_same_weights(make_model, photoset):
    runs = [fit(make_model(), photoset, CONFIG).model for _ in range(2)]
    assert same_weights(*runs)
    other = fit(make_model(), photoset, TrainConfig(**{**vars(CONFIG), "seed": 1})).model
    assert not same_weights(runs[0], other)


def test_fifty_steps_trained_twice_are_the_same_to_the_last_bit(make_model, photoset):
    config = TrainConfig(**{**vars(CONFIG), "steps": 50, "batch_size": 1})
    first, second = (fit(make_model(), photoset, config) for _ in range(2))
    assert first.history == second.history and len(first.history) == 50
    assert same_weights(first.model, second.model)


@pytest.mark.parametrize("steps", [1, 9, 10])
def test_a_training_may_be_short(make_model, photoset, steps):
    config = TrainConfig(**{**vars(CONFIG), "steps": steps, "batch_size": 1})
    assert len(fit(make_model(), photoset, config).history) == steps


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_a_killed_and_resumed_run_equals_a_whole_one(make_model, photoset, tmp_path, killed_at):
    whole = fit(make_model(), photoset, CONFIG)
    with pytest.raises(Killed):
        fit(make_model(), photoset, CONFIG, tmp_path, on_step=kill_at(killed_at))
    assert not is_finished(tmp_path)
    resumed = fit(make_model(), photoset, CONFIG, tmp_path, resume=True)
    assert same_weights(whole.model, resumed.model)
    assert resumed.history == whole.history
    assert is_finished(tmp_path)


def test_run_folder_holds_history_config_and_averaged_weights(make_model, photoset, tmp_path):
    result = fit(make_model(), photoset, CONFIG, tmp_path)
    lines = (tmp_path / "history.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert json.loads((tmp_path / "config.json").read_text())["train"]["steps"] == 6
    assert same_weights(load_model(tmp_path / "model.safetensors"), result.model)
    assert [p.name for p in tmp_path.glob("checkpoint-*")] == ["checkpoint-0000006"]


def test_snapshots_are_the_averaged_weights_of_their_steps(make_model, photoset, tmp_path):
    seen = {}

    def keep(step, record, averaged):
        seen[step] = {name: value.clone() for name, value in averaged.state_dict().items()}

    config = TrainConfig(**{**vars(CONFIG), "snapshots": [1, 4]})
    result = fit(make_model(), photoset, config, tmp_path, on_step=keep)
    files = sorted(tmp_path.glob("snapshot-*"))
    assert [file.name for file in files] == [f"snapshot-{s:07d}.safetensors" for s in (1, 4)]
    for file, step in zip(files, (1, 4), strict=True):
        kept = load_model(file).state_dict()
        assert all(torch.equal(kept[name], value) for name, value in seen[step].items())
    assert not same_weights(load_model(files[1]), result.model)


def test_resume_without_a_checkpoint_starts_at_0_and_says_so(
    make_model, photoset, tmp_path, capsys
):
    fit(make_model(), photoset, CONFIG, tmp_path, resume=True)
    assert "starting at step 0" in capsys.readouterr().err


def test_two_runs_into_one_folder_are_refused(make_model, photoset, tmp_path):
    def second_run(step, record, model):
        with pytest.raises(LacrError, match="another training run"):
            fit(make_model(), photoset, CONFIG, tmp_path)
        raise Killed

    with pytest.raises(Killed):
        fit(make_model(), photoset, CONFIG, tmp_path, on_step=second_run)


def poisoned(model, steps):
    """A model whose parameters receive a non-finite gradient in the given steps."""
    calls = iter(range(1000))

    def spoil(grad):
        return grad * math.nan if next(calls) in steps else grad

    model.decoder.head.bias.register_hook(spoil)
    return model


def test_a_step_with_a_non_finite_gradient_is_skipped_and_counted(make_model, photoset):
    result = fit(poisoned(make_model(), {1, 3}), photoset, CONFIG)
    assert [r["skipped"] for r in result.history] == [0, 1, 1, 2, 2, 2]
    assert all(p.isfinite().all() for p in result.model.parameters())


def test_too_many_skipped_steps_stop_training_with_a_clear_error(make_model, photoset):
    config = TrainConfig(**{**vars(CONFIG), "skipped_limit": 2})
    with pytest.raises(LacrError, match="gradients were not finite in 3 steps"):
        fit(poisoned(make_model(), set(range(1000))), photoset, config)


def test_on_step_sees_every_step(make_model, photoset):
    seen = []
    fit(make_model(), photoset, CONFIG, on_step=lambda step, record, model: seen.append(step))
    assert seen == [1, 2, 3, 4, 5, 6]


def test_compile_is_asked_for_and_changes_no_weight(make_model, photoset, monkeypatch):
    """With a compiler that changes nothing: what is compiled is what is trained."""
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda model: compiled.append(model) or model)
    plain = fit(make_model(), photoset, CONFIG)
    assert not compiled
    model = make_model()
    again = fit(model, photoset, TrainConfig(**{**vars(CONFIG), "compile": True}))
    assert compiled == [model] and same_weights(plain.model, again.model)


def weights_of(model, photoset, gradients, **settings):
    """One weight before the first step, which is 1, and after each: a step gives its gradient."""
    weight = model.decoder.head.bias
    with torch.no_grad():
        weight.fill_(1.0)
    seen = [1.0]

    def sloped(model, averaged, batch, config, step):
        slope = gradients[step] * weight[0]
        return Terms(slope, *torch.zeros(3, device=slope.device))

    config = TrainConfig(**{**vars(CONFIG), "batch_size": 1, "steps": len(gradients), **settings})
    fit(model, photoset, config, loss=sloped, on_step=lambda *_: seen.append(weight[0].item()))
    return np.array(seen)


def test_a_steep_step_counts_as_one_of_the_norm_at_which_gradients_are_clipped(
    make_model, photoset
):
    limited, steep, flat = (
        weights_of(make_model(), photoset, [0.2, middle, -0.2], clip_norm=0.5)
        for middle in (0.5, 50.0, 0.4)
    )
    np.testing.assert_allclose(np.diff(steep), np.diff(limited), rtol=1e-3)
    assert not np.allclose(np.diff(flat), np.diff(limited), rtol=1e-3)  # under the limit: as it is


@pytest.mark.parametrize("decay", [0.0, 0.5, 2.0])
def test_a_weight_without_gradient_shrinks_by_learning_rate_times_decay(
    make_model, photoset, decay
):
    weights = weights_of(make_model(), photoset, [0.0] * 10, learning_rate=0.5, weight_decay=decay)
    assert weights[1] == pytest.approx(1 - 0.5 / 25 * decay)  # a cycle begins at a 25th of its peak


def test_the_learning_rate_rises_in_a_tenth_of_the_steps_and_falls_to_almost_nothing(
    make_model, photoset
):
    """It is read off a weight that only decays; both slopes are half a cosine."""
    weights = weights_of(make_model(), photoset, [0.0] * 29, learning_rate=0.5, weight_decay=1.0)
    first, peak, last = 0.5 / 25, 0.5, 0.5 / 25 / 1e4
    rise = first + (peak - first) * (1 - np.cos(np.pi * np.arange(2) / 2)) / 2
    fall = last + (peak - last) * (1 + np.cos(np.pi * np.arange(27) / 27)) / 2
    np.testing.assert_allclose(1 - weights[1:] / weights[:-1], [*rise, *fall], atol=1e-6)
