"""The pictures of training draw the records that they were given, live too."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import torch

from lacr_lib.figures import training as figures

PANELS = {"loss": "loss", "lacr": "LACR"}


def run(length, **terms):
    steps = range(1, length + 1)
    return [{"step": step} | {key: of(step) for key, of in terms.items()} for step in steps]


def test_running_mean_never_looks_ahead():
    values = np.random.default_rng(0).random(10)
    expected = [values[max(0, i - 2) : i + 1].mean() for i in range(10)]
    np.testing.assert_allclose(figures.running_mean(values, 3), expected)
    np.testing.assert_allclose(figures.running_mean(values, 1), values)


def test_curves_draw_each_run_where_it_has_the_key():
    ours = run(4, loss=lambda step: 2 * step, lacr=lambda step: step)
    runs = {"twin": run(4, loss=lambda step: step), "ours": ours}
    figure = figures.curves(runs, PANELS, bands={"loss": (0.9, 1.1)}, log=["lacr"])
    loss, lacr = figure.axes
    assert [list(line.get_ydata()) for line in loss.lines] == [[1, 2, 3, 4], [2, 4, 6, 8]]
    assert len(lacr.lines) == 1 and lacr.get_yscale() == "log"
    assert loss.get_ylabel() == "loss" and loss.get_xlabel() == "training step"
    assert loss.lines[0].get_color() != loss.lines[1].get_color()
    assert lacr.lines[0].get_color() == loss.lines[1].get_color()  # one colour a run
    assert len(loss.patches) == 1 and not lacr.patches
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["twin", "ours"]


def test_one_run_needs_no_legend():
    assert not figures.curves({"only": run(2, loss=float)}, {"loss": "loss"}).legends


def test_live_curve_shows_once_and_then_replaces(monkeypatch):
    shown, replaced = [], []

    class Handle:
        def update(self, figure):
            replaced.append(figure)

    def display(figure, display_id):
        shown.append(figure)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    live = figures.LiveCurve(PANELS, every=2)
    on_step = live.follow("ours")
    for record in run(5, loss=float, lacr=lambda step: 0.0):
        on_step(record["step"], record, None)
    assert len(shown) == 1 and len(replaced) == 1
    assert len(live.runs["ours"]) == 5
    assert "lacr" not in live.runs["ours"][0]  # a twin's 0 would look like the best value
    assert not plt.get_fignums()  # no second copy below the cell


def test_intervals_show_value_and_span():
    figure = figures.intervals({"PSNR (dB)": {"a": (20.0, 19.0, 22.0), "b": (21.0, 20.5, 21.5)}},
                               {"PSNR (dB)": 20.5})  # fmt: skip
    (axis,) = figure.axes
    reference, *lines = axis.lines
    assert list(reference.get_xdata()) == [20.5, 20.5]
    assert [list(line.get_xdata()) for line in lines] == [[19, 22], [20], [20.5, 21.5], [21]]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["a", "b"]


def test_bfloat16_is_as_coarse_as_8_bits_near_white():
    formats = {"8 bits": lambda x: (x * 255).round() / 255, "bf16": lambda x: x.bfloat16().double()}
    figure = figures.number_steps(formats)
    heights = [[bar.get_height() for bar in bars] for bars in figure.axes[0].containers]
    assert heights[0][:2] == [128, 64] and heights[1] == [128] * 7
    x, y = figure.axes[1].lines[1].get_data()
    assert np.abs(np.asarray(y) - np.asarray(x)).max() <= 2.0**-9 + 1e-12
    assert torch.finfo(torch.bfloat16).eps == 2.0**-7
