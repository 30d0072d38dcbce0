import matplotlib

matplotlib.use("Agg")

from lacr_lib.figures.records import score_spread


def records():
    scores = {"lacr-vae": [20.0, 22.0, 24.0], "gamma": [15.0, 16.0, 17.0]}
    return {
        name: {"per_image": [{"psnr": value} for value in values]}
        for name, values in scores.items()
    }


def test_every_photograph_has_a_dot_in_the_row_of_its_method():
    axis = score_spread(records()).axes[0]
    dots = [c.get_offsets() for c in axis.collections if len(c.get_offsets())]
    found = {label.get_text(): None for label in axis.get_yticklabels()}
    assert list(found) == ["lacr-vae", "gamma"]
    assert sorted(x for rows in dots for x, _ in rows) == [15.0, 16.0, 17.0, 20.0, 22.0, 24.0]


def test_axes_have_labels_with_units():
    axis = score_spread(records()).axes[0]
    assert axis.get_xlabel() == "PSNR (dB)"
    assert axis.get_ylabel() == "method"
