"""ONNX files give what torch gives, at sizes they were not traced with."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lacr_lib.errors import LacrError
from lacr_lib.inference import export
from lacr_lib.models import rcam
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae, pad_to_regions
from tests.inference.toy_models import lively

SIZES = [(16, 16), (17, 31), (72, 104), (75, 50), (130, 61)]  # mostly no multiples of 8


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    pytest.importorskip("onnx", reason="the extra `export` is not installed")
    pytest.importorskip("onnxscript", reason="the extra `export` is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
    model = lively(ModelConfig(base_channels=4, latent_channels=4, stem_stride=2), size=0.5)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export.export_onnx(model, path)
    assert list(path.parent.iterdir()) == [path]  # the weights are in it
    assert b"vae.py" not in path.read_bytes()  # and no paths of this machine
    return model, runtime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("size", SIZES)
def test_onnx_gives_what_torch_gives(exported, size):
    model, session = exported
    x = torch.rand(1, 3, *size)
    (got,) = session.run(["enhanced"], {"low": x.numpy()})
    with torch.inference_mode():
        expected = model(x, sample=False).enhanced.clamp(0, 1).numpy()
    assert np.abs(expected - x.numpy()).mean() > 0.02  # else nothing would be shown
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
def test_open_forms_are_the_models_own(size):
    x = torch.rand(2, 3, *size)
    torch.testing.assert_close(export.reflected(x), pad_to_regions(x), rtol=0, atol=0)
    grids = (1, 2, 4, 8)
    torch.testing.assert_close(
        export.region_tokens(x, grids), rcam.region_tokens(x, grids), rtol=0, atol=1e-6
    )
    for grid in grids:
        mean = export.cell_means(size[0], grid, x) @ x[0, 0]
        torch.testing.assert_close(mean, F.adaptive_avg_pool2d(x[:1, :1], (grid, size[1]))[0, 0])


def test_without_the_extra_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    with pytest.raises(LacrError, match=r"onnx is not installed; pip install 'lacr-vae\[export\]'"):
        export.export_onnx(LacrVae(ModelConfig(base_channels=4)), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_the_model_stays_in_training_and_on_its_device(monkeypatch, tmp_path):
    model = LacrVae(ModelConfig(base_channels=4, latent_channels=4)).to("meta").train()

    def traced(wrapped, example, **_):
        assert example[0].device.type == "meta"
        assert not any(module.training for module in wrapped.modules())
        raise KeyError("seen")

    monkeypatch.setattr(export, "find_spec", lambda name: True)
    monkeypatch.setattr(torch.onnx, "export", traced)
    with pytest.raises(KeyError, match="seen"):
        export.export_onnx(model, tmp_path / "model.onnx")
    assert all(module.training for module in model.modules())
