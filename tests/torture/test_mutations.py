"""Wrong formulas, put in by hand: for each of them a test of that formula fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import lacr_lib

ROOT = Path(lacr_lib.__file__).parents[1]


class Mutation(NamedTuple):
    """In lacr_lib/FILE, `right` becomes `wrong`; tests/TESTS should notice."""

    file: str
    right: str
    wrong: str
    tests: str


LACR, SSIM, METRICS = "losses/lacr.py", "losses/reconstruction.py", "evaluation/metrics.py"
MUTATIONS = {
    "KL with the wrong sign": Mutation(
        "losses/kl.py", "- 1.0 - log_var", "- 1.0 + log_var", "losses/test_kl.py"
    ),
    "KL without its half": Mutation(
        "losses/kl.py", "per_entry = 0.5 *", "per_entry = 1.0 *", "losses/test_kl.py"
    ),
    "SSIM of a smaller window": Mutation(
        SSIM, "WINDOW, SIGMA = 11, 1.5", "WINDOW, SIGMA = 9, 1.5", "losses/test_reconstruction.py"
    ),
    "SSIM without a mean of squares": Mutation(
        SSIM, "xx - mean_x**2", "xx - mean_x", "losses/test_reconstruction.py"
    ),
    "similarity in place of dissimilarity": Mutation(
        SSIM, "(1.0 - ssim(x_e, x_c))", "ssim(x_e, x_c)", "losses/test_reconstruction.py"
    ),
    "LACR without detach": Mutation(
        LACR, "each_d_n.detach(), each_d_n)", "each_d_n, each_d_n)", "losses/test_lacr.py"
    ),
    "LACR with clear and low light exchanged": Mutation(
        LACR, "return d_p / (d_n + EPSILON)", "return d_n / (d_p + EPSILON)", "losses/test_lacr.py"
    ),
    "light that was won in place of lost": Mutation(
        LACR,
        "region_light(x_c) - region_light(x_l)",
        "region_light(x_l) - region_light(x_c)",
        "losses/test_lacr.py",
    ),
    "InfoNCE without its temperature": Mutation(
        LACR, "dim=1) / INFONCE_TEMPERATURE", "dim=1)", "losses/test_lacr.py"
    ),
    "PSNR of another peak": Mutation(
        METRICS, "first, second, data_range=1.0))", "first, second, data_range=255.0))",
        "evaluation/test_metrics.py",
    ),
    "SSIM that counts the border": Mutation(
        METRICS, "windows[..., edge:-edge, edge:-edge]", "windows", "evaluation/test_metrics.py"
    ),
    "GT mean the wrong way": Mutation(
        METRICS, "(float((target @ LUMA).mean()) / mean)", "(mean / float((target @ LUMA).mean()))",
        "evaluation/test_metrics.py",
    ),
    "chroma ratio upside down": Mutation(
        METRICS, "float(_chroma(first)) / reference if", "reference / float(_chroma(first)) if",
        "evaluation/test_metrics.py",
    ),
    "LOE that counts the order that is kept": Mutation(
        METRICS, "order_after != order_before", "order_after == order_before",
        "evaluation/test_metrics.py",
    ),
    "variance in place of deviation": Mutation(
        "models/vae.py", "torch.exp(0.5 * log_var)", "torch.exp(log_var)", "models/test_vae.py"
    ),
    "an average that forgets at once": Mutation(
        "training/average.py", "1.0 - min(decay", "min(decay", "training/test_average.py"
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def fails(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bool]:
    """Runs tests in a copy of the repository, where the library may be spoilt."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "lacr_lib", copy / "lacr_lib", ignore=shutil.ignore_patterns("__pyc*"))
    shutil.copytree(ROOT / "tests", copy / "tests", ignore=shutil.ignore_patterns("__pyc*"))
    shutil.copy(ROOT / "pyproject.toml", copy)

    def fails(tests: str) -> bool:
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
        files = [f"tests/{file}" for file in tests.split()]
        done = subprocess.run(
            [*command, *files], cwd=copy, capture_output=True, text=True, timeout=300,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stdout + done.stderr  # else it could not even start
        return done.returncode == 1

    fails.copy = copy
    return fails


def test_the_right_formulas_pass(fails) -> None:
    assert not fails(" ".join(sorted({mutation.tests for mutation in MUTATIONS.values()})))


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_formula_is_noticed(fails, name: str) -> None:
    mutation = MUTATIONS[name]
    file = fails.copy / "lacr_lib" / mutation.file
    right = file.read_text("utf-8")
    assert right.count(mutation.right) == 1
    file.write_text(right.replace(mutation.right, mutation.wrong), "utf-8")
    try:
        assert fails(mutation.tests), "no test noticed"
    finally:
        file.write_text(right, "utf-8")
