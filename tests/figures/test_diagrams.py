"""Diagrams say what the code does: shapes of real passes, parts that are off, no clashing words."""

from __future__ import annotations

import pytest
import torch
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor, nn

from lacr_lib import LacrError
from lacr_lib.figures import diagrams
from lacr_lib.figures.architecture import map_shapes
from lacr_lib.figures.boxes import UNITS, canvas, count, shape
from lacr_lib.models.blocks import count_parameters
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.vae import LacrVae, encoder_stage

BARE = ModelConfig(
    rcam=False, amsm=False, skips=False, skip_norm=False, illumination_input=False,
    gain_from_latent=False, light="product",
)  # fmt: skip
OTHER = ModelConfig(
    base_channels=32, latent_channels=16, stem_stride=2, token_grids=(1, 3), kernel_sizes=(3, 9),
    skip_norm=False,
)  # fmt: skip
CONFIGS = {
    "default": (ModelConfig(), (64, 96)),
    "other": (OTHER, (96, 64)),
    "bare": (BARE, (64, 64)),
}
SHAPED = (
    "encoder.stem", "encoder.posterior", "decoder.shuffle",
    *(f"encoder.stages.{stage}" for stage in range(4)),
    *(f"decoder.blocks.{stage}" for stage in range(4)),
)  # fmt: skip


def said(figure: Figure, name: str) -> str:
    """The last line of the text that carries a name."""
    [text] = [each for each in figure.axes[0].texts if each.get_gid() == name]
    return str(text.get_text()).splitlines()[-1]


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.axes[0].texts)


def passed(module: nn.Module, x: Tensor) -> dict[str, tuple[int, ...]]:
    """Shapes, without the batch, of what each part of a module gave in a forward pass."""
    seen: dict[str, tuple[int, ...]] = {}
    for name, part in module.named_modules():

        def note(_m: nn.Module, _i: object, out: object, name: str = name) -> None:
            if isinstance(out, Tensor):
                seen[name] = tuple(out.shape[1:])

        part.register_forward_hook(note)
    with torch.no_grad():
        module.eval()(x)
    return seen


@pytest.mark.parametrize("name", CONFIGS)
def test_the_architecture_has_the_shapes_of_a_forward_pass(name: str) -> None:
    config, size = CONFIGS[name]
    model = LacrVae(config)
    figure = diagrams.architecture(config, size)
    seen = passed(model, torch.rand(1, 3, *size))
    shaped = (*SHAPED, "gain_head") if config.gain_from_latent else SHAPED
    for part in shaped:
        assert said(figure, part) == shape(*seen[part]), part
    out = model(torch.rand(1, 3, *size))
    assert said(figure, "z") == shape(*out.z.shape[1:])
    assert said(figure, "input") == shape(3, *size)


@pytest.mark.parametrize("name", CONFIGS)
def test_sizes_are_counted(name: str) -> None:
    config, size = CONFIGS[name]
    model = LacrVae(config)
    figure = diagrams.architecture(config, size)
    for stage, module in enumerate(model.encoder.stages):
        held = count(count_parameters(module))
        assert said(figure, f"parameters encoder.stages.{stage}") == held
    unused = 0 if config.gain_from_latent else count_parameters(model.gain_head)
    assert f"LACR-VAE, {count(count_parameters(model) - unused)} param" in words(figure)


@pytest.mark.parametrize("stage", [1, 4])
@pytest.mark.parametrize("name", ["default", "other"])
def test_rcam_has_the_shapes_of_a_forward_pass(name: str, stage: int) -> None:
    config, size = CONFIGS[name]
    maps = map_shapes(config, size)[f"encoder.stages.{stage - 1}"]
    module = encoder_stage(config, maps[0])[0]
    figure = diagrams.rcam_inside(config, stage, size)
    x = torch.rand(1, *maps)
    out, attention = module(x, return_attention=True)
    seen = passed(module, x)
    query, key, _ = module.attention_inputs(x[:, : maps[0] // 2])
    assert said(figure, "attention") == shape(*attention.weights.shape[1:])
    assert said(figure, "gate") == shape(*attention.gate.shape[1:])
    assert said(figure, "local") == shape(*seen["local"])
    for part, value in (("queries", query), ("tokens", key)):
        assert said(figure, part) == shape(value.shape[2], value.shape[1] * value.shape[3])
    assert said(figure, "out") == shape(*out.shape[1:])
    assert f"{count(count_parameters(module))} param" in said(figure, "parameters")


@pytest.mark.parametrize("stage", [1, 4])
@pytest.mark.parametrize("name", ["default", "other"])
def test_amsm_has_the_shapes_of_a_forward_pass(name: str, stage: int) -> None:
    config, size = CONFIGS[name]
    maps = map_shapes(config, size)[f"encoder.stages.{stage - 1}"]
    module = encoder_stage(config, maps[0])[1]
    figure = diagrams.amsm_inside(config, stage, size)
    out, attention = module(torch.rand(1, *maps), return_attention=True)
    branches = said(figure, "branches").removeprefix("softmax over branches: ")
    assert branches == shape(*attention.branches.shape[1:])
    assert said(figure, "spatial") == shape(*attention.spatial.shape[1:])
    assert said(figure, "out") == shape(*out.shape[1:])
    for kernel in config.kernel_sizes:
        assert f"DW {kernel} × {kernel}" in words(figure)


def test_what_is_turned_off_shows_as_what_stands_in_for_it() -> None:
    full, bare = words(diagrams.architecture()), words(diagrams.architecture(BARE))
    assert (full.count("RCAM"), full.count("AMSM"), full.count("plain block")) == (4, 8, 0)
    assert "RCAM" not in bare and "AMSM" not in bare
    assert bare.count("plain block") == 12 + 1, "and once in the legend"
    for part in ("light map", "instance norm", "gain head", "concat skip", "logit"):
        assert part in full and part not in bare
    half = words(diagrams.architecture(ModelConfig(amsm=False)))
    assert (half.count("RCAM"), half.count("plain block")) == (4, 8 + 1)


def test_a_module_that_is_off_shows_the_block_in_its_place() -> None:
    for inside, place in ((diagrams.rcam_inside, 0), (diagrams.amsm_inside, 1)):
        module = encoder_stage(BARE, BARE.widths[2])[place]
        hidden = module.feed_forward[0].out_features
        assert f"64 → {hidden} → 64" in words(inside(BARE))
        assert f"{count(count_parameters(module))} param" in said(inside(BARE), "parameters")


def test_sides_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LacrError, match="multiples of 8"):
        diagrams.architecture(size=(100, 128))


def test_the_contrast_points_to_clear_and_away_from_low_light() -> None:
    figure = diagrams.lacr_geometry()
    for word in ("$D_p$", "$D_n$", "EMA", "the gradient reaches $x_e$ only", "[paper]", "[ours]"):
        assert word in words(figure)


DRAWN = {
    **{f"architecture {name}": lambda c=c: diagrams.architecture(c, (256, 256))
       for name, (c, _) in CONFIGS.items()},
    **{f"rcam {n} {stage}": lambda c=c, stage=stage: diagrams.rcam_inside(c, stage, (256, 256))
       for n, (c, _) in CONFIGS.items() for stage in (1, 4)},
    **{f"amsm {n} {stage}": lambda c=c, stage=stage: diagrams.amsm_inside(c, stage, (256, 256))
       for n, (c, _) in CONFIGS.items() for stage in (1, 4)},
    "geometry": diagrams.lacr_geometry,
}  # fmt: skip


@pytest.mark.parametrize("name", DRAWN)
def test_no_words_lie_over_words_or_edges(name: str) -> None:
    assert clashes(DRAWN[name]()) == []


def test_words_that_clash_are_found() -> None:
    page = canvas(20)
    page.box(10, 5, 8, 8, "ours", "far too long for its box")
    page.words(14, 9, "over it")
    page.words(99, 9, "beyond the rim")
    assert len(clashes(page.figure)) == 3


def clashes(figure: Figure) -> list[str]:
    """Texts that overlap, that cross an edge of a box, or that leave the page."""
    figure.canvas.draw()
    [axis] = figure.axes
    turn = axis.transData.inverted()
    boxes = [(text.get_text(), text.get_window_extent().transformed(turn)) for text in axis.texts]
    found = []
    for index, (text, box) in enumerate(boxes):
        if box.x0 < 0 or box.x1 > UNITS or box.y0 < 0 or box.y1 > axis.get_ylim()[1]:
            found.append(f"{text!r} leaves the page")
        found += [
            f"{text!r} over {other!r}" for other, place in boxes[:index] if box.overlaps(place)
        ]
        for patch in axis.patches:
            if isinstance(patch, FancyBboxPatch):
                x, y, w, h = patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()
                inside = x <= box.x0 and box.x1 <= x + w and y <= box.y0 and box.y1 <= y + h
                outside = box.x1 <= x or x + w <= box.x0 or box.y1 <= y or y + h <= box.y0
                if not inside and not outside:
                    found.append(f"{text!r} crosses an edge")
    return found
