# %% [markdown]
# # 06 · Is it any good, and how would we know?
#
# **What you will learn**
# - to build PSNR, SSIM and LOE with your own hands, and to predict what each of them cannot see;
# - to find pictures on which the measures contradict each other, and to say which one to believe, and for what;
# - why two honest papers can print 20 and 25 dB for the same method (the *GT-mean* trap);
# - to compare methods as one should: same photographs, one run, paired, with an interval over scenes;
# - to read a table of other people's numbers without fooling yourself;
# - where the released model fails, found by measurement and not by taste, and what it costs in time and memory.
#
# **Before you start.** NumPy arrays are enough for the first half. The model under test is the released one, so
# nothing is trained here; what it *is*, notebooks 02 to 05 have built. The baselines need no training at all.
#
# **Time.** About 50 minutes to read and try; the code runs in under two minutes on 2 CPU cores. No GPU is needed.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown, display
from skimage.filters import gaussian

from lacr_lib import enhance, load_model
from lacr_lib.data import camera, layouts, photographs
from lacr_lib.evaluation import baselines, bootstrap, evaluate, metrics, registration, repair, speed
from lacr_lib.figures import ablation as ablation_figures, evaluation as figures, images, records as record_figures
from lacr_lib.results import ablation, ablation_clear, ablation_models, ablation_tables, published, records, tables
from lacr_lib.teaching import choose, record, record_claim, setup, show

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %% [markdown]
# ## 1 · How far apart are two pictures?
#
# You have an enhanced photograph and a clear one of the same scene. The simplest idea: subtract, square, average.
# The *mean squared error* of two pictures $a$ and $b$ of $H \times W$ pixels and three colours is put on a logarithmic scale against
# the largest possible value (1 for pixels in [0, 1]), and that is the **peak signal-to-noise ratio**:
#
# $$\mathrm{MSE} = \frac{1}{3HW} \sum_{\text{pixels, colours}} (a - b)^2 \qquad
# \mathrm{PSNR} = 10 \log_{10} \frac{1^2}{\mathrm{MSE}} \quad \text{in decibels (dB).}$$
#
# More is better; two equal pictures have an infinite PSNR.
#
# Before you run the cell: every pixel of `guess` is wrong by 0.1. What is its MSE, and how many dB is that?

# %%
# NBVAL_CHECK_OUTPUT
device = setup(SEED)


def psnr_by_hand(a, b):
    return 10 * np.log10(1 / np.mean((a - b) ** 2))


truth = np.array([[0.2, 0.4], [0.6, 0.8]])
guess = truth + np.array([[0.1, -0.1], [0.1, 0.1]])
halved = (guess + truth) / 2
print(f"{psnr_by_hand(guess, truth):.1f} dB; half the error: {psnr_by_hand(halved, truth):.1f} dB")

# %% [markdown]
# An MSE of 0.01 is 20 dB. Half the error is a quarter of the MSE, which is worth 6 dB. So *1 dB is about 11 % less
# error* (of the root of the MSE; the MSE itself falls by 21 %): keep that in mind when somebody wins by 0.2 dB.
#
# Now a real photograph, and the library's version. It does one thing more: it rounds to 8 bits first, because a
# picture that nobody can store should not be scored. (The tests compare it with scikit-image as well.)

# %%
# NBVAL_CHECK_OUTPUT
photo = metrics.eight_bit(photographs.read_photograph("coffee", max_side=384))  # (H, W, 3)
darker = metrics.eight_bit(0.8 * photo)
np.testing.assert_allclose(psnr_by_hand(darker, photo), metrics.psnr(darker, photo), atol=1e-4)
show(metrics.psnr)

# %% [markdown]
# One decision is still hidden. A data set has many photographs: do we average the decibels, or the errors?

# %%
# NBVAL_CHECK_OUTPUT
scores = np.array([12.0, 30.0])  # dB, a hard photograph and an easy one
errors = 10 ** (-scores / 10)  # the MSE of each
pooled = -10 * np.log10(errors.mean())
print(f"mean of the PSNRs {scores.mean():.1f} dB, PSNR of the mean error {pooled:.1f} dB")

# %% [markdown]
# Six decibels between two answers to "what is the PSNR on this data set?". The second is ruled by the worst
# photograph alone. The field averages the decibels, and so do we: **mean over images, data range 1, 8-bit
# outputs**. A number whose protocol is not stated is worth little.

# %% [markdown]
# ## 2 · Four pictures with the same PSNR
#
# PSNR adds up errors without asking *what kind* they are. Let us take that literally, and damage one photograph in
# four ways that a low-light method really gets wrong: too dark, noisy, blurred, washed out. Each damage has a
# strength; we halve the interval until its PSNR is 22 dB, the same for all four.


# %%
def at_psnr(change, target):
    """The change at the strength in [0, 1] that costs just so much PSNR."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        good = metrics.psnr(change(middle), photo) > target
        low, high = (middle, high) if good else (low, middle)
    return metrics.eight_bit(change(low))


noise = np.random.default_rng(SEED).normal(size=photo.shape)
blurred, grey = gaussian(photo, 6, channel_axis=2), (photo @ metrics.LUMA)[..., None]
faults = {
    "too dark": at_psnr(lambda s: photo * (1 - s), 22),
    "noisy": at_psnr(lambda s: photo + s * noise, 22),
    "blurred": at_psnr(lambda s: photo + s * (blurred - photo), 22),
    "washed out": at_psnr(lambda s: photo + s * (grey - photo), 22),
}

# %%
captions = [
    f"{metrics.psnr(f, photo):.1f} dB\nSSIM {metrics.ssim(f, photo):.2f}\n"
    f"Delta E {metrics.ciede2000(f, photo):.1f}" for f in faults.values()
]  # fmt: skip
box = images.Box(top=96, left=210, height=80, width=110)
images.show_zoom([*faults.values(), photo], box, [*faults, "clear"], [*captions, ""]);

# %% [markdown]
# **What you see.** Five versions of one cup, the marked frame enlarged below. For PSNR the four damaged ones are
# equally good, to a tenth of a decibel. You will not agree: the dark one is a fine photograph taken a little too
# short, in the noisy one the texture is destroyed, in the blurred one the details are gone, and the last one has
# lost its red. The two other numbers tell them apart, and *each in its own way*: SSIM forgives the dark and the
# pale cup and punishes noise and blur; CIEDE2000, a colour difference made to follow the eye (about 1 is just
# visible), forgives blur most, because blur leaves the colours where they are.

# %%
ssims = [metrics.ssim(f, photo) for f in faults.values()]
record(same_psnr_ssim_lowest=min(ssims), same_psnr_ssim_highest=max(ssims))
record_claim("At the same PSNR, SSIM still spans a wide range", max(ssims) - min(ssims), above=0.3)

# %% [markdown]
# ## 3 · What does SSIM look at?
#
# Structural similarity compares two pictures window by window (11 x 11 pixels, weighted by a Gaussian of sigma
# 1.5). In each window it takes three statistics of both pictures: mean $\mu$, variance $\sigma^2$, covariance
# $\sigma_{ab}$. (These are statistics of pixels, not the latents of the other notebooks.) Its value is a product of two terms that run
# to 1 when the windows are alike:
#
# $$\mathrm{SSIM} = \underbrace{\frac{2\mu_a\mu_b + c_1}{\mu_a^2 + \mu_b^2 + c_1}}_{\text{light}} \cdot
# \underbrace{\frac{2\sigma_{ab} + c_2}{\sigma_a^2 + \sigma_b^2 + c_2}}_{\text{structure}},
# \qquad c_1 = 0.01^2,\; c_2 = 0.03^2 .$$
#
# SSIM of two pictures is the mean over all windows and the three colours. It has no unit and lies between -1 and 1, where 1 means equal. The
# small constants $c_1$, $c_2$ keep black and flat windows from dividing by nothing.
#
# The formula is ten lines of NumPy. We keep the terms apart, so that we can look at them.


# %%
def ssim_terms(a, b):
    """Light and structure term of every window inside the frame, (H - 10, W - 10, 3) each."""
    t = np.arange(11) - 5
    weights = np.outer(*[np.exp(-(t**2) / (2 * 1.5**2))] * 2)
    weights /= weights.sum()

    def mean(x):
        windows = np.lib.stride_tricks.sliding_window_view(x, (11, 11), axis=(0, 1))  # (H - 10, W - 10, 3, 11, 11)
        return np.einsum("hwcij,ij->hwc", windows, weights)

    mu_a, mu_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mu_a**2, mean(b * b) - mu_b**2
    covariance = mean(a * b) - mu_a * mu_b
    light = (2 * mu_a * mu_b + 0.01**2) / (mu_a**2 + mu_b**2 + 0.01**2)
    structure = (2 * covariance + 0.03**2) / (var_a + var_b + 0.03**2)
    return light, structure


terms = {name: ssim_terms(fault, photo) for name, fault in faults.items()}
for name, (light, structure) in terms.items():
    library = metrics.ssim(faults[name], photo)
    np.testing.assert_allclose((light * structure).mean(), library, atol=1e-4)

# %% [markdown]
# Equal to the library's, hence to torchmetrics and to scikit-image. Where in the picture do the faults cost?

# %%
rows = {name: (faults[name], *(term.mean(axis=2) for term in terms[name])) for name in faults}
figures.term_maps(rows, ["picture", "light term", "structure term"]);

# %% [markdown]
# **What you see.** Each row is one fault; yellow means "alike". Darkening leaves both maps yellow: the light term
# compares *ratios* of means, and a factor of 0.84 hardly moves it. Noise and blur turn the structure map blue, but
# in different places: noise where the picture is *smooth* (inside the cup, on the saucer), blur where it has *fine
# detail* (the grain of the wood, the rims). The pale cup keeps its structure altogether, and pays a little in the
# light map where the red was strong, because here the means are taken for R, G and B apart. On *grey* pictures, as
# many codes compute SSIM, it would pay nothing.
#
# Two things to remember. First, **SSIM is nearly blind to brightness**, which in low-light enhancement is half the
# task; never report it alone. Second, SSIM has settings (window, weighting, colour or grey, border), and different
# codes choose differently. Ours are above; section 10 shows what other settings do to a famous number.

# %% [markdown]
# ## 4 · And if there is no clear photograph?
#
# Most dark photographs have no clear twin. What can be said about an output from the input alone? One idea: an
# enhancer may make everything brighter, but what was lighter than its neighbour should *stay* lighter. The
# **lightness order error** counts broken promises: for each pixel, with how many others has its order changed? With $L$ the lightness
# before and $L'$ after, of $m$ pixels, and $\oplus$ for "one of the two holds, and not the other":
#
# $$\mathrm{LOE} = \frac{1}{m} \sum_{i=1}^{m} \sum_{j=1}^{m} \big[\, L'_i \ge L'_j \;\oplus\; L_i \ge L_j \,\big]
# \quad \text{in pixels; less is better, 0 is best.}$$
#
# Six pixels, and a method that gets one of them wrong:

# %%
# NBVAL_CHECK_OUTPUT
before = np.array([[10, 20, 30], [40, 50, 60]])
after = np.array([[90, 120, 135], [150, 100, 180]])


def order_changes(after, before):
    """For each pixel, the number of pixels to which its order of lightness changed, (N,)."""
    after, before = after.ravel(), before.ravel()
    return ((after[:, None] >= after) != (before[:, None] >= before)).sum(axis=1)


changes = order_changes(after, before).reshape(before.shape)
print(f"LOE {changes.mean():.2f} pixels")

# %%
figures.number_grids({"lightness before": before, "after": after, "changed orders": changes});

# %% [markdown]
# **What you see.** All pixels became brighter, but the one in the middle of the lower row (50, then 100) by too
# little: it was lighter than three pixels that now are lighter than it. It has three broken orders, and each of
# those three has one, with it; the other two have none. The average is the LOE. Lightness is the largest of R, G,
# B, and photographs are first reduced to 50 pixels on the shorter side, else all pairs would be too many.

# %%
def as_photo(grid):
    return np.repeat(grid[..., None], 3, axis=2).astype(np.uint8)


assert metrics.loe(as_photo(after), as_photo(before)) == changes.mean()
dark = layouts.embedded_ladder("coffee").low[2]  # 1/16 of the light
model = load_model("lacr-vae")
simple = ("identity", "gamma", "histeq", "retinex")
guesses = {name: baselines.BASELINES[name](dark) for name in simple}
guesses["lacr-vae"] = enhance(model, dark)
order = {name: metrics.loe(guess, dark) for name, guess in guesses.items()}
captions = [f"LOE {order[n]:.0f}\n{metrics.psnr(g, photo):.1f} dB" for n, g in guesses.items()]
images.show_row([*guesses.values()], [*guesses], captions);

# %% [markdown]
# **What you see.** The dark cup under five methods. The perfect LOE of 0 belongs to `identity`, which did nothing at
# all. A rising curve like `gamma` breaks no order either; the little it is charged with comes from reducing and
# rounding the picture. Retinex *must* break orders: a shaded part of the table becomes as light as a lit part, that is
# its job. (`histeq` is a rising curve as well, but of the *luma*; LOE looks at the largest channel, and much of that is
# cut off at white, where what differed becomes equal.) **LOE measures how careful a method was, not how good it is**; read it
# together with something that rewards doing the job. On photographs without a reference that something is, to this
# day, mostly looking at them.

# %%
record(loe_identity=order["identity"], loe_model=order["lacr-vae"])
record_claim("Doing nothing has the best LOE of these five", order["identity"], below=1e-6)

# %% [markdown]
# ## 5 · The GT-mean trap
#
# How bright should an enhanced photograph be? The dark one does not say: a dim bar and a bright kitchen, both
# under-exposed, can look the same. A method has to guess, and a wrong guess is expensive. So some evaluation codes
# help: they multiply the output $x_e$ by one factor that gives it the mean brightness of the *reference* $x_c$, the ground
# truth. Hence the name **GT-mean**:
#
# $$x_e' = x_e \cdot \frac{\operatorname{mean} Y(x_c)}{\operatorname{mean} Y(x_e)}, \qquad Y: \text{luma, the weighted mean of red, green, blue,}$$
#
# cut at 1, and then scored as before. See what it does to a photograph that is merely half as bright:

# %%
half = metrics.eight_bit(0.5 * photo)
lent = metrics.gt_mean(half, photo)
record(half_light_plain=metrics.psnr(half, photo), half_light_gt_mean=metrics.psnr(lent, photo))

# %% [markdown]
# From a poor score to one that no method has ever reached, without a single good decision. Of course nobody
# submits a photograph times one half. But here is one that nobody enhanced at all:

# %%
rows = [dark, metrics.gt_mean(dark, photo), guesses["lacr-vae"], photo]
titles = ["dark, untouched", "the same, GT-mean", "lacr-vae, plain", "clear"]
captions = [f"{metrics.psnr(row, photo):.1f} dB" for row in rows[:3]]
images.show_row(rows, titles, [*captions, ""]);

# %% [markdown]
# **What you see.** The second picture is the first one multiplied by the factor that its reference asked for. It
# has gained ten decibels and more for it, though it is noisy, uneven and full of grains, and it knows something that the
# third picture had to guess from the dark photograph alone. GT-mean is no fraud: it answers a fair question, "how
# good is the rest, if brightness is set aside?". The trap is to put its answer beside plain numbers. In this course
# GT-mean is always labelled, and never mixed.

# %% [markdown]
# ## 6 · All methods, one run
#
# Now in earnest. Six classical methods that need no training, each a few lines
# (`lacr_lib/evaluation/baselines.py`):
#
# - `identity`: nothing. Whoever does not beat it makes things worse.
# - `gamma`: $x^{1/2.2}$, the same curve for everybody. `auto-gamma`: the curve that suits the photograph's mean.
# - `histeq`: histogram equalisation of the luma. `clahe`: the same in tiles, with a limit on the contrast.
# - `retinex`: divide by a smooth estimate of the illumination, after LIME.
#
# And two released networks: `lacr-vae`, and its twin `lacr-vae-no-lacr`, trained alike but for one thing, of which
# more in section 7. Every method sees the same photographs: the scenes that the embedded set keeps for testing, at
# every exposure from half of the light to a sixty-fourth. The networks were trained on other photographs, from
# other cameras.

# %%
twin = load_model("lacr-vae-no-lacr")
networks = {"lacr-vae": model, "lacr-vae-no-lacr": twin}
methods = {name: (lambda photo, net=net: enhance(net, photo)) for name, net in networks.items()}
methods |= baselines.BASELINES

step = choose(PROFILE, smoke=6, demo=1, full=1)  # of the six exposures
photos = layouts.open_photoset(DATA).select("test")
photos = replace(photos, scenes=tuple(replace(s, low=s.low[::step]) for s in photos.scenes))
print(photos.describe())

# %%
results = {name: evaluate.evaluate(run, photos, name) for name, run in methods.items()}
means = {name: {m: r.mean(m) for m in evaluate.METRICS} for name, r in results.items()}
pd.DataFrame(means).T.sort_values("psnr", ascending=False).round(3)

# %% [markdown]
# Higher is better for PSNR (dB) and SSIM; lower for CIEDE2000 (colour difference) and LOE (pixels, see the warning
# above); `chroma_ratio` should be 1: below it colours are washed out, above it they are too strong. The columns
# `*_gt_mean` are the kinder protocol. Numbers want pictures beside them:

# %%
def side_by_side(runs, headings):
    """Three photographs from the middle of their ladders, what each run makes of them, and its PSNR."""
    rows, captions = [], []
    for scene in photos.scenes[:3]:
        low, clear = scene.low[len(scene.low) // 2].read(), scene.clear.read()
        rows.append([low, *(run(low) for run in runs), clear])
        captions.append([f"{metrics.psnr(image, clear):.1f} dB" for image in rows[-1][:-1]] + [""])
    names = [scene.name for scene in photos.scenes[:3]]
    images.show_grid(rows, names, ["low", *headings, "clear"], captions)


shown = ["gamma", "auto-gamma", "histeq", "retinex", "lacr-vae"]
side_by_side([methods[name] for name in shown], shown)

# %% [markdown]
# **What you see.** One photograph a row, one method a column, plain PSNR below. A fixed curve leaves everything a
# little dark. The curve chosen by the mean suits the cat and fails the temple: it assumes that every scene is equally
# bright, and the temple stands in full daylight. Equalisation spreads the histogram whether the scene wants it or
# not; Retinex brings strong colour, and the noise with it. The network's pictures are the smoothest and the most
# evenly lit, and have the highest PSNR on the cup and the cat (on the temple equalisation is level with it), though the cup has lost some of its red.

# %% [markdown]
# ### Where does each method break?
#
# A mean over exposures hides the most useful fact about a method: *how dark is too dark for it*. The same scores,
# now by exposure:


# %%
def stops(pair):
    """Exposure against the reference in stops, -1 for half of its light: by the camera model, else by the pixels."""
    frames = (pair.low.read(), pair.clear.read())
    light = [camera.srgb_to_linear(frame / np.float32(255)).mean() for frame in frames]
    return round(np.log2(pair.low.exposure or light[0] / light[1]))


darkness = np.array([stops(pair) for pair in photos.pairs()])
levels = np.unique(darkness)
curves = {
    name: [result.values("psnr")[darkness == level].mean() for level in levels]
    for name, result in results.items()
}
figures.exposure_curves(curves, 2.0**levels);

# %% [markdown]
# **What you see.** Each line is a method, from the darkest photographs (left) to those with half of the light
# (right). Read it from right to left. A fixed gamma does well while it happens to be about the right curve, and
# then loses two decibels a stop. The two curves that adapt to the photograph, and the network, fall about half as fast (CLAHE hardly more
# slowly than gamma; Retinex, in the darkest photographs, faster). Look at `retinex` beside `gamma`: some
# three decibels above it in the darkest photographs, and as much below it with half of the light, where it evens out what needed
# no evening. Where two lines *cross*, "which method is better?" has no answer without "at which darkness?".

# %%
scenes = np.array(results["gamma"].scenes)
for level, name in [(levels[0], "darkest"), (levels[-1], "brightest")]:
    two = (results[method].values("psnr")[darkness == level] for method in ("retinex", "gamma"))
    gap = bootstrap.paired_interval(*two, list(scenes[darkness == level]))
    bound = {"above": 0} if name == "darkest" else {"below": 0}
    record_claim(f"retinex minus gamma on the {name} photograph of each scene (dB)", *gap, **bound)

# %% [markdown]
# ### How sure are we?
#
# Three scenes. If we had drawn three others, what would the table say? We cannot know, but we can *re-draw from
# what we have*: pick scenes at random with replacement, average, repeat 10,000 times, and see how far the average
# wanders. That is the bootstrap (Efron and Tibshirani 1993). The unit that we draw is the **scene**: six exposures of one cup are not six
# independent trials.

# %%
show(bootstrap.interval)

# %% [markdown]
# The interval runs from a low to a high percentile of the resampled averages. Most texts take 2.5 and 97.5. Is that honest? An interval of 95 %
# should hold the truth 19 times in 20, and that can be tried: invent a method whose gain wanders from scene to scene around a true mean of 0, draw
# a few scenes, make the interval, and look whether 0 is in it. Then do so a thousand times more.

# %%
rng = np.random.default_rng(SEED)
n_trials = choose(PROFILE, smoke=50, demo=1000, full=4000)


def shares_held(n_scenes):
    """How often an interval made of so many scenes holds the true mean: with plain percentiles, and with ours."""
    held = {"2.5 and 97.5": [], "bootstrap.percentiles": []}
    for gains in rng.normal(size=(n_trials, n_scenes)):
        means = gains[rng.integers(n_scenes, size=(1000, n_scenes))].mean(axis=1)
        for name, percent in zip(held, ([2.5, 97.5], bootstrap.percentiles(n_scenes))):
            low, high = np.percentile(means, percent)
            held[name].append(low <= 0 <= high)
    return {name: np.mean(each) for name, each in held.items()}


sizes = (3, 4, 6, 8, 12, 20, 40)
held = {n_scenes: shares_held(n_scenes) for n_scenes in sizes}
figures.coverage(held);

# %% [markdown]
# **What you see.** How often the interval holds the truth, against the number of scenes. The plain percentiles (orange) promise 95 % and keep less:
# with eight scenes they miss the truth in one case of eight, not in one of twenty. There are two reasons. Scenes that are re-drawn from $n$ wander less than $n$ new ones would, by
# $\sqrt{(n-1)/n}$; and how far they wander is itself estimated from the same few scenes, which is what Student's $t$ is for. Wider
# percentiles mend both (blue; Hesterberg 2015): 1.6 and 98.4 with 20 scenes. They are what the library takes.
#
# Below six scenes nothing helps enough. No re-drawing gets beyond the lowest and the highest scene, and that all of $n$ scenes lie on one side of
# the truth happens by luck in $2 \cdot 2^{-n}$ of all cases: with three scenes in one of four.

# %%
show(bootstrap.percentiles)

# %%
intervals = {
    metric: {n: bootstrap.interval(r.values(metric), r.scenes) for n, r in results.items()}
    for metric in ("psnr", "ssim")
}
figures.score_intervals(intervals);

# %% [markdown]
# **What you see.** A mark for the mean, a bar from the lowest to the highest of the three scenes. The bars are wide and many overlap, so it looks as
# if little could be said. But that is the wrong comparison: most of the width is *how hard the scene is*, and that
# is the same for all methods. So subtract first, image by image, $d_i = \text{PSNR}^{A}_i - \text{PSNR}^{B}_i$ of two methods $A$ and $B$
# on image $i$, and then ask how far the *mean difference* $\bar d$ wanders when scenes are re-drawn: the **paired** interval. The
# difference is *shown* when the interval does not hold 0. With three scenes it cannot be: we can say what is true of each of these three, and the claims
# below say no more. For scenes like these there are the real photographs of section 8.

# %%
ours = results["lacr-vae"]
for metric in ("psnr", "ssim"):
    best = max(baselines.BASELINES, key=lambda name: results[name].mean(metric))
    theirs = results[best].values(metric)
    gain = bootstrap.paired_interval(ours.values(metric), theirs, ours.scenes)
    print(f"the baseline with the best {metric.upper()} here is {best}")
    claim = f"On each embedded test scene lacr-vae beats the best baseline in {metric.upper()}"
    record_claim(claim, *gain, above=0)

# %% [markdown]
# ## 7 · With LACR, and without: the twins
#
# A method that is named after one of its ideas should be asked what that idea does. The twin `lacr-vae-no-lacr` has the same seed,
# samples, steps and configuration, and lambda = 0: the contrastive term never spoke. What differs between
# the two is what LACR did, or the luck of one run. (The other parts have their turn in section 9.)

# %%
pair = results["lacr-vae"], results["lacr-vae-no-lacr"]
difference = pair[0].values("psnr") - pair[1].values("psnr")
twin_gap = bootstrap.paired_interval(*(one.values("psnr") for one in pair), ours.scenes)
figures.paired_differences(difference, ours.scenes, twin_gap);

# %% [markdown]
# **What you see.** A point for each photograph, within a scene the darkest on the left: PSNR with LACR minus PSNR without. The dashed line is "no
# difference", the band runs from the lowest to the highest scene. With enough scenes a verdict could follow, and it would be
# two-sided: if the interval lies on one side of zero, there is a difference on such photographs; if it contains zero,
# the difference is **not shown**, which is not the same as "there is none". With three the verdict is that there are too few.

# %%
def verdict(gap, scenes, unit="dB", higher_is_better=True):
    """One of four sentences; an interval that holds zero shows no difference."""
    side = "no difference shown"
    if gap.low > 0 or gap.high < 0:
        side = "better" if (gap.low > 0) == higher_is_better else "worse"
    if len(set(scenes)) < bootstrap.ENOUGH:
        side = "too few scenes for a verdict"
    return f"with LACR: {side}, {gap.mean:+.3g} {unit} [{gap.low:+.2g}, {gap.high:+.2g}]"


print("embedded test scenes:", verdict(twin_gap, ours.scenes))
record(twin_gap_embedded=twin_gap)

# %% [markdown]
# Two cautions before anybody quotes such a line. The interval is over *scenes*; it says nothing about what another random
# *seed* of the training would have given, and with one seed a model that part stays open. And PSNR is not what LACR
# is for: it is meant to move latent codes toward clear and away from low, and whether it does is the question of
# notebook [07](07_latent_umap.ipynb).

# %% [markdown]
# ## 8 · Real photographs, recorded
#
# The embedded scenes are real, their darkness is computed. What happens on photographs that really were taken in
# the dark? The data (SICE: bracketed exposures from real cameras) has terms that keep it out of this repository, so
# this notebook reads *records*: the output of `lacr evaluate --json`, with the command that remakes it.

# %%
real = records.read_records("sice-val")
real = real if set(methods) <= set(real) else {}  # all methods or none: half a table misleads
if real:
    about = real["lacr-vae"]
    print(f"{about['n']} photographs; {about['command']}; recorded on {about['date']}")
else:
    print("No records here. To make them: make results DATA=DIR")
real_means = {name: {m: r[m] for m in evaluate.METRICS} for name, r in real.items()}
pd.DataFrame(real_means).T.round(3)

# %%
def recorded_values(name, metric):
    return [image[metric] for image in real[name]["per_image"]]


if real:
    real_scenes = [image["scene"] for image in next(iter(real.values()))["per_image"]]
    spans = {
        m: {name: bootstrap.interval(recorded_values(name, m), real_scenes) for name in real}
        for m in ("psnr", "ssim")
    }
    figures.score_intervals(spans);

# %% [markdown]
# **What you see.** The same picture as before, on real ladders: 20 scenes in place of 3, and therefore narrower
# bars. None of these scenes was trained on. The order of the classical methods has changed (on real ladders the
# simple curve of `auto-gamma` comes first, and CLAHE, first among them on the embedded photographs, nearly last):
# *rankings do not travel between data sets*. Again the fair comparison is paired, and this time it has the scenes
# to carry it:

# %%
if real:
    for metric in ("psnr", "ssim"):
        rival = max(baselines.BASELINES, key=lambda name: real[name][metric])
        two = (recorded_values(name, metric) for name in ("lacr-vae", rival))
        gain = bootstrap.paired_interval(*two, real_scenes)
        print(f"the baseline with the best {metric.upper()} there is {rival}")
        claim = f"Real scenes (sice/val): lacr-vae beats the best baseline in {metric.upper()}"
        record_claim(claim, *gain, above=0)

# %% [markdown]
# And the question of the twins (section 7), asked of 20 real scenes, by four measures:

# %%
units = {"psnr": "dB", "psnr_gt_mean": "dB", "ssim": "", "ciede2000": "Delta E"}
if real:
    for metric, unit in units.items():
        two = (recorded_values(name, metric) for name in ("lacr-vae", "lacr-vae-no-lacr"))
        gap = bootstrap.paired_interval(*two, real_scenes)
        record(**{f"twin_gap_real_{metric}": gap})
        print(f"{metric:>12}", verdict(gap, real_scenes, unit, higher_is_better=metric != "ciede2000"))

# %% [markdown]
# Read the verdicts as they stand. With these weights LACR buys nothing that one of the four measures could show, and none
# of the four shows a cost (section 11 shows one, on photographs that were bright already). That is no surprise to a careful reader of notebook 05: the term aims at the *latent space*, not at
# decibels. Whether it has an effect *there* is asked in notebook [07](07_latent_umap.ipynb); if it has none there either,
# it must be called what it is.

# %%
if real:
    two = (recorded_values(name, "psnr") for name in ("lacr-vae", "lacr-vae-no-lacr"))
    gap = bootstrap.paired_interval(*two, real_scenes)
    record_claim("Real scenes: PSNR is higher with LACR than without (dB)", *gap, above=0, shown=False)
    record_claim("Real scenes: it is lower by less than half a decibel", *gap, above=-0.5)

# %% [markdown]
# One more use of having two data sets. Colour, by the ratio of the output's chroma to the reference's (1 is right):

# %%
here = bootstrap.interval(ours.values("chroma_ratio"), ours.scenes)
record_claim("On each embedded scene the colours of lacr-vae are too weak (chroma ratio)", *here, below=1)
if real:
    there = bootstrap.interval(recorded_values("lacr-vae", "chroma_ratio"), real_scenes)
    record_claim("Real scenes: they are too weak there as well (chroma ratio)", *there, below=1, shown=False)
    record_claim("Real scenes: they are weaker by less than a fifth", *there, above=0.8)

# %% [markdown]
# On ladders of the kind that it was trained on, the colours are right on average, and the interval holds 1; on the embedded
# photographs, of other cameras and darkened by the camera model (which made about one training sample in six), the same weights wash
# them out. A test on one data set alone would
# have shown us one half of that.
#
# And photographs of which we have no clear version? On four old sets of the field we can compute LOE alone, with the warning
# of section 4: the best score belongs to whoever does nothing.

# %%
display(Markdown(tables.unpaired_table() or "No records here; `make results DATA=DIR` makes them."))

# %% [markdown]
# The networks lie between the two gamma curves and the other methods. What the table cannot say is whether
# anybody would want the pictures. `make results` therefore also writes contact sheets of all of them, to be looked at.

# %% [markdown]
# ### Is the reference the same view?
#
# The network lies well above the best baseline in SSIM, and still loses a sixth of what there is to be had. Before we blame it, let us
# look at the ruler. The frames of a ladder are taken one after the other, and nobody presses a shutter six times without touching the
# camera. Suppose the reference lies *half a pixel* beside the photograph. What would a perfect enhancement get?

# %%
cup = layouts.embedded_ladder("coffee").clear  # uint8; the clear photograph itself, half a pixel to the right:
beside = registration.shifted(cup, (0.0, 0.5))
print(f"perfect, against a reference half a pixel off: SSIM {metrics.ssim(cup, beside):.3f}, {metrics.psnr(cup, beside):.1f} dB")
blurred = metrics.eight_bit(gaussian(cup / 255, 0.5, channel_axis=2))
print(f"blurred a little, against the same:            SSIM {metrics.ssim(blurred, beside):.3f}, {metrics.psnr(blurred, beside):.1f} dB")
print("found in the dark:", registration.find_shift(dark, beside), "pixels down and right")

# %% [markdown]
# A mistake that no eye can see ends perfection below 30 dB and at an SSIM of 0.92, and in PSNR a photograph that was *blurred* is ahead of the
# perfect one. But the mistake can be measured, even between a dark photograph and a clear one: give the dark one the tones of the clear one (each value
# becomes the mean of what the other shows there), take what has edges, and look for the shift at which the two agree best. `find_shift`
# does this by *phase correlation* (Guizar-Sicairos et al. 2008), to a tenth of a pixel and better. Above it finds the half pixel, under 1/16 of
# the light. And on the real ladders, as recorded:

# %%
moved = records.read_records("sice-val", kind="registered").get("lacr-vae")
if real and moved:
    shifts = np.array(tables.shifts())
    ssims = [np.array([image["ssim"] for image in each["per_image"]]) for each in (real["lacr-vae"], moved)]
    print(f"{(shifts > 0).sum()} of {len(shifts)} references lie beside their photograph")
    record_figures.shift_cost(shifts, *ssims)

# %% [markdown]
# **What you see.** Left, how far the references had to be moved: more than half of them not at all (a shift under 0.15 pixels counts as none, for so
# much can be noise), all others but one by less than a pixel. Right, what moving them does to the SSIM of `lacr-vae`, whose output knows
# nothing of it: below half a pixel up to 0.03, above it up to 0.06, and for the one that lay three pixels off 0.29. (The upright scale is
# stretched near 0. One photograph makes a third of the mean in the table.)

# %%
display(Markdown(tables.registered_table() or "No records here; `make results DATA=DIR` makes them."))

# %% [markdown]
# The first row says what *any* answer by brightness could reach: for each photograph and colour the best tone curve there is, read off
# the reference itself. In SSIM the networks lie above it, for they see more than a pixel's own value; in PSNR it beats them by two and a half
# decibels, for it *knows* how bright the photographer's exposure was. So what is missing in SSIM is not brightness. Nearly a hundredth of it was never
# the network's fault: the ruler lay crooked. The rest should be noise, and fine detail that the dark file
# does not hold; nothing here separates the two.
#
# (Is it an effect of interpolation, which smooths the reference a little? Moved there *and back*, the 37 references give
# 0.003 more at most, where moving them right gives 0.02, and moving them the *wrong* way takes 0.03: *measured once*.)

# %%
if real and moved:
    gain = bootstrap.paired_interval(ssims[1], ssims[0], real_scenes)
    record_claim("Real scenes: SSIM of lacr-vae is higher against registered references", *gain, above=0)

# %% [markdown]
# ## 9 · Does each part pay? The ablation
#
# **Question.** The model has RCAM, AMSM and LACR. Which of them earns its place?
#
# An *ablation* takes one part out and trains again. Three rules keep it honest. What is taken out is replaced by plain layers
# of as many parameters (within 5 %), or size would answer for the idea. Every run has the same steps, samples and
# settings. And every run is to be trained with *three seeds*, since a run is one draw: a difference has to exceed what another
# seed would have changed. Small models do for that (0.42 M parameters, crops of 96 pixels, 1,500 steps); all are measured
# on the 84 held-out frames. The grid is a file, `lacr_lib/results/ablation.toml`, and `lacr sweep` runs it. Everything below is made
# from its records, and says first how many of them there are:

# %%
found = ablation.read_so_far()
asked = dict.fromkeys(n for q in ablation.QUESTIONS for n in (q.reference, *q.runs))
runs = {name: found[name] for name in asked if name in found}
display(Markdown(ablation_tables.progress(runs)))
display(Markdown(ablation_tables.ablation_table(runs)))

# %% [markdown]
# A row is a run: mean over its seeds, ± standard deviation over them (none where there is one seed). PSNR and SSIM should be large, the
# alignment ratio small (the distance of enhanced latents to clear over that to low, notebook 05), and texture near 1. *PSNR lost* tells
# whether the code is read at all (notebook 02): it is what another photograph's `z` costs. Some runs stand here under several names, since
# they answer several questions. And the names of the forms of LACR:
#
# - `ratio` (the recipe of this grid, with no say for clear photographs), `bounded` and `InfoNCE` are formulas of notebook 05, `online encoder` its pupil who marks the own exam (section 6 there);
# - `in full detail`, `in all colours`: without the first or the second cure of the traps (section 7 there); the first sees copies of full size, too;
# - `light-unaware`: every region has the same weight;
# - `anchor is the code`: not the latent of the enhanced image is drawn to clear, but the code of the dark one itself;
# - `negatives from the batch`: dark photographs of other scenes in place of darker ones of the same;
# - `clear images take part`: a photograph that lost no light has no say in the other rows; here it has one, against darker versions of its scene (section 11);
# - `late`: $\lambda$ rises over the whole training, so that LACR speaks up when supervision has done its part;
# - `unit scale`: each latent is divided by its own spread before it is compared, so that blowing latents up gains nothing.
#
# Do not look for the largest number of a column. The questions were these, each with its own reference, paired by seed and by scene. A
# difference is *shown* when its 95 % interval over scenes holds no 0 *and* its mean exceeds its own spread over the seeds:

# %%
for question in ablation.QUESTIONS:
    display(Markdown(f"**{question.title}**\n\n{ablation_tables.question_table(runs, question)}"))
    names = ablation.comparable(runs, question)
    if names:
        compared = [ablation.compare(runs, name, question.reference) for name in names]
        ablation_figures.differences(compared)
        plt.show()

# %% [markdown]
# **What you see.** A table for each question, and a picture of its PSNR column where at least two seeds can be compared: dot and line
# are the mean difference with its interval over scenes, the grey bar reaches one spread over seeds to each side. Orange: shown. Grey: not
# shown. In words, written by the same records:

# %%
for question in ablation.QUESTIONS:
    display(Markdown(f"**{question.title}**\n\n{ablation_tables.findings(runs, question)}"))

# %% [markdown]
# How to read such a list, whatever stands in it on the day that you open this page:
#
# - *One seed shows nothing*, not even six decibels. With seed 0 `full without RCAM` reached 21.8 dB, and RCAM looked dispensable once there
#   is LACR; with seeds 1 and 2 it reached 15.9 and 18.0.
# - *Three seeds are few.* A standard deviation of three values is itself uncertain by half. Where nothing but luck differs, the mean of
#   three still exceeds its own spread in nearly one case of four, the mean of two in four of ten (notebook 08, section 5, tries it). So
#   *shown* means here "worth more seeds", and *not shown* is the safer of the two words.
# - *Many questions were asked*, 23 rows by three measures. A few will be *shown* by chance. A single one among many *not shown* is a suspicion;
#   a pattern over rows and measures is more.
# - *The largest effect deserves the hardest doubt.* RCAM hands every region the light of all others. In a crop of 96 pixels there is little
#   to hand on, in a whole frame much: might the plain VAE just have been trained on crops too small for it? The second question repeats
#   the comparison on crops of twice the side, a quarter of them a step.
# - *A bound beside 0 is no verdict.* The pull of `full`, -0.031, stood on this page as *shown*, then as *at the very edge*, and now it is *not shown*
#   [-0.065, +0.003]. No model was trained in between: first 2,000 resamples became 200,000, for with so few the bound fell on either side of 0, as the draws had it;
#   then the percentiles of section 6 took the place of the plain ones.
# - *Small models, short training.* A part that does not pay here may pay in a larger model, and the other way round.

# %% [markdown]
# ### What a difference looks like
#
# Three of these models come with the library (seed 1, 0.87 MB each), so you need not take decibels on trust. The photographs are those of
# section 6, which come from other cameras than the training photographs.

# %%
small = ablation_models.read_models()
enhancers = [lambda photo, net=net: enhance(net, photo) for net in small.values()]
side_by_side(enhancers, [*small])

# %% [markdown]
# **What you see.** Look at the sky behind the temple and at the cup's inside. The plain VAE leaves grey clouds there, where the
# others find one even light. A bright, smooth patch in a dark photograph looks just like a grey patch in a bright one, and a model that
# knows only the neighbourhood of a pixel has to guess. RCAM's coarse tokens tell every region how bright all the others are. On the cat the plain
# VAE wins: close-ups without large smooth areas need no such help, and one photograph decides nothing. The models with RCAM alone and
# with everything (`full`) are hard to tell apart. That is worth seeing, too: LACR is meant to move the latent space, not what meets the eye.
# Whether it does that in models as small as these, the alignment ratios above tell.

# %% [markdown]
# ## 10 · Other people's numbers
#
# **The figures in this section were published by others and were not measured here.** They stand in
# `lacr_lib/results/published.csv`, each with its source. The data set is LOL-v1, fifteen indoor photographs, on
# which nearly every method of the field reports.

# %%
# NBVAL_CHECK_OUTPUT
pd.set_option("display.max_colwidth", None)
lol = pd.DataFrame(published.read_published("LOL-v1 eval15")).drop(columns="dataset")
lol.set_index("method").astype(object).fillna("not stated")

# %% [markdown]
# Before you sort that table by PSNR, look at methods that stand in it twice.

# %%
by_protocol = lol.groupby(["protocol", "method"]).psnr.max()
plain, lent = by_protocol["plain"], by_protocol["gt-mean"]
twice = {name: (plain[name], lent[name]) for name in plain.index.intersection(lent.index)}
figures.protocols(twice, title="published by others, LOL-v1, not run here");

# %% [markdown]
# **What you see.** The same method, the same fifteen photographs, two protocols. (KinD and KinD++ have their two numbers from
# different sources, so perhaps from different runs.) The loan of the brightness is
# worth two to more than four decibels: more than most of the progress that separates neighbouring methods. A plain
# 24 may be the better method than a GT-mean 26. What did it do on our own photographs, where we have both in one
# run?

# %%
both = {name: (r.mean("psnr"), r.mean("psnr_gt_mean")) for name, r in results.items()}
both = dict(sorted(both.items(), key=lambda item: -item[1][0]))
figures.protocols(both, title="measured here, embedded test photographs");

# %% [markdown]
# **What you see.** Black dots in order, open dots *out of* order: methods change places with the protocol. The
# worst guessers of brightness gain most. And look at the last line: by plain PSNR `identity` is the worst of all;
# with GT-mean, *doing nothing* stands before every classical method, each of which had at least tried. A
# table with GT-mean and without an `identity` row leaves you no way to notice.

# %%
gains = {name: lent - plain for name, (plain, lent) in both.items()}
record(gt_mean_gain_lowest=min(gains.values()), gt_mean_gain_identity=gains["identity"])
claim = "On each embedded scene GT-mean flatters identity more than the network (dB)"
lent = {name: r.values("psnr_gt_mean") - r.values("psnr") for name, r in results.items()}
two = lent["identity"], lent["lacr-vae"]
record_claim(claim, *bootstrap.paired_interval(*two, ours.scenes), above=0)

# %% [markdown]
# Three scenes are too few for more than that. On the twenty real ones:

# %%
if real:
    for rival in ("retinex", "clahe", "histeq", "gamma", "auto-gamma"):
        two = (recorded_values(name, "psnr_gt_mean") for name in ("identity", rival))
        claim = f"Real scenes: with GT-mean, doing nothing outranks {rival} (dB)"
        outranks = rival in ("retinex", "clahe")
        record_claim(claim, *bootstrap.paired_interval(*two, real_scenes), above=0, shown=outranks)

# %% [markdown]
# There the two gammas stay ahead of doing nothing (whole intervals below 0), two methods that tried harder do not, and
# `histeq` cannot be told from it.
#
# Three more traps are in that table; find them before you open the answer.
#
# <details><summary>Three traps</summary>
#
# 1. *Three SSIM codes.* RetinexNet stands there with three SSIMs (0.425, 0.462, 0.560), two of them beside the same 16.77 dB, LIME with two.
#    Nobody is wrong: window, weighting, colour space and border differ (section 3). LLFlow's 0.93 is SSIM on
#    *grey* pictures.
# 2. *Two runs of one method.* RUAS stands there with 16.40 and with 18.23 dB, both plain, and the tables do not say
#    why.
# 3. *One number without a spread.* Users who retrain Retinexformer report 22.4 to 24.0 dB where its authors have 25.16
#    (issues 6, 42, 123, 132 and 177 of its repository). Nobody can tell luck from care where there is only one number.
#
# </details>
#
# And where is LACR-VAE itself? **[paper]** Its abstract gives a *difference*: at least 0.99 dB in PSNR and 0.0409
# in SSIM above previous works on the NASA test set. No absolute figure is public, and we do not make one up. The
# best published PSNR on that set that we know is LRCR-Net's, by the same first author:

# %%
# NBVAL_CHECK_OUTPUT
nasa = pd.DataFrame(published.read_published("NASA")).sort_values("psnr", ascending=False)
nasa.set_index("method")[["psnr", "ssim", "protocol", "source"]].head(5)

# %% [markdown]
# **[ours]** Our weights are not those of the paper: the authors published no code and no weights, training data and
# budget differ, and LOL and NASA references are not among our data. None of these rows may therefore be put beside
# section 8. Comparing needs the same photographs, in the same run, by the same code; that is why sections 6 and 8
# exist.

# %% [markdown]
# ## 11 · Where does it fail?
#
# A mean tells you what to expect; the failures tell you what to work on. Choosing them by taste would be easy, so
# we let the numbers choose: the worst photograph by each of three measures, no scene twice. To name the fault we
# use a small trick. *Lend* the output one property of the clear photograph (its mean brightness, its colour, its
# fine detail), leave the others alone, and see what the loan buys in dB. The largest gain names the fault.

# %%
show(repair.repairs)

# %%
worst = {}
for metric, sign in [("psnr", 1), ("ssim", 1), ("ciede2000", -1)]:
    taken = {ours.scenes[i] for i in worst.values()}
    ranked = np.argsort(sign * ours.values(metric))
    worst[metric] = next(int(i) for i in ranked if ours.scenes[i] not in taken)
pairs, rows, sentences = photos.pairs(), [], []
for metric, i in worst.items():
    low, clear = pairs[i].low.read(), pairs[i].clear.read()
    rows.append([low, enhance(model, low), clear])
    loans = repair.repairs(rows[-1][1], clear)
    bought = ", ".join(f"{name} {gain:+.1f}" for name, gain in loans._asdict().items())
    found = f"{pairs[i].name}: {metric} {ours.values(metric)[i]:.3g}"
    sentences.append(f"{found}; mainly {loans.main_fault} (dB bought: {bought})")

# %%
titles = ["worst PSNR", "worst SSIM", "worst Delta E"]
images.show_grid(rows, titles, ["low", "lacr-vae", "clear"], width=7.5)
print("\n".join(sentences))

# %% [markdown]
# **What you see.** The gallery of shame, one row for each measure, and below it a sentence for each with the
# diagnosis. The darkest rungs of the ladder fill it: there the photons are gone. Compare each diagnosis with your own
# at a glance. The eye complains about grain first; yet lending the fine detail buys little, and lending colour or
# brightness buys more, on each of the three.

# %%
found = [repair.repairs(enhanced, clear) for _, enhanced, clear in rows]
more = [max(loans.brightness, loans.colour) - loans.detail for loans in found]
record(loan_other_than_detail_buys_more=min(more))
claim = "Each worst photograph: lending colour or brightness buys more than detail (least, dB)"
record_claim(claim, min(more), above=0)

# %% [markdown]
# And on the twenty real scenes? The five worst photographs, no scene twice, with the same diagnosis, as recorded:

# %%
display(Markdown(tables.failures_list() or "No records here; `make results DATA=DIR` makes them."))

# %% [markdown]
# Brightness leads again, in three of five, and in two ways. Three of these photographs are nearly black. In two of them the light is
# misjudged, in the third colour and detail cost alike; and where a file holds nothing but black, what is lifted are the blocks of its
# JPEG compression. The first one is no dark photograph at all, with a mean of 0.28. It shows a grey day over water, the reference is darker than most (0.40), and the network gave
# it the light of an ordinary scene (0.54). No enhancer can know the photographer's mind. The last one, by far not as dark as those three, lacks detail most.
#
# Failures of one kind hide in a test set of dark photographs only. What does the method do to a photograph that
# was *good already*?

# %%
unharmed = {name: [] for name in ("identity", "auto-gamma", "retinex", "lacr-vae")}
for scene in photos.scenes:
    clear = scene.clear.read()
    for name, found in unharmed.items():
        found.append(min(metrics.psnr(methods[name](clear), clear), 60))  # 60: equal
pd.DataFrame(unharmed, index=[scene.name for scene in photos.scenes]).round(1)

# %% [markdown]
# PSNR of a *clear* photograph against itself after "enhancement" (60 stands for "untouched"). In the last part of
# the training one pair in five was clear-to-clear, so that the network learns to leave good photographs alone; whether it did, you read off
# here. A method that you can leave switched on needs a high number in this table, and it is reported far too
# rarely. The real scenes:

# %%
display(Markdown(tables.clear_table() or "No records here; `make results DATA=DIR` makes them."))

# %%
harm = float(np.mean(unharmed["lacr-vae"]))
record(clear_unharmed_psnr=harm, clear_unharmed_psnr_retinex=float(np.mean(unharmed["retinex"])))
if gap := tables.clear_gap():
    record_claim("Real scenes: clear photographs come back less faithful with LACR than without (dB)", *gap, below=0)

# %% [markdown]
# Both networks pass, and the twin passes better, in 19 of 20 scenes, by four and a half decibels on average. At this height that is less than it sounds: 38.6 dB
# is an error of 1.2 % of white, 43.4 dB of 0.7 %, and what differs most is that the model with LACR gives photographs back darker by a hundredth of white.
# (The release before this one did worse: it *brightened* one of these photographs, the grey day over water from above, so that it came back at 22 dB. It is at 43 now.)
# It is one pair of runs, so it may be their luck. The ablation's small models come in couples, too, and can be
# asked the same question (couples of one machine each; that of seed 1 was trained anew for it, so it is not the one in section 9's rows):

# %%
display(Markdown(ablation_clear.clear_table(ablation_clear.read_clear()) or "No records here."))

# %% [markdown]
# One seed or two of each so far, and that is few. But the small couples with RCAM agree in every photograph: every model brightens what is
# bright already, and with LACR by more. (Without RCAM the interval holds zero.) A reason that fits, and no proof: a clear photograph lost no light, so in these
# models it has no say in LACR, while every dark one asks for more, through the same network. The last row gives it a say (`lacr_clear_images`): its own clear latent
# is the goal, darker versions of its scene are the negatives. A quarter to a half of the cost is gone, so this is at most a part of the
# reason; the tables of section 9 show no price for it. So it became the default, and in its last stage the released model was trained with it.
#
# A cost that was found has to be told beside the gain that was hoped for.

# %% [markdown]
# ## 12 · What does it cost?
#
# Seconds depend on your machine and on what else it is doing; *ratios within one run* travel better. So everything
# below was timed in this run, on the same photograph, and its time is given as a multiple of `auto-gamma`. Memory, in MB, is what
# the arrays and tensors of a call hold at their peak, which does not depend on the machine's mood.

# %%
sample = photos.scenes[0].low[0].read()
repeats = choose(PROFILE, smoke=1, demo=5, full=9)
costs = {
    name: speed.cost(lambda run=run: run(sample), repeats)
    for name, run in methods.items()
    if name not in ("identity", "lacr-vae-no-lacr")
}
figures.cost_bars(costs, "auto-gamma");

# %% [markdown]
# **What you see.** Left time, right memory, both on logarithmic axes, for a photograph of a tenth of a megapixel. A
# curve is nearly free, anything that looks at a neighbourhood costs more, and the network costs most time: it makes
# more than ten thousand multiplications for each pixel. In memory it is not even first; CLAHE holds more.

# %%
rivals = [cost for name, cost in costs.items() if name != "lacr-vae"]
slower = costs["lacr-vae"].seconds / max(cost.seconds for cost in rivals)
larger = costs["lacr-vae"].peak_bytes / max(cost.peak_bytes for cost in rivals)
record_claim("The network takes more time than any baseline (ratio)", slower, above=1)
record_claim("It needs less memory than the hungriest of them (ratio)", larger, below=1)

# %% [markdown]
# Does it stay usable for a photograph of twenty megapixels? That depends on how the cost *grows*:

# %%
side = choose(PROFILE, smoke=64, demo=192, full=512)
small = photographs.read_photograph("china", max_side=None)[:side, :side]
large = photographs.read_photograph("china", max_side=None)[: 2 * side, : 2 * side]
cost_small, cost_large = (
    speed.cost(lambda x=x: enhance(model, x), repeats) for x in (small, large)
)
record(
    time_ratio_4x_pixels=cost_large.seconds / cost_small.seconds,
    memory_ratio_4x_pixels=cost_large.peak_bytes / cost_small.peak_bytes,
    bytes_per_pixel=cost_large.peak_bytes / large[..., 0].size,
)
growth = cost_large.peak_bytes / cost_small.peak_bytes
record_claim("Four times the pixels need no more than four times the memory", growth, below=4.1)

# %% [markdown]
# Nothing in the network grows faster than the image: the attention of notebook 03 asks a fixed number of region
# tokens, not all other pixels. (Four times the pixels may even cost less than four times the time, since a call has fixed costs.)
# Large photographs go through the network in tiles, so that its share of the memory stops growing altogether.

# %% [markdown]
# ## Recap
#
# - PSNR adds up squared errors and cannot tell dark from noisy from blurred; SSIM sees structure and hardly
#   sees brightness or colour; CIEDE2000 sees colour; LOE rewards caution. None of them alone says "good".
# - State the protocol: 8-bit outputs, mean over images, which SSIM, with or without GT-mean. GT-mean alone moved
#   methods by one to eleven decibels, and moved them past each other.
# - Compare on the same photographs in one run, take the difference image by image, resample *scenes*, and write
#   "not shown" when the interval holds zero.
# - Numbers of others keep their source and their protocol, and are not put beside ours.
# - An ablation replaces, never only removes; it has seeds as well as scenes, and "not shown" is one of its answers.
# - Look for failures with measures, diagnose them with loans, and check that good photographs survive.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it: it says *to do*, *wrong* with a hint, or
# *correct*. Nothing later depends on it. All solved: [solutions/06_evaluation.ipynb](solutions/06_evaluation.ipynb).
#
# ### 1 · Decibels a stop
#
# How fast does a method break in the dark? Write the slope of PSNR against exposure: for each scene, the slope of the
# least-squares line through its photographs (PSNR up, stops across). Stops count from the clear photograph: -1 is half
# of its light, -6 a sixty-fourth. So a slope of 2 says that each stop of light that is missing costs 2 dB.
#
# Then compare two methods, paired by scene: which of them loses less for each stop, and is it *shown*? And is the one
# that loses less also the better one?

# %% tags=["exercise"]
from lacr_lib.exercises import check


def dark_slope(psnr, stops, scenes):
    """Slope of each scene, dB a stop; psnr, stops (N,), scenes: N names -> {name: slope}."""
    # begin solution
    names = np.array(scenes)
    rows = {name: names == name for name in scenes}
    return {name: np.polyfit(stops[here], psnr[here], 1)[0] for name, here in rows.items()}
    # end solution


check("06-dark-slope", dark_slope)

# %% tags=["solution"]
pairs = layouts.open_photoset(DATA).select("test").pairs()
lows, clears = [pair.low.read() for pair in pairs], [pair.clear.read() for pair in pairs]
light = [[camera.srgb_to_linear(p / np.float32(255)).mean() for p in each] for each in (lows, clears)]
stops = np.log2(np.array(light[0]) / np.array(light[1]))
scenes = [pair.scene for pair in pairs]
slopes = {}
for name in ("gamma", "clahe", "auto-gamma", "retinex"):
    run = baselines.BASELINES[name]
    psnr = np.array([metrics.psnr(run(low), clear) for low, clear in zip(lows, clears)])
    slopes[name] = list(dark_slope(psnr, stops, scenes).values())
    print(f"{name:10} {np.mean(slopes[name]):.2f} dB a stop; PSNR {psnr.mean():.1f} dB")
for a, b in (("gamma", "clahe"), ("auto-gamma", "retinex")):
    gap = bootstrap.paired_interval(slopes[a], slopes[b], list(dict.fromkeys(scenes)))
    print(f"{a} minus {b}: {gap.mean:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}] dB a stop")

# %% [markdown] tags=["solution"]
# `retinex` loses 0.31 dB a stop less than `auto-gamma`, in each of these three scenes. Is that *shown*? No: that three scenes agree happens
# by luck in one case of four (section 6). That `clahe` loses less than `gamma` does not even hold of these: in one scene the two fall alike. Now the last question. `auto-gamma` falls
# faster than `retinex` and has the better mean all the same. A flat line is no virtue in itself: a method that is poor in
# good light has little to lose. Report the slope beside the mean, never in its place.

# %% [markdown] tags=["exercise"]
# ### 2 · A perfect LOE, and a worse photograph
#
# Write a method whose LOE is at most 1 pixel and whose PSNR is *below* that of `identity`, on every photograph. It sees
# only the dark one. Two things to remember from section 4: LOE looks at the lightness of a pixel alone, the largest of
# its R, G and B. And equal is an order, too: two pixels that differed before must differ after.
#
# What does it say about a paper that reports LOE alone?

# %% tags=["exercise"]
def cheat_loe(photo):
    """An output that keeps every order of lightness and is worse than its input; uint8 (H, W, 3) -> same."""
    # begin solution
    lightness = photo.max(axis=2, keepdims=True)
    return np.where(photo == lightness, photo, 0).astype(np.uint8)  # the other two channels go out
    # end solution


check("06-cheat-loe", cheat_loe)

# %% tags=["solution"]
tried = {"identity": baselines.identity, "cheat_loe": cheat_loe, "half": lambda photo: photo // 2}
own = np.array([metrics.psnr(low, clear) for low, clear in zip(lows, clears)])
for name, run in tried.items():
    outputs = [run(low) for low in lows]
    order = np.mean([metrics.loe(output, low) for output, low in zip(outputs, lows)])
    psnr = np.array([metrics.psnr(output, clear) for output, clear in zip(outputs, clears)])
    print(f"{name:9} LOE {order:4.1f} pixels, PSNR {psnr.mean():.2f} dB, "
          f"below identity on {np.sum(psnr < own)} of {len(lows)} photographs")  # fmt: skip
images.show_row([lows[5], cheat_loe(lows[5]), clears[5]], ["low", "cheat_loe", "clear"]);

# %% [markdown] tags=["solution"]
# Only the strongest channel of each pixel was kept. Lightness is the same to the last digit, so LOE is exactly 0, and the
# cup is lost in gaudy red: 1.8 dB below doing nothing on average, below it on all 18 photographs. Halving the values, which
# looks so harmless, fails: it merges levels, and merged levels are broken orders (LOE 64, more than `gamma` breaks). So a low
# LOE alone shows neither a good photograph nor even a better one than the input. A paper that reports LOE alone has shown that
# its method was careful, or that it did nothing, or something like this.

# %% [markdown] tags=["exercise"]
# ### 3 · A grey world
#
# An old idea for colour casts: the mean of a picture should be grey. Write it: multiply each channel by one factor, so
# that its mean becomes the mean of *all* values of the photograph; then cut at 255 and round. A channel that is all
# black stays black.
#
# Apply it after `auto-gamma`. Does CIEDE2000 fall? On which photograph does the idea fail, and why did it have to?

# %% tags=["exercise"]
def grey_world(photo):
    """The photograph with three channels of one mean; values of a file, uint8 (H, W, 3) -> same."""
    # begin solution
    values = photo.astype(np.float64)
    means = values.mean(axis=(0, 1))  # (3,)
    factors = means.mean() / np.maximum(means, 1e-9)
    return np.rint(np.clip(values * factors, 0, 255)).astype(np.uint8)
    # end solution


check("06-grey-world", grey_world)

# %% tags=["solution"]
plain = [baselines.auto_gamma(low) for low in lows]
greyed = [grey_world(photo) for photo in plain]
for scene in dict.fromkeys(scenes):
    here = [i for i, name in enumerate(scenes) if name == scene]
    before, after = (np.mean([metrics.ciede2000(each[i], clears[i]) for i in here]) for each in (plain, greyed))
    red, green, blue = clears[here[0]].mean(axis=(0, 1))
    print(f"{scene:8} Delta E {before:.1f} -> {after:.1f}; means of the clear one: {red:.0f}, {green:.0f}, {blue:.0f}")
images.show_row([plain[5], greyed[5], clears[5]], ["auto-gamma", "and grey world", "clear"]);

# %% [markdown] tags=["solution"]
# It falls nowhere. On the cup the colour difference nearly doubles, 16.3 to 28.8: a brown table and a red saucer *are* the photograph,
# and the idea takes them for a cast. The cat is an orange one, with the same result. Only the temple is grey on average, means
# of 145, 145 and 141, and there the idea does next to nothing. It cannot know whether a mean is coloured by the light or by the
# things; the photograph alone does not say. The casts of this camera model are small (8 %), the colours of things are not.

# %% [markdown]
# ## Think!
#
# 1. A paper reports 27.2 dB with GT-mean, another 24.9 dB without. Which method is better?
#
# <details><summary>An answer</summary>
#
# It cannot be said. The published pairs in section 10 show loans of two to more than four decibels, and the size of
# the loan depends on the method: one that guesses brightness well gains little. Ask for both under one protocol,
# best with the images, and compute it yourself.
#
# </details>
#
# 2. Why do we resample scenes and not images, and in which direction would the mistake go?
#
# <details><summary>An answer</summary>
#
# The exposures of one scene share its content, its camera and its light: if one is hard, all are. Treating them as
# independent pretends to have six times the evidence, so the interval comes out too narrow, and differences are
# called significant that are not. (Repeating every photograph five times would shrink it still further, without
# any new information.)
#
# </details>
#
# 3. Your new method beats the old one by 0.3 dB, with a paired interval over scenes of [0.1, 0.5]. You trained each
#    once. What have you shown?
#
# <details><summary>An answer</summary>
#
# That *these two sets of weights* differ on scenes like these. Not that the new *method* is better: retrain both
# with another seed and either may move by more than 0.3 dB. For a claim about the method, train several seeds of
# each and let the interval include them.
#
# </details>
#
# ## Next
#
# Good pictures are one half of the promise. The other half is about the inside: do the latent codes of enhanced
# photographs really move toward clear and away from low, and does LACR have a part in it? On to
# [07 · The latent space](07_latent_umap.ipynb).
