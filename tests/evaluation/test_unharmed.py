"""What comes back of a clear photograph: how near, and how much brighter."""

from __future__ import annotations

import numpy as np
import pytest

from lacr_lib.data.layouts import Frame, PhotoSet, Scene
from lacr_lib.evaluation.unharmed import returned

PHOTO = np.random.default_rng(0).integers(60, 190, (16, 20, 3), dtype=np.uint8)


@pytest.mark.parametrize("shift", [51, -51])
def test_it_is_the_psnr_to_what_went_in_and_the_change_of_the_mean(shift: int) -> None:
    frame = Frame("clear", lambda: PHOTO, None, None)
    alone, bare = Scene("alone", "", frame, ()), Scene("bare", "", None, (frame,))
    photoset = PhotoSet("toy", "ladder", (alone, bare))
    found = returned(lambda photo: (photo.astype(int) + shift).astype(np.uint8), photoset)
    assert set(found) == {"alone"}  # who has a clear photograph
    assert found["alone"] == pytest.approx((-20 * np.log10(0.2), shift / 255), abs=1e-4)
    assert returned(lambda photo: photo, photoset)["alone"] == (60, 0)  # equal: capped


def test_a_method_that_works_in_place_is_measured_against_what_went_in() -> None:
    scene = Scene("s", "", Frame("clear", PHOTO.copy, None, None), ())
    found = returned(
        lambda photo: np.add(photo, 51, out=photo), PhotoSet("toy", "ladder", (scene,))
    )
    assert found["s"] == pytest.approx((-20 * np.log10(0.2), 51 / 255), abs=1e-4)
