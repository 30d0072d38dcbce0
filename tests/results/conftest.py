"""What the tests of the ablation share."""

from __future__ import annotations

import numpy as np
import pytest

from tests.results.toy_records import SCENES


@pytest.fixture
def hard():
    """How hard each photograph is: a spread far above the differences between methods."""
    return 20 + 5 * np.random.default_rng(0).standard_normal(len(SCENES))
