# %% [markdown]
# # 01 · What does low light do to a photograph?
#
# **What you will learn**
# - to calculate with *light* instead of file values, and why the two are not the same thing;
# - where noise comes from, and why a formula with two terms predicts it at every brightness;
# - what an 8-bit file keeps of a dark scene, and what it loses;
# - to turn any good photograph into an *exposure ladder*: the same scene with less and less light;
# - why a dark, noisy photograph is worth more than a bad input: it is *negative information*;
# - which real data sets exist, and how to plug in one of them, or your own photographs.
#
# **Before you start.** You need NumPy arrays and a little probability (mean, variance). No PyTorch yet, and nothing to
# download: the photographs ship inside packages that are already installed ([credits](CREDITS.md)).
#
# **Time.** About 40 minutes to read and try; the code runs in half a minute on 2 CPU cores, and no GPU would help.

# %%
import math
import tempfile
from pathlib import Path

import numpy as np
import torch

from lacr_lib.data import camera, layouts, photographs
from lacr_lib.errors import LacrError
from lacr_lib.evaluation.bootstrap import interval
from lacr_lib.figures import data as figures
from lacr_lib.figures.images import Box, show_grid, show_row, show_zoom
from lacr_lib.models import vae
from lacr_lib.teaching import choose, record, record_claim, setup, show

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %% [markdown]
# ## 1 · Is it enough to turn up the brightness?
#
# **Question.** If it is dark, why not multiply?
#
# A cup of coffee, photographed well. Beside it the same cup with one thirty-second of the light. If low light only
# made things darker, multiplying by 32 would bring the photograph back. Try it before you read on.

# %%
setup(SEED)
photo = photographs.read_photograph("coffee", max_side=384)  # uint8, (H, W, 3)
ladder = camera.exposure_ladder(photo, seed=SEED)
dark = ladder.low[1]


def brighten(image, factor):
    """More light on a finished photograph: to light, multiply, back to file values."""
    light = camera.srgb_to_linear(image / np.float32(255)) * factor
    return camera.linear_to_srgb(np.minimum(light, 1))


bright = brighten(dark, 32)
titles = ["clear", "1/32 of the light", "brightened 32 times"]
show_zoom([photo, dark, bright], Box(top=60, left=210, height=64, width=96), titles);

# %% [markdown]
# **What you see.** The bright copy shows the cup again, but not the photograph. The even red of the saucer has become
# a carpet of coloured grains (the lower row magnifies the marked frame), one side of the table stays darker than the
# other, and the colours have drifted. So low light does several things at once, and darkness is only the most obvious
# one.
#
# In the rest of this notebook we take the camera apart in the order in which light passes through it. At each station
# we build the step by hand, check it against the library's, and draw what it does:
#
#     file -> linear light -> uneven light -> photons -> electronics -> white balance -> file values -> 8 bits

# %% [markdown]
# ## 2 · Light is not the number in the file
#
# **Question.** White is stored as 255. Which number is stored for a grey that sends half as much light to the camera?
#
# Not 128. Eyes notice differences in the dark much better than in the light, so files spend more of their numbers on
# dark tones. Count light as a fraction of white, so that white is 1: that is *linear light*, in which twice the photons
# are twice the number. The file holds another number, given by the sRGB tone curve (IEC 61966-2-1): a power law with a
# short straight piece at the dark end. Photographers halve and double light, and call each factor of two a *stop*.

# %%
# NBVAL_CHECK_OUTPUT
def to_file(light):
    straight = light <= 0.0031308
    return 12.92 * light if straight else 1.055 * light ** (1 / 2.4) - 0.055


for light in (1, 1 / 2, 1 / 4, 1 / 8, 1 / 64):
    print(f"light {light:6.4f} -> file value {255 * to_file(light):5.1f}")

values = np.linspace(0, 1, 101)
np.testing.assert_allclose(
    [to_file(light) for light in values], camera.linear_to_srgb(values), atol=1e-6
)

# %%
figures.tone_curve();

# %% [markdown]
# **What you see.** Left: half the light is stored as 188, and a stop further down, half of that again, as 137. Right: how
# many of the 256 file values each stop gets. A file that stored light itself (grey) would spend half of its numbers on
# the brightest stop and have next to nothing left for the dark. The curve is kind to dark tones; remember that when we
# come to 8 bits.
#
# This has a practical consequence that many augmentation pipelines get wrong. *Dividing file values by four is not a
# photograph with a quarter of the light:*

# %%
in_light = camera.linear_to_srgb(camera.srgb_to_linear(photo / np.float32(255)) / 4)
in_file = photo / np.float32(255) / 4
print(f"mean light: original {camera.srgb_to_linear(photo / np.float32(255)).mean():.3f}")
print(f"  divided by 4 as light       {camera.srgb_to_linear(in_light).mean():.3f}")
print(f"  divided by 4 as file values {camera.srgb_to_linear(in_file).mean():.3f}")
show_row([photo, in_light, in_file], ["original", "light / 4", "file values / 4"]);

# %% [markdown]
# **What you see.** In the middle, two stops less light: darker, natural, readable. On the right the same division
# done on file values, which leaves far less than a quarter of the light and crushes the shadows. From here on,
# everything that happens to light happens in *linear light*; file values appear only at the very end.

# %% [markdown]
# ## 3 · Photons come one by one
#
# **Question.** Point a camera at a perfectly even grey wall. Why are two neighbouring pixels not equal?
#
# A pixel counts photons, and photons do not arrive in step. Let $M$ of them, a huge number, leave the lamp, each with the
# same tiny chance $p$ of ending in this pixel, independently of all others. On average $n = Mp$ arrive. The number $k$ that
# does arrive is binomial, with mean $Mp$ and variance $Mp(1 - p)$. Now let $M$ grow and $p$ shrink, so that $n$ stays: the
# factor $1 - p$ goes to 1, and what remains is Poisson's law for the probability of $k$,
#
# $$P(k) = \frac{n^k e^{-n}}{k!}, \qquad \text{mean} = n, \qquad \text{variance} = n.$$
#
# **The variance of a count equals its mean**, so its standard deviation is $\sqrt n$. (Every captured photon frees an
# electron. Sensors count electrons, and so shall we: mean and deviation are in electrons.)
#
# The toy is a grey wall in three strengths of light.

# %%
rng = np.random.default_rng(SEED)
wall = {n: rng.poisson(n, size=(200, 400)) for n in (2, 20, 200)}
for n, counts in wall.items():
    print(f"expected {n:3d}: mean {counts.mean():6.2f}, variance {counts.var():6.2f}, "
          f"signal-to-noise {counts.mean() / counts.std():5.2f} (sqrt({n}) = {n**0.5:5.2f})")
figures.photon_patches(wall);

# %% [markdown]
# **What you see.** The same wall, with grey levels scaled to the light there is. With 200 electrons a pixel it looks
# almost even; with 2 it is gravel, and some pixels got nothing at all. The histograms follow Poisson's law (black).
# Absolute noise is *smaller* in the dark, $\sqrt n$, but the signal shrinks faster. The *signal-to-noise ratio* (SNR), mean
# over standard deviation, is $n / \sqrt n = \sqrt n$, a number without a unit. A hundred times less light costs a factor of
# ten. No better camera can mend this, because the noise is in the light.

# %% [markdown]
# ## 4 · The electronics add their own
#
# **Question.** When hardly any photons come, what is left of the noise?
#
# Reading a pixel out adds *read noise*: Gaussian, with mean 0 and a standard deviation of a few electrons, the same
# however much light there was. So a camera is described by two numbers, and a shot by two more:
#
# | symbol | in the code | what it is | unit |
# |---|---|---|---|
# | $N_w$ | `full_well` | electrons that white gives at exposure 1 | electrons |
# | $\sigma_r$ | `read_noise` | standard deviation of the read-out | electrons |
# | $L$ | `light` | light that a place of the scene sends, in linear light | white = 1 |
# | $t$ | `exposure` | share of the light that the shot collects; 1/4 is two stops less | none |
#
# The number of electrons that a pixel may expect is $n = L\, t\, N_w$.

# %%
settings = camera.CameraSettings()
print(f"white = {settings.full_well:.0f} electrons, read noise = {settings.read_noise:.0f}")


def sensor(light, exposure, settings, rng):
    expected = light * exposure * settings.full_well  # electrons
    photons = rng.poisson(expected)
    electronics = rng.normal(0, settings.read_noise, size=expected.shape)
    return (photons + electronics) / settings.full_well  # white is 1 again


coffee = camera.srgb_to_linear(photo / np.float32(255)).astype(np.float64)
ours = sensor(coffee, 1 / 32, settings, np.random.default_rng(SEED))
library = camera.add_sensor_noise(coffee, 1 / 32, settings, np.random.default_rng(SEED))
np.testing.assert_allclose(ours, library, atol=1e-6)
show(camera.add_sensor_noise, camera.noise_variance)

# %% [markdown]
# Independent noises add in variance, so theory (*Poisson-Gaussian*, Foi et al. 2008) needs two terms, one that grows with
# the light and one that does not. In electrons squared, and in files, where white is 1 and all is divided by $N_w$ once or,
# for a variance, twice:
#
# $$\text{variance} = \underbrace{n}_{\text{photons}} + \underbrace{\sigma_r^2}_{\text{electronics}} \;[\text{electrons}^2]
# \;=\; \frac{L\,t}{N_w} + \Big(\frac{\sigma_r}{N_w}\Big)^2 \;[\text{white}^2] .$$
#
# The ratio of mean to deviation is the same in both units. (It also survives brightening, which multiplies both.)
#
# $$\text{SNR} = \frac{n}{\sqrt{n + \sigma_r^2}} \approx
# \begin{cases} \sqrt{n} & n \gg \sigma_r^2 \quad\text{photons rule} \\ n / \sigma_r & n \ll \sigma_r^2 \quad\text{electronics rule} \end{cases}$$
#
# Is that what our sensor does? We photograph walls of twelve brightnesses at three exposures and *measure*.

# %%
draws = choose(PROFILE, smoke=20_000, demo=200_000, full=1_000_000)
light = np.geomspace(1e-3, 1, 12)
measured, worst = {}, 0.0
for exposure in (1, 1 / 8, 1 / 64):
    walls = np.broadcast_to(light, (draws, 12))
    shots = camera.add_sensor_noise(walls, exposure, settings, rng).astype(np.float64)
    theory = camera.noise_variance(light, exposure, settings)
    worst = max(worst, np.abs(shots.var(axis=0) / theory - 1).max())
    measured[exposure] = light * exposure / shots.std(axis=0)
figures.signal_to_noise(settings, light, measured);

# %% [markdown]
# **What you see.** Dots are measured, lines are theory: they agree over three orders of magnitude. On logarithmic axes a
# power is a slope, and each curve bends from one slope to another. On the right, photon noise rules and the slope is 1/2:
# four times the light, twice the ratio. To the left of the crosses (where $n = \sigma_r^2 = 9$ electrons) the electronics
# rule, the slope nears 1, and a lost stop costs a factor of two instead of $\sqrt 2$. At exposure 1/64 anything darker
# than about a seventh of white is on that steep side, and the darkest tones sink below the grey line, where noise is as
# large as the signal.

# %%
record(noise_variance_worst_deviation=worst)
record_claim("measured noise variance is within 2 % of theory", worst, below=0.02)

# %% [markdown]
# ## 5 · Eight bits, and a floor at black
#
# **Question.** Dark photographs use few of the 256 file values. Is the 8-bit file what ruins them?
#
# First the rounding alone. The toy is a smooth ramp of light, from black on the left to white on the right, six stops
# under-exposed, *without any noise*; then with it.

# %%
ramp = np.broadcast_to(np.linspace(0, 1, 360), (40, 360))


def to_8_bits(light):
    return np.round(camera.linear_to_srgb(np.clip(light, 0, 1)) * 255) / 255


noisy = camera.add_sensor_noise(ramp, 1 / 64, settings, rng)
np.testing.assert_allclose(
    to_8_bits(noisy), camera.quantise(camera.linear_to_srgb(np.clip(noisy, 0, 1)), 8), atol=1e-6
)
codes = len(np.unique(to_8_bits(ramp / 64)))
print(f"file values left for a scene at 1/64 of the light: {codes} of 256")
strips = {
    "the ramp: light from 0 (left) to 1 (right)": camera.linear_to_srgb(ramp),
    "1/64, rounded to 8 bits, brightened": brighten(255 * to_8_bits(ramp / 64), 64),
    "1/64, with noise, rounded to 8 bits, brightened": brighten(255 * to_8_bits(noisy), 64),
}
show_grid([[strip] for strip in strips.values()], captions=[[name] for name in strips]);

# %% [markdown]
# **What you see.** Rounding alone leaves a staircase of bands. With the noise in, the bands are gone: where noise is
# larger than a step of the staircase it decides at random between two neighbouring values, and the mean, away from black
# and white, comes out right (engineers add noise on purpose for this, and call it dither).
#
# So which is the larger evil? Put all of them in the same unit, electrons. Near the light $L\,t$ that is stored, a step of one file value is
# $\Delta = N_w / (255\, f'(L\,t))$ electrons wide, where $f$ is the tone curve from light to file, both from 0 to 1, and $f'$
# its slope. Rounding puts a value anywhere within $\pm \Delta / 2$, all errors equally probable, and the standard deviation
# of such an even spread is $\Delta / \sqrt{12}$.

# %%
figures.noise_budget(settings);

# %% [markdown]
# **What you see.** Through the sRGB curve (green) the rounding error stays below the noise at every brightness: near
# black it is a fraction of an electron, and read noise is 3. A file that stored light itself (dashed) would add more
# than the electronics do. So, for a camera like this one, the 8-bit file is *not* what ruins dark photographs, thanks
# to the tone curve. That is why a network that enhances ordinary files has a chance at all.
#
# One loss is real, though. Read noise swings below zero and a file cannot: what is below black is cut off. For a
# black scene only the positive half is left, and its mean is no longer 0 but
#
# $$\int_0^\infty u\; \frac{1}{\sigma_r \sqrt{2\pi}}\, e^{-u^2 / 2\sigma_r^2}\, du = \frac{\sigma_r}{\sqrt{2\pi}} \quad \text{electrons},$$
#
# in which $u$ is what the read-out adds to a pixel.

# %%
black = camera.add_sensor_noise(np.zeros(draws), 1 / 64, settings, rng) * settings.full_well
veil = np.maximum(black, 0).mean()
white = settings.full_well / 64
print(f"mean of black: {black.mean():+.2f} electrons before the cut, {veil:.2f} after it")
print(f"by formula   : {settings.read_noise / math.sqrt(2 * math.pi):.2f}")
print(f"white at 1/64: {white:.1f} electrons, so black comes out at {veil / white:.1%} of white")
record(black_veil_electrons=veil)

# %% [markdown]
# Brightening multiplies black and white alike, so this *veil* stays: no brightening alone gives a deep black.

# %% [markdown]
# ## 6 · Light is uneven
#
# **Question.** Which part of a dark picture is dark because little light falls there, and which part because it is
# painted dark?
#
# A lamp lights one side of a room; a window leaves the corner to itself. Light changes slowly from place to place,
# whatever the things in it look like. The simplest such field is one long wave, counted in stops, so that "1.5 stops"
# means the same in bright and in dim light. The library adds up four waves of random direction and length.

# %%
height, width = photo.shape[:2]


def one_wave(contrast, cycles=0.7, angle=0.6):
    y, x = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None, :]
    stops = np.cos(2 * np.pi * cycles * (np.cos(angle) * x + np.sin(angle) * y))
    stops = contrast * (stops - stops.max()) / (stops.max() - stops.min())
    return 2.0**stops


fields = [one_wave(1.5)] + [
    camera.illumination_field(height, width, 1.5, np.random.default_rng(k)) for k in range(4)
]
for each in fields:
    np.testing.assert_allclose([each.min(), each.max()], [2**-1.5, 1], rtol=1e-5)
figures.light_fields(fields);

# %% [markdown]
# **What you see.** On the left our single wave, then four of the library's fields. Each spans exactly 1.5 stops from
# its brightest (yellow) to its darkest place (blue), in patches of very different shape and size. This variety is
# what the region module of notebook 03 has to cope with.
#
# How can one *see* the light in a finished picture? A simple and old estimate is the **illumination map**: at each
# pixel, the largest of the three colour values, `s = max(R, G, B)` (as in LIME, Guo et al. 2017). A red cup in full light
# has little green and blue, but plenty of red.

# %%
def illumination_map(image):
    return image.max(axis=-1)  # (H, W, 3) -> (H, W)


as_tensor = torch.from_numpy(photo).permute(2, 0, 1)[None]  # (1, 3, H, W), as the model wants it
torch.testing.assert_close(
    vae.illumination_map(as_tensor)[0, 0], torch.from_numpy(illumination_map(photo))
)

# %% [markdown]
# Now put the cup under one of the fields, in a camera without noise, and compare the maps.

# %%
field = fields[2]
quiet = camera.CameraSettings(full_well=1e9, read_noise=0, white_balance=0)  # light only, no noise
low = camera.darken(photo, 1 / 4, quiet, rng, field)
map_clear = camera.srgb_to_linear(illumination_map(photo / np.float32(255)))
map_low = camera.srgb_to_linear(illumination_map(low))
recovered = map_low / np.maximum(map_clear, 1e-4) / (1 / 4)
seen = map_clear > 0.05  # elsewhere rounding to 8 bits spoils the division
print(f"typical error of the recovered field: {np.abs(recovered / field - 1)[seen].mean():.1%}")
figures.illumination_maps(photo, (255 * low).astype(np.uint8), field, recovered);

# %% [markdown]
# **What you see.** The maps look like grey versions of the photographs, and that is the difficulty: the red saucer is darker
# than the white cup in the upper map too, where no field was put in at all: that is paint. And the shadow of the cup on it is
# light that the scene lacked already. Only when we divide the dark map by the clear one (lower right) does all that the two
# share cancel, and the field we put in comes out. At test time
# there is no clear photograph to divide by. To tell light from paint, an enhancer must compare regions with each other
# and know what cups look like. The map is still a useful hint, so our model gets it as a fourth input channel **[ours]**.

# %% [markdown]
# ## 7 · The whole camera: an exposure ladder
#
# **Question.** How does one photograph become many, each with less light and all with a known truth?
#
# The last damage is to colour. A camera guesses the colour of the light, and in the dark it guesses badly: red and
# blue are multiplied by slightly wrong gains (green is the yardstick). With that, every station has been built once,
# and the whole camera is four lines of our own pieces:

# %%
def our_camera(photo, exposure, field, gains, rng):
    light = camera.srgb_to_linear(photo / np.float32(255)) * field[..., None]
    exposed = sensor(light.astype(np.float64), exposure, settings, rng)
    return to_8_bits(exposed * gains)  # which also cuts below black and above white


gains = np.array([1.06, 1.0, 0.95], dtype=np.float32)  # red, green, blue
ours = our_camera(photo, 1 / 8, field, gains, np.random.default_rng(SEED))
library = camera.darken(photo, 1 / 8, settings, np.random.default_rng(SEED), field, gains)
np.testing.assert_allclose(ours, library, atol=1.01 / 255)  # one level: float32 against float64
print(f"pixels that differ by one level: {(np.abs(ours - library) > 1e-3).mean():.4%}")

# %%
# NBVAL_CHECK_OUTPUT
show(camera.darken)

# %% [markdown]
# Do it at 1/2, 1/4, ... 1/64, with *one* field and *one* white balance (the scene stays as it is, only the shutter
# gets faster) and fresh noise in each frame: that is an **exposure ladder**. Since we know each exposure, we can also
# brighten each frame by exactly the right factor, better than any enhancer could guess it.

# %%
brightened = [
    brighten(frame, 1 / exposure)
    for frame, exposure in zip(ladder.low, ladder.exposures, strict=True)
]
figures.ladder_rows(ladder, brightened, Box(top=145, left=130, height=80, width=120));

# %% [markdown]
# **What you see.** Upper row: the ladder, from 1/64 of the light to the clear photograph. Lower row: a detail of
# each frame, multiplied back. On the right that is nearly perfect; toward the left grain grows, and dark places turn
# into coloured speckle that does not go down to black, the veil of section 5. The shading of the uneven light stays
# in all of them. (Look at noise in magnified details only. A small picture averages pixels and flatters.)
#
# How good is perfect brightening? Below: the *peak signal-to-noise ratio*, $\text{PSNR} = -10 \log_{10} \text{MSE}$,
# where MSE is the mean squared difference of file values with white = 1. Its unit is the decibel (dB); higher is closer,
# and notebook 06 will take it apart. To judge noise alone, the target here is the clear photograph *in the same uneven
# light and white balance*.

# %%
still = camera.exposure_ladder(
    photo, camera.CameraSettings(full_well=1e9, read_noise=0), exposures=[1.0], seed=SEED
).low[0] / 255
psnr = [10 * math.log10(1 / np.mean((image - still) ** 2)) for image in brightened]
for exposure, value, frame in zip(ladder.exposures, psnr, ladder.low, strict=True):
    used = len(np.unique(frame))
    print(f"1/{1 / exposure:2.0f} of the light: {value:4.1f} dB, {used:3d} file values used")
record(psnr_at_half=psnr[-1], psnr_at_64th=psnr[0])

# %% [markdown]
# The same was done to every photograph that ships with the installed packages. Three scenes are for testing only; the
# two motorcycles are views of one scene, so they stay together.

# %%
# NBVAL_CHECK_OUTPUT
embedded = layouts.open_photoset("embedded")
print(embedded.describe())
for split in ("train", "test"):
    print(f"{split:5s}", ", ".join(scene.name for scene in embedded.select(split).scenes))

# %%
figures.photograph_wall(embedded, step=2);

# %% [markdown]
# **What you see.** The nine photographs of the course (held-out names in orange), and below each one its frame at
# 1/16 of the light. They are few, so they serve for learning and testing the code, not for claims about quality.
# Those are made on real photographs.

# %% [markdown]
# ## 8 · Darkness and noise as negative information
#
# **Question.** Is a dark photograph good for nothing but to be mended?
#
# So far it was the problem. Here is the idea behind the method of this course: it is also *evidence*. Its low light and its
# noise show precisely how the result must **not** look: they are *negative information* **[paper]**.
#
# Let us describe a photograph by just two numbers, both against its clear frame: the light it lost (in stops), and
# its fine structure (how much a pixel differs from the mean of its 3x3 neighbourhood, relative to the mean light).

# %%
def neighbourhood_mean(image):
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    h, w = image.shape[:2]
    return sum(padded[y : y + h, x : x + w] for y in range(3) for x in range(3)) / 9


def two_numbers(light):
    """Mean light in stops, and relative fine structure, of linear light (H, W, 3)."""
    detail = np.abs(light - neighbourhood_mean(light)).mean() / light.mean()
    return np.array([math.log2(light.mean()), detail])


def against(clear, light):
    (stops, detail), (clear_stops, clear_detail) = two_numbers(light), two_numbers(clear)
    return clear_stops - stops, detail / clear_detail


# %% [markdown]
# Each dark frame gets three points: as it is, brightened by the exact factor, and brightened and then smoothed.

# %%
plane = {}
for scene in embedded.scenes:
    clear = camera.srgb_to_linear(scene.clear.read() / np.float32(255))
    points = []
    for frame in scene.low:
        light = camera.srgb_to_linear(frame.read() / np.float32(255))
        bright = np.minimum(light / frame.exposure, 1)
        smooth = neighbourhood_mean(bright)
        points.append([against(clear, image) for image in (light, bright, smooth)])
    plane[scene.name] = np.array(points).swapaxes(0, 1)  # (3, steps, 2)
figures.negative_plane(plane, ["low", "brightened", "brightened and smoothed"]);

# %% [markdown]
# **What you see.** Thin lines are single photographs, thick ones their mean; the triangle is where every clear photograph
# lies. The dark frames (blue) walk away from it in a *direction*: to the right (less light) and up (more noise), the
# darker, the further. Brightening (orange) moves them back to the left, about two thirds of a stop short, because the
# uneven light remains, and leaves them as high as before. Smoothing (violet) pulls them down: with the grain goes the
# texture, and where a smoothed frame lands near 1, it is remaining grain that stands in for lost detail. Neither darkness
# nor noise alone is the difference between low and clear; it is both. An encoder that knows such directions can say of
# any result not only *how far* it still is from clear, but whether it still carries traces of the dark.

# %% [markdown]
# In numbers, for the darkest frames: the ratio after brightening, its mean over the photographs, and in brackets a 95 %
# *interval over scenes*, which says what another draw of scenes might have given (notebook 06 builds it).

# %%
scenes = list(plane)
excess = np.array([plane[name][1, 0, 1] for name in scenes])  # brightened, from 1/64
groups = [photo.scene for photo in photographs.PHOTOGRAPHS]
left = interval(excess, groups)
record(fine_structure_after_brightening=tuple(left))
record_claim("brightening leaves the noise in", *left, above=1.5)

# %% [markdown]
# **A tie that only a negative can break.** Take the step from clear to low, and build two wrong results: one goes 30 % of
# that step *toward the dark frame*, the other 30 % *away from it*. Let $|a - b|$ be the mean absolute difference of two
# pictures over pixels and colours (file values, white = 1), $D_p$ the distance of a result to clear, the *positive*, and
# $D_n$ its distance to low, the *negative*. With $d = |\text{low} - \text{clear}|$ both results have $D_p = 0.3\,d$, so
# any loss that sees only the clear reference calls them equally good. Now divide by the distance to the negative:
#
# $$\frac{D_p}{D_n} = \frac{|\text{result} - \text{clear}|}{|\text{result} - \text{low}|}, \qquad
# \text{toward: } \frac{0.3\,d}{0.7\,d}, \qquad \text{away: } \frac{0.3\,d}{1.3\,d}.$$

# %%
clear, negative = ladder.clear / 255, ladder.low[1] / 255
for name, step in (("toward low", 0.3), ("away from low", -0.3)):
    result = clear + step * (negative - clear)
    d_p, d_n = np.abs(result - clear).mean(), np.abs(result - negative).mean()
    print(f"{name:14s} D_p {d_p:.4f}   D_n {d_n:.4f}   D_p / D_n {d_p / d_n:.3f}")
toward, away = (np.clip(clear + step * (negative - clear), 0, 1) for step in (0.3, -0.3))
show_row([clear, negative, toward, away], ["clear", "low: the negative", "toward low", "away"]);

# %% [markdown]
# **What you see.** Two errors of the same size. The third picture is duller and darker, as if the dark frame shone
# through; the fourth is too bright and too hard. `D_p` cannot tell them apart; the ratio can: it calls the one that
# resembles the dark frame almost twice as bad. That ratio, taken between *latent codes* instead of pixels, is the
# light-aware contrastive regularisation (LACR) of notebook 05. **[paper]** the aim: pull to clear, push from low, in
# latent space. **[ours]** the formula.
#
# Fairness demands a warning. That a negative *can* break ties does not prove that it improves a trained enhancer, and
# in our early trials supervision alone already did most of the pulling. Notebooks 05 to 07 measure it, whatever comes
# out.

# %% [markdown]
# ## 9 · Real photographs, and yours
#
# **Question.** How do photographs from elsewhere get in here?
#
# The camera model knows every exposure and every field, which is why we could check formulas here. Quality is
# measured on real photographs. `open_photoset` finds out by looking how a folder is laid out, and says it in one
# line. The toy: four folders of tiny pictures.

# %%
# NBVAL_CHECK_OUTPUT
from PIL import Image

tiny = Image.new("RGB", (32, 24))
trees = {
    "ladder": "room/clear room/low_0 room/low_1 street/clear street/low_0",
    "paired": "low/a low/b high/a high/b",
    "lol": "our485/low/1 our485/high/1 eval15/low/2 eval15/high/2",
    "unpaired": "harbour night/market",
}
with tempfile.TemporaryDirectory() as folder:
    for layout, tree in trees.items():
        for name in tree.split():
            path = Path(folder, layout, name + ".png")
            path.parent.mkdir(parents=True, exist_ok=True)
            tiny.save(path)
        print(f"{layout:9s}", layouts.open_photoset(Path(folder, layout)).describe())
    Path(folder, "paired/high/b.png").unlink()
    try:
        layouts.open_photoset(Path(folder, "paired"))
    except LacrError as error:
        print("\nand a mistake:", str(error).replace(folder, "").replace("\\", "/"))

# %% [markdown]
# | set | what | terms, as far as stated; read them yourself | layout |
# |---|---|---|---|
# | [SICE](https://github.com/csjcai/SICE) (Cai et al., TIP 2018) | 589 real multi-exposure sequences, indoor and outdoor | frames published with [Zero-DCE++](https://github.com/Li-Chongyi/Zero-DCE_extension): CC BY-NC 4.0 | ladder, by `lacr prepare sice` |
# | [LOL](https://daooshee.github.io/BMVC2018website/) (Wei et al., BMVC 2018) | 485 + 15 real indoor pairs, very dark | no licence stated; research use | LOL |
# | [LOL-v2](https://github.com/flyywh/CVPR-2020-Semi-Low-Light) (Yang et al., TIP 2021) | 689 + 100 real, 900 + 100 synthetic pairs; its real test scenes occur in LOL's training part | no licence stated; research use | paired |
# | [LSRW](https://github.com/JianghaiSCU/R2RNet) (Hai et al., 2023) | 5,650 real pairs, two cameras | no licence stated; cite | paired |
# | [SID](https://github.com/cchen156/Learning-to-See-in-the-Dark) (Chen et al., CVPR 2018) | 5,094 raw short exposures with long ones | MIT (repository) | raw: develop first, then ladder |
# | [MIT-Adobe FiveK](https://data.csail.mit.edu/graphics/fivek/) (Bychkovsky et al., CVPR 2011) | 5,000 photographs, five retouchers | research only, two licence files | raw: develop first, then paired |
# | [ExDark](https://github.com/cs-chan/Exclusively-Dark-Image-Dataset) (Loh & Chan, 2019) | 7,363 dark photographs with object boxes | BSD-3-Clause (repository) | unpaired |
# | LIME, NPE, MEF, DICM, VV | 10 to 85 classic test photographs each | none stated; quote the papers | unpaired |
#
# - **SICE, as we use it.** Unpack the Zero-DCE++ training images (a flat folder of numbered files). Then
#   `lacr prepare sice FOLDER -o data/sice` builds 155 ladders. The list of which number is which frame ships with the
#   library; the photographs do not.
# - **Your own.** Put the camera on a tripod, lock focus and white balance, and take `clear.jpg`, then shorter
#   exposures `low_0.jpg` (the darkest), `low_1.jpg`, ... in one folder a scene. No tripod? A folder of dark pictures
#   is enough to enhance them.
# - **Splits.** A folder called `train`, `val`, `test`, `our485` or `eval15` on the way to a scene gives its split.
#   Never part a scene: two exposures of one room on both sides of a split make every number look better than it is.
# - **Then** `--data data/sice` on the command line, and here, in the parameters cell above, the folder as seen from the
#   notebooks: `DATA = "../data/sice"`.

# %%
photos = layouts.open_photoset(DATA)
print(photos.describe())
figures.light_of_scenes(photos);

# %% [markdown]
# **What you see.** A column for each scene (the first twenty of a set): green the clear frame, blue the low ones, by
# mean light in stops below white. The camera model's ladders are regular, a stop a rung; the step from clear to the first is
# larger, because uneven light takes its share too, and the last ones are a little smaller: the veil of section 5. Point `DATA` at real ladders and the rungs become uneven and their number
# differs: photographers bracket as the scene demands.

# %% [markdown]
# ## Recap
#
# - Light is computed in linear light; file values come from it through the sRGB curve.
# - Noise has two sources: `variance = n + read_noise²`, in electrons squared. Measured and theory agree; in deep shadow a
#   lost stop halves the signal-to-noise ratio, in good light it costs a factor of the root of two.
# - Eight bits are not the culprit: through the tone curve, rounding stays below the noise. The cut at black is: it
#   leaves a veil.
# - Light is uneven, and from one picture alone light and paint cannot be told apart. The illumination map is a hint,
#   not an answer.
# - An exposure ladder gives, for each clear photograph, a *row* of increasingly dark and noisy versions: positives
#   and negatives for training.
# - Equal distance to the clear photograph can hide unequal closeness to the dark one. That is what negatives are for.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it: it says *to do*, *wrong* with a hint, or
# *correct*. Nothing later depends on it. All solved: [solutions/01_data.ipynb](solutions/01_data.ipynb).
#
# ### 1 · Recover the camera
#
# Somebody hands you two frames of the same walls, taken with the same exposure, and keeps the camera secret. Each column
# of a frame holds the pixels of one wall. The walls are *not quite even*, but they are the same in both frames, so a
# wall's unevenness cancels in the difference of the two, and noise does not. Half the variance of the difference,
# against the mean, is a straight line. Section 4 gives it in electrons; the frames count in units of white. Find the
# camera's two numbers. Then make frames of your own with `camera.add_sensor_noise`, at exposure 1 and at 1/64: which of
# the two numbers becomes hard to tell, and why?

# %% tags=["exercise"]
from lacr_lib.exercises import check


def estimate_camera(frame_a, frame_b):
    """(full_well, read_noise), both in electrons, of the camera that took two frames.

    frame_a, frame_b: (pixels, walls), linear light, white at exposure 1 is 1, not clipped.
    """
    # begin solution
    means = (frame_a + frame_b).mean(axis=0) / 2  # (walls,)
    variances = (frame_a - frame_b).var(axis=0) / 2
    slope, at_black = np.polyfit(means, variances, 1)
    return 1 / slope, math.sqrt(max(at_black, 0)) / slope
    # end solution


check("01-camera", estimate_camera)

# %% tags=["solution"]
secret, rng = camera.CameraSettings(full_well=4000, read_noise=3), np.random.default_rng(SEED)
walls = np.linspace(0.05, 1, 12) * (1 + 0.2 * np.linspace(-1, 1, 5000)[:, None])  # (pixels, walls)
for exposure in (1, 1 / 8, 1 / 64):
    found = np.array([
        estimate_camera(*(camera.add_sensor_noise(walls, exposure, secret, rng) for _ in range(2)))
        for _ in range(10)
    ])
    (well, noise), (well_spread, noise_spread) = found.mean(axis=0), found.std(axis=0)
    print(f"exposure 1/{1 / exposure:2.0f}: full well {well:6.1f} ± {well_spread:4.1f}, "
          f"read noise {noise:4.2f} ± {noise_spread:4.2f} electrons")

# %% [markdown] tags=["solution"]
# The full well comes out within two percent at every exposure. Read noise comes out as well at 1/64, but at exposure 1 ten
# attempts scatter by 1.7 electrons, more than half of what they look for. There even the darkest wall has a photon
# variance of 200 and the brightest one of 4000, and the 9 of the read-out are lost in the scatter of the line. To see a
# small noise, take the larger one away: laboratories measure read noise with the cap on the lens.

# %% [markdown] tags=["exercise"]
# ### 2 · A burst instead of one shot
#
# A telephone takes many short frames and averages them: a *burst* (Hasinoff et al. 2016). If noise is independent from
# frame to frame, averaging `N` frames leaves the signal as it is and divides the noise's variance by `N`. How many frames
# at exposure `short` have the signal-to-noise ratio of *one* frame at exposure `long`? Draw your answer for 1/64 against
# 1/16, from the shadows to the lights. Why is it not the same number everywhere, and why is it never less than four?

# %% tags=["exercise"]
def frames_needed(light, short, long, settings):
    """How many short frames match one long one, not rounded: light (...) -> (...).

    light: scene brightness, 1 = white. short, long: exposures. settings: a CameraSettings.
    """
    # begin solution
    electrons = light * settings.full_well
    ratios = [
        electrons * exposure / np.sqrt(electrons * exposure + settings.read_noise**2)
        for exposure in (short, long)
    ]
    return (ratios[1] / ratios[0]) ** 2
    # end solution


check("01-burst", frames_needed)

# %% tags=["solution"]
settings, rng = camera.CameraSettings(), np.random.default_rng(SEED)
for light in (0.001, 0.03, 1.0):
    needed = frames_needed(light, 1 / 64, 1 / 16, settings)
    count, wall = round(float(needed)), np.full(50_000, light)
    burst = np.mean([camera.add_sensor_noise(wall, 1 / 64, settings, rng) for _ in range(count)], axis=0)
    one = camera.add_sensor_noise(wall, 1 / 16, settings, rng)
    print(f"light {light:5.3f}: {needed:4.1f} frames by formula; measured signal-to-noise: "
          f"{count:2d} frames at 1/64 {burst.mean() / burst.std():5.2f}, one at 1/16 {one.mean() / one.std():5.2f}")

# %% [markdown] tags=["solution"]
# Sixteen frames in deep shadow, a few more than four in the lights. A shot at 1/16 collects four times the photons of
# one at 1/64, so four short frames have as many, and where photons rule (on the right of section 4's plot) that is
# enough. But each short frame is read out for itself. In the shadows, where the read-out rules, the long frame has four
# times the signal over the *same* noise, and a factor of four in the ratio takes sixteen frames to average away. The
# measured ratios agree, as nearly as a whole number of frames allows.

# %% [markdown] tags=["exercise"]
# ### 3 · Another light
#
# A desk lamp in a dark room. Count in stops, as in section 6: at its `centre` no light is lost, and at a distance of
# `d` pixels $(d / \text{radius})^2$ stops are, so one at the radius and four at twice the radius. Some light gets
# everywhere: nowhere more than 6 stops are lost. Pass your field to `camera.darken`, and divide the dark illumination
# map by the clear one as in section 6, but with the *real* camera, noise included. Where does your field come out?

# %% tags=["exercise"]
def spot_field(height, width, centre, radius):
    """Illumination field of a desk lamp, light in (0, 1], 1 at the centre: (height, width).

    centre: (row, column) of a pixel; radius: distance in pixels at which one stop is lost.
    """
    # begin solution
    rows, columns = np.indices((height, width))
    distance = np.hypot(rows - centre[0], columns - centre[1])
    return 2.0 ** -np.minimum((distance / radius) ** 2, 6)
    # end solution


check("01-spot", spot_field)

# %% tags=["solution"]
photo = photographs.read_photograph("coffee", max_side=384)
lamp = spot_field(*photo.shape[:2], centre=(130, 230), radius=70)
rng, no_shift = np.random.default_rng(SEED), np.ones(3)
map_clear = camera.srgb_to_linear(photo.max(axis=-1) / np.float32(255))
for exposure in (1, 1 / 64):
    low = camera.darken(photo, exposure, camera.CameraSettings(), rng, lamp, no_shift)
    recovered = camera.srgb_to_linear(low.max(axis=-1)) / np.maximum(map_clear, 1e-4) / exposure
    for place, here in (("under the lamp", lamp > 1 / 2), ("in the dark", lamp < 1 / 32)):
        ratio = (recovered / lamp)[here & (map_clear > 0.05)].mean()
        print(f"exposure 1/{1 / exposure:2.0f}, {place:14s}: light found / light put in = {ratio:.2f}")
figures.illumination_maps(photo, (255 * low).astype(np.uint8), lamp, recovered);

# %% [markdown] tags=["solution"]
# In good light the ratio gives the field back everywhere. At 1/64 it does under the lamp, and in the dark it reports six
# times the light that is there (the speckle in the lower right panel; the solid yellow is what is nearly black in the
# clear map, where there is nothing to divide by). Two things lift it. What noise carries below black is cut off, so that
# the mean is no longer zero: the veil of section 5. And the map takes the *largest* of three noisy colours, which
# is above their mean. An illumination map of a dark photograph is too bright exactly where light is scarce.

# %% [markdown]
# ## Think!
#
# 1. In numbers, the noise of the dark frame is *smaller* than that of the clear one. Why is it called noisier?
#
# <details><summary>One answer</summary>
#
# What counts is noise relative to the signal. Standard deviation falls with the square root of the light, the signal
# falls with the light itself, so their ratio gets worse. Brightening multiplies both, and only then do we see it.
#
# </details>
#
# 2. Would a 16-bit file have saved the photograph at 1/64?
#
# <details><summary>One answer</summary>
#
# Hardly. Rounding to 8 bits adds about a third of an electron near black, the read-out adds three, the photons
# several more. Variances add, so the rounding is lost in the rest. More light (a longer exposure, a burst) would have
# helped. Keeping values below black would, too: then the veil could be averaged away.
#
# </details>
#
# 3. A friend trains on `motorcycle_left` and tests on `motorcycle_right`: different files, so no leak?
#
# <details><summary>One answer</summary>
#
# A leak. Both show the same motorcycle in the same light, a hand's breadth apart. The network can remember its
# colours and is never asked about a scene it has not seen. The same holds for two exposures of a ladder.
#
# </details>

# %% [markdown]
# ## Next
#
# [02 · What is a VAE, and why is its latent a map here?](02_vae.ipynb)
