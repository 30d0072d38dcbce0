"""Published figures: each with a source and one protocol, none of them ours."""

from __future__ import annotations

from lacr_lib.results.published import read_published


def test_every_published_figure_has_a_source_and_one_protocol() -> None:
    rows = read_published()
    assert len(rows) == len({(r.dataset, r.method, r.protocol, r.source) for r in rows}) > 40
    for row in rows:
        assert row.source and row.protocol in ("plain", "gt-mean", "not stated")
        assert row.psnr is None or 5 < row.psnr < 40
        assert row.ssim is None or 0.3 < row.ssim < 1
    assert {row.dataset for row in rows} == {"LOL-v1 eval15", "NASA"}
    assert not any("LACR-VAE" in row.method for row in rows), "no absolute figure of it is public"


def test_one_data_set_can_be_chosen_and_the_trap_is_in_the_table() -> None:
    lol = read_published("LOL-v1 eval15")
    assert {row.dataset for row in lol} == {"LOL-v1 eval15"}
    both = {row.method for row in lol if row.protocol == "plain"} & {
        row.method for row in lol if row.protocol == "gt-mean"
    }
    assert both == {"KinD", "KinD++", "Retinexformer", "HVI-CIDNet"}
    scores = {(row.method, row.protocol): row.psnr for row in lol}
    assert all(scores[name, "gt-mean"] > scores[name, "plain"] for name in both)
