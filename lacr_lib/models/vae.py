"""LacrVae: the variational autoencoder that enhances a dark photograph."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacr_lib.errors import LacrError
from lacr_lib.models.amsm import AMSM
from lacr_lib.models.blocks import GlobalStatistic, PixelNorm, PlainBlock, PointWise
from lacr_lib.models.config import REGION, ModelConfig
from lacr_lib.models.light import LOG_ODDS_SCALE, log_odds, relight
from lacr_lib.models.rcam import RCAM
from lacr_lib.models.sizes import pad_to_regions, resize, without_local_mean

LOG_GAIN_RANGE = (-1.0, 4.0)  # nats: the odds of a value may fall to 0.37 x or rise to 55 x
LOG_VAR_RANGE = (-10.0, 4.0)
LOG_VAR_START = -4.0  # posteriors begin narrow: the light gets through before it is rationed
GAIN_BLOCKS = 2  # plain blocks of the gain head: neighbouring codes settle the light together


class Encoding(NamedTuple):
    """Posterior of each region and the maps for the decoder: mu, log_var (B, Z, H/8, W/8)."""

    mu: Tensor
    log_var: Tensor
    skips: list[Tensor]


class Enhancement(NamedTuple):
    """enhanced (B, 3, H, W), sRGB, not clamped; z, mu, log_var (B, Z, H/8, W/8)."""

    enhanced: Tensor
    z: Tensor
    mu: Tensor
    log_var: Tensor


class LacrVae(nn.Module):
    """x_e = relight(x_l, g(z)) + r(z, skips): light from z alone, detail from the skips.

    Paper: the encoder's stages (RCAM, AMSM, AMSM), three downsamplings, the reparameterised last
    map, a depth-wise decoder with concatenated skips. Ours: the gain map, the instance-normalised
    skips, normalisation, widths; see ModelConfig.
    Shapes: x (B, 3, H, W) in [0, 1], sRGB, any H, W >= 16 (reflect-padded to multiples of 8,
    cropped back).
    Raises ValueError for any other shape.
    """

    def __init__(self, config: ModelConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or ModelConfig()
        self.encoder = Encoder(config)
        self.gain_head = GainHead(config)
        self.gain_head.requires_grad_(config.gain_from_latent)  # else it is never asked
        self.decoder = Decoder(config)

    def forward(
        self, x: Tensor, z: Tensor | None = None, sample: bool | None = None
    ) -> Enhancement:
        """Encode x and decode it; z, when given, is decoded in place of the image's own code.

        sample: draw z from the posterior (default in training) or take its mean (default in eval).
        """
        mu, log_var, skips = self.encode(x)
        if z is None:
            sample = self.training if sample is None else sample
            z = reparameterise(mu, log_var) if sample else mu
        return Enhancement(self.decode(z, x, skips), z, mu, log_var)

    def encode(self, x: Tensor) -> Encoding:
        """Shapes: (B, 3, H, W) -> mu, log_var (B, Z, ceil(H/8), ceil(W/8)) and the skips."""
        if x.ndim != 4 or x.shape[1] != 3 or min(x.shape[2:]) < 2 * REGION:
            raise ValueError(
                f"expected images (B, 3, H, W) with H, W >= {2 * REGION}, got {tuple(x.shape)}"
            )
        encoding: Encoding = self.encoder(pad_to_regions(x))
        return encoding

    def decode(self, z: Tensor, x: Tensor, skips: list[Tensor]) -> Tensor:
        """Shapes: z (B, Z, H/8, W/8), x (B, 3, H, W), skips of x -> (B, 3, H, W), not clamped."""
        gain, detail = self.light_and_detail(z, skips, (x.shape[2], x.shape[3]))
        # float32 up to the pixels: an early model lost 0.2 SSIM to bfloat16 here
        with torch.autocast(x.device.type, enabled=False):
            return relight(x.float(), gain, self.config.light) + detail

    def light_and_detail(
        self, z: Tensor, skips: list[Tensor], size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """The two parts of an enhancement: log gain in [-1, 4], nats, and the detail to add.

        Shapes: z (B, Z, h, w), skips, size (H, W) -> (B, 3, H, W) twice, float32.
        """
        residual, free_gain = self.decoder(z, skips)
        with torch.autocast(z.device.type, enabled=False):
            detail = without_local_mean(residual.float())[..., : size[0], : size[1]]
            if free_gain is None:
                return self.gain(z, size), detail
            return free_gain.float()[..., : size[0], : size[1]].clamp(*LOG_GAIN_RANGE), detail

    def gain(self, z: Tensor, size: tuple[int, int]) -> Tensor:
        """Log gain map decoded from z alone: (B, Z, h, w) -> (B, 3, H, W) in [-1, 4], nats."""
        if not self.config.gain_from_latent:
            raise LacrError("gain_from_latent is off: no gain from z alone; use light_and_detail")
        with torch.autocast(z.device.type, enabled=False):
            coarse = self.gain_head(z.float())
            scaled = F.interpolate(
                coarse, scale_factor=REGION, mode="bilinear", align_corners=False
            )
        return scaled[..., : size[0], : size[1]].clamp(*LOG_GAIN_RANGE)


class Encoder(nn.Module):
    """Four stages of RCAM, AMSM, AMSM: image -> posterior of each region, and three skips."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.illumination_input = config.illumination_input
        widths, strides = config.widths, config.strides
        inputs = 4 if config.illumination_input else 3
        self.stem = nn.Conv2d(inputs, widths[0], 3, stride=config.stem_stride, padding=1)
        self.stages = nn.ModuleList(encoder_stage(config, width) for width in widths)
        self.downs = nn.ModuleList()
        for stage in range(3):
            step = strides[stage + 1] // strides[stage]
            self.downs.append(nn.Conv2d(widths[stage], widths[stage + 1], step, stride=step))
        self.norm = PixelNorm(widths[-1])
        self.posterior = PointWise(widths[-1], 2 * config.latent_channels)
        with torch.no_grad():
            self.posterior.bias[config.latent_channels :] += LOG_VAR_START

    def forward(self, x: Tensor) -> Encoding:
        maps: list[Tensor] = []
        for index in range(len(self.stages)):
            maps.append(self.stage(index, maps[-1] if maps else x))
        mu, log_var = self.posterior_of(maps.pop())
        return Encoding(mu, log_var, maps)

    def stage(self, index: int, x: Tensor) -> Tensor:
        """One stage with what leads to it: of the image (stage 0) or of the map before it."""
        if index > 0:
            down: Tensor = self.downs[index - 1](x)
            return self.stages[index](down)  # type: ignore[no-any-return]
        if self.illumination_input:
            x = torch.cat([x, illumination_map(x)], dim=1)
        return self.stages[0](self.stem(log_odds(x) / LOG_ODDS_SCALE))  # type: ignore[no-any-return]

    def posterior_of(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log_var of each region from the last stage's map."""
        mu, log_var = self.posterior(self.norm(features)).float().chunk(2, dim=1)
        return mu, log_var.clamp(*LOG_VAR_RANGE)


class GainHead(nn.Sequential):
    """z -> coarse log gain, (B, Z, h, w) -> (B, 3, h, w); zero at the start, so x_e = x_l."""

    def __init__(self, config: ModelConfig) -> None:
        last = nn.Conv2d(64, 3, 3, padding=1)
        for parameter in last.parameters():
            nn.init.zeros_(parameter)
        blocks = [PlainBlock(64) for _ in range(GAIN_BLOCKS)]
        super().__init__(PointWise(config.latent_channels, 64), *blocks, PixelNorm(64), last)


class Decoder(nn.Module):
    """Three times depth-wise block, upsampling, concatenation with the skip; then a head.

    Returns the detail residual r (B, 3, H, W) and, only when the gain is *not* decoded from z alone
    (a teaching variant), a free gain map of the same shape.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.enter = PointWise(config.latent_channels, widths[-1])
        self.blocks = nn.ModuleList(PlainBlock(width) for width in reversed(widths))
        self.narrows = nn.ModuleList(
            PointWise(wide, narrow)
            for wide, narrow in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.skip_stats = nn.ModuleList(GlobalStatistic() for _ in range(3))
        self.fuses = nn.ModuleList(
            PointWise(2 * width if config.skips else width, width) for width in widths[-2::-1]
        )
        outputs = 3 if config.gain_from_latent else 6
        self.head = nn.Conv2d(widths[0], outputs * config.stem_stride**2, 3, padding=1)
        for parameter in self.head.parameters():
            nn.init.zeros_(parameter)
        self.shuffle = nn.PixelShuffle(config.stem_stride)

    def forward(self, z: Tensor, skips: list[Tensor]) -> tuple[Tensor, Tensor | None]:
        features = self.blocks[0](self.enter(z))
        keep = self.kept_skips(z)
        for level, (narrow, fuse, block) in enumerate(
            zip(self.narrows, self.fuses, self.blocks[1:], strict=True)
        ):
            skip = skips[-1 - level]
            features = resize(narrow(features), skip.shape[2:])
            if self.config.skips:
                light_free = self.normalise(skip, self.skip_stats[level])
                features = torch.cat([features, light_free * keep], dim=1)
            features = block(fuse(features))
        with torch.autocast(z.device.type, enabled=False):
            out = self.shuffle(self.head(features.float()))
        return (out, None) if self.config.gain_from_latent else (out[:, :3], out[:, 3:])

    def kept_skips(self, z: Tensor) -> Tensor:
        """(B, 1, 1, 1): 1 where an image keeps its skips, 0 where it loses them (training only)."""
        keep = torch.ones(z.shape[0], 1, 1, 1, device=z.device, dtype=z.dtype)
        if self.training and self.config.skip_dropout > 0:
            keep = torch.bernoulli(keep * (1.0 - self.config.skip_dropout))
        return keep

    def normalise(self, skip: Tensor, stats: nn.Module) -> Tensor:
        """Instance normalisation: a skip keeps its pattern and loses its level and contrast."""
        if not self.config.skip_norm:
            return skip

        def mean_and_deviation() -> Tensor:  # (B, 2, C, 1, 1)
            variance, mean = torch.var_mean(skip, dim=(2, 3), correction=0, keepdim=True)
            return torch.stack([mean, (variance + 1e-5).sqrt()], dim=1)

        mean, deviation = stats(mean_and_deviation).unbind(1)
        light_free: Tensor = (skip - mean) / deviation
        return light_free


def encoder_stage(config: ModelConfig, channels: int) -> nn.Sequential:
    """RCAM, AMSM, AMSM [paper's order]; a part that is off becomes a plain block of its size."""
    rcam = RCAM(channels, config.token_grids)
    amsms = [AMSM(channels, config.kernel_sizes) for _ in range(2)]
    first = rcam if config.rcam else PlainBlock.parameters_like(rcam, channels)
    rest = amsms if config.amsm else [PlainBlock.parameters_like(m, channels) for m in amsms]
    return nn.Sequential(first, *rest)


def illumination_map(x: Tensor) -> Tensor:
    """Brightest channel of each pixel, a rough map of the light: (B, 3, H, W) -> (B, 1, H, W)."""
    return x.amax(dim=1, keepdim=True)


def reparameterise(mu: Tensor, log_var: Tensor) -> Tensor:
    """z = mu + sigma * eps, eps ~ N(0, I); shape-preserving. Source: Kingma & Welling 2014."""
    return mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
