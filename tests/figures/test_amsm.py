import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest

from lacr_lib.figures import amsm


def test_receptive_fields_are_drawn_as_shares_of_their_maximum():
    field = np.zeros((5, 5))
    field[2, 2], field[2, 3] = 8.0, 0.8
    figure = amsm.receptive_fields({"a": field, "b": 3 * field})
    drawn = [axis.images[0].get_array() for axis in figure.axes[:2]]
    np.testing.assert_allclose(drawn[0], drawn[1])
    assert drawn[0][2, 2] == 0 and drawn[0][2, 3] == pytest.approx(-1)
    assert drawn[0][0, 0] == pytest.approx(np.log10(amsm.FLOOR))


@pytest.mark.parametrize("draw", [amsm.descriptors, amsm.branch_weights])
def test_panels_have_labels_and_a_legend(draw):
    table = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    arguments = ({"x": table, "y": table}, (1, 2), (3, 5, 7))
    if draw is amsm.descriptors:
        arguments = ((1, 2), {"x": table, "y": table}, (3, 5, 7))
    axes = draw(*arguments).axes
    assert all("pixels" in axis.get_xlabel() for axis in axes)
    assert axes[0].get_ylabel()
    legends = [axis.get_legend() for axis in axes if axis.get_legend()]
    assert [text.get_text() for text in legends[0].get_texts()] == ["3 x 3", "5 x 5", "7 x 7"]


def test_bars_of_one_size_add_up_to_one():
    table = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
    axis = amsm.branch_weights({"x": table, "y": table}, (1, 2), (3, 5, 7)).axes[0]
    tops = [patch.get_y() + patch.get_height() for patch in axis.patches]
    assert max(tops) == pytest.approx(1.0)
