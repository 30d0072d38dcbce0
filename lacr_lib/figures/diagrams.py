"""Diagrams of the method, drawn from a configuration: the whole, its two modules, the contrast."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from lacr_lib.figures.architecture import Shape, architecture, map_shapes
from lacr_lib.figures.boxes import INK, LOOKS, Canvas, canvas, count, shape
from lacr_lib.figures.lacr_geometry import lacr_geometry
from lacr_lib.models.amsm import AMSM
from lacr_lib.models.blocks import PlainBlock, count_parameters
from lacr_lib.models.config import ModelConfig
from lacr_lib.models.rcam import RCAM
from lacr_lib.models.vae import encoder_stage

__all__ = ["amsm_inside", "architecture", "lacr_geometry", "rcam_inside"]


def rcam_inside(
    config: ModelConfig | None = None, stage: int = 3, size: tuple[int, int] = (128, 128)
) -> Figure:
    """RCAM of one stage (1 to 4), with the shapes it works on; a plain block where it is off.

    size: of the photograph, in pixels, multiples of 8.
    """
    config = config or ModelConfig()
    module = encoder_stage(config, config.widths[stage - 1])[0]
    maps = map_shapes(config, size)[f"encoder.stages.{stage - 1}"]
    if not isinstance(module, RCAM):
        return _plain_inside("RCAM", module, stage, maps)
    page = canvas(57)
    _title(page, "RCAM", module, stage)
    page.box(0.8, 29.5, 13.4, 7, "data", f"$x$\n{shape(*maps)}")
    page.box(16.4, 29.5, 8.1, 7, "ours", "norm,\nsplit")
    page.arrow((14.2, 33), (16.4, 33))
    _rcam_global(page, module, maps)
    local = f"local half: DW 3 × 3, GELU, 1 × 1\n{shape(maps[0] // 2, *maps[1:])}"
    page.box(29, 7.5, 37, 7, "ours", local, name="local")
    page.arrow((24.5, 33), (26.7, 33), (26.7, 11), (29, 11))
    page.arrow((66, 23), (72.5, 23), (72.5, 25.5))
    page.arrow((66, 11), (79.5, 11), (79.5, 25.5))
    page.box(68.5, 25.5, 15, 15, "ours")
    page.words(76, 36, "concat,\n× gate, sigmoid\nof 1 × 1,\nmix 1 × 1", name="mix")
    page.words(76, 28.6, shape(*maps), name="gate")
    _rcam_ends(page, maps)
    page.legend(("ours", "data"))
    page.words(99.4, 1.6, "[paper]: local and global relations of regions; how: [ours]",
               align="right")  # fmt: skip
    return page.figure


def _rcam_global(page: Canvas, module: RCAM, maps: Shape) -> None:
    """Region tokens of every grid, and the pixels that ask them."""
    half, pixels = maps[0] // 2, maps[1] * maps[2]
    tokens = sum(grid * grid for grid in module.token_grids)
    page.box(29, 39.5, 37, 12, "ours")
    page.words(30.2, 49.6, "global half: mean of each region, a token", align="left")
    room = 36 / len(module.token_grids)
    for index, grid in enumerate(module.token_grids):
        _grid(page, 30.2 + index * room, 41, min(6.6, room - 3), grid)
    page.arrow((24.5, 33), (26.7, 33), (26.7, 45.5), (29, 45.5))
    page.box(29, 29.5, 17.3, 7, "ours", f"queries, pixels\n{shape(pixels, half)}", name="queries")
    page.arrow((24.5, 33), (29, 33))
    page.box(48.7, 29.5, 17.3, 7, "ours", f"keys and values\n{shape(tokens, half)}", name="tokens")
    page.arrow((57.4, 39.5), (57.4, 36.5))
    heads = "1 head" if module.heads == 1 else f"{module.heads} heads"
    asked = f"attention, {heads}: which regions a pixel asks\n{shape(module.heads, pixels, tokens)}"
    page.box(29, 19, 37, 7.5, "ours", asked, name="attention")
    page.arrow((37.6, 29.5), (37.6, 26.5))
    page.arrow((57.4, 29.5), (57.4, 26.5))


def _grid(page: Canvas, x: float, y: float, side: float, cells: int) -> None:
    """A square cut into cells x cells regions, with their number beside it."""
    edge = LOOKS["ours"].edge
    step = side / cells
    for row in range(cells):
        for column in range(cells):
            corner = (x + column * step, y + row * step)
            page.axis.add_patch(
                Rectangle(
                    corner, step, step, facecolor="white", edgecolor=edge, linewidth=0.7, zorder=3
                )
            )
    page.words(x + side + 0.5, y + side / 2, str(cells * cells), 8.5, align="left")


def _rcam_ends(page: Canvas, maps: Shape) -> None:
    """Two residual additions, and what comes out."""
    page.box(86, 29.5, 13.2, 7, "ours", "+ $x$")
    page.arrow((83.5, 33), (86, 33))
    page.arrow((7.2, 29.5), (7.2, 4.8), (92.6, 4.8), (92.6, 29.5))
    page.box(86, 39.5, 13.2, 6, "ours", "+ FF(norm)")
    page.arrow((92.6, 36.5), (92.6, 39.5))
    page.box(86, 48.5, 13.2, 6.5, "data", f"out\n{shape(*maps)}", name="out")
    page.arrow((92.6, 45.5), (92.6, 48.5))


def amsm_inside(
    config: ModelConfig | None = None, stage: int = 3, size: tuple[int, int] = (128, 128)
) -> Figure:
    """AMSM of one stage (1 to 4), with the shapes it works on; a plain block where it is off.

    size: of the photograph, in pixels, multiples of 8.
    """
    config = config or ModelConfig()
    module = encoder_stage(config, config.widths[stage - 1])[1]
    maps = map_shapes(config, size)[f"encoder.stages.{stage - 1}"]
    if not isinstance(module, AMSM):
        return _plain_inside("AMSM", module, stage, maps)
    page = canvas(55)
    _title(page, "AMSM", module, stage)
    page.box(0.8, 29.5, 13.4, 7, "data", f"$x$\n{shape(*maps)}")
    page.box(16.4, 29.5, 8.1, 7, "ours", "norm")
    page.arrow((14.2, 33), (16.4, 33))
    _amsm_branches(page, module, maps)
    page.box(69, 37, 14, 11, "ours")
    page.words(76, 43.8, "spatial map:\nsigmoid(7 × 7 of\nmean and max)", linespacing=1.1)
    page.words(76, 38.8, shape(1, *maps[1:]), name="spatial")
    page.arrow((64, 42.5), (69, 42.5))
    page.box(69, 21.5, 14, 7, "ours", "map × sum")
    page.arrow((64, 25), (69, 25))
    page.arrow((76, 37), (76, 28.5))
    page.box(86, 21.5, 13.2, 7, "ours", "feed-forward")
    page.arrow((83, 25), (86, 25))
    page.box(86, 37, 13.2, 11, "data", f"out, with\n+ $x$\n{shape(*maps)}", name="out")
    page.arrow((92.6, 28.5), (92.6, 37))
    page.arrow((7.2, 36.5), (7.2, 50.2), (92.6, 50.2), (92.6, 48))
    page.legend(("ours", "data"))
    page.words(99.4, 1.6, "[paper]: multi-scale, guided by attention; how: [ours]", align="right")
    return page.figure


def _amsm_branches(page: Canvas, module: AMSM, maps: Shape) -> None:
    """Convolutions of several sizes, the weight of each, and their sum."""
    count_of = len(module.kernel_sizes)
    rows = [44.0 - 22.0 * index / max(1, count_of - 1) for index in range(count_of)]
    tall = min(7.0, 20.0 / count_of)
    for kernel, y in zip(module.kernel_sizes, rows, strict=True):
        page.box(29, y - tall / 2, 15, tall, "ours")
        side = 0.55 * kernel * tall / max(module.kernel_sizes) + 1
        page.axis.add_patch(
            Rectangle(
                (32.6 - side / 2, y - side / 2),
                side,
                side,
                facecolor="white",
                edgecolor=LOOKS["ours"].edge,
                linewidth=0.9,
                zorder=3,
            )
        )
        page.words(35.6, y, f"DW {kernel} × {kernel}", align="left")
        page.arrow((24.5, 33), (26.7, 33), (26.7, y), (29, y))
        page.arrow((44, y), (51, y))
    page.box(51, 18, 13, 30, "ours", f"sum of\nweight ×\nresponse\n\n{shape(*maps)}", name="fused")
    hidden = module.branch_attention[0].out_features
    inputs = module.branch_attention[0].in_features
    page.box(29, 5.5, 35, 8.5, "ours")
    page.words(46.5, 11.7, f"mean |response|, {inputs} → {hidden} → {inputs}")
    weights = f"softmax over branches: {shape(count_of, maps[0])}"
    page.words(46.5, 7.9, weights, name="branches")
    page.arrow((47.5, rows[0]), (47.5, 14))
    page.arrow((57.5, 14), (57.5, 18))


def _plain_inside(name: str, module: nn.Module, stage: int, maps: Shape) -> Figure:
    """The block that stands in for a module that is turned off."""
    assert isinstance(module, PlainBlock)
    page = canvas(26)
    _title(page, f"plain block for {name}", module, stage)
    hidden = module.feed_forward[0].out_features
    inner = f"1 × 1, GELU, 1 × 1\n{maps[0]} → {hidden} → {maps[0]}"
    steps = (("norm", 10), ("DW 3 × 3", 12), (inner, 22))
    page.box(1, 9, 13.5, 7, "data", f"$x$\n{shape(*maps)}")
    x = 14.5
    for text, width in steps:
        page.arrow((x, 12.5), (x + 4, 12.5))
        page.box(x + 4, 9, width, 7, "replacement", text)
        x += 4 + width
    page.arrow((x, 12.5), (x + 4, 12.5))
    page.box(x + 4, 9, 16, 7, "data", f"out, with + $x$\n{shape(*maps)}", name="out")
    page.arrow((7.5, 16), (7.5, 19), (x + 12, 19), (x + 12, 16))
    page.legend(("replacement", "data"))
    page.words(99.4, 1.6, "parameters matched to within 5 %", align="right")
    return page.figure


def _title(page: Canvas, name: str, module: nn.Module, stage: int) -> None:
    text = f"{name} in stage {stage}, {count(count_parameters(module))} parameters"
    page.words(1, page.height - 2.2, text, 10.5, "bold", INK, "left", "parameters")
