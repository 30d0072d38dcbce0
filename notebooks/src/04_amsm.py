# %% [markdown]
# # 04 · Which scale does a detail need?
#
# **What you will learn**
# - to measure what a layer can see, by its gradient, in four lines;
# - why no window is best for every detail, and why the dark asks for wider ones;
# - how a network can choose its window picture by picture, and the trap in the obvious way to tell it the scale;
# - to build **AMSM**, the Attention-guided Multi-Scale Module, on one screen, and check it against the library's;
# - whether three scales beat one, at which price, and a control that is easily forgotten;
# - how far the released encoder *could* see, and how far it *does*.
#
# **Before you start.** [Notebook 03](03_rcam.ipynb) (attention, softmax over choices). You should know what a convolution
# is; *depth-wise* means that each channel has a kernel of its own and channels are not mixed.
#
# **Time.** About 40 minutes to read and try; the code runs in under two minutes on 2 CPU cores, and needs no GPU.

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lacr_lib import AMSM, load_model
from lacr_lib.data import camera, layouts
from lacr_lib.evaluation import bootstrap
from lacr_lib.figures import amsm as figures
from lacr_lib.figures import panels
from lacr_lib.inference.tiles import global_statistics
from lacr_lib.models import blocks
from lacr_lib.teaching import choose, record, record_claim, setup, show

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %% [markdown]
# ## 1 · What can a layer see?
#
# **Question.** Which input pixels does one output pixel depend on?
#
# They are its *receptive field*. No need to work it out on paper: if an output $y$ depends on an input $x_i$, its
# derivative $\partial y / \partial x_i$ is not zero. So ask autograd.

# %%
device = setup(SEED)


def receptive_field(layer, x):
    """|d output / d input| of the middle output pixel, summed over channels: (h, w)."""
    x = x.clone().requires_grad_()
    out = layer(x)
    out[0, :, out.shape[2] // 2, out.shape[3] // 2].sum().backward()
    return x.grad[0].abs().sum(dim=0)


windows = (3, 5, 7)
channels = 64  # many random kernels, so that their mean field is smooth
noise = torch.randn(1, channels, 15, 15)
layers = {f"{k} x {k}": blocks.depthwise(channels, k) for k in windows}
layers["3 x 3 after 3 x 3"] = nn.Sequential(*[blocks.depthwise(channels, 3) for _ in range(2)])
fields = {name: receptive_field(layer, noise) for name, layer in layers.items()}
for name, field in fields.items():
    print(f"{name:18s} depends on {int((field > 0).sum()):2d} pixels")
panels.map_row({name: field / field.max() for name, field in fields.items()}, "gradient (1 = largest)");

# %% [markdown]
# **What you see.** Each layer's window, measured on untrained random kernels. Two 3 x 3 layers in a row see as much as
# one 5 x 5 layer (25 pixels), but not evenly: there are nine paths to the middle and only one to a corner, so the rim is
# faint. What a deep network effectively sees is far smaller than what it could see (Luo et al. 2016). Remember that when we
# come to the whole encoder.

# %% [markdown]
# ## 2 · Which window for which detail?
#
# **Question.** A photograph is noisy. To find the true value of a pixel you may average over 3 x 3, 5 x 5 or
# 7 x 7 pixels around it. Which is best?
#
# The toy: textures of bright and dark spots of one size, small, medium or large, hidden in noise. Values are in units of
# the height of a spot, sizes are radii in pixels (the deviation of a Gaussian). All cover about the same area, and every picture
# has mean zero, so that the *size of the detail* is the only difference.

# %%
side, sizes = 24, (0.7, 1.7, 4.0)  # radius of the spots in pixels
names = ("small", "medium", "large")


def spots(size, count, rng, cover=0.3):
    """Bright and dark Gaussian spots at random places: (count, side, side), mean 0 in each."""
    number = round(cover * side**2 / (2 * np.pi * size**2))  # smaller spots, more of them
    seeds = np.zeros((count, side * side))
    for picture in seeds:
        np.add.at(picture, rng.integers(0, side**2, number), rng.choice([-1, 1], number))
    wave = np.fft.fftfreq(side)
    blur = np.exp(-2 * np.pi**2 * size**2 * (wave[:, None] ** 2 + wave[None] ** 2))
    blurred = np.fft.ifft2(np.fft.fft2(seeds.reshape(count, side, side)) * blur).real
    blurred *= 2 * np.pi * size**2  # a single spot has height 1
    return blurred - blurred.mean(axis=(1, 2), keepdims=True)


def textures(count, seed, noise=0.6):
    """Noisy and clean textures (3 * count, 1, side, side), and which size they have (3 * count,)."""
    rng = np.random.default_rng(seed)
    clean = np.concatenate([spots(size, count, rng) for size in sizes])
    grain = noise * rng.standard_normal(clean.shape)
    noisy = clean + grain - grain.mean(axis=(1, 2), keepdims=True)
    to_tensor = [torch.tensor(each[:, None], dtype=torch.float32) for each in (noisy, clean)]
    return *to_tensor, torch.arange(3).repeat_interleave(count)


# %%
count = choose(PROFILE, smoke=6, demo=40, full=200)
noisy, clean, which = textures(count, SEED + 1)
first = [int((which == kind).nonzero()[0]) for kind in range(3)]
figures.textures([clean[k, 0] for k in first], [noisy[k, 0] for k in first], names);

# %% [markdown]
# **What you see.** Three textures and what the camera makes of them. Large spots show through the noise; the
# small ones are hardly told apart from it.

# %%
def average(x, window):
    """Mean over a window x window square; the picture continues on the other side, like a tile."""
    half = window // 2
    return F.avg_pool2d(F.pad(x, [half] * 4, mode="circular"), window, stride=1)


def errors(guess, truth):
    """Root-mean-square error of each picture: (pictures,)."""
    return (guess - truth).pow(2).mean(dim=(1, 2, 3)).sqrt()


def error_table(noise):
    noisy, clean, which = textures(count, SEED + 1, noise)
    all_errors = {k: errors(average(noisy, k), clean) for k in windows}
    return {
        name: [all_errors[k][which == kind].mean().item() for k in windows]
        for kind, name in enumerate(names)
    }


figures.window_errors(windows, {"noise 0.6": error_table(0.6), "noise 1.0 (darker)": error_table(1.0)});

# %% [markdown]
# **What you see.** Rings mark the best window for each detail. On the left every size of spot wants a window of its own:
# the mean of $k^2$ independent noises has their variance divided by $k^2$, so averaging $k \times k$ pixels divides the
# noise by $k$; but anything smaller than the window is averaged away with it. On the right the same scenes with more
# noise, as in a photograph with less light: the balance tips towards wider windows, even for the small spots. **There is
# no best kernel size. It depends on the detail and on the light**, and both change from photograph to photograph. (More
# noise and less light are the same thing here: relative to the signal, the noise of notebook 01 grows as the light falls.)

# %%
gain = errors(average(noisy, 3), clean) - errors(average(noisy, 7), clean)  # how much better 7 x 7 is
for kind, name, bound in ((0, "small", "below"), (2, "large", "above")):
    values = gain[which == kind].numpy()
    result = bootstrap.interval(values, range(len(values)))
    record_claim(f"{name} spots: error of 3 x 3 minus error of 7 x 7", *result, **{bound: 0.0})

# %% [markdown]
# ## 3 · Let the picture choose, and a trap
#
# **Question.** How can a network choose the window by itself?
#
# Use all three windows and mix them, with weights that depend on the picture. Let $x$ be a picture `(h, w)` and
# $r_k = \mathrm{average}_k(x)$, of the same shape, the *response* of the branch with the window $k \times k$, $k$ = 3,
# 5, 7. Then
#
# $$\text{mixed} = \sum_k w_k\, r_k, \qquad (w_3, w_5, w_7) = \mathrm{softmax}\big(f(s_3, s_5, s_7)\big) :$$
#
# a tiny network $f$ gets one number $s_k$ for each branch, together the *descriptor*, and gives three scores; the softmax
# makes positive weights of them that sum to 1. (This is the heart of selective-kernel networks, Li et al. 2019.) But what
# should $s_k$ be? It must tell the scale of the picture. The obvious choice is the **mean of the response** over all
# pixels: global average pooling, as in squeeze-and-excitation (Hu et al. 2018) and (there of the branches' sum) in the original selective-kernel
# block.
#
# Try to guess what it is worth before you run this:

# %%
responses = torch.cat([average(noisy, k) for k in windows], dim=1)  # (pictures, 3, side, side)
by_descriptor = {
    "mean of the response": responses.mean(dim=(2, 3)),
    "mean absolute response": responses.abs().mean(dim=(2, 3)),
}
figures.descriptors(windows, by_descriptor, which, names);

# %% [markdown]
# **What you see.** A thin line for each picture, coloured by the size of its spots, and a thick one for the mean of each
# size. On the left all of them lie on one another: the plain mean says *nothing*. On the right the three sizes come apart:
# small spots and noise die quickly as the window grows, large spots survive. Single pictures overlap, but their slopes
# differ.
#
# The left panel is no accident of the toy. Let $a$ be any kernel, made of the numbers $a_j$ (its *taps*), and
# $(a * x)_i = \sum_j a_j\, x_{i+j}$ the convolution. Sum over all pixels $i$, and exchange the sums:
#
# $$\sum_i (a * x)_i = \sum_j a_j \sum_i x_{i+j} = \Big(\sum_j a_j\Big) \Big(\sum_i x_i\Big)
# \quad\Longrightarrow\quad \text{mean}(a * x) = \text{mean}(x) \cdot \textstyle\sum_j a_j .$$
#
# The inner sum runs over the same pixels for every shift $j$, since the picture continues on the other side. (Where it is
# surrounded by zeros, the border makes a small difference.) So the mean of *any* linear convolution is the mean of the
# picture times a constant, whatever the kernel's size. It cannot know about scale. (In the original block a ReLU comes
# before the mean, which is not linear, and saves it. Leave the ReLU out, as depth-wise designs often do, and the
# descriptor is blind.) The absolute value is the simplest cure, and reads well: *how strongly does this branch respond?*

# %%
# NBVAL_CHECK_OUTPUT
torch.manual_seed(SEED)
picture = torch.rand(1, 1, 32, 32)
for k in windows:
    kernel = torch.randn(1, 1, k, k)
    response = F.conv2d(F.pad(picture, [k // 2] * 4, mode="circular"), kernel)
    torch.testing.assert_close(response.mean(), picture.mean() * kernel.sum())
print("mean of a convolution = mean of the picture x sum of the kernel, for any kernel")

# %% [markdown]
# Does it matter in training? Two selectors, equal but for the descriptor:

# %%
class Selector(nn.Module):
    """Mixes fixed windows with weights from a descriptor: (B, 3, h, w) -> (B, 1, h, w)."""

    def __init__(self, describe):
        super().__init__()
        self.describe = describe
        self.choose = nn.Sequential(nn.Linear(3, 8), nn.GELU(), nn.Linear(8, 3))

    def weights(self, responses):
        return self.choose(self.describe(responses)).softmax(dim=1)  # (B, 3)

    def forward(self, responses):
        return (self.weights(responses)[:, :, None, None] * responses).sum(dim=1, keepdim=True)


def train(model, inputs, truth, steps, rate, batch, seed):
    """Adam, one-cycle learning rate, squared error."""
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(inputs), (batch,), generator=generator)
        loss = F.mse_loss(model(inputs[chosen]), truth[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


# %%
training = textures(choose(PROFILE, smoke=12, demo=128, full=500), SEED + 2)
steps = choose(PROFILE, smoke=4, demo=800, full=2000)
train_responses = torch.cat([average(training[0], k) for k in windows], dim=1)
describe = {
    "told the mean": lambda responses: responses.mean(dim=(2, 3)),
    "told the mean absolute value": lambda responses: responses.abs().mean(dim=(2, 3)),
}
chosen_weights, selector_errors = {}, {}
for name, descriptor in describe.items():
    torch.manual_seed(SEED)
    selector = train(Selector(descriptor), train_responses, training[1], steps, 0.05, 64, SEED)
    with torch.no_grad():
        chosen_weights[name] = selector.weights(responses)
        selector_errors[name] = errors(selector(responses), clean).numpy()


def by_size(weights):
    """Mean over the pictures of each size: (pictures, 3) -> (3 sizes, 3 windows)."""
    return torch.stack([weights[which == kind].mean(dim=0) for kind in range(3)])


bars = {name: by_size(each) for name, each in chosen_weights.items()}
figures.selection(bars, names, windows);

# %% [markdown]
# **What you see.** How much of each window the selectors mix, for pictures of small, medium and large spots. Left, told
# the mean: one compromise for everybody. Right, told the mean absolute value: small spots get mostly 3 x 3, large ones
# most from 7 x 7, about half. Nobody told it any sizes; it was only asked to remove noise.

# %%
def mean_window(weights):
    """Average window that the weights choose, in pixels: (pictures, 3) -> (pictures,)."""
    return (weights * torch.tensor(windows, dtype=torch.float32)).sum(dim=1).numpy()


def large_minus_small(values):
    """Mean of the pictures with large spots minus that of those with small ones, with its interval."""
    return bootstrap.interval(values[which == 2] - values[which == 0], range(count))


results = {name: large_minus_small(mean_window(each)) for name, each in chosen_weights.items()}
blind, seeing = results.values()
record(window_shift_told_mean=tuple(blind), window_shift_told_absolute=tuple(seeing))
record_claim("told the mean absolute value: window for large minus for small spots (pixels)", *seeing, above=1)
record_claim("told the mean: window for large minus for small spots (pixels)", *blind, below=0.1)
saved = bootstrap.paired_interval(*selector_errors.values(), range(len(noisy)))
record_claim("the error falls when the descriptor can see the scale", *saved, above=0)

# %% [markdown]
# ## 4 · AMSM on one screen
#
# **Question.** What does the selector become when kernels are learned and there are many channels?
#
# The paper names an *Attention-guided Multi-Scale Module* that "extracts multi-scale features that improve the
# representation capability" **[paper]**. No more is known. Our reading **[ours, after selective kernels and CBAM, Woo et
# al. 2018]** is the selector above, grown up:
#
# | part | formula | shape |
# |---|---|---|
# | each pixel normalised, as in RCAM | $n = \mathrm{LayerNorm}(x)$ | `(B, C, h, w)` |
# | *branches*: learned depth-wise convolutions of 3 x 3, 5 x 5, 7 x 7 in place of averages | $r_k = \mathrm{DW}_{k \times k}(n)$ | three of `(B, C, h, w)` |
# | *descriptor*: how strongly does each branch respond in each channel? | $s_k = \mathrm{mean}_{h, w}\,\lvert r_k \rvert$ | `(B, 3, C)` together |
# | *branch weights*: **each channel chooses its own mixture** | $w = \mathrm{softmax}_k\big(f(s)\big)$, $f$ two linear layers with a GELU between | `(B, 3, C)` |
# | mixed | $m = \sum_k w_k\, r_k$ | `(B, C, h, w)` |
# | *spatial map*: where does the mixture count? Between 0 and 1 | $\alpha = \mathrm{sigmoid}\big(\mathrm{conv}_{7 \times 7}([\mathrm{mean}_C\, m,\ \max_C m])\big)$ | `(B, 1, h, w)` |
# | channels mixed point-wise, added to the input | $x + \mathrm{FF}(\alpha \odot m)$ | `(B, C, h, w)` |
#
# No dilation: dilated depth-wise kernels reach further for less, but do not average more pixels. They remove as little noise
# as a small window, and blur like a large one (exercise 2).

# %%
from lacr_lib.figures import diagrams

diagrams.amsm_inside();

# %% [markdown]
# **What you see.** The AMSM of stage 3, for a photograph of 128 x 128 pixels (first stage at full resolution). Three branches look at the same normalised
# map through windows of three sizes. Below, the only place where the whole picture has a say: 3 x 64 mean absolute
# responses pass a bottleneck of 32 numbers and come back as 3 x 64 branch weights. On the right the spatial map, one
# number a pixel, lets the mixture pass or not; the long arrow above is the residual connection.

# %% [markdown]
# The same, written out:

# %%
def amsm_by_hand(module, x):
    """The formula, step by step, with the module's own parameters: (B, C, h, w) -> (B, C, h, w)."""
    centred = x - x.mean(dim=1, keepdim=True)  # LayerNorm over the channels of each pixel
    normed = centred / (x.var(dim=1, keepdim=True, correction=0) + 1e-5).sqrt()
    normed = normed * module.norm.weight[:, None, None] + module.norm.bias[:, None, None]

    responses = torch.stack([branch(normed) for branch in module.branches], dim=1)  # (B, 3, C, h, w)
    strength = responses.abs().mean(dim=(3, 4))  # (B, 3, C): the descriptor
    scores = module.branch_attention(strength.flatten(1)).view_as(strength)
    weights = scores.exp() / scores.exp().sum(dim=1, keepdim=True)  # softmax over the branches
    fused = (weights[..., None, None] * responses).sum(dim=1)  # (B, C, h, w)

    summary = torch.stack([fused.mean(dim=1), fused.amax(dim=1)], dim=1)  # (B, 2, h, w)
    spatial = torch.sigmoid(module.spatial_attention(summary))  # (B, 1, h, w)
    return x + module.feed_forward(spatial * fused)


# %% [markdown]
# Are these formulas what the library computes?

# %%
# NBVAL_CHECK_OUTPUT
torch.manual_seed(SEED)
module = AMSM(channels=8)
features = torch.randn(2, 8, 16, 16)
with torch.no_grad():
    torch.testing.assert_close(amsm_by_hand(module, features), module(features))
print("by hand and by the library: equal")
show(AMSM.forward)

# %% [markdown]
# ## 5 · Three scales or one?
#
# **Question.** Do several scales pay, or only the parameters that they bring?
#
# A tiny network with one AMSM between two point-wise layers learns to remove the noise from our textures. Its kernel
# sizes are `(3,)`, `(5,)`, `(7,)`, or all three. Then the control that is easily forgotten: `(7, 7, 7)`, *three branches
# of one size*. If choosing between branches were all that matters, it should do as well; and every 3 x 3 or 5 x 5 kernel
# fits into a 7 x 7 one, so it could learn to be `(3, 5, 7)`.

# %%
class Denoiser(nn.Module):
    """Noisy texture -> clean texture, both (B, 1, h, w)."""

    def __init__(self, kernel_sizes, channels=12):
        super().__init__()
        self.enter = blocks.PointWise(1, channels)
        self.amsm = AMSM(channels, kernel_sizes)
        self.leave = blocks.PointWise(channels, 1)

    def forward(self, x):
        return self.leave(self.amsm(self.enter(x)))

    def attention(self, x):
        with torch.no_grad():
            return self.amsm(self.enter(x), return_attention=True)[1]


# %% [markdown]
# The point-wise layers cannot look at a neighbour, so all that is averaged is averaged by AMSM. All variants see the same
# textures, for the same number of steps:

# %%
variants = {"3": (3,), "5": (5,), "7": (7,), "7, 7, 7": (7, 7, 7), "3, 5, 7": (3, 5, 7)}
steps = choose(PROFILE, smoke=3, demo=700, full=3000)
seeds = choose(PROFILE, smoke=1, demo=2, full=5)
models, model_errors = {}, {}
for name, kernel_sizes in variants.items():
    for run in range(1 if name == "7, 7, 7" else seeds):
        torch.manual_seed(SEED + run)
        model = train(Denoiser(kernel_sizes), *training[:2], steps, 0.03, 6, SEED + run)
        with torch.no_grad():
            model_errors.setdefault(name, []).append(errors(model(noisy), clean).numpy())
        models.setdefault(name, []).append(model)

# %% [markdown]
# Errors are compared in percent of that of three scales, picture by picture, so that hard and easy pictures do not blur the
# difference:

# %%
numbers = range(len(noisy))
mean_errors = {name: np.mean(runs, axis=0) for name, runs in model_errors.items()}
parameters = {name: blocks.count_parameters(runs[0].amsm) for name, runs in models.items()}
for name, each in mean_errors.items():
    by_run = ", ".join(f"{run.mean():.4f}" for run in model_errors[name])
    print(f"({name:7s})  {parameters[name]:5,} parameters   error {each.mean():.4f}   trainings {by_run}")


def more_than_three(values):
    """By how many percent the error is larger than that of (3, 5, 7), picture by picture."""
    return 100 * (values / mean_errors["3, 5, 7"] - 1)


others = [name for name in variants if name != "3, 5, 7"]
labels = {name: f"({name})\n{parameters[name]:,} parameters" for name in others}
more = {name: bootstrap.interval(more_than_three(mean_errors[name]), numbers) for name in others}
dots = {labels[name]: [more_than_three(run).mean() for run in model_errors[name]] for name in others}
label = f"error above that of (3, 5, 7),\n{parameters['3, 5, 7']:,} parameters (%)"
panels.error_bars({labels[name]: more[name] for name in others}, dots, label, digits=1);

# %% [markdown]
# **What you see.** Bars: by how many percent each variant errs more than three scales, picture by picture, with a 95 %
# interval over the pictures; rings are single trainings. One scale is behind, the smallest window most. But single scales
# have fewer parameters too. The control on the right settles it: three branches of 7 x 7 have *more* parameters than
# `(3, 5, 7)`, and still err 4 % more. It is the variety of scales that pays here, not the number of weights. (The control
# was trained once; the trainings of the others scatter by less than 1 %.)

# %%
record(**{f"error_amsm_{name.replace(', ', '_')}": each.mean() for name, each in mean_errors.items()})
record(**{f"error_above_three_scales_{name.replace(', ', '_')}_percent": tuple(more[name]) for name in others})
for name in ("3", "5", "7"):
    record_claim(f"one scale ({name}) errs more than three (%)", *more[name], above=0)
record_claim("three branches of one size (7, 7, 7) err more than three sizes (%)", *more["7, 7, 7"], above=0)

# %% [markdown]
# ## 6 · Do the weights follow the size?
#
# **Question.** In section 3 the windows were fixed averages, so a larger detail *had* to get the larger window. In AMSM the
# kernels are learned. Do its weights still follow the detail? Their mean over channels, for each training:

# %%
three = models["3, 5, 7"]
weights = [model.attention(noisy).branches.mean(dim=2) for model in three]  # (pictures, 3) each
bars = {f"training {run + 1}": by_size(each) for run, each in enumerate(weights)}
figures.selection(bars, names, windows);

# %% [markdown]
# **What you see.** Small spots get most of their weight from 3 x 3; for medium and large ones weight moves to the wider
# windows, in both trainings. It is a *tendency*, weaker than in section 3: a 7 x 7 kernel can learn to be narrow, so
# the branches are not what their names say, and nothing forces a clean division of labour.

# %%
shift = np.mean([mean_window(each) for each in weights], axis=0)
result = large_minus_small(shift)
record(amsm_window_shift=tuple(result))
record_claim("AMSM: window for large minus for small spots (pixels)", *result, above=0)

# %% [markdown]
# A branch is not what its name says, so measure the window itself, as in section 1. The *width* of a field is here twice
# the mean distance from the middle, weighted by the gradient, in pixels. The branch weights depend on the whole picture,
# and so would the gradient; `global_statistics` records them in a first pass and replays them as constants in a second.

# %%
def width_of_field(model, picture):
    """Width of what the middle pixel's output depends on: twice the mean distance, in pixels."""
    with global_statistics(model, "record"):
        model(picture)
    with global_statistics(model, "replay"):  # the descriptor sees everything; count the windows only
        field = receptive_field(model, picture)
    row, column = np.indices(field.shape) - side // 2
    return 2 * float((field.numpy() * np.hypot(row, column)).sum() / field.sum())


networks = {"(3, 5, 7)": models["3, 5, 7"][0], "(7)": models["7"][0]}
widths = {name: np.array([width_of_field(net, each[None]) for each in noisy]) for name, net in networks.items()}
per_size = {
    name: [bootstrap.interval(each[which == kind], range(count)) for kind in range(3)]
    for name, each in widths.items()
}
figures.field_width(per_size, names);

# %% [markdown]
# **What you see.** What the network of the first training really looks through, measured by gradients, kernels included (bars: 95 %
# over pictures). (In this unit, twice the mean distance, a flat window of 3 x 3 is 2.1 wide, one of 5 x 5 is 3.7, one of
# 7 x 7 is 5.3.) For small spots AMSM looks through 2.2 pixels, for medium and large ones through 4: it opens and closes its own window, picture by picture.
# The network with 7 x 7 alone has one width for all, a compromise in between. So we need not trust the names of the
# branches: what counts can be measured.

# %%
adapts = {name: large_minus_small(each) for name, each in widths.items()}
record(**{f"field_shift_{name.strip('()').replace(', ', '_')}": tuple(each) for name, each in adapts.items()})
record_claim("three scales: field for large minus for small spots (pixels)", *adapts["(3, 5, 7)"], above=0.5)

# %% [markdown]
# **And where?** The second attention of AMSM is its spatial map $\alpha$: 0 shuts the mixed response out, 1 lets it pass.
# On our textures every place is like every other, so this is a question to photographs. The released model has eight
# AMSMs, two in each of the four stages of its encoder. For each of them, and for nine dark photographs, we correlate the
# map with the light (in stops) that the photograph has in the same place: -1 would mean wide open in the dark and shut in
# the light.

# %%
encoder = load_model("lacr-vae").encoder
stages = enumerate(encoder.stages, start=1)
parts = {f"{number}{'ab'[i]}": stage[1 + i] for number, stage in stages for i in range(2)}
scenes = [scene for scene in layouts.open_photoset(DATA).scenes if scene.clear]
scenes = scenes[-choose(PROFILE, smoke=2, demo=12, full=50) :]
dark = [scene.low[min(2, len(scene.low) - 1)].read() for scene in scenes]  # 1/16 of the light


def spatial_maps(photo):
    """The map (h, w) of every AMSM: name -> array."""
    caught = {}

    def catch(part, inputs, output):
        caught[part] = inputs[0]

    hooks = [part.register_forward_hook(catch) for part in parts.values()]
    with torch.inference_mode():
        encoder(torch.from_numpy(photo / np.float32(255)).permute(2, 0, 1)[None])
        for hook in hooks:
            hook.remove()
        found = {n: part(caught[part], return_attention=True)[1] for n, part in parts.items()}
    return {n: attention.spatial[0, 0].numpy() for n, attention in found.items()}


def with_light(photo, spatial):
    """Correlation of a map with the light of its photograph, -1 to 1."""
    light = camera.srgb_to_linear(photo.max(axis=2) / np.float32(255))
    stops = torch.from_numpy(np.log2(np.maximum(light, 2.0**-12)))[None, None]
    own = F.adaptive_avg_pool2d(stops, spatial.shape)[0, 0].numpy()
    return np.corrcoef(own.ravel(), spatial.ravel())[0, 1]


maps = [spatial_maps(photo) for photo in dark]
correlations = {n: [with_light(*each) for each in zip(dark, (m[n] for m in maps))] for n in parts}
figures.map_and_light(correlations);

# %% [markdown]
# **What you see.** A dot is a photograph, a dash the mean. Most maps go both ways, or go little with the light. One
# stands out, 1b, the second AMSM of stage 1, and it goes the same way in all photographs: open in the dark. Two of them, to
# see what that looks like:

# %%
shown = (len(dark) - 1, len(dark) - min(3, len(dark)))
light = [8 * camera.srgb_to_linear(dark[k] / np.float32(255)) for k in shown]  # seen in print
pictures = [camera.linear_to_srgb(np.minimum(each, 1)) for each in light]
titles = ["input, 8 x light", "spatial map, 1b"] * 2
panels.photo_maps(pictures, [maps[k]["1b"] for k in shown], titles, "spatial map");

# %% [markdown]
# **What you see.** Four fifths of the mixture pass in the dark (yellow), where noise is strongest against the signal; in
# the bright sky and on the rim of the cup it is about half, or less. It fits section 2, dark places ask for averaging;
# but one map of eight, picked after looking at all of them, is an observation and no law. The interval is over
# photographs:

# %%
owner = [scene.name.split("_")[0] for scene in scenes]  # the two motorcycles are one scene
opens = bootstrap.interval(correlations["1b"], owner)
record(spatial_map_1b_with_light=tuple(opens))
record_claim("the spatial map of the second AMSM opens where it is dark (correlation with light)", *opens, below=0)

# %% [markdown]
# ## 7 · How far does the released encoder see?
#
# **Question.** How much of a photograph is behind one of its codes?
#
# The released encoder has eight AMSMs and four RCAMs, with downsampling between them. On paper, windows add up and each
# downsampling stretches all later ones. Section 1 showed that the rim of such a sum is faint. So measure both, for the
# middle of every stage's output: how far *could* it see (any gradient at all), and how far *does* it see (the square that
# holds 90 % of the gradient)?
#
# RCAM's tokens and AMSM's branch weights look at the whole picture. The library has a switch for them, made for
# photographs in tiles: `global_statistics` *records* them from one pass and *replays* them in the next, as constants.
# First both are held, so that the windows are left; then the tokens are let go, then the branch weights too.

# %%
photos = [scene for scene in layouts.open_photoset(DATA).scenes if scene.clear]
photos = photos[-choose(PROFILE, smoke=1, demo=6, full=20) :]
edge = choose(PROFILE, smoke=64, demo=240, full=240)


def middle_crop(image):
    top, left = (image.shape[0] - edge) // 2, (image.shape[1] - edge) // 2
    return torch.from_numpy(image[top : top + edge, left : left + edge]).permute(2, 0, 1)[None] / 255


def field_of_stage(number, x, held):
    """Gradient of a stage's four middle pixels with respect to the image: (h, w), sums to 1.

    held: the modules whose global statistics are constants.
    """
    out, x = [], x.clone().requires_grad_()
    hook = encoder.stages[number].register_forward_hook(lambda module, inputs, found: out.append(found))
    for mode in ("record", "replay"):
        with global_statistics(held, mode):
            encoder(x)
    hook.remove()
    _, channels, rows, columns = out[-1].shape
    middle = out[-1][0, :, rows // 2 - 1 : rows // 2 + 1, columns // 2 - 1 : columns // 2 + 1]
    signs = torch.randint(2, (channels,), generator=torch.Generator().manual_seed(SEED)) * 2.0 - 1
    (middle.sum(dim=(1, 2)) * signs).sum().backward()  # random signs: channels must not cancel
    field = x.grad[0].abs().sum(dim=0)
    return (field / field.sum()).numpy()


# %% [markdown]
# One number tells how far a stage does see: half the side of the square around the middle that holds 90 % of its field.

# %%
distance = np.abs(np.indices((edge, edge)) - (edge - 1) / 2).max(axis=0)  # of a pixel from the middle


def half_width(field, share=0.9):
    """Pixels from the middle to the side of the square that holds this share of the field."""
    by_distance = np.bincount(distance.astype(int).ravel(), field.ravel())
    return int(np.searchsorted(by_distance.cumsum(), share)) + 1


crops = [middle_crop(scene.low[-1].read()) for scene in photos]
amsms = nn.ModuleList(part for stage in encoder.stages for part in stage[1:])
held = {"windows only": encoder, "and tokens": amsms, "and branch weights": nn.ModuleList()}
rows = {
    title: [np.mean([field_of_stage(k, crop, each) for crop in crops], axis=0) for k in range(4)]
    for title, each in held.items()
}
boxes = {title: [half_width(field) for field in fields] for title, fields in rows.items()}
figures.stage_fields(rows, boxes);

# %% [markdown]
# **What you see.** Where the middle of each stage's output gets its information, averaged over six photographs; the
# colour is logarithmic, and the blue square holds 90 % of the gradient. *Upper row*: with all global statistics held, a
# stage sees its neighbourhood. The faint rim grows as the windows add up; the square stays far smaller, 5 pixels on each
# side of the middle in the first stage and 26 to 31 in the last two. *Middle row*: with the tokens let go, a veil lies over the whole photograph, in
# rectangles, the regions of the tokens. It is hundreds (stage 4) to tens of thousands of times (stage 1) fainter than the middle, but it has all the pixels of
# the photograph, and from the second stage on it stretches the blue square far out, in the fourth almost to the border.
# *Lower row*: letting the branch weights go as well changes next to nothing: the shares printed below agree within a percentage
# point. (Only in stage 1 does the square grow, by half: on so flat a veil a 90 % line runs far for half a per cent.) They
# look at the whole picture too, but they are three numbers a channel: they hear how much texture there is, not where. AMSM
# looks at the neighbourhood, RCAM at everything else.

# %%
windows_only, tokens, everything = rows.values()
outside = []  # shares of the gradient outside the square that holds 90 % of the windows' own
for number, does in enumerate(boxes["windows only"]):
    could = int(distance[windows_only[number] > 0].max()) + 1
    outside.append([float(each[number][distance >= does].sum()) for each in (tokens, everything)])
    print(f"stage {number + 1}: its windows could see {'at least ' if could == edge // 2 else ''}{could} pixels, "
          f"do see {does}; from farther away: {outside[-1][0]:.0%} with tokens, {outside[-1][1]:.0%} with all")
record(**{f"stage_{n + 1}_windows_see": float(each) for n, each in enumerate(boxes["windows only"])})
record(**{f"stage_{n + 1}_outside_with_tokens": each for n, (each, _) in enumerate(outside)})
record(**{f"stage_{n + 1}_outside_with_all": each for n, (_, each) in enumerate(outside)})
least = min(each for each, _ in outside)
record_claim("tokens alone: gradient from outside the windows' square (least of the stages)", least, above=0.1)

# %% [markdown]
# ## Recap
#
# - A gradient from one output pixel measures what a layer sees; most of a large receptive field is faint.
# - No window is best: it depends on the size of the detail and on the noise, so on the light.
# - Softmax over branches lets a picture choose. What the choice is told decides: the mean of a linear convolution says nothing of
#   scale, the mean absolute response does.
# - AMSM runs three windows side by side, mixes them for each channel, and says by a map where the result counts. In the
#   released model one such map, of eight, opens in the dark.
# - On the toy three scales beat one, and beat three copies of the largest, which have more parameters.
# - AMSM's measured window follows the size of the detail, even where the branch weights shift only by a tendency.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it: it says *to do*, *wrong* with a hint, or
# *correct*. Nothing later depends on it. All solved: [solutions/04_amsm.ipynb](solutions/04_amsm.ipynb).
#
# ### 1 · How wide does a stack of layers see?
#
# Section 1 counted every pixel that matters at all. Count fairly: give the side of the smallest square around the
# middle pixel that holds a given share of a field. Measure 90 % of the field of one 3 x 3 layer, of two, four, eight and
# sixteen in a row, on an image of 41 x 41. How do the two widths grow, the possible one and the effective one?

# %% tags=["exercise"]
from lacr_lib.exercises import check


def effective_width(field, share):
    """Side in pixels, an odd number, of the smallest centred square that holds share of a field.

    field: (h, h) tensor, h odd, not negative, of any sum. share: between 0 and 1.
    """
    # begin solution
    middle = field.shape[0] // 2
    for reach in range(middle + 1):
        square = field[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
        if square.sum() >= share * field.sum():
            return 2 * reach + 1
    return field.shape[0]
    # end solution


check("04-width", effective_width)

# %% tags=["solution"]
setup(SEED)
for depth in (1, 2, 4, 8, 16):
    widths = []
    for _ in range(5):
        layer = nn.Sequential(*[blocks.depthwise(64, 3) for _ in range(depth)])
        x = torch.randn(1, 64, 41, 41, requires_grad=True)
        layer(x)[0, :, 20, 20].sum().backward()
        widths.append(effective_width(x.grad[0].abs().sum(dim=0), 0.9))
    print(f"{depth:2d} layers could see {2 * depth + 1:2d} pixels, and 90 % of it is within {np.mean(widths):4.1f}")

# %% [markdown] tags=["solution"]
# The possible width grows by two pixels a layer: 3, 5, 9, 17, 33. The effective one keeps up for four layers and then
# falls behind, 13 of 17 and 18 of 33: from there on twice as many layers see about 1.4 times as far, the root of two. It is
# the law of section 3 of notebook 01 in another dress. A path through the layers takes a random step at each of them, and
# random steps lead away from the middle with the *root* of their number. Depth alone is a slow way to see far.

# %% [markdown] tags=["exercise"]
# ### 2 · A window with holes
#
# Nine pixels can reach as far as 49, if they lie three apart: the pixel itself, and its eight neighbours three rows or
# columns away. (In a convolution this is a kernel of 3 x 3 with *dilation* 3.) Write their mean; like `average` it
# continues the picture on the other side. Then measure its errors as in section 2, beside 3 x 3 and 7 x 7. An average does
# two things to a picture, it removes noise and it blurs. With which window does the one with holes share the first,
# and with which the second? Say it before you measure.

# %% tags=["exercise"]
def average_with_holes(x, dilation):
    """Mean of nine pixels, `dilation` pixels apart in rows and columns: (B, 1, h, w) -> same.

    With dilation 1 it is average(x, 3).
    """
    # begin solution
    steps = (-dilation, 0, dilation)
    moved = [x.roll((down, right), dims=(2, 3)) for down in steps for right in steps]
    return torch.stack(moved).mean(dim=0)
    # end solution


check("04-holes", average_with_holes)

# %% tags=["solution"]
side, windows, sizes = 24, (3, 5, 7), {"small": 0.7, "medium": 1.7, "large": 4.0}
rng = np.random.default_rng(SEED)


def average(x, window):
    return F.avg_pool2d(F.pad(x, [window // 2] * 4, mode="circular"), window, stride=1)


def spots(size, count=60):
    """The textures of section 2, without noise: (count, 1, side, side)."""
    number, seeds = round(0.3 * side**2 / (2 * np.pi * size**2)), np.zeros((count, side * side))
    for picture in seeds:
        np.add.at(picture, rng.integers(0, side**2, number), rng.choice([-1, 1], number))
    wave = np.fft.fftfreq(side)
    blur = 2 * np.pi * size**2 * np.exp(-2 * np.pi**2 * size**2 * (wave[:, None] ** 2 + wave**2))
    blurred = np.fft.ifft2(np.fft.fft2(seeds.reshape(count, side, side)) * blur).real
    return torch.tensor(blurred - blurred.mean(axis=(1, 2), keepdims=True))[:, None]


clean = {name: spots(size) for name, size in sizes.items()}
grain = torch.randn(60, 1, side, side, dtype=torch.float64)
ways = {f"{k} x {k}": lambda x, k=k: average(x, k) for k in (3, 7)} | {"holes": lambda x: average_with_holes(x, 3)}
for name, way in ways.items():
    lost = [f"{kind} {(way(each) - each).square().mean().sqrt():.2f}" for kind, each in clean.items()]
    print(f"{name:5s} noise left {way(grain).std():.0%}; error without any noise: {', '.join(lost)}")

# %% [markdown] tags=["solution"]
# It removes as little noise as 3 x 3 (a third is left, since nine independent values are averaged in both), and blurs as
# much as 7 x 7, on every size of detail even a little more: the pixels near the middle, which know most about it, are
# left out. The worse half of each. A learned kernel can do better with its nine numbers, by trusting the
# middle, but it cannot get back what the other forty pixels know about the noise.

# %% [markdown] tags=["exercise"]
# ### 3 · More noise, one kernel
#
# A mixture of averages is itself a weighted average: *one* kernel of 7 x 7 does what three windows and their weights
# do. Write that kernel. Independent noise of deviation 1 comes out of a kernel with the deviation
# $\sqrt{\sum \text{kernel}^2}$. How much of it do even weights leave, and is that the mean of what the three windows leave
# alone, 1/3, 1/5 and 1/7? Then try many weights on the textures with more and more noise. Section 2 says that every
# detail should ask for a wider window. Do the best weights follow?

# %% tags=["exercise"]
def mixture_as_kernel(weights):
    """Kernel that averages over 3 x 3, 5 x 5 and 7 x 7 pixels and mixes: (3,) -> (7, 7).

    weights: of the three windows, in this order. A kernel for weights that sum to 1 sums to 1.
    """
    # begin solution
    kernel = torch.zeros(7, 7)
    for weight, window in zip(weights, (3, 5, 7)):
        edge = (7 - window) // 2
        kernel[edge : 7 - edge, edge : 7 - edge] += weight / window**2
    return kernel
    # end solution


check("04-mixture", mixture_as_kernel)

# %% tags=["solution"]
even = mixture_as_kernel([1 / 3, 1 / 3, 1 / 3])
print(f"even weights leave {even.square().sum().sqrt():.3f} of the noise; mean of the three {(1/3 + 1/5 + 1/7) / 3:.3f}")
grid = torch.arange(0, 21, dtype=torch.float64) / 20
tried = torch.cartesian_prod(grid, grid)
tried = torch.column_stack([tried, 1 - tried.sum(dim=1)])[tried.sum(dim=1) < 1.01]  # (231, 3)
for noise in (0.3, 0.6, 1.0, 2.0):
    line = []
    for name, truth in clean.items():
        wrong = torch.cat([average(truth + noise * grain, k) - truth for k in windows], dim=1)
        products = torch.einsum("iahw,ibhw->ab", wrong, wrong)  # the error is quadratic in the weights
        best = tried[torch.einsum("pa,ab,pb->p", tried, products, tried).argmin()]
        left = mixture_as_kernel(best).square().sum().sqrt()
        line.append(f"{name} {best @ torch.tensor(windows, dtype=best.dtype):.1f} ({left:.0%})")
    print(f"noise {noise:.1f}: mean window in pixels of the best weights (and noise left): {', '.join(line)}")

# %% [markdown] tags=["solution"]
# Even weights leave 0.192 of the noise, less than the 0.225 of the three windows' mean. Three windows that saw the same
# noise would leave the mean; but the outer pixels of the wide ones bring noise of their own, and some of it cancels. The
# best weights follow the noise, for every size of detail: from 0.3 to 2.0 the mean window grows from 3.0 to 6.4 pixels
# for small spots and from 5.3 to 7.0 for large ones. At noise 2.0 all three want nearly the widest window there is. So
# the choice should know two things, the scale of the detail and the noise. AMSM's descriptor, the mean absolute response
# of each branch, tells of both.

# %% [markdown]
# ## Think!
#
# 1. The weights over the branches are one number for a picture and channel, not for a pixel. What goes wrong on a
#    photograph with fine grass below and a smooth sky above?
#
#    <details><summary>One answer</summary>
#
#    The whole picture gets one compromise. The spatial map and the feed-forward part can correct it a little, and other
#    channels can specialise in sky or grass. A weight for each pixel would be possible and costs more; selective-kernel
#    networks found the global choice good enough for classification. For enhancement it is open.
#
#    </details>
#
# 2. In section 3 the plain mean is useless because convolutions are linear. What if a ReLU stood between?
#
#    <details><summary>One answer</summary>
#
#    Then the mean is no longer fixed by the input's mean, and it does carry scale: for a response that is symmetric
#    around zero the mean of its ReLU is half the mean absolute value. Selective-kernel networks do that. We keep
#    the branches linear and take the absolute value for the descriptor only.
#
#    </details>
#
# 3. A crop and the whole photograph have different branch weights. When does that matter?
#
#    <details><summary>One answer</summary>
#
#    When a model is trained on crops and used on whole frames, and when a large photograph is treated in tiles:
#    neighbouring tiles would be treated differently and the seam would show. The library records such global
#    statistics once, on a reduced copy, and replays them in every tile: the switch that section 7 used.
#
#    </details>

# %% [markdown]
# ## Next
#
# The encoder is complete. [Notebook 05](05_lacr_training.ipynb) adds the term that gave the method its name: how do
# negatives train an enhancer?
