"""The whole LacrVae on one page, with the shapes and sizes of a configuration."""

from __future__ import annotations

from matplotlib.figure import Figure
from torch import nn

from lacr_lib.errors import LacrError
from lacr_lib.figures.boxes import Canvas, Kind, canvas, count, shape
from lacr_lib.models.blocks import count_parameters
from lacr_lib.models.config import REGION, ModelConfig
from lacr_lib.models.vae import LOG_GAIN_RANGE, LacrVae

Shape = tuple[int, int, int]
STAGES = (17.6, 34.6, 51.6, 68.6)  # left sides of the four columns, in units of the canvas
WIDE = 13.6  # of a stage's column
SIDE = 13.4  # of the columns of images (left) and of the latent (right)
LEFT, RIGHT = 0.8, 85.8


def map_shapes(config: ModelConfig, size: tuple[int, int] = (128, 128)) -> dict[str, Shape]:
    """Shapes (C, h, w) of the maps that a photograph of `size` pixels passes through.

    Keys: the module that gives the map ("encoder.stages.0"), "input" and "z". Errors: LacrError
    if a side is no multiple of 8.
    """
    if any(side % REGION for side in size):
        raise LacrError(f"a diagram needs sides that are multiples of {REGION}, not {size}")

    def at(channels: int, stride: int) -> Shape:
        return (channels, size[0] // stride, size[1] // stride)

    widths, strides, latent = config.widths, config.strides, config.latent_channels
    shapes = {"input": at(3, 1), "encoder.stem": at(widths[0], strides[0])}
    for stage in range(4):
        shapes[f"encoder.stages.{stage}"] = at(widths[stage], strides[stage])
        shapes[f"decoder.blocks.{3 - stage}"] = at(widths[stage], strides[stage])
    shapes["encoder.posterior"] = at(2 * latent, REGION)
    shapes["z"] = at(latent, REGION)
    shapes["gain_head"] = at(3, REGION)
    shapes["decoder.shuffle"] = at(3 if config.gain_from_latent else 6, 1)
    return shapes


def architecture(config: ModelConfig | None = None, size: tuple[int, int] = (128, 128)) -> Figure:
    """LACR-VAE as `config` builds it: each map with its shape (C, h, w), each part with its size.

    Blue: what the paper's abstract and framework figure say; orange and dashed: ours; grey: what
    stands in for a part that is turned off. size: of the photograph, in pixels, multiples of 8.
    """
    config = config or ModelConfig()
    model, shapes = LacrVae(config), map_shapes(config, size)
    page = canvas(76)
    parts: dict[str, nn.Module] = {"encoder": model.encoder, "decoder": model.decoder}
    if config.gain_from_latent:  # else it is there, and its map is not used
        parts["gain head"] = model.gain_head
    held = {name: count_parameters(part) for name, part in parts.items()}
    sizes = ", ".join(f"{name} {count(number)}" for name, number in held.items())
    total = sum(held.values())
    title = f"LACR-VAE, {count(total)} parameters ({sizes}); sizes [ours]"
    page.words(LEFT, 73.5, title, 10.5, "bold", align="left", name="parameters")
    _encoder(page, config, model, shapes)
    _latent(page, shapes)
    _decoder(page, config, shapes)
    _light(page, config, shapes)
    swapped: tuple[Kind, ...] = () if config.rcam and config.amsm else ("replacement",)
    page.legend(("paper", "ours", "data", *swapped))
    page.words(99.4, 1.6, "C × h × w; DW: depth-wise", align="right")
    return page.figure


def _encoder(
    page: Canvas, config: ModelConfig, model: LacrVae, shapes: dict[str, Shape]
) -> None:  # fmt: skip
    page.box(LEFT, 62.5, SIDE, 7, "data", f"dark $x_l$\n{shape(*shapes['input'])}", name="input")
    seen = "log odds\n+ light map $s$" if config.illumination_input else "log odds"
    page.box(LEFT, 54, SIDE, 6, "ours", seen)
    page.box(LEFT, 43, SIDE, 8.5, "paper")
    stride = f", /{config.stem_stride}" if config.stem_stride > 1 else ""
    page.words(LEFT + SIDE / 2, 48.9, f"conv 3 × 3{stride}")
    page.words(LEFT + SIDE / 2, 45.2, shape(*shapes["encoder.stem"]), name="encoder.stem")
    page.arrow((LEFT + SIDE / 2, 62.5), (LEFT + SIDE / 2, 60))
    page.arrow((LEFT + SIDE / 2, 54), (LEFT + SIDE / 2, 51.5))
    page.arrow((LEFT + SIDE, 47.2), (STAGES[0], 47.2))
    for stage, x in enumerate(STAGES):
        page.box(x, 43, WIDE, 26.5, "paper")
        page.words(x + WIDE / 2, 67.4, f"stage {stage + 1}", 10, "bold")
        rest = ("AMSM", config.amsm)
        for row, (part, on) in enumerate((("RCAM", config.rcam), rest, rest)):
            kind: Kind = "ours" if on else "replacement"
            page.box(x + 1, 61 - 5 * row, WIDE - 2, 4.2, kind, part if on else "plain block")
        name = f"encoder.stages.{stage}"
        page.words(x + WIDE / 2, 48.4, shape(*shapes[name]), name=name)
        held = count_parameters(model.encoder.stages[stage])
        page.words(x + WIDE / 2, 45, count(held), color="#555555", name=f"parameters {name}")
        if stage:
            step = config.strides[stage] // config.strides[stage - 1]
            page.arrow((x - 3.5, 58), (x, 58))
            page.words(x - 1.75, 60.2, f"/{step}")


def _latent(page: Canvas, shapes: dict[str, Shape]) -> None:
    middle = RIGHT + SIDE / 2
    posterior = f"norm, 1 × 1\n{shape(*shapes['encoder.posterior'])}"
    page.box(RIGHT, 62.5, SIDE, 7, "ours", posterior, name="encoder.posterior")
    page.box(RIGHT, 53, SIDE, 7, "paper", "$\\mu$,  $\\log\\,\\sigma^2$\nof each region")
    page.box(RIGHT, 43, SIDE, 7.5, "paper")
    page.words(middle, 48.5, "$z=\\mu+\\sigma\\,\\epsilon$", 10)
    page.words(middle, 45, shape(*shapes["z"]), name="z")
    page.arrow((STAGES[3] + WIDE, 66), (RIGHT, 66))
    page.arrow((middle, 62.5), (middle, 60))
    page.arrow((middle, 53), (middle, 50.5))
    page.arrow((middle, 43), (middle, 24.5), (STAGES[3] + WIDE, 24.5))


def _decoder(page: Canvas, config: ModelConfig, shapes: dict[str, Shape]) -> None:
    for stage, x in enumerate(STAGES):
        middle, name = x + WIDE / 2, f"decoder.blocks.{3 - stage}"
        page.box(x, 18.5, WIDE, 12.5, "paper")
        page.words(middle, 24.2, "DW block")
        page.words(middle, 20.9, shape(*shapes[name]), name=name)
        if stage == 3:
            page.words(middle, 28, "1 × 1")
            continue
        page.arrow((x + WIDE + 3.5, 24.5), (x + WIDE, 24.5))
        growth = config.strides[stage + 1] // config.strides[stage]
        page.words(x + WIDE + 1.75, 26.8, f"×{growth}")
        page.words(middle, 28, f"concat skip {stage + 1}" if config.skips else "no skip")
        if config.skips:
            page.arrow((middle, 43), (middle, 39.7))
            norm = config.skip_norm
            page.box(x, 35, WIDE, 4.7, "ours" if norm else "paper",
                     "instance norm" if norm else f"skip {stage + 1}")  # fmt: skip
            page.arrow((middle, 35), (middle, 31))
    if config.skips and config.skip_dropout:
        text = f"training: {100 * config.skip_dropout:g} %\nlose all skips"
        page.box(STAGES[3], 34.7, WIDE, 5.4, "ours", text)
    page.box(LEFT, 18.5, SIDE, 12.5, "ours")
    shuffled = f", ×{config.stem_stride}" if config.stem_stride > 1 else ""
    page.words(LEFT + SIDE / 2, 28, f"conv 3 × 3{shuffled}")
    made = "detail $r$" if config.gain_from_latent else "$r$ and gain $g$"
    page.words(LEFT + SIDE / 2, 24.4, made)
    page.words(LEFT + SIDE / 2, 20.9, shape(*shapes["decoder.shuffle"]), name="decoder.shuffle")
    page.arrow((STAGES[0], 24.5), (LEFT + SIDE, 24.5))


def _light(page: Canvas, config: ModelConfig, shapes: dict[str, Shape]) -> None:
    """The bottom row: z to gain, gain and detail to the enhanced photograph."""
    page.arrow((LEFT + SIDE / 2, 18.5), (LEFT + SIDE / 2, 14.2))
    page.box(LEFT, 5, SIDE, 9.2, "data", f"enhanced $x_e$\n{shape(*shapes['input'])}")
    act = {"odds": "logit $x_l$ + $g$", "product": "$x_l\\,e^{\\,g}$"}[config.light]
    page.box(STAGES[0], 5, 24, 9.2, "ours", f"relight: {act}, then + $r$\n$r$ without local mean")
    page.arrow((STAGES[0], 9.6), (LEFT + SIDE, 9.6))
    low, high = LOG_GAIN_RANGE
    if not config.gain_from_latent:
        page.words(45, 9.6, "gain $g$ and detail $r$ both from the decoder's last layer",
                   align="left")  # fmt: skip
        return
    page.box(45, 5, 16.5, 9.2, "ours", f"gain $g$: ×{REGION} up,\n{low:g} to {high:g} nats")
    page.box(64.9, 5, 17.3, 9.2, "ours")
    page.words(73.55, 11.9, "gain head: 1 × 1,")
    page.words(73.55, 9.4, "2 DW blocks, 3 × 3")
    page.words(73.55, 6.6, shape(*shapes["gain_head"]), name="gain_head")
    page.arrow((RIGHT + SIDE / 2, 24.5), (RIGHT + SIDE / 2, 9.6), (82.2, 9.6))
    page.arrow((64.9, 9.6), (61.5, 9.6))
    page.arrow((45, 9.6), (STAGES[0] + 24, 9.6))
