# %% [markdown]
# # 03 · How can a dark corner learn from a bright window?
#
# **What you will learn**
# - why no amount of local evidence tells *how dark* a dark patch is, and what else does;
# - what region tokens are, and how attention lets every pixel ask them;
# - to build the heart of **RCAM**, the Region-CAlibrated Module, and to check it against the library's;
# - to find out whether a network *uses* what its attention points at (an intervention, not a picture);
# - why asking regions instead of pixels keeps the cost linear, and what that is worth on a photograph;
# - what the released model's dark pixels ask on real photographs.
#
# **Before you start.** Notebooks [01](01_data.ipynb) (stops, illumination fields) and [02](02_vae.ipynb) (where the encoder
# sits). You should know what a convolution and a softmax are. Attention is built here from nothing.
#
# **Time.** About 45 minutes to read and try; the code runs in about a minute on 2 CPU cores, and needs no GPU.

# %%
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lacr_lib import RCAM, enhance, load_model
from lacr_lib.data import camera, layouts
from lacr_lib.evaluation import bootstrap, metrics
from lacr_lib.figures import panels
from lacr_lib.figures import rcam as figures
from lacr_lib.models import blocks, rcam
from lacr_lib.teaching import choose, record, record_claim, setup, show

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %% [markdown]
# ## 1 · The same patch, two truths
#
# **Question.** Here are 5 x 5 pixels of a dark photograph. By how much should an enhancer brighten them?
#
# Build two scenes around one and the same patch. In the first, a lamp lights the left and leaves the right in shadow.
# In the second, the light is even, and the photographer under-exposed. The wall has the same random *paint* in both: how
# much of the light that falls on it each pixel sends back. All is counted in *stops* (notebook 01), factors of two.

# %%
setup(SEED)
rng = np.random.default_rng(SEED)
side, mark = 24, (12, 19)  # the patch lies right of the middle
across = np.clip(np.linspace(0.3, -3.3, side), -3, 0)  # stops of light, left to right
lamp = np.broadcast_to(across, (side, side)).copy()
around = (slice(mark[0] - 2, mark[0] + 3), slice(mark[1] - 2, mark[1] + 3))
lamp[around] = lamp[mark]  # even light on the patch itself
even = np.zeros((side, side))
paint = rng.uniform(-2, 0, (side, side))  # stops: from a quarter of the light reflected to all of it
uneven_scene = paint + lamp
under_exposed = paint + even + lamp[mark]  # as dark everywhere as the shadow is
np.testing.assert_array_equal(uneven_scene[around], under_exposed[around])

# %% [markdown]
# Stops are logarithms. To look at the scenes we turn them into light, and that into file values, by notebook 01's tone
# curve.

# %%
pictures = {"one lamp": uneven_scene, "under-exposed": under_exposed}
shown = {name: camera.linear_to_srgb(2.0**stops) for name, stops in pictures.items()}
figures.same_patch(shown, {"one lamp": lamp, "under-exposed": even}, mark);

# %% [markdown]
# **What you see.** The framed patches are equal to the last digit (the assertion above insists on it), yet the truth
# about them differs. In the upper scene the patch lies more than two stops *in the shadow* of its own picture; below,
# nothing is in shadow, and the whole frame wants more exposure. An enhancer that looks through a 5 x 5 window must give
# the same answer to both. Whatever it answers, it is wrong at least once.
#
# So *how dark is it here?* is a question about the whole picture. The paper says so in its words: RCAM learns "local and
# global illumination relations among image regions" **[paper]**. The rest of this notebook is our reading of that
# sentence **[ours]**.

# %% [markdown]
# ## 2 · A toy in which the light is known
#
# **Question.** How would we know whether a guess of the light is right?
#
# On a photograph nobody knows the true light, so we make scenes where we do. What reaches the camera is a product, light
# times paint times exposure. We count in stops, which are logarithms to the base 2, and there a product is a sum:
#
# $$\text{brightness} = \text{light} + \text{paint} + \text{exposure} \qquad [\text{stops}]$$
#
# - *light*: notebook 01's smooth illumination field, 0 in the brightest place; how deep the shadows are, from half a stop
#   to four, differs from scene to scene;
# - *paint*: every pixel its own, from -2 to 0 stops (this is the nuisance);
# - *exposure*: one number a scene, from -5 to 0 stops (this is what a small window cannot know).
#
# The task: from the brightness alone, give the light of every pixel.

# %%
def scenes(count, seed, contrast=(0.5, 4)):
    """Brightness and true light of random scenes, in stops: (count, 1, side, side) each."""
    rng = np.random.default_rng(seed)
    contrasts = rng.uniform(*contrast, count)
    fields = [camera.illumination_field(side, side, depth, rng) for depth in contrasts]
    light = np.log2(np.stack(fields))[:, None]
    paint = rng.uniform(-2, 0, light.shape)
    exposure = rng.uniform(-5, 0, (count, 1, 1, 1))
    stops = (light + paint + exposure, light)
    return tuple(torch.tensor(each, dtype=torch.float32) for each in stops)


brightness, light = scenes(choose(PROFILE, smoke=16, demo=64, full=256), SEED + 1)  # for testing only
panels.map_row({f"scene {k}": brightness[k, 0] for k in range(4)}, "brightness (stops)");

# %% [markdown]
# **What you see.** Four scenes on one scale. The light is there, as slow changes under the grain of the paint, but
# the scenes differ more from each other (exposure) than the places within a scene do (light). The same pixel value is
# a well-lit place in one frame and a dark corner in another.

# %% [markdown]
# ## 3 · Three rules by hand
#
# **Question.** Before any network: what would *you* do?
#
# Look for the brightest region of the picture, and compare yourself with it. For that we need a summary of the picture by
# regions. Call the mean of a region a **region token**, and since nobody tells us how large a bright window is, take
# regions of several sizes: 1 x 1 (the whole picture), 2 x 2, 4 x 4 and 8 x 8 of them.

# %%
def tokens_by_hand(x, grid):
    """Means over the cells of a grid, row by row: (C, h, w) -> (grid * grid, C)."""
    channels, height, width = x.shape
    cells = []
    for i in range(grid):
        for j in range(grid):
            rows = slice(i * height // grid, (i + 1) * height // grid)
            columns = slice(j * width // grid, (j + 1) * width // grid)
            cells.append(x[:, rows, columns].mean(dim=(1, 2)))
    return torch.stack(cells)


GRIDS = (1, 2, 4, 8)
ours = torch.cat([tokens_by_hand(brightness[0], grid) for grid in GRIDS])
torch.testing.assert_close(ours, rcam.region_tokens(brightness, GRIDS)[0])
coarse = {grid: tokens_by_hand(brightness[0], grid) for grid in GRIDS}
figures.token_row(brightness[0, 0], coarse, "brightness (stops)");

# %% [markdown]
# **What you see.** One scene, and its 1 + 4 + 16 + 64 = 85 tokens. The coarse grids know how bright the scene is as a whole
# (exposure and shadows in one number) but blur the light away; the finest still shows where it comes from, with little of the paint left, since each token
# is a mean of nine pixels. A window may fill half a wall or be one small lamp: light comes "in diverse region sizes and
# shapes" **[paper]**, and keeping all four grids means not having to bet on one size **[ours]**.
#
# Now three rules, from nothing to something. Their error is the root of the mean squared difference to the true light over
# the pixels of a scene, in stops, averaged over scenes:

# %%
def local_mean(x, size):
    return F.avg_pool2d(F.pad(x, [size // 2] * 4, mode="replicate"), size, stride=1)


def scene_errors(guess, truth):
    """Root-mean-square error of each scene in stops: (B,)."""
    return (guess - truth).pow(2).mean(dim=(1, 2, 3)).sqrt()


brightest = rcam.region_tokens(brightness, (8,)).amax(dim=1)[:, :, None, None]
by_rule = {
    "always the mean": light.mean() + 0 * light,
    "own pixel minus brightest": brightness - brightest,
    "3 x 3 minus brightest": local_mean(brightness, 3) - brightest,
}
rule_errors = {name: scene_errors(guess, light).mean().item() for name, guess in by_rule.items()}
for name, error in rule_errors.items():
    print(f"{name:26s} off by {error:.2f} stops")

# %% [markdown]
# The first rule ignores the picture; any local rule will struggle to do much better. The second asks the brightest region
# and knows the exposure from it, but takes its own paint for light. The third averages its neighbours first, so that the
# paint cancels, and *then* asks. **Local and global evidence answer different questions**: the neighbours tell what my
# own brightness is without the paint, the far regions tell what to compare it with.

# %% [markdown]
# ## 4 · Asking regions softly: attention
#
# **Question.** "The brightest region" is a hand-made choice. How can a network find out by itself *which* regions to ask,
# and in which quantity to compare?
#
# By attention (Vaswani et al. 2017). Let a map have $N = h \cdot w$ pixels, each with a vector of $c$ features, and let
# it have $T = 85$ tokens, which are means of such vectors and so have $c$ features, too. Three learned matrices make a
# **query** $q_p$ of each pixel $p$, and a **key** $k_t$ and a **value** $v_t$ of each token $t$. All of them have length
# $d$.
#
# | step | formula | shape |
# |---|---|---|
# | queries of all pixels $X$ `(N, c)` | $Q = X W_q$ | `(N, d)` |
# | keys and values of all tokens $R$ `(T, c)` | $K = R W_k, \quad V = R W_v$ | `(T, d)` each |
# | *scores*: how well does token $t$ answer pixel $p$? | $S_{pt} = q_p \cdot k_t / \sqrt d$ | `(N, T)` |
# | *weights*: positive, and each pixel's sum to 1 | $w_{pt} = e^{S_{pt}} / \sum_{t'} e^{S_{pt'}}$, a softmax over tokens | `(N, T)` |
# | *answers*: a weighted mean of the values | $\text{answer}_p = \sum_t w_{pt}\, v_t$ | `(N, d)` |
#
# Why $\sqrt d$? If the $d$ entries of query and key are independent, of mean 0 and variance 1, each of the $d$ products
# in $q \cdot k$ has variance 1, and their sum has variance $d$. Divided by $\sqrt d$ a score stays near $\pm 1$ whatever
# $d$ is. Without it a softmax of large scores would be all but a hard choice, through which hardly any gradient passes.
#
# RCAM gives half of its $C$ channels to this: $c = C / 2$. With several *heads* these channels are cut into as many
# parts, each part asks for itself with $d = c / \text{heads}$, and the answers are laid side by side; in the toy there is
# one head, and $d = c$. Each token also gets a learned vector of its grid, so that it can tell its size. Written as a
# loop, with nothing hidden:

# %%
def attention_by_loop(module, x):
    """Every pixel asks every region token, one at a time: (C/2, h, w) -> (C/2, h, w)."""
    tokens = torch.cat([
        tokens_by_hand(x, grid) + size for grid, size in zip(module.token_grids, module.grid_embedding)
    ])
    answer = torch.empty_like(x)
    for row in range(x.shape[1]):
        for column in range(x.shape[2]):
            pixel = x[None, :, row : row + 1, column : column + 1]
            query = module.query(pixel).flatten()
            keys, values = module.key_value(tokens).chunk(2, dim=1)
            scores = keys @ query / len(query) ** 0.5
            answer[:, row, column] = scores.softmax(dim=0) @ values
    return answer


# %% [markdown]
# The library computes the same for all pixels at once. Equal?

# %%
# NBVAL_CHECK_OUTPUT
torch.manual_seed(SEED)
module = RCAM(channels=8)
nn.init.normal_(module.grid_embedding)  # it starts at 0; a test with zeros would prove little
features = torch.randn(1, 4, 16, 16)
query, key, value = module.attention_inputs(features)  # (1, heads, pixels or tokens, d)
fast = F.scaled_dot_product_attention(query, key, value)
with torch.no_grad():
    torch.testing.assert_close(
        module.to_map(fast, features.shape)[0], attention_by_loop(module, features[0])
    )
print(f"{query.shape[2]} pixels asked {key.shape[2]} tokens: the loop and the library agree")

# %% [markdown]
# ## 5 · The whole module
#
# **Question.** Attention gives the global half of an answer. How do both halves come together?
#
# RCAM splits its channels in two **[ours, after the region-calibrated block of LRCR-Net, Wu et al. 2023]**:
#
# | part | formula | shape |
# |---|---|---|
# | each pixel normalised, its channels halved | $n = \mathrm{LayerNorm}(x), \quad n = [\,n_g, n_l\,]$ | `(B, C, h, w)`, two of `(B, C/2, h, w)` |
# | *global half*: asks the region tokens of $n_g$, as above | $a = \mathrm{attention}(n_g)$ | `(B, C/2, h, w)` |
# | *local half*: the "average your neighbours" of our third rule, learned | $l = \mathrm{PW}(\mathrm{GELU}(\mathrm{DW}_{3 \times 3}(n_l)))$ | `(B, C/2, h, w)` |
# | *gate*: how much of each passes, between 0 and 1 | $\gamma = \mathrm{sigmoid}(\mathrm{PW}([\,a, l\,]))$ | `(B, C, h, w)` |
# | mixed, and added to the input | $y = x + \mathrm{PW}(\gamma \odot [\,a, l\,])$ | `(B, C, h, w)` |
# | each pixel once more, by itself | $y + \mathrm{FF}(\mathrm{LayerNorm}(y))$ | `(B, C, h, w)` |
#
# Here $B$ is the batch, $[\cdot, \cdot]$ lays channels side by side and $\odot$ multiplies entry by entry. PW,
# *point-wise*, is a linear layer on the channels of each pixel; DW, *depth-wise*, a convolution with a kernel of its own
# for each channel; GELU a smooth ReLU; FF, *feed-forward*, two point-wise layers with a GELU between. The gate is how we
# read "calibrated".
#
# Three decisions **[ours]**, and why. *Residual connections*: the module adds a correction to its input, and its last
# layers start near zero, so at first it does no harm. *LayerNorm over the channels of each pixel* (Ba et al. 2016), which
# subtracts their mean and divides by their deviation, and not BatchNorm: a batch statistic would carry the mean
# brightness of the training crops into a dark photograph. *No position code*: a token does not know where it lies. The
# window may be anywhere, and a photograph may have any size; what a region *looks like* must be enough.

# %%
from lacr_lib.figures import diagrams

diagrams.rcam_inside();

# %% [markdown]
# **What you see.** The RCAM of stage 3, for a photograph of 128 x 128 pixels, where the map has 64 channels and 32 x 32 =
# 1024 pixels (first stage at full resolution; in the released model, whose stem halves each side, it has 16 x 16). Upper half: 1 + 4 + 16 + 64 region means become 85 keys and values, and 1024 pixels ask them, in two heads
# of 16 features each. The attention matrix, 1024 x 85 a head, is what section 7 draws. Lower half: the 3 x 3 convolution.
# Both meet at the gate, and the long arrow below is the residual connection. It is as short in code:

# %%
# NBVAL_CHECK_OUTPUT
show(RCAM.forward)

# %% [markdown]
# ## 6 · Local, global, or both?
#
# **Question.** Does a network need both halves, and does it find our third rule by itself?
#
# Three tiny networks, each with one RCAM between two point-wise layers, learn to guess the light. They have the same
# architecture and the same number of parameters; in two of them one half is *silenced*: its answer is replaced by
# zeros, in training and in testing. (PyTorch calls a *forward hook* after a module; what the hook returns takes the place
# of the module's output.) The fourth is a fair chance for the local side: three modules deep, three
# times the parameters, a 7 x 7 window.

# %%
def silence(part):
    """From now on the part answers zero; the returned handle's remove() gives it its voice back."""
    return part.register_forward_hook(lambda module, inputs, output: output * 0)


class LightGuess(nn.Module):
    """Brightness in stops -> light in stops, both (B, 1, h, w)."""

    def __init__(self, use_local=True, use_global=True, depth=1, channels=16):
        super().__init__()
        self.enter = blocks.PointWise(1, channels)
        self.body = nn.Sequential(*[RCAM(channels) for _ in range(depth)])
        self.leave = blocks.PointWise(channels, 1)
        for part in self.body:
            if not use_local:
                silence(part.local)
            if not use_global:
                silence(part.key_value)  # no values, no answer

    def forward(self, x):
        return self.leave(self.body(self.features(x)))

    def features(self, x):
        return self.enter((x + 4.5) / 2)  # stops, centred and scaled


# %% [markdown]
# Why silence a half in place of leaving it out? So that the number of parameters stays the same, and a difference between
# the networks is one of what they can *know*. All are trained alike, on scenes that do not occur in the test:

# %%
def train(model, data, seed, steps, batch=8, rate=1e-2):
    """Fit a LightGuess to random scenes: Adam, one-cycle learning rate, squared error."""
    inputs, truth = data
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(inputs), (batch,), generator=generator)
        loss = F.mse_loss(model(inputs[chosen]), truth[chosen])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return model.eval()


steps = choose(PROFILE, smoke=4, demo=400, full=2000)
seeds = choose(PROFILE, smoke=1, demo=2, full=5)
many = choose(PROFILE, smoke=32, demo=512, full=4096)
training = scenes(many, SEED + 2)

# %%
variants = {
    "local only": dict(use_global=False),
    "local only,\n3 deep": dict(use_global=False, depth=3),
    "global only": dict(use_local=False),
    "both": dict(),
}
models, errors = {}, {}
for name, parts in variants.items():
    for run in range(1 if "deep" in name else seeds):
        torch.manual_seed(SEED + run)
        model = train(LightGuess(**parts), training, SEED + run, steps)
        with torch.no_grad():
            errors.setdefault(name, []).append(scene_errors(model(brightness), light).numpy())
        models.setdefault(name, model)  # the first training of each is looked at below

# %% [markdown]
# How wrong is each of them on the scenes of section 2, which none has seen? The error of a scene is that of section 3; the
# 95 % interval says what another draw of test scenes might have shown.

# %%
numbers = range(len(light))
means = {name: bootstrap.interval(np.mean(runs, axis=0), numbers) for name, runs in errors.items()}
single = {name: [run.mean() for run in runs] for name, runs in errors.items()}
panels.error_bars(means, single, "error of the light (stops)", rule_errors);

# %% [markdown]
# **What you see.** Bars are means over held-out scenes with their 95 % interval, dots single trainings, dashed lines our
# rules from section 3. *Local only* hardly beats always saying the mean; two more modules and a larger window do not help
# it, for what it lacks is not capacity but knowledge. *Global only* knows the exposure and still reads paint as light.
# *Both* does what our third rule did, and found it by itself.

# %%
def gap(worse, better):
    """How much larger the one error is, scene by scene, with its interval over scenes."""
    return bootstrap.paired_interval(np.mean(errors[worse], axis=0), np.mean(errors[better], axis=0), numbers)


flat = {name.replace(",\n", " ").replace(" ", "_"): value for name, value in means.items()}
record(**{f"light_error_{name}": tuple(value) for name, value in flat.items()})
record_claim("local only errs more than both (stops)", *gap("local only", "both"), above=0)
record_claim("global only errs more than both (stops)", *gap("global only", "both"), above=0)
record_claim("three local modules err more than both (stops)", *gap("local only,\n3 deep", "both"), above=0)

# %% [markdown]
# How do the guesses look? One scene, and what each network makes of it.

# %%
chosen = 3
with torch.no_grad():
    guesses = {name: model(brightness)[chosen, 0] for name, model in models.items()}
maps = {"true light": light[chosen, 0], **{name: guesses[name] for name in models}}
panels.map_row(maps, "light (stops)", limits=(-4, 0));

# %% [markdown]
# **What you see.** *Local only* has the pattern in part, and no level: it cannot know whether the frame is dark or the
# place. *Global only* has the level, peppered with paint. *Both* is smooth, and at the right level.

# %% [markdown]
# ## 7 · Whom does a dark pixel ask?
#
# **Question.** Which regions did the trained network learn to ask?
#
# With `return_attention=True` RCAM also returns its attention weights $w_{pt}$, one for each pixel and token. To draw
# them over the image, each token's weight is spread over the pixels of its cell and the four grids are added up: 1 means
# asked as much as with even attention, 2 twice as much.

# %%
both = models["both"]
with torch.no_grad():
    _, attention = both.body[0](both.features(brightness), return_attention=True)
weights = attention.weights[:, 0].numpy()  # (scenes, pixels, tokens); there is one head


def darkest_and_brightest(stops):
    """(row, column) of the darkest and of the brightest pixel."""
    return [divmod(int(flat), side) for flat in (stops.argmin(), stops.argmax())]


rows, asking = [], []
for k in (3, 1):
    asking.append(darkest_and_brightest(light[k, 0]))
    of_pixel = [weights[k, row * side + column] for row, column in asking[-1]]
    maps = [figures.attention_map(each, GRIDS, (side, side)) for each in of_pixel]
    picture = camera.linear_to_srgb(2.0 ** (brightness[k, 0] - brightness[k].max()).numpy())
    rows.append((picture, maps))
figures.attention_over(rows, asking, ["scene", "the darkest pixel asks", "the brightest asks"]);

# %% [markdown]
# **What you see.** Two scenes (left, scaled to full brightness), and the attention of two pixels in each: the darkest
# place (blue cross) and the brightest (green). Nobody told the network where the light is, or that the brightest
# place counts. Yet both pixels ask the same few regions, the brightest ones of the finest grid, many times as much as
# even attention would. It has found our rule, and with the soft maximum it looks for a
# *group* of bright regions where we trusted a single one.
#
# Is that so in general? For every held-out scene: the true light of what the pixels of the darkest quarter ask,
# against the average region.

# %%
def dark_quarter(light):
    """(scenes, pixels), True in the quarter with the least light."""
    flat = light.flatten(1).numpy()
    return flat <= np.quantile(flat, 0.25, axis=1, keepdims=True)


def asked_brighter(model, data):
    """Stops by which what dark pixels ask is brighter than the average region: (scenes,)."""
    inputs, light = data
    with torch.no_grad():
        _, found = model.body[0](model.features(inputs), return_attention=True)
    token_light = rcam.region_tokens(light, GRIDS)[..., 0].numpy()  # (scenes, tokens), stops
    asked = np.einsum("spt,st->sp", found.weights[:, 0].numpy(), token_light)
    dark = dark_quarter(light)
    return np.array([asked[k][dark[k]].mean() - token_light[k].mean() for k in range(len(light))])


# %%
testing = (brightness, light)
result = bootstrap.interval(asked_brighter(both, testing), numbers)
record(asked_brighter_by_stops=tuple(result))
record_claim("toy: dark pixels ask regions brighter than average (stops)", *result, above=0)

# %% [markdown]
# ## 8 · Close the curtain
#
# **Question.** An attention map shows where a module looks. Does it *use* what it sees?
#
# The values could be equal everywhere, or ignored later. To know, intervene. We draw a curtain over the bright third of
# each scene (two stops less light there) and touch nothing else. The pixels of the dark quarter keep their values; yet
# *relative to the brightest place* their light has risen, by an amount that we know. Who notices?

# %%
def close_curtain(model, data):
    """Change in the dark quarter: the true one and that of the model's guess, (scenes,) each, stops."""
    inputs, light = data
    bright = light >= light.flatten(1).quantile(2 / 3, dim=1)[:, None, None, None]
    curtain = 2.0 * bright
    before, after = (light - light.amax((1, 2, 3), True) for light in (light, light - curtain))
    dark = dark_quarter(light)
    with torch.no_grad():
        guess = model(inputs - curtain) - model(inputs)
    change = [(after - before).flatten(1).numpy(), guess.flatten(1).numpy()]
    return tuple(np.array([each[k][dark[k]].mean() for k in range(len(dark))]) for each in change)


tested = ("local only", "global only", "both")
changes = {name: close_curtain(models[name], testing) for name in tested}
figures.curtain(changes, "change of the guess (stops)");

# %% [markdown]
# **What you see.** Each dot is a scene; on the grey line the guess follows the truth. *Local only* lies flat on zero: the
# curtain is out of its sight. The networks that can ask change their mind about pixels that did not change at all, on
# average in the right direction, by about half of the right amount (*global only*) and by most of it (*both*). This is the answer to the notebook's question, in the toy:
# from the window the corner learns *how bright the light of the scene is*, and so how dark it is itself.

# %%
followed = {name: bootstrap.interval(guess / true, numbers) for name, (true, guess) in changes.items()}
record(**{f"curtain_followed_{name.replace(' ', '_')}": tuple(each) for name, each in followed.items()})
record_claim("both: share of the true change that the guess follows", *followed["both"], above=0.5)
record_claim("local only: share that the guess follows", *followed["local only"], below=0.05)

# %% [markdown]
# **A trap, and a true story.** In the first version of this toy every scene had shadows of exactly three stops. The
# errors looked just like those above, and we nearly stopped there. Then we drew the curtain:

# %%
torch.manual_seed(SEED)
shortcut = train(LightGuess(), scenes(many, SEED + 2, contrast=(3, 3)), SEED, steps)
always_three = scenes(len(light), SEED + 1, contrast=(3, 3))
true, guess = close_curtain(shortcut, always_three)
with torch.no_grad():
    at_home = scene_errors(shortcut(always_three[0]), always_three[1])
    abroad = scene_errors(shortcut(brightness), light)
record(
    shortcut_error=at_home.mean(),
    shortcut_error_on_other_shadows=abroad.mean(),
    shortcut_asked_brighter=tuple(bootstrap.interval(asked_brighter(shortcut, always_three), numbers)),
    shortcut_curtain_followed=tuple(bootstrap.interval(guess / true, numbers)),
)
worse = bootstrap.paired_interval(abroad.numpy(), np.mean(errors["both"], axis=0), numbers)
record_claim("the shortcut errs more than both on shadows of other depths (stops)", *worse, above=0)

# %% [markdown]
# It asks *dark* regions, and ignores the curtain almost completely. And it is right to: if the deepest shadow always lies
# three stops under the brightest place, then comparing with the darkest region tells just as much. Of two clues that
# agreed, the network took the other one. No error on held-out scenes of the same kind could have told us; on scenes whose
# shadows have other depths it fails badly. *A toy must contain the variety from which one learns the right thing; so must
# a data set.* And an intervention finds out what an error cannot.

# %% [markdown]
# ## 9 · What does the gate do?
#
# **Question.** Does the gate trade local against global from place to place?
#
# The gate $\gamma$ decides how much of the two halves passes, for each pixel and channel. Here it is, channel by channel:

# %%
figures.gate_channels(attention.gate[3]);

# %% [markdown]
# **What you see.** A bar for each channel of one scene: the gate's mean over pixels; the black line spans 90 % of the
# pixels. The gate mostly tells *channels* apart: some pass nearly everything, some little. Where a black line is long, the
# channel also passes here and not there; about half of them are short. On the whole channels differ several times as
# much as places do (the deviations below): in this toy every place has the same kind of paint, and nothing calls for a
# different mixture of local and global from place to place.

# %%
within = attention.gate.flatten(2).std(dim=2).mean().item()
across = attention.gate.mean(dim=(2, 3)).std(dim=1).mean().item()
print(f"standard deviation of the gate: {within:.2f} over the pixels of a channel, {across:.2f} over channels")
record(gate_spread_over_pixels=within, gate_spread_over_channels=across)

# %% [markdown]
# ## 10 · Linear, not quadratic
#
# **Question.** Why not let every pixel ask every *pixel*?
#
# Because it does not scale. With the $N$ pixels, $T$ tokens and $d$ features of section 4, the scores are $N T$ dot
# products of length $d$, that is $d$ multiplications and $d$ additions each, and the answers as many again: $4 N T d$
# operations (FLOP) in all. For regions $T = 85$, whatever the size of the picture: linear in $N$. For full self-attention
# $T = N$: quadratic, and the same holds for the memory of the score matrix. We count, and we measure, on one core, so
# that the clock does not depend on how many there are.

# %%
def attend(query, key, value):
    """Attention as the formula has it; (N, d), (T, d), (T, d) -> (N, d)."""
    return torch.softmax(query @ key.T / query.shape[1] ** 0.5, dim=1) @ value


def best_time(asking, asked, repeats=5):
    """Shortest of a few runs, in seconds: the least disturbed one."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        attend(asking, asked, asked)
        times.append(time.perf_counter() - start)
    return min(times)


sides = choose(PROFILE, smoke=(16, 24, 32), demo=(16, 24, 32, 48, 64, 96), full=(16, 32, 64, 96, 128))
pixels = np.array([s * s for s in sides])
d, tokens = 16, sum(grid * grid for grid in GRIDS)
flops = {"full self-attention": 4.0 * pixels**2 * d, "region tokens": 4.0 * pixels * tokens * d}
seconds = {name: [] for name in flops}
cores = torch.get_num_threads()
torch.set_num_threads(1)
for count in pixels:
    asking = torch.randn(count, d)
    seconds["full self-attention"].append(best_time(asking, asking))
    seconds["region tokens"].append(best_time(asking, torch.randn(tokens, d)))
torch.set_num_threads(cores)

# %%
figures.costs(pixels, flops, seconds);

# %% [markdown]
# **What you see.** Left the count, right the clock, both on logarithmic axes, where the slope is the power. Doubling the
# pixels doubles the cost of asking regions and quadruples the cost of asking pixels. The lines would cross, left of what
# is drawn, where a map has as many pixels as there are tokens, 85: below that, regions are the dearer choice.
#
# The clock knows something that the count does not. Where this page was made, full attention jumps somewhere between 1000 and 4100
# pixels: there the score matrix grows from 4 to 67 MB, it no longer fits near the processor, and each call waits for fresh
# memory. Times, and the place of the jump, differ between machines; away from the jump the slopes should be near 2 and
# 1. (The powers fitted below are over the last three points; where the jump lies among them, the first is nearer 3 than 2.)

# %%
from torch.utils.flop_counter import FlopCounterMode

asking = torch.randn(pixels[1], d)
for name, asked in (("full self-attention", asking), ("region tokens", torch.randn(tokens, d))):
    with FlopCounterMode(display=False) as counter:
        attend(asking, asked, asked)
    assert counter.get_total_flops() == flops[name][1]  # PyTorch counts what the formula says

slope = {name: np.polyfit(np.log(pixels[-3:]), np.log(times[-3:]), 1)[0] for name, times in seconds.items()}
record(time_power_full=slope["full self-attention"], time_power_regions=slope["region tokens"])
ratio = seconds["full self-attention"][-1] / seconds["region tokens"][-1]
record_claim(f"full self-attention takes longer on {sides[-1]} x {sides[-1]} pixels (times)", ratio, above=5)
photo = 250_000  # a one-megapixel photograph in the released model, whose stem_stride=2 halves each side
print(f"scores of a one-megapixel photograph: {photo**2 * 4 / 1e9:.0f} GB for pixels, {photo * tokens * 4 / 1e6:.0f} MB for regions")

# %% [markdown]
# ## 11 · On a real photograph
#
# **Question.** Do the same comparisons arise in a network that only ever saw photographs?
#
# The released model has four RCAMs, one at the head of each stage of its encoder **[paper]**. Nobody told it about light
# fields:
# it was trained to turn dark photographs into clear ones, on other photographs than these. What do *its* dark pixels
# ask? A forward hook catches each RCAM's input, and `return_attention=True` gives the rest.

# %%
model = load_model("lacr-vae")
stages = [stage[0] for stage in model.encoder.stages]  # RCAM is the first block of each stage


def look(photo):
    """Attention (h, w, tokens), mean over heads, and gate (C, h, w) of the four RCAMs."""
    caught = []
    hooks = [part.register_forward_hook(lambda part, x, y: caught.append(x[0])) for part in stages]
    with torch.inference_mode():
        model.encode(torch.from_numpy(photo / np.float32(255)).permute(2, 0, 1)[None])
        for hook in hooks:
            hook.remove()
        found = [part(x, return_attention=True)[1] for part, x in zip(stages, caught, strict=True)]
    size = [x.shape[2:] for x in caught]
    weights = [each.weights[0].mean(0).view(*hw, -1) for each, hw in zip(found, size, strict=True)]
    return [w.numpy() for w in weights], [each.gate[0].numpy() for each in found]


# %% [markdown]
# One dark frame of each photograph of the course, the third darkest of its ladder:

# %%
def one_dark_frame(scene):
    return scene.low[min(2, len(scene.low) - 1)].read()  # the third darkest: 1/16 of the light


photos = [scene for scene in layouts.open_photoset(DATA).scenes if scene.clear]
photos = photos[-choose(PROFILE, smoke=3, demo=12, full=100) :]
names = [scene.name.split("_")[0] for scene in photos]  # the two motorcycles are one scene
frames = [one_dark_frame(scene) for scene in photos]
seen = [look(frame) for frame in frames]
print(f"{len(photos)} photographs, {len(stages)} RCAMs with {[part.heads for part in stages]} heads")

# %% [markdown]
# First two of them, and in each the darkest of 8 x 8 regions. The pixel in its middle asks (blue cross):

# %%
def darkest_region(image, grid=8):
    """(row, column) of the middle of the picture's darkest region, as fractions of its sides."""
    light = torch.from_numpy(image.max(axis=2) / np.float32(255))[None, None]
    flat = int(rcam.region_tokens(light, (grid,)).argmin())
    return (flat // grid + 0.5) / grid, (flat % grid + 0.5) / grid


def for_print(image):
    """Eight times the light: else nothing would be seen in print."""
    light = 8 * camera.srgb_to_linear(image / np.float32(255))
    return camera.linear_to_srgb(np.minimum(light, 1))


# %%
drawn = (0, 2, 3)  # stages 1, 3 and 4
rows, asking = [], []
for k in (len(photos) - 1, len(photos) - 3):  # the temple and the cup of the embedded set
    place, found = darkest_region(frames[k]), [seen[k][0][stage] for stage in drawn]
    asking.append([tuple(int(p * s) for p, s in zip(place, w.shape, strict=False)) for w in found])
    of_pixel = [w[pixel] for w, pixel in zip(found, asking[-1], strict=True)]
    maps = [figures.attention_map(each, GRIDS, w.shape[:2]) for each, w in zip(of_pixel, found, strict=True)]
    rows.append((for_print(frames[k]), maps))
titles = ["input, 8 x light", *(f"stage {stage + 1}" for stage in drawn)]
figures.attention_over(rows, asking, titles, same_pixel=True);

# %% [markdown]
# **What you see.** Where the crossed pixel looks, over the picture in grey; clear grey is the even share or less, orange
# more than that. In stage 1 hardly any region is asked more than another. In stage 3 the temple's dark corner asks the whole
# sky, and the cup's asks the lit table. In stage 4 the answer turns: there the darker places are asked a little more. Two
# pictures are an anecdote, so the next figure counts.

# %%
def asked_light(photo, attention):
    """Stops by which what the dark and the bright quarter ask is brighter than the average region."""
    light = camera.srgb_to_linear(photo.max(axis=2) / np.float32(255))
    light = torch.from_numpy(np.log2(np.maximum(light, 2.0**-12)))[None, None]
    token = rcam.region_tokens(light, GRIDS)[0, :, 0].numpy()
    found = []
    for weights in attention:
        own = F.adaptive_avg_pool2d(light, weights.shape[:2])[0, 0].numpy()
        asked = weights @ token - token.mean()
        low, high = np.quantile(own, [0.25, 0.75])
        found.append((asked[own <= low].mean(), asked[own >= high].mean()))
    return found


asked = np.array([asked_light(frame, each[0]) for frame, each in zip(frames, seen, strict=True)])
figures.asked_by_stage(asked);

# %% [markdown]
# **What you see.** A triangle is a photograph: how much brighter than the average region are the regions that its dark
# (blue) and its bright quarter (green) ask? Stage 1 asks evenly. In stages 2 and 3 both ask the light on average, and the dark
# pixels most: on average 0.37 and 0.25 of a stop above the average region, and above it in each of the nine photographs.
# This is the comparison that the toy had found, and nobody had asked for it. In stage 4 the dark regions are asked, as if
# to hear the other end of the scale, too.

# %%
for stage in range(4):
    result = bootstrap.interval(asked[:, stage, 0], names)
    record(**{f"dark_quarter_asks_stage_{stage + 1}_stops": tuple(result)})
record(**{f"least_asked_stage_{stage + 1}_stops": asked[:, stage, 0].min() for stage in (1, 2)})
for stage in (1, 2):
    result = bootstrap.interval(asked[:, stage, 0], names)
    record_claim(f"photographs, stage {stage + 1}: dark pixels ask brighter regions (stops)", *result, above=0)

# %% [markdown]
# And the gate? In the toy it told channels apart, not places. Here is the gate of the global half in stage 3, mean over
# channels:

# %%
shown = (len(photos) - 1, len(photos) - 3)
gates = [seen[k][1][2] for k in shown]
gates = [gate[: len(gate) // 2].mean(axis=0) for gate in gates]
titles = ["input, 8 x light", "gate, stage 3"] * 2
panels.photo_maps([for_print(frames[k]) for k in shown], gates, titles, "gate");

# %% [markdown]
# **What you see.** Where stage 3 lets the global half pass. On the temple the gate draws the silhouette: wider open on
# the dark building and the trees than in the bright sky. Now read the colour bar: the gate moves between 0.47 and 0.50.
# On photographs too it mostly tells channels apart. And does the silhouette mean "open in the dark"? We count.

# %%
def gate_in_the_dark(photo, gate):
    """Global half's gate, mean in the dark quarter minus mean in the bright quarter."""
    light = torch.from_numpy(photo.max(axis=2) / np.float32(255))[None, None]
    own = F.adaptive_avg_pool2d(light, gate.shape[1:])[0, 0].numpy()
    opened = gate[: len(gate) // 2].mean(axis=0)
    low, high = np.quantile(own, [0.25, 0.75])
    return opened[own <= low].mean() - opened[own >= high].mean()


wider = [gate_in_the_dark(frame, each[1][2]) for frame, each in zip(frames, seen, strict=True)]
result = bootstrap.interval(wider, names)
record(gate_dark_minus_bright_stage_3=tuple(result))
claim = "photographs, stage 3: the global half's gate opens wider in the dark"
record_claim(claim, *result, above=0, shown=False)

# %% [markdown]
# Not shown. One handsome silhouette would have made a fine paragraph about a gate that "attends to the dark"; over nine
# photographs nothing is left of it.

# %% [markdown]
# ## 12 · The curtain again, on photographs
#
# **Question.** Does a dark corner of a photograph *use* what it sees at the window?
#
# Attention is a hint, interventions are evidence. The bright third of each photograph loses two stops, the dark
# quarter nothing. Does the model's output change in the dark quarter? It might for several reasons, since RCAM is not the
# only part that sees the whole picture. To single it out we use a switch that the library has for another
# purpose (treating a very large photograph in tiles): the tokens of an RCAM can be *recorded* from one picture
# and *replayed* in the next. Replayed tokens do not know about the curtain. What happens when they know, minus what
# happens when they do not, came through RCAM.

# %%
def run(photo, tokens):
    """The model's output in file values, grey, with the tokens "record", "replay" or "live"."""
    for part in stages:
        part.tokens.mode = tokens
    with torch.inference_mode():
        out = model(torch.from_numpy(photo).permute(2, 0, 1)[None]).enhanced[0]
    for part in stages:
        part.tokens.mode = "live"
    return 255 * out.clamp(0, 1).mean(dim=0).numpy()


def behind_the_curtain(photo):
    """Change of the dark quarter's output, in file values: through the tokens, and otherwise."""
    light = camera.srgb_to_linear(photo / np.float32(255))
    smooth = F.avg_pool2d(torch.from_numpy(light.max(axis=2))[None], 17, 1, 8)[0].numpy()
    low, high = np.quantile(smooth, [0.25, 2 / 3])
    closed = light * np.where(smooth >= high, 0.25, 1)[..., None].astype(np.float32)
    closed = camera.quantise(camera.linear_to_srgb(closed), 8)
    before, replayed = run(photo / np.float32(255), "record"), run(closed, "replay")
    dark = smooth <= low
    return (run(closed, "live") - replayed)[dark].mean(), (replayed - before)[dark].mean()


moved = np.array([behind_the_curtain(frame) for frame in frames])
figures.curtain_bars(moved, [scene.name for scene in photos]);

# %% [markdown]
# **What you see.** The bright third was curtained, the dark quarter left alone; bars show by how much the dark quarter
# came out brighter. Blue: through RCAM's tokens, some 7 to 16 file values, in every photograph. Grey: by all other ways
# in which a pixel can learn of the whole picture (AMSM's branch weights, the normalisation of the skips): next to
# nothing. In this model, in which all light is decoded from the latent code, what a dark corner knows of the light
# elsewhere it knows through the tokens.

# %%
result = bootstrap.interval(moved[:, 0], names)
record(photo_curtain_through_tokens=tuple(result))
otherwise = bootstrap.interval(moved[:, 1], names)
record(photo_curtain_otherwise=tuple(otherwise))
record_claim("photographs: by all other ways, less than one file value", *otherwise, below=1)
record_claim("photographs: the curtain brightens the dark quarter through the tokens (file values)", *result, above=0)

# %% [markdown]
# Last question: what is the global half *worth* to the released model? Silence it in all four RCAMs and compare the
# result with the clear photograph, by PSNR in dB (notebook 01): how many dB are lost?

# %%
clear = [scene.clear.read() for scene in photos]


def score():
    return [metrics.psnr(enhance(model, low), high) for low, high in zip(frames, clear, strict=True)]


whole = score()
for name in ("global", "local"):
    hooks = [silence(part.key_value if name == "global" else part.local) for part in stages]
    loss = bootstrap.paired_interval(whole, score(), names)
    record(**{f"psnr_lost_without_{name}_half_db": tuple(loss)})
    for hook in hooks:
        hook.remove()

# %% [markdown]
# Read the two intervals before the two means. Without the global half the model loses 2.1 dB on average, but the interval
# over photographs reaches from -2.3 to 5.4: on some it does *better* without. Without the local half it loses 0.8 dB,
# with an interval from -0.1 to 1.5. On nine photographs, and with a whole that was trained to expect both halves,
# it is **not shown** that either half is worth something. Attention that points at the light, and a curtain that
# works, are facts about *how* this network computes; what the part is worth is another question, and needs networks
# trained without it (notebook 06).

# %% [markdown]
# ## Recap
#
# - A patch does not show how much light it lacks: equal patches can have different truths. The exposure of a scene is
#   global knowledge, the paint is settled by the neighbours; a network needs both.
# - Region tokens are means over the cells of several grids. In attention every pixel compares its query with each
#   token's key and receives a weighted mean of the values.
# - RCAM: half of the channels ask tokens, half convolve, a gate decides how much of each passes.
# - In the toy the network found the hand-made rule by itself: compare yourself with the brightest regions.
# - An attention map says where a module looks. Whether it *uses* what it sees is answered by an intervention, and one
#   of those uncovered a shortcut that the error did not show.
# - 85 tokens make the cost linear in pixels. Full self-attention is quadratic, and out of the question for photographs.
# - In the released model the dark pixels of the middle stages ask bright regions, and a curtain over the window reaches
#   the dark corner through the tokens alone. What this is worth in decibels is not shown by silencing: the interval includes 0.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it: it says *to do*, *wrong* with a hint, or
# *correct*. Nothing later depends on it. All solved: [solutions/03_rcam.ipynb](solutions/03_rcam.ipynb).
#
# ### 1 · One grid at a time, asked softly
#
# Section 3 compared a pixel with *the* brightest region. Attention would ask all regions at once. Do it by hand, for one
# grid: the score of a token is its own brightness times a number `sharpness`, a softmax over the tokens turns scores into
# weights, and the answer is the weighted mean of the tokens. Then guess the light, as `local_mean(brightness, 3)` minus
# your answer (`[:, None, None, None]` behind it gives it the axes of a picture), with grids from 1 to 8 and `sharpness`
# from 0 to 100. Which grid does the work alone? Why can grid 1 never do it? And why is the sharpest question not the
# best one?

# %% tags=["exercise"]
from lacr_lib.exercises import check


def ask_softly(brightness, grid, sharpness):
    """What the regions of one grid answer: brightness (B, 1, h, w) in stops -> (B,) in stops.

    grid: regions on a side. sharpness: in 1/stop; 0 asks all regions evenly.
    """
    # begin solution
    tokens = rcam.region_tokens(brightness, (grid,))[:, :, 0]  # (B, grid * grid)
    weights = (sharpness * tokens).softmax(dim=1)
    return (weights * tokens).sum(dim=1)
    # end solution


check("03-ask-softly", ask_softly)

# %% tags=["solution"]
rng, side, count = np.random.default_rng(SEED + 1), 24, 64  # the scenes of section 2
fields = [camera.illumination_field(side, side, depth, rng) for depth in rng.uniform(0.5, 4, count)]
light = torch.tensor(np.log2(np.stack(fields)))[:, None]
stops = light + torch.tensor(rng.uniform(-2, 0, light.shape) + rng.uniform(-5, 0, (count, 1, 1, 1)))
near = F.avg_pool2d(F.pad(stops, [1] * 4, mode="replicate"), 3, stride=1)
print(f"always the mean light: off by {(light - light.mean()).pow(2).mean(dim=(1, 2, 3)).sqrt().mean():.2f} stops")
for sharpness in (0, 1, 4, 8, 100):
    guesses = [near - ask_softly(stops, grid, sharpness)[:, None, None, None] for grid in (1, 2, 4, 8)]
    off = [(guess - light).pow(2).mean(dim=(1, 2, 3)).sqrt().mean() for guess in guesses]
    print(f"sharpness {sharpness:3d}: " + ", ".join(f"grid {g} {e:.2f}" for g, e in zip((1, 2, 4, 8), off)))

# %% [markdown] tags=["solution"]
# Grid 1 has one token, the mean of the whole picture. Its weight is 1 whatever the sharpness, and the mean of a scene does
# not tell how deep its shadows are: the rule is worse than always answering the mean light. The finer the grid, the nearer
# its brightest cells come to the place where the light is fullest, and 8 x 8 does well alone. Sharpness 0 asks the same
# mean in every grid. Sharpness 100 trusts a single cell, and the brightest of 64 is partly the one with the luckiest paint;
# at 8 a group of bright cells answers, and their paint cancels. The network of section 7 asks a group, too.

# %% [markdown] tags=["exercise"]
# ### 2 · A lamp instead of a window
#
# Now the light is a small round lamp on a dark wall, and the question is *where* it is. Give the middle of the
# brightest cell of a grid. Then make scenes with a lamp three stops above the wall, at random places, and let its
# radius shrink. At which radius does the 8 x 8 grid stop finding it? Which grid gives up first?

# %% tags=["exercise"]
def brightest_place(brightness, grid):
    """Middle of each scene's brightest cell: (B, 1, h, w) -> (B, 2), row and column in pixels.

    A cell is h / grid pixels high and w / grid wide; 0 is the upper and the left edge.
    """
    # begin solution
    number = rcam.region_tokens(brightness, (grid,))[:, :, 0].argmax(dim=1)
    cell = torch.stack([number // grid, number % grid], dim=1)
    return (cell + 0.5) * torch.tensor(brightness.shape[2:]) / grid
    # end solution


check("03-brightest", brightest_place)

# %% tags=["solution"]
def lamp_scenes(count, seed, radius):
    """Brightness in stops (count, 1, side, side), and where the lamps are (count, 2), in pixels."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, side, (count, 2))
    row, column = np.indices((side, side)) + 0.5
    away = np.hypot(row - place[:, :1, None], column - place[:, 1:, None])
    stops = np.where(away <= radius, 0, -3)[:, None] + rng.uniform(-2, 0, (count, 1, side, side))
    return torch.tensor(stops), torch.tensor(place)


def found(where, place, grid, radius):
    """Share of scenes whose cell reaches the lamp."""
    return ((where - place).abs().amax(dim=1) <= radius + side / grid / 2).double().mean()


for radius in (0.6, 0.8, 1.0, 1.5, 2.0):
    stops, place = lamp_scenes(400, SEED + 3, radius)
    shares = [found(brightest_place(stops, g), place, g, radius) for g in (2, 4, 8)]
    chance = [found(brightest_place(stops, g).roll(1, 0), place, g, radius) for g in (2, 4, 8)]
    print(f"radius {radius:.1f}: " + ", ".join(
        f"grid {g} {share:4.0%} (by chance {luck:3.0%})" for g, share, luck in zip((2, 4, 8), shares, chance)))

# %% [markdown] tags=["solution"]
# At radius 1.5, a lamp of seven pixels, every grid finds it nearly always; at 0.6, a lamp of one pixel, none does
# reliably. A cell is a mean, so a small lamp is diluted in it: one pixel of light, three stops up, lifts the mean of a
# cell's nine pixels by 3/9 = 0.33 stops. The means of nine painted pixels scatter by 0.19, so that the luckiest of 64
# dark cells often lies higher. In the 2 x 2 grid the same pixel lifts the mean of 144 by 0.02 stops. So finer grids keep
# smaller lamps: the advantage over chance is largest with 8 x 8 at every radius. The coarse grids are there for windows.

# %% [markdown] tags=["exercise"]
# ### 3 · Your own intervention
#
# Section 12 replayed a photograph's own tokens. Go further: enhance a photograph with the tokens of *another* one. Each
# RCAM of a model keeps its tokens behind `part.tokens`, whose `mode` is `"live"`, `"record"` or `"replay"`; leave it
# `"live"`. What do you expect of a dark photograph that is given the tokens of a bright one? Write it down, then look.

# %% tags=["exercise"]
def swap_tokens(model, photo, other):
    """photo, enhanced by a LacrVae whose RCAMs see the tokens of other; not clamped.

    photo (1, 3, H, W), other (1, 3, any height, any width), file values in [0, 1] -> as photo.
    """
    # begin solution
    parts = [part for part in model.modules() if isinstance(part, RCAM)]
    for mode, seen in (("record", other), ("replay", photo)):
        for part in parts:
            part.tokens.mode = mode
        enhanced = model(seen).enhanced
    for part in parts:
        part.tokens.mode = "live"
    return enhanced
    # end solution


check("03-swap", swap_tokens)

# %% tags=["solution"]
from lacr_lib.figures.images import show_row

scene, released = layouts.open_photoset(DATA).scenes[-3], load_model("lacr-vae")
frames = [torch.from_numpy(frame.read()).permute(2, 0, 1)[None] / 255 for frame in scene.low]
dark, bright = frames[2], frames[-1]
with torch.inference_mode():
    pictures = {
        "dark frame,\nas it came": dark,
        "dark frame,\nown tokens": swap_tokens(released, dark, dark),
        "dark frame,\nbright tokens": swap_tokens(released, dark, bright),
        "bright frame,\nown tokens": swap_tokens(released, bright, bright),
        "bright frame,\ndark tokens": swap_tokens(released, bright, dark),
    }
for name, picture in pictures.items():
    print(f"{name.replace(chr(10), ' '):27s} mean value {255 * picture.clamp(0, 1).mean():3.0f}")
show_row(list(pictures.values()), list(pictures));

# %% [markdown] tags=["solution"]
# With the tokens of the bright frame the dark one gets less than half the light that it gets with its own, with those of
# the dark frame the bright one is far too bright. Tokens are what the model knows of the light around a pixel, and it
# answers to the comparison, as the curtain's pixels did. Told that its surroundings are bright, it takes the dark frame
# for a better exposed picture of dark things and adds little; told that all around is dark, it adds much light to the
# bright frame. Edges and textures stay: they come by other ways.

# %% [markdown]
# ## Think!
#
# 1. A token does not know where in the picture it lies. Would a position code help RCAM?
#
#    <details><summary>One answer</summary>
#
#    It would let a pixel prefer *near* regions, which makes sense, since light changes slowly. But it would also let
#    the network learn that photographs are bright at the top, and fail on the first lamp on a table; and it would have
#    to work for every size and shape of picture. What a region looks like carries most of what is needed: see section 7.
#
#    </details>
#
# 2. The network was trained on 24 x 24 pixels. What happens on 240 x 240?
#
#    <details><summary>One answer</summary>
#
#    It runs, with the same 85 tokens. But each token now averages a hundred times as many pixels: less paint is left
#    in it, and a bright place smaller than a cell is averaged away. The statistics that keys and values have learned
#    are no longer quite those that they meet. The same gap lies between training crops and whole photographs in the
#    released model, and it has to be measured, not assumed away.
#
#    </details>
#
# 3. Silencing a half of a trained network costs so many decibels. Is this what the half contributes?
#
#    <details><summary>One answer</summary>
#
#    It is what the *trained* network loses when an organ is removed, which includes the confusion of all later layers,
#    which have never seen its absence. A network trained without the half from the start would have arranged itself
#    differently, as *local only* did in section 6. The fair comparison retrains, with matched parameters: the
#    ablation in [notebook 06](06_evaluation.ipynb).
#
#    </details>

# %% [markdown]
# ## Next
#
# RCAM's local half looks through a window of 3 x 3 pixels. Why 3? [Notebook 04](04_amsm.ipynb) asks which window a
# detail needs, and lets the network choose.
