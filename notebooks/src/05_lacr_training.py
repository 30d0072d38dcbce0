# %% [markdown]
# # 05 · How do negatives train an enhancer?
#
# **What you will learn**
# - to build LACR, the light-aware contrast, from one ratio of two distances, and to find its two weak places on paper
#   before they find you in training;
# - what "light-aware" means, as a map over a photograph;
# - to test a loss without training anything: one gradient step on an image, and look;
# - three ways in which a network wins this game without enhancing anything, and the cure of each: who may move the
#   ruler (a *momentum encoder*), what the ruler may see (a *low-pass*), and what it may move (*light*, not colour);
# - the whole training loop, line by line: runs that differ in one setting, half precision, stop and resume, two
#   processes;
# - what a pair of runs can show about such a term, and what it cannot.
#
# **Before you start.** You need the VAE of [02](02_vae.ipynb) (a photograph becomes a map of latent vectors, one for
# each 8 x 8 region) and the exposure ladders of [01](01_data.ipynb). Gradients in PyTorch should hold no fear.
#
# **Time.** About 75 minutes to read and try; the code runs in about two minutes on 2 CPU cores, most of it in the
# three training runs of section 8. With a GPU, `PROFILE = "full"` trains longer and larger with the same code.

# %%
import copy
import json
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr
from dataclasses import replace
from pathlib import Path

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %%
import torch
import torch.nn.functional as F

from lacr_lib import LacrVae, ModelConfig, TrainConfig, fit, load_model
from lacr_lib import lacr_loss, light_aware_weights
from lacr_lib.data.batches import StepSampler
from lacr_lib.data.layouts import open_photoset
from lacr_lib.figures import training as figures
from lacr_lib.figures.contrast import Response, contrast_planes, descend, gradient_sizes
from lacr_lib.figures.contrast import light_lost, step_response
from lacr_lib.figures.diagrams import lacr_geometry
from lacr_lib.figures.images import Box, show_grid, show_zoom
from lacr_lib.latent.pairs import measure_pairs, texture_energy
from lacr_lib.latent.pull import pull_record
from lacr_lib.losses.kl import kl_divergence
from lacr_lib.losses.lacr import contrast, latent_distance, light_only, low_pass, region_light
from lacr_lib.losses.reconstruction import ssim
from lacr_lib.models.light import relight
from lacr_lib.models.vae import without_local_mean
from lacr_lib.teaching import choose, record, record_claim, setup, show
from lacr_lib.training.objective import candidates, contrast_term, objective

setup(SEED);

# %% [markdown]
# ## 1 · What could a dark photograph teach?
#
# Training by example needs pairs: a dark photograph, and the same scene well lit. The usual loss looks at one of the
# two. *Be like the clear one*, it says, pixel by pixel. The dark one is the input, and that is all the use that is
# made of it. Yet it is a perfect example of what we do **not** want: too little light, too much noise. The idea of
# the paper is to use this *negative information*: **[paper]** *align the latents of enhanced images with those of
# clear images, away from those of low-light images.*
#
# That sentence names three things (the *anchor*: the enhanced image; the *positive*: the clear one; the *negatives*:
# the low-light ones, one or several) and two wishes: anchor near positive, anchor far from negatives. It gives no
# formula, and the authors' repository holds no code. So the formula below is **ours**, after a relative from dehazing
# (AECR-Net, Wu et al. 2021) that divides one wish by the other:
#
# $$D_p = |\mu_e - \mu_c|_1 \qquad D_n = \operatorname{mean}_n |\mu_e - \mu_n|_1 \qquad
# \text{LACR} = \frac{D_p}{D_n + \varepsilon}$$
#
# The symbols, once for the whole notebook. $x_l$ is the low-light photograph, $x_c$ the clear one, $x_e$ what the model
# makes of $x_l$. The encoder turns an image into a posterior, and $\mu$ is the mean of that posterior (notebook 02): $\mu_e$ of
# $x_e$, $\mu_c$ of $x_c$, and $\mu_n$ of the $n$-th of $K$ low-light images. $|\cdot|_1$ is here the *mean* absolute difference over
# all entries, in latent units. So $D_p$ (p: positive) and $D_n$ (n: negatives) are two numbers for each image, their ratio has no
# unit, and $\varepsilon = 0.001$ is a small constant of which section 2 speaks.
#
# **The smallest toy.** Let a latent have two entries, so that an image is a point on a plane. One clear image, two
# low-light images, and an enhanced image that we may put anywhere. Which way does each formula push it?

# %%
clear = torch.tensor([0.45, 0.35])
low = torch.tensor([[-0.55, -0.35], [-0.35, -0.75]])  # K = 2 negatives
EPSILON = 1e-3


def distance(a, b):
    return (a - b).abs().mean(-1)


def pull_alone(e):
    return distance(e, clear)


def ratio(e):
    return distance(e, clear) / (distance(e[:, None], low).mean(1) + EPSILON)


# %% [markdown]
# Before we let it run, look at the formula for a moment. A ratio gets smaller in two ways: the numerator shrinks, or
# the denominator grows. Suppose that the enhanced image lies *behind* the low ones, seen from clear. Then walking
# straight on, away from everything, makes $D_p$ and $D_n$ grow by the same amount, and a fraction above 1 falls when
# both of its parts grow alike (3/1 is more than 4/2). The loss would reward a step away from clear.
#
# The same in symbols. Let $\nabla$ be the gradient with respect to $\mu_e$, and leave $\varepsilon$ out. The quotient rule gives
# two terms:
#
# $$\nabla \frac{D_p}{D_n} = \frac{D_n \nabla D_p - D_p \nabla D_n}{D_n^2}
# = \underbrace{\frac{1}{D_n} \nabla D_p}_{\text{pull: toward clear}}
# \;-\; \underbrace{\frac{D_p}{D_n^2} \nabla D_n}_{\text{push: from low light}} .$$
#
# (A descent step goes *against* this gradient.) What are $\nabla D_p$ and $\nabla D_n$? The slope of an absolute value is a sign. So
# with $N$ entries $\nabla D_p = \operatorname{sign}(\mu_e - \mu_c) / N$, and $\nabla D_n$ is the mean of
# $\operatorname{sign}(\mu_e - \mu_n) / N$ over the negatives. They are directions of bounded length, however far or near the images are. *How
# hard* LACR acts stands in the two factors, $1 / D_n$ and $D_p / D_n^2$. Their quotient, push over pull, is the ratio $D_p / D_n$ itself.
#
# Now the point behind the low images. There both distances grow in one and the same direction, $\nabla D_p = \nabla D_n = g$, and what is
# left is $\frac{1}{D_n}\left(1 - \frac{D_p}{D_n}\right) g$: its sign turns as soon as $D_p > D_n$. Then the push has the
# larger factor, and where the two point against each other it can win.
#
# So we write a third form. Where an image is farther from clear than from low light, $D_p > D_n$, we *detach* $D_n$:
# it still divides, but no gradient passes through it. The second term is gone, and only the pull $\frac{1}{D_n} \nabla D_p$ is left.


# %%
def ratio_held(e):
    d_p, d_n = distance(e, clear), distance(e[:, None], low).mean(1)
    d_n = torch.where(d_p > d_n, d_n.detach(), d_n)
    return d_p / (d_n + EPSILON)


starts = torch.tensor([[-0.8, -0.85], [-0.45, -0.95], [-0.6, 0.3], [0.6, -0.5], [-0.1, 0.95]])
forms = {"pull alone": pull_alone, "ratio": ratio, "ratio, $D_n$ held": ratio_held}
contrast_planes(forms, clear, low, starts);

# %% [markdown]
# **What you see.** Each panel is the same plane: level lines of the formula, arrows for the direction in which it
# pushes, and in orange the way that an enhanced image takes from five starting points (dots). Grey is the region where
# low is nearer than clear. *Left*: the pull alone. The arrows know few directions, because the gradient of an L1
# distance only knows the sign of each entry. *Middle*: the ratio. In the white part it does what we wanted; the point
# at the top makes a bend, for the negatives push it too. But the two points in the lower left corner set off in the
# wrong direction and leave the picture: one for good, the other walks round the low images, far below, and comes back
# into the picture on the right. *Right*: with $D_n$ held in the grey part they turn round and arrive.
#
# This is no curiosity at the margin. At the start of training the model returns its input, the enhanced image *is*
# the low one, and nearly every image sits in the grey part. (What the rule costs: in the grey part the negatives have no direction
# of their own any more. They still say how hard to pull.)

# %%
paths = {name: descend(form, starts, steps=130)[:, :2] for name, form in forms.items()}
away = {name: distance(path, clear) for name, path in paths.items()}  # (steps + 1, 2)
for name, values in away.items():
    ways = " and ".join(f"{first:.2f} -> {last:.2f}" for first, last in zip(values[0], values[-1]))
    print(f"{name.replace('$', ''):16} the two points behind low light, distance to clear: {ways}")
gain = (away["ratio"][-1] - away["ratio"][0]).max()
record(ratio_walks_away_by=gain)
record_claim("without the rule, a point behind low light walks away from clear", gain, above=0.1)

# %% [markdown]
# ## 2 · A denominator that vanishes
#
# **Question.** How *hard* does a ratio push?
#
# The second weak place of a ratio is known from school: something small below the line. There are two ways to get
# there. The enhanced image may *be* at the low one, as at the start of training. Or low and clear may be nearly the
# same, because the photograph was hardly dark; then nothing in the triangle is large. We compare our ratio with a
# *bounded* cousin, $D_p / (D_p + D_n)$, which cannot exceed 1. The toy is a straight line from low to clear, and
# autograd measures.


# %%
def push(form, way, gap):
    """|gradient| of a form with one negative at 0, clear at `gap`, the image at `way` of it."""
    e = (way * gap).requires_grad_()
    d_p, d_n = (e - gap).abs(), e.abs()
    if form != "ratio, not held":
        d_n = torch.where(d_p > d_n, d_n.detach(), d_n)
    value = contrast(d_p, d_n[:, None], "bounded" if form == "bounded" else "ratio")
    return torch.autograd.grad(value.sum(), e)[0].abs()


names = ("ratio", "bounded", "ratio, not held")
way, gap = torch.linspace(0.001, 0.98, 200), torch.logspace(-4, 0, 100)
panels = {
    "share of the way from low to clear": (way, {n: push(n, way, torch.ones(200)) for n in names}),
    "distance of low and clear, image half-way": (
        gap, {n: push(n, torch.full((100,), 0.49), gap) for n in names[:2]},
    ),
}  # fmt: skip
gradient_sizes(panels, log_x=["distance of low and clear, image half-way"]);

# %% [markdown]
# **What you see.** *Left*: an image on its way from low (0) to clear (1). Beside the low image the ratio, not held,
# pushes with more than two hundred thousand times the force that it has at the end of the way (grey dots). Holding $D_n$
# brings this down to several hundred (orange), and the small $\varepsilon = 0.001$ is what keeps even that finite. The
# bounded form (blue) is gentle there, so gentle that it hardly pulls at all where the way is longest. The jump at one
# half is our rule: from there on, $D_n$ pushes too. *Right*: low and clear come closer and closer, with the image
# always half-way. Both forms push ever harder, about as one over the distance, until $\varepsilon$ levels them off. Being bounded in *value* is no
# protection: a slope can be steep between 0 and 1.
#
# All of this can be read off the two terms of section 1. As $D_n \to 0$, the push grows as $D_p / D_n^2$, with $\varepsilon$ up to
# $D_p / \varepsilon^2$: a million, for a distance of 1. Held, only the pull is left, and $1 / (D_n + \varepsilon) \le 1 / \varepsilon = 1000$. And
# the bounded form? Write $R$ for the ratio. Then $D_p / (D_p + D_n) = R / (1 + R)$, and the chain rule says
#
# $$\nabla \frac{R}{1 + R} = \frac{1}{(1 + R)^2} \nabla R .$$
#
# *In one image, the bounded form moves in exactly the direction of the ratio*, only less far: $1/(1 + R)^2$ is close to 1 near clear, a quarter
# where both are equally far, and next to nothing beside the low image. So the two forms differ in one thing alone: how much say each
# *image of a batch* has. The ratio listens to the worst image, the bounded form forgets it. Autograd agrees:

# %%
# NBVAL_CHECK_OUTPUT
e, c, n = torch.randn(6, 4, 2, 2), torch.randn(6, 4, 2, 2), torch.randn(6, 3, 4, 2, 2)
e[:3] = c[:3] + 0.2 * e[:3]  # three images near clear, three anywhere
e.requires_grad_()
slopes = {form: torch.autograd.grad(lacr_loss(e, c, n, form=form).sum(), e)[0] for form in names[:2]}
R = lacr_loss(e, c, n).detach()
torch.testing.assert_close(slopes["bounded"] * (1 + R.view(6, 1, 1, 1)) ** 2, slopes["ratio"])
print("bounded, times (1 + R)^2, is the gradient of the ratio; held or not")

# %% [markdown]
# Hence three precautions, each small, and each there for a reason you have now seen: $\varepsilon$ below the line; an
# image that lost less than 0.02 of light on average (1 = white) is never weighed against its own input (section 4); and in training the gradient of all
# weights together is clipped to length 1 before a step. The bounded form stays in the library as an option, next to
# two classics of contrastive learning (`form="triplet"`, `form="infonce"`); notebook 08 compares them, and one more.
#
# ## 3 · From points to maps
#
# A real latent is no point but a map `mu` of shape (Z, h, w): a Z-vector for each 8 x 8 region of pixels. And there
# is a batch of B images, with K negatives each. Nothing new happens: the distance is a mean over the channels and
# over the regions, only that each region $r$ may have a weight $w_r$. Here it is with loops, so that nothing hides in
# broadcasting.

# %%
B, K, Z, h, w = 3, 2, 4, 5, 6
mu_e, mu_c, mu_n = torch.randn(B, Z, h, w), torch.randn(B, Z, h, w), torch.randn(B, K, Z, h, w)
weights = torch.rand(B, h, w)


def map_distance(a, b, weight):
    """(Z, h, w), (Z, h, w), (h, w) -> one number."""
    per_region = (a - b).abs().mean(dim=0)  # (h, w)
    return (weight * per_region).mean()


by_hand = []
for i in range(B):
    d_p = map_distance(mu_e[i], mu_c[i], weights[i])
    d_n = sum(map_distance(mu_e[i], mu_n[i, k], weights[i]) for k in range(K)) / K
    by_hand.append(d_p / (d_n + EPSILON))

# %%
# NBVAL_CHECK_OUTPUT
torch.testing.assert_close(torch.stack(by_hand), lacr_loss(mu_e, mu_c, mu_n, weights))
as_maps = lacr_loss(starts[..., None, None], clear.expand(5, 2)[..., None, None],
                    low.expand(5, 2, 2)[..., None, None])  # fmt: skip
torch.testing.assert_close(ratio_held(starts), as_maps)
print("equal: three random maps, and the five points of the plane as maps of one region")
show(lacr_loss)

# %% [markdown]
# Read the source with the plane in mind. `far` is the grey part, decided for each image. The last line takes out the
# images that have no say, those whose weights are all zero; `torch.where` gives them the value 0 *and* no gradient. (That
# nothing is divided by 0 on the way is the work of $\varepsilon$.) Everything stays *per image*, shape (B,), until the very end.
#
# ## 4 · Where the light went
#
# **Question.** Should every region of a photograph have the same say?
#
# A lamp in a dark room is bright in the low-light photograph already. There is nothing to pull there, and low and
# clear are no contrast. A corner that lost all its light is where low and clear differ most. So we weight each region
# by the light that it lost **[ours; the paper says *light-aware* and not how]**. Light is read off the *illumination
# map* $s$ of notebook 01, the largest of the three colour values of each pixel ($s_l$ of $x_l$, $s_c$ of $x_c$). Three steps: the
# mean over each region $r$, the difference clear minus low, $\operatorname{mean}_r s_c - \operatorname{mean}_r s_l$ (never below zero), and
# scaled to mean 1 in the image. That is $w_r$.


# %%
def weights_by_hand(x_l, x_c):
    s_l, s_c = x_l.amax(dim=1, keepdim=True), x_c.amax(dim=1, keepdim=True)  # (B, 1, H, W)
    lost = (F.avg_pool2d(s_c, 8) - F.avg_pool2d(s_l, 8))[:, 0]  # (B, h, w)
    takes_part = lost.mean((1, 2), keepdim=True) >= 0.02  # else clear to clear: nothing was lost
    lost = lost.clamp_min(0)
    return takes_part * lost / lost.mean((1, 2), keepdim=True).clamp_min(1e-12)  # mean 1 in each image


def as_tensor(frame, side=192):
    """A photograph as (1, 3, H, W) in [0, 1], at most `side` pixels long, in multiples of 8."""
    x = torch.from_numpy(frame.read()).permute(2, 0, 1)[None] / 255
    scale = min(1.0, side / max(x.shape[2:]))
    size = [max(16, 8 * round(n * scale / 8)) for n in x.shape[2:]]
    return F.adaptive_avg_pool2d(x, size)


# %%
photos = open_photoset(DATA)
held_out = [scene for scene in photos.select("test").scenes if scene.clear and scene.low][:3]
side = choose(PROFILE, smoke=64, demo=192, full=384)
scene = held_out[0]
rung = min(2, len(scene.low) - 1)  # 0 is the darkest
x_l, x_c = as_tensor(scene.low[rung], side), as_tensor(scene.clear, side)
w_r = light_aware_weights(x_l, x_c)  # (1, h, w)
torch.testing.assert_close(w_r, weights_by_hand(x_l, x_c))
light_lost(x_l, x_c, (region_light(x_c) - region_light(x_l))[0], w_r[0]);

# %% [markdown]
# **What you see.** Above, the cup of coffee with a sixteenth of the light, and clear. Below, what each region lost,
# and the weights. The maps look alike because one is the other, divided by its mean. What was bright has most to
# lose: the white cup speaks loudest, half as loud again as the average. The shadow below the cup and the table's far
# corner are dark in the clear photograph too, and have next to no say. That is the meaning of the word: the term does
# not ask *is this region dark?* but *did it lose light?*
#
# By these weights a photograph that lost none has no say at all. It sounds harmless. But small models that were trained so brightened even what was
# bright already, and more so with LACR than without (notebook 06, section 11): nobody spoke for it. So `fit` gives it a voice, **[ours]** again
# (`lacr_clear_images`): a clear image takes part with all its regions alike, its own latent is the goal, and darker versions of its scene are the negatives.
#
# ## 5 · Does a step do what the formula promises?
#
# **Question.** All this pushes *latents*. What does it do to a photograph?
#
# We can find out without training anything. Take a trained encoder as a ruler. Take an enhanced image. Ask autograd
# in which direction its *pixels* should change for LACR to fall, make one small step that way, and measure both
# distances again. If the formula means what it says, the distance to clear falls and the distance to low light rises.
#
# First the pieces that we need for each of the held-out photographs. The negatives are the input itself and all
# darker frames of the *same scene*: darker and noisier, otherwise alike, so that nothing but light can tell them
# apart **[ours]**. (The helper `code` holds a low-pass whose reason comes in section 7.)

# %%
ruler = load_model("lacr-vae").requires_grad_(False)


def code(images, size=4, encoder=ruler):
    return encoder.encode(low_pass(images, size)).mu


def prepare(scene, rung):
    rung = min(rung, len(scene.low) - 1)
    x_l, x_c = as_tensor(scene.low[rung], side), as_tensor(scene.clear, side)
    negatives = torch.cat([as_tensor(frame, side) for frame in scene.low[: rung + 1]])  # K of them
    with torch.no_grad():
        x_e = ruler(x_l).enhanced.clamp(0, 1)
    return {"low": x_l, "clear": x_c, "negatives": negatives, "enhanced": x_e,
            "weights": light_aware_weights(x_l, x_c)}  # fmt: skip


def goals(photo, size=4):
    """Latents of clear (1, Z, h, w) and of the negatives (1, K, Z, h, w): the fixed points."""
    mu = code(torch.cat([photo["clear"], photo["negatives"]]), size)
    return mu[:1], mu[None, 1:]


# %%
def distances(images, photo):
    """D_p and D_n of several versions of one image: (2, N)."""
    mu, w, (mu_c, mu_n) = code(images), photo["weights"], goals(photo)
    d_n = latent_distance(mu[:, None], mu_n, w[:, None]).mean(dim=1)
    return torch.stack([latent_distance(mu, mu_c, w), d_n])


sizes = torch.tensor([0.06, 0.125, 0.25, 0.5, 1.0])  # grey levels of 255, root mean square
responses = []
for scene in held_out:
    for rung in choose(PROFILE, smoke=(2,), demo=(1, 3, 5), full=(1, 3, 5)):
        photo = prepare(scene, rung)
        x_e = photo["enhanced"].requires_grad_()
        value = lacr_loss(code(x_e), *goals(photo), photo["weights"]).sum()
        (gradient,) = torch.autograd.grad(value, x_e)
        step = gradient / gradient.square().mean().sqrt() / 255  # one grey level
        stepped = x_e.detach() - torch.cat([torch.zeros(1), sizes]).view(-1, 1, 1, 1) * step
        d = distances(stepped, photo)
        responses.append(Response(scene.name, *(d[:, 1:] / d[:, :1] - 1)))
step_response(sizes, responses);

# %% [markdown]
# **What you see.** One line for each of the held-out photographs, three scenes at several exposures. Each takes one
# step; to the right the step is larger. *Left*: the distance to clear falls, for every photograph, by 5 to 18 % for a
# full grey level. *Right*, on a scale some forty times finer: the distance to low light hardly moves, and in six of the nine it
# even shrinks. So one half of the promise is kept, and of the other half there is little to see. Why? The two
# terms of section 1 stand to each other, push over pull, as $D_p / D_n$ to 1. This model's images have nearly arrived, $D_p / D_n$ is a
# few hundredths, and the pull speaks that much louder. Near clear, then, the low-light images no longer push. They set the *scale*:
# by the $1 / D_n$ in front, a photograph far from its low light is pulled less hard than one whose low and clear lie close.
#
# And look at the horizontal axis again. *A quarter of one grey level*, which nobody can see, takes away several per cent of
# the distance in some photographs. Did this photograph become any clearer? Hardly. Keep this suspicion; it is the
# subject of section 7.

# %%
falls = torch.stack([response.to_clear[0] for response in responses])
moves = torch.stack([response.to_low[0] for response in responses]).abs()
record(distance_to_clear_change=falls.mean(), distance_to_low_change=moves.mean())
record_claim("one small step: every image nearer to clear (largest change)", falls.max(), below=0)
share = (moves / falls.abs()).max()
record_claim("and the distance to low moves less than a tenth as much (largest)", share, below=0.1)

# %% [markdown]
# ## 6 · Who may move the ruler?
#
# **Question.** LACR measures distances with the encoder. In training, the encoder is a part of the very network that
# is being measured. What if we let it learn from LACR, too?
#
# Think of pupils who may mark their own exam. The smallest experiment is brutal: we *freeze the images*, all of them,
# the enhanced one included, and let LACR train nothing but the encoder. Not a pixel can change, so there is nothing
# to be gained honestly.

# %%
photo = prepare(held_out[0], 2)
pictures = low_pass(torch.cat([photo["enhanced"], photo["clear"], photo["negatives"]]))
half = [max(16, n // 2) for n in pictures.shape[2:]]
pictures = F.adaptive_avg_pool2d(pictures, half)  # as in training (`lacr_scale = 2`): what is smooth fits in less
pupil = copy.deepcopy(ruler).requires_grad_(True)
optimizer = torch.optim.Adam(pupil.encoder.parameters(), lr=3e-4)
exam = []
for step in range(choose(PROFILE, smoke=4, demo=40, full=200)):
    mu, log_var, _ = pupil.encode(pictures)
    value = lacr_loss(mu[:1], mu[1:2], mu[None, 2:]).mean()
    kl = kl_divergence(mu, log_var).mean()
    size = mu.detach().abs().mean().item()
    exam.append({"step": step, "lacr": value.item(), "size": size, "kl": kl.item()})
    optimizer.zero_grad()
    value.backward()
    optimizer.step()

panels = {"lacr": "LACR", "size": "mean |mu| (latent units)", "kl": "KL (nats per latent entry)"}
figures.curves({"encoder trained, images frozen": exam}, panels, x_label="step of the encoder");

# %% [markdown]
# **What you see.** *Left*: the loss falls to a small part of what it was. By its own mark the enhancement is now all
# but perfect, and it is the same picture as before, bit for bit. *Middle and right*: how it was done. The latents
# grow; the encoder has learned to shout about what separates low from the other two, and to be silent about what
# separates enhanced from clear. The KL term, which wants latents small, is the only one that pays for it.
#
# The cure is to hand the ruler to somebody else **[ours]**. LACR reads its images with a *momentum encoder*: a
# running average of the weights of the last steps (an *exponential moving average*, EMA, as in MoCo, He et al. 2020), frozen in this
# term. After each step its weights $\bar\theta$ move a little toward those of the learner, $\bar\theta \leftarrow m \bar\theta + (1 - m)\,\theta$
# with $m = 0.999$, and less in the first steps. So it follows slowly, and takes no advice from the loss. The gradient passes *through* it to the
# enhanced image, but never *into* it. So there is one way left to please LACR: change the image.
#
# Why an average, when freezing is what stops the cheat? A ruler must be good for something, and there are three candidates. The encoder of
# the *first step* is random weights; what it calls near means nothing. The encoder of *this step*, with its gradient stopped, knows what the
# learner knows, but it jitters from step to step, and so would the goal. The average is the steady one of the two, and it is what we evaluate
# in any case. (The second was not compared with the third here: it is a run that you could make.) In the code that is one line
# of `objective`, `encoder = averaged if config.lacr_encoder == "ema" else ...`. `"online"` stays as an option, so
# that we can watch the cheating in a real training, below.

# %%
# NBVAL_CHECK_OUTPUT
show(objective, contrast_term, candidates)

# %% [markdown]
# ## 7 · Two traps, texture and tint, and their cures
#
# **Question.** The ruler is frozen now. Is a smaller LACR a better photograph?
#
# Remember the step of a quarter of a grey level that moved latents so far. There is a field that lives on such steps:
# *adversarial attacks*, changes that nobody sees and that make a classifier call a panda a gibbon. They are found
# exactly as we found ours, by following a gradient down to the pixels. A loss that is measured by a network invites
# its attack.
#
# So let us attack, with all that LACR is: take the enhanced image of the released model, forget the network that made
# it, and let Adam change its *pixels* for some steps so that LACR falls. Nothing else is in the loss: no pixel of the
# clear image is compared, only latents. We do it three times. Once the encoder sees the images as they are. Once it sees
# *low-passed copies* of all of them: averages over 4 x 4 pixels, brought back to size. And once it sees these copies,
# and the gradient that comes back is *shared alike by the three colours*, so that a pixel may become lighter or
# darker, and not redder.


# %%
def chroma(image):
    """How colourful an image is: mean distance of the colours of a pixel from their mean."""
    return float((image - image.mean(dim=1, keepdim=True)).abs().mean())


def attack(photo, size, steps, light=False):
    """The pixels that please LACR, and what happened on the way.

    size: box of the low-pass; light: the gradient is shared alike by the channels.
    """
    image = photo["enhanced"].clone().requires_grad_(True)
    optimizer, notes = torch.optim.Adam([image], lr=0.01), []
    texture, marks = texture_energy(photo["clear"]), goals(photo, size)
    colour = chroma(photo["clear"])
    for step in range(steps + 1):
        seen = light_only(image) if light else image
        value = lacr_loss(code(seen, size), *marks, photo["weights"]).sum()
        with torch.no_grad():
            psnr = -10 * F.mse_loss(image, photo["clear"]).log10()
        notes.append({"step": step, "lacr": value.item(), "psnr": float(psnr),
                      "texture": texture_energy(image.detach()) / texture,
                      "colour": chroma(image.detach()) / colour})  # fmt: skip
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        image.data.clamp_(0, 1)
    return image.detach(), notes


steps = choose(PROFILE, smoke=2, demo=30, full=100)
attacked = []
for scene in held_out[: choose(PROFILE, smoke=1, demo=3, full=3)]:
    photo = prepare(scene, 2)
    ways = attack(photo, 1, steps), attack(photo, 4, steps), attack(photo, 4, steps, light=True)
    attacked.append((photo, *ways))

# %%
photo, (textured, free), (smooth, tinted), (lit, cured) = attacked[min(1, len(attacked) - 1)]
pictures = [photo["enhanced"], textured, smooth, lit, photo["clear"]]
h, w = photo["clear"].shape[2:]
detail = Box(top=h // 2, left=w // 4, height=h // 3, width=w // 3)
titles = ["start", "every detail", "low-passed", "low-passed,\nlight only", "clear"]
show_zoom(pictures, detail, titles, width=7.5);

# %% [markdown]
# **What you see.** The same photograph five times, with the framed detail enlarged below. *Start*: what the released
# model makes of the dark input, a little dull and blurred. *Every detail*: LACR has covered it with a fine carpet of coloured
# dots. This is what the encoder takes for more light. *Low-passed*: no carpet, but a *tint*; the fur has turned yellow-green,
# in patches. *Low-passed, light only*: neither; the picture has become brighter where light was missing, on its way to the clear
# photograph on the right. (Look closely and you find faint blocks: the boxes of the low-pass.)

# %%
panels = {"lacr": "LACR", "texture": "texture ratio (1: as in clear)",
          "colour": "colour ratio (1: as in clear)", "psnr": "PSNR to clear (dB)"}  # fmt: skip
runs = {"every detail": free, "low-passed": tinted, "low-passed, light only": cured}
figures.curves(runs, panels, bands={"texture": (0.9, 1.1), "colour": (0.9, 1.1)}, log=["lacr"],
               x_label="step on the pixels");  # fmt: skip

# %% [markdown]
# **What you see.** From the left. *LACR*: by its own measure each of the three succeeds, and in this photograph about equally fast. Whoever
# only looks at the loss cannot tell them apart. *Texture ratio*, fine detail of the image over that of the clear photograph, where
# detail is what a 3 x 3 blur takes away: with every detail in view it shoots up to two and a half times its start; with
# low-passed copies it stays inside the band (0.9 to 1.1). *Colour ratio*: light-only hardly changes it, by construction, so what the
# start lacks in colour is still missing. The low-passed run comes nearer to 1, and that is no praise: the ratio says *how much* colour
# there is and not *which*, so it is blind to the yellow-green patches above. (In a longer training with a large $\lambda$ it is not:
# 2.54 in the second table below.) *PSNR*: and this is what it means for the photograph. The
# same fall of LACR buys less than a decibel with every detail in view, several decibels with low-passed copies, in this
# photograph most of all where colour is left alone, although PSNR was no part of the loss. (Not so everywhere: the cup lacks colour
# more than light, and there light-only gains half a decibel, the plain low-pass nearly four. The brackets printed below hold the
# smallest and the largest of three photographs; they are no confidence intervals.)
#
# So LACR carries real information about light, in latents alone; texture and tint were only the cheapest ways to
# satisfy it. The cures take those ways from it **[ours]**: **light is low-frequency, so the term that speaks about light
# sees low frequencies only** (`TrainConfig.lacr_low_pass = 4`, on copies of half the size, `lacr_scale = 2`, which saves time; 1 and 1 turn it off), **and light has no colour, so it may
# move the three channels only together** (`lacr_light_only`).
#
# Why does that hold for the *gradient*, and not only for what the encoder sees? The low-pass $P$ is linear: four by four pixels in, one mean
# out, and between the means straight lines. Let $g$ be the gradient at the low-passed copy. Then the chain rule gives $P^\top g$ at the
# image, and $P^\top$ hands the pixels of a box *one common* value. So no step on the image can change anything finer than a
# box, whatever the encoder likes. Channels are treated in the same way. `light_only` returns the image unchanged, but written as its
# own value, held, plus the mean over the channels minus that mean, held: only the mean lets a gradient through, and
# it hands each of the three channels the same value, the mean of their three gradients. Positive and negatives go through the same low-pass, since distances between a smooth and a
# detailed image would measure detail.


# %%
def ends(key, which):
    """(mean, smallest, largest) over the photographs of a change from first to last step."""
    runs = [entry[which][1] for entry in attacked]
    shares = key in ("texture", "colour")
    change = [n[-1][key] / n[0][key] if shares else n[-1][key] - n[0][key] for n in runs]
    return sum(change) / len(change), min(change), max(change)


record(texture_times_full_detail=ends("texture", 1), texture_times_low_passed=ends("texture", 2))
record(psnr_gain_full_detail=ends("psnr", 1), psnr_gain_low_passed=ends("psnr", 2),
       psnr_gain_light_only=ends("psnr", 3))  # fmt: skip
record_claim("seeing every detail, LACR multiplies fine texture", *ends("texture", 1), above=2.0)
record_claim("seeing low-passed copies, it does not", *ends("texture", 2), below=1.5)
record_claim("seeing low-passed copies, PSNR rises (dB)", *ends("psnr", 2), above=0.5)
record_claim("and so it does where it moves light only (dB)", *ends("psnr", 3), above=0.5)

# %% [markdown]
# An attack on pixels is a caricature: a network has to make its images with one set of weights, for all photographs
# at once, and the reconstruction loss watches. Does a real training fall into the traps as well? It does. These runs
# are too long for this page, so here is what was written down then, on real exposure ladders.
#
# *The texture* (500 to 600 steps of 8 crops of 128 pixels, an earlier structure of the model, 9 held-out photographs, one seed each;
# the weight of LACR in the loss, $\lambda$ of section 8, was 0.1):
#
# | the contrast is measured ... | PSNR (dB) / SSIM | alignment ratio, own encoder | texture ratio |
# |---|---|---|---|
# | not at all ($\lambda$ = 0, first recipe) | 19.79 / 0.769 | 0.393 | 0.97 |
# | by the EMA encoder, in full detail | 19.34 / 0.643 | 0.280 | **2.17** |
# | the same, gain decoded from z | 19.52 / 0.704 | 0.192 | **1.55** |
# | by the *online* encoder, in full detail | 19.05 / 0.575 | 0.187 | not measured |
# | by the EMA encoder, on low-passed copies (later recipe) | 20.50 / 0.775 | 0.182 | 0.92 |
# | its twin: not at all, later recipe | 20.63 / 0.775 | 0.164 | 0.91 |
#
# *The tint* (today's structure; 120 steps of 4 crops of 192 pixels from one and the same half-trained model, every fourth of the
# 84 held-out photographs, one seed; chroma is the output's over the reference's):
#
# | the contrast is measured ... | PSNR (dB) / SSIM | chroma | alignment ratio, own encoder, twin's |
# |---|---|---|---|
# | not at all | 23.95 / 0.828 | 1.02 | 0.114, 0.114 |
# | on low-passed copies, $\lambda$ = 1 | 22.20 / 0.822 | **2.54** | 0.115, 0.111 |
# | **on low-passed copies, light only, $\lambda$ = 1** | 24.17 / 0.829 | 1.04 | 0.078, 0.079 |
#
# The *alignment ratio* is the distance of the enhanced latent to clear, divided by that to low light (smaller is
# better, 0 is arrived). In the upper table the term brings latents nearer to clear, and photographs get worse: 2.17 times the
# texture, and SSIM in ruins. With the low-pass the texture is gone and quality is back; but look at the last two rows.
# *Without any contrast, and all else equal, latents were aligned just as well.* Part of the pull in the upper rows was cheating, in texture
# (part was real: the encoder of the first row, which never saw LACR, put the second row's images nearer to clear as well, 0.296 for 0.393). Once
# the term could not paint texture, no pull was left beyond what supervision does alone. In the lower table its next cheat is found, and
# stopped. Then, for the first time, it does what its name says: latents nearer to clear, by its own ruler and by the twin's, and dark photographs
# no worse by PSNR and SSIM (clear ones were: they came back at 23.7 dB in place of 27.2, which was overlooked then; notebook 06,
# section 11). One seed and 120 steps are a hint, of course. Section 9 looks closer.

# %% [markdown]
# ## 8 · The whole training
#
# All pieces of the term are on the table. Here they are, put together (but for the last cure, *light only*: it changes the gradient alone):

# %%
lacr_geometry();

# %% [markdown]
# **What you see.** *Left*: an anchor, one positive and K negatives, as in the paper's figure. All of them go through the same low-pass and the
# same frozen average of the encoder. *Right*: their places in its latent space (a sketch). $D_p$ pulls the anchor along the way to clear,
# $D_n$ pushes it from the negatives, and is held where they are nearer than clear. Below the encoder, the weights of the regions that lost
# light. The dashed arrow is the only way that a gradient may take: back through the encoder to the enhanced image, and from there into the network
# that made it.
#
# And this is what a step minimises, averaged over a batch:
#
# $$L = \underbrace{\text{L1}(x_e, x_c) + 0.5\,(1 - \text{SSIM})}_{\text{be like the clear photograph}}
# + \underbrace{\beta\,\text{KL}}_{\text{a tidy latent}}
# + \underbrace{\lambda(t)\,\text{LACR}}_{\text{toward clear, away from low}}$$
#
# Only $\lambda$ depends on the step $t$: it rises from 0 to 0.5 over the first 15 % of the steps, for a good reason.
# At the beginning the encoder is random and the enhanced image is the dark one; a contrast measured then, by that
# ruler, says nothing.
#
# Here is the loop, as it is. Nothing is hidden in a trainer class. `accelerate` carries what every loop needs and
# nobody likes to write: the device, half precision, several processes, the state of a checkpoint. *One code path*:
# this function trains the small model below on your CPU, and the released one anywhere.

# %%
# NBVAL_CHECK_OUTPUT
show(fit)

# %% [markdown]
# Some lines deserve a reason.
#
# - **`average_of(model, config.ema)`**: the running average has three offices. It is the ruler of section 6, it is
#   what is evaluated, and it is what is released (the weights of this course are the mean of two such averages); single steps jitter, their average does not.
# - **`clip_grad_norm_`** returns the length of the gradient *before* it cuts it to 1. If that is not finite, the step
#   is skipped and counted. One bad batch must not kill a night of training, and many must not pass unseen: after
#   twenty, `fit` stops and says so.
# - **`OneCycleLR`**: long steps while the way is long, short ones to settle. It rises in the first tenth because the
#   first gradients, of random weights, deserve no trust.
# - **`record_of`**: every term is logged, not just their sum. A sum can fall while the part that you care about
#   rises.
# - **`set_seed` and the sampler**: sample number *i* depends on the seed and on *i* alone. That is what makes the
#   twin experiment below fair, and sections 11 and 12 possible.
#
# Now three runs that differ from the recipe in one setting at most: *without LACR* ($\lambda$ = 0, the twin), *with
# LACR* (the recipe), and, for section 6, *online ruler* (the encoder may learn from LACR). They start from the same
# weights and see the same crops in the same order. The model is the released architecture with fewer channels, so
# that your CPU can do it while you watch.

# %%
small = ModelConfig(
    base_channels=choose(PROFILE, smoke=4, demo=8, full=16),
    latent_channels=choose(PROFILE, smoke=4, demo=16, full=32),
    stem_stride=2,
)
recipe = TrainConfig(
    steps=choose(PROFILE, smoke=4, demo=140, full=3000),
    crop=choose(PROFILE, smoke=32, demo=64, full=128),
    batch_size=choose(PROFILE, smoke=2, demo=8, full=16),
    learning_rate=choose(PROFILE, smoke=2e-3, demo=2e-3, full=8e-4),
    workers=choose(PROFILE, smoke=0, demo=0, full=4),
    seed=SEED,
)
train_set = photos.select("train")
panels = {"reconstruction": "reconstruction loss", "lacr": "LACR, by its own ruler",
          "kl": "KL (nats per entry)"}  # fmt: skip
every = choose(PROFILE, smoke=4, demo=30, full=100)
live = figures.LiveCurve(panels, every, smooth=25, log=["lacr"])


def train(name, **changes):
    torch.manual_seed(SEED)  # the same first weights for every run
    config = replace(recipe, **changes)
    return fit(LacrVae(small), train_set, config, on_step=live.follow(name))


# %%
results = {"without LACR": train("without LACR", lambda_lacr=0.0)}
results["with LACR"] = train("with LACR")
results["online ruler"] = train("online ruler", lacr_encoder="online")
live.draw()

# %% [markdown]
# **What you see.** The picture grew while the runs ran; each line is a mean over 25 steps. *Left*: all three learn to
# enhance, and the online run ends behind the two that keep their ruler out of the game (the number below says by how much here).
# *Middle*: LACR, on a logarithmic axis; the twin does not compute it. It begins far above 1, which is section 2 in the
# wild: the enhanced image still is the low one, and the denominator nearly vanishes ($\lambda$ is still small then).
# And here is the exam marked by the pupil: whatever happens on the way, the online run ends with a value several times *better* than
# the honest one, while its photographs, on the left, are *worse*. A loss that one can lower by moving the ruler is no
# measurement. *Right*: the KL stays within bounds in all three, the online run's included, because $\beta$ acts from the first
# step. In longer trials, with the KL absent during a warm-up, the same online run inflated it to 3,950 nats per entry
# (measured in 500 steps).

# %%
def online_over_honest(key, tail=choose(PROFILE, smoke=1, demo=25, full=100)):
    """Mean of a term over the last steps: the online run's over the honest one's."""
    online, honest = (results[name].history[-tail:] for name in ("online ruler", "with LACR"))
    return sum(r[key] for r in online) / sum(r[key] for r in honest)


flatters, harms = online_over_honest("lacr"), online_over_honest("reconstruction")
record(lacr_online_over_honest=flatters, reconstruction_online_over_honest=harms)
record_claim("the online ruler reports a smaller LACR (ratio)", flatters, below=0.5)
record_claim("and its run reconstructs worse (ratio)", harms, above=1.0)

# %% [markdown]
# ## 9 · What came of it, and what did not
#
# **Question.** Does LACR pull latents farther than supervision alone?
#
# The three models enhance the held-out photographs at every exposure. We ask for four numbers, each with the range that it has over
# *scenes* (three of them, too few for an interval, as notebook 06 explains): the quality (PSNR); the alignment ratio in the model's own
# encoder; the same *in the twin's encoder*, one ruler for all; and the texture ratio, as the alarm for the trap.

# %%
few = choose(PROFILE, smoke=2, demo=20, full=40)
test_set = photos.select("test")
test_set = replace(test_set, scenes=tuple(
    replace(scene, low=scene.low[:: choose(PROFILE, smoke=6, demo=1, full=1)])
    for scene in test_set.scenes if scene.clear and scene.low)[:few])  # fmt: skip
twin = results["without LACR"].model
measures = {name: measure_pairs(run.model, test_set, shared=twin) for name, run in results.items()}
base = measures["without LACR"]
against_twin = {
    name: pull_record(measures[name], base, photos.name, (name, "without LACR")) for name in results
}
keys = {"psnr": "PSNR (dB)", "alignment_ratio": "alignment ratio,\nown encoder",
        "alignment_ratio_shared": "alignment ratio,\ntwin's encoder",
        "texture_ratio": "texture ratio"}  # fmt: skip
values = {
    label: {name: (found["weights"][key], *found["weights"]["intervals"][key])
            for name, found in against_twin.items()}
    for key, label in keys.items()
}  # fmt: skip
figures.intervals(values, {"texture ratio": 1.0});

# %% [markdown]
# **What you see.** Three rows, one for each run; dots are means over the held-out photographs, bars run from the lowest scene to the
# highest. *PSNR*: the bars are wide, for one scene is harder than another, and they overlap, though the
# means may lie a decibel or two apart. *Own encoder*: the online run seems to have arrived, far beyond the
# other two. *Twin's encoder*: the same photographs, judged by somebody else, and its lead is gone. That is the whole
# argument for a ruler that the player may not move. *Texture*: above 1 in all three rows, since models this small leave
# noise; no row stands out as in the first table of section 7.
#
# And with LACR against without? The bars of the two honest rows overlap in every panel, but they are judged on the same
# photographs, so the difference of each pair of images says more. It comes below.

# %%
rows = []
for scene in held_out[: choose(PROFILE, smoke=1, demo=2, full=3)]:
    x_l, x_c = as_tensor(scene.low[min(3, len(scene.low) - 1)], side), as_tensor(scene.clear, side)
    with torch.inference_mode():
        rows.append([x_l, *(result.model(x_l).enhanced for result in results.values()), x_c])
show_grid(rows, column_titles=["low", *results, "clear"], width=7.5);

# %% [markdown]
# **What you see.** Two held-out photographs at an eighth of the light, enhanced by the three small models. For so few
# steps on six photographs, light and colour are back surprisingly well. With and without LACR are hard to tell apart. If
# you can see a difference, ask yourself whether you could name the column with the titles covered.

# %%
pull = against_twin["with LACR"]["difference"]  # (with - without, low, high), paired by scene
flattered = against_twin["online ruler"]["weights"]
record(psnr_with_minus_without=pull["psnr"])
record(alignment_with_minus_without=pull["alignment_ratio"])
record(alignment_shared_with_minus_without=pull["alignment_ratio_shared"])
own_over_twins = flattered["alignment_ratio"] / flattered["alignment_ratio_shared"]
record_claim("the online run's own encoder flatters it (own / twin's)", own_over_twins, below=0.5)
print("with LACR minus without: mean over photographs, lowest and highest scene")
for key, label in keys.items():
    mean, low, high = pull[key]
    said = "the scenes disagree" if low <= 0 <= high else "one sign in every scene"
    print(f"{' '.join(label.split()):32} {mean:+.3f} [{low:+.3f}, {high:+.3f}]: {said}")

# %% [markdown]
# In the third line the judge never saw LACR. Where a line leaves out zero, in either direction, many a
# paper would end here: "LACR aligns latents", or "LACR costs PSNR". But three scenes agree by luck in one case of four. And were there twenty of
# them, they would show that *these two sets of weights* differ on such scenes, not that *LACR* made the difference: a
# run is one draw of a *seed*. So we repeated the pair with other seeds, all else equal (*measured once*, demo profile; alignment
# ratios, smaller is better):
#
# | seed | own encoder: without, with | twin's encoder: without, with | difference there, lowest and highest scene |
# |---|---|---|---|
# | 0 | 0.129, 0.089 | 0.129, 0.151 | +0.021 [-0.000, +0.045] |
# | 1 | 0.130, 0.145 | 0.130, 0.142 | +0.012 [-0.018, +0.031] |
# | 2 | 0.185, 0.176 | 0.185, 0.161 | -0.024 [-0.048, -0.010] |
#
# Three seeds, three answers: by its own encoder seed 0 is nearer to clear with LACR, by the twin's it is farther if anything; seed 2 is nearer by the twin's. It
# does not even take a seed to change an answer. The printed line above is seed 0 again, but perhaps on another machine, whose processor rounds sums in
# another order; an earlier form of the recipe, with one code and one seed, ended four times, on machines not all alike, at -0.040, -0.048, +0.022 and +0.025 in the
# twin's encoder: twice with one sign in every scene, twice not. The twin alone moves by more when nothing but its seed changes (0.129 to 0.185).
# In decibels the three pairs of the table gave -0.64 [-1.26, +0.24], -1.27 [-3.19, +0.49] and +0.54 [-0.31, +1.39].
#
# So, of this pair of small runs:
#
# - *It shows* what has one cause and a large effect: the online ruler flatters itself, by its own encoder and not by another (section 8 and the
#   claim above).
# - *It does not show* that LACR helps or harms, in decibels or in latents. For that, the difference would have to be larger than what
#   another seed does to it, in several pairs of runs. It is not: **not shown**.
# - *It cannot show* anything about longer training, larger models or other data.
#
# Why might there be so little? In our model the light is decoded from `z` alone, and supervision makes enhanced images
# equal to clear ones, as far as it can. Equal images have equal latents. So supervision *alone* aligns, and what is left
# for LACR is what supervision leaves over. That may be more, or be seen better, with larger models, longer training and more
# scenes. The released pair is such a case: on 20 real scenes the twin's encoder, and barely one of two of other runs, see its images nearer to clear
# (notebook 07), one pair of runs again. The ablation of notebook 06 asks the question with three seeds and twenty scenes: there
# neither the pull of this recipe nor a gain or loss of PSNR is shown. Notebook 08 hands you the tools to ask your own. Whatever is not shown,
# the course goes on saying so. That, too, is a result.

# %% [markdown]
# ## 10 · Sixteen bits, and where not to use them
#
# On a GPU, `fit` trains in *mixed precision*: most multiplications run in bfloat16, which takes half the memory and a
# fraction of the time. A bfloat16 has the range of a float32 and only 8 significant bits.
#
# **Question.** How fine is that, for a picture?

# %%
formats = {
    "8-bit file": lambda x: (x * 255).round() / 255,
    "bfloat16": lambda x: x.bfloat16().double(),
    "float16": lambda x: x.half().double(),
}
figures.number_steps(formats);

# %% [markdown]
# **What you see.** *Left*: how many different values each format has from 1/2 to 1, from 1/4 to 1/2, and so on. (These are halves of
# the *file value*, not stops of light: notebook 01.) A bfloat16 has 128 in each of them, the 8-bit file 128 in the first
# and fewer in each one below. So near white, *a bfloat16 is as coarse as the 8-bit file that we want to write in the
# end*. *Right*: the same as a staircase; a smooth ramp becomes steps, and the two coarse formats take nearly the same ones. To round once like this is harmless. To round like this in every layer, and then once more at the
# end, is not. (float16 is finer, but ends at 65,504, and gradients may overflow. A bfloat16 reaches as far as a
# float32; that is why it is the usual choice.)
#
# A second toy shows why the *weights* stay in float32 even so. A weight of 1 is to learn a thousand small updates of
# 0.001 each.

# %%
# NBVAL_CHECK_OUTPUT
for dtype in (torch.float32, torch.bfloat16):
    weight, update = torch.ones((), dtype=dtype), torch.tensor(0.001, dtype=dtype)
    for _ in range(1000):
        weight = weight + update
    print(f"{str(dtype):14} 1 + 1000 x 0.001 = {float(weight):.3f}")

# %% [markdown]
# In bfloat16 the next number after 1 is 1.0078: each update is rounded away, and a thousand times nothing is nothing.
# `autocast` knows that; it keeps weights and optimizer in float32 and casts copies for the products.
#
# It does not know what *our* last lines mean. There, an image is made: the input, relit by the gain, plus detail. We
# keep these lines, and every loss, in float32 by hand: `torch.autocast(..., enabled=False)` in `LacrVae.decode`. What
# does that save? The released model, three ways: all in float32; under autocast, with our last lines protected; and
# with the last lines in bfloat16.


# %%
@torch.inference_mode()
def three_ways(photo):
    x_l = photo["low"]
    mu, _, skips = ruler.encode(x_l)
    gain, residual = ruler.gain(mu, x_l.shape[2:]), ruler.decoder(mu, skips)[0]
    exact, rounded = (relight(x_l.to(kind), gain.to(kind)) + without_local_mean(residual.to(kind))
                      for kind in (torch.float32, torch.bfloat16))  # fmt: skip
    with torch.autocast("cpu", torch.bfloat16):
        protected = ruler(x_l).enhanced
    return {"float32": exact, "bfloat16, last lines float32": protected,
            "bfloat16 at the end": rounded.float()}  # fmt: skip


for name, image in three_ways(prepare(held_out[0], 2)).items():
    image, x_c = image.clamp(0, 1), as_tensor(held_out[0].clear, side)
    psnr, values_seen = -10 * F.mse_loss(image, x_c).log10(), len(image[0, 0].unique())
    print(f"{name:30} PSNR {psnr:.2f} dB   SSIM {ssim(image, x_c).item():.4f}   "
          f"{values_seen:6} different values in red")  # fmt: skip

# %% [markdown]
# On this photograph the price is small in both measures; what changes visibly is the last column, the number of
# different values that are left. Why insist, then? Because it is not always small. In an early trial of this project,
# with bfloat16 down to the last layer, the same weights kept their PSNR and fell from 0.769 to 0.525 in SSIM
# (measured then, with another recipe). SSIM compares small contrasts in smooth areas, where a staircase can be as
# large as the signal. Float32 in a few last lines costs next to nothing, so we do not gamble. For the same reason all
# *evaluation* is float32.
#
# ## 11 · Stop, and go on as if nothing had happened
#
# **Question.** The power fails in step 5 of 6. What is lost?
#
# With `out=FOLDER`, `fit` writes a checkpoint every few steps: weights, their running average, the optimizer's
# memory, the schedule, and the state of every random generator. It is written beside the old one and renamed when it
# is whole, so that a power cut while writing leaves the old one. `resume=True` goes on from there. The claim is
# strong: *bit for bit* the same weights as a run that was never stopped. So we pull the plug.


# %%
class PowerCut(Exception):
    pass


def power_cut(step, record, model):
    if step == 5:
        raise PowerCut


short = TrainConfig(steps=6, crop=32, batch_size=2, checkpoint_every=2, seed=SEED)
tiny = ModelConfig(base_channels=4, latent_channels=4, stem_stride=2)


def short_run(**how):
    torch.manual_seed(SEED)
    return fit(LacrVae(tiny), train_set, short, **how)


# %%
# NBVAL_CHECK_OUTPUT
whole = short_run()
with tempfile.TemporaryDirectory() as folder, redirect_stderr(sys.stdout):
    try:
        short_run(out=Path(folder), on_step=power_cut)
    except PowerCut:
        files = sorted(path.name for path in Path(folder).glob("[!.]*"))
        print("power cut after step 5; on the disk:", *files)
    resumed = short_run(out=Path(folder), resume=True)
pairs = zip(whole.model.state_dict().values(), resumed.model.state_dict().values())
print("weights equal, bit for bit:", all(torch.equal(a, b) for a, b in pairs))
print("losses equal, bit for bit: ", whole.history == resumed.history)

# %% [markdown]
# Step 5 was lost and done again; nothing else. It sounds like a matter of course, and it is not: forget the random
# state, and the noise in `z` differs; let the data loader shuffle, and the next epoch starts anew; forget the running
# average, and LACR is measured with another ruler. Each of these gives a run that looks fine and is not the one that
# you would have had. A test of equality is the only way to know. (`==` holds on one machine; on another processor the
# last digits differ.)
#
# On the command line this is `lacr train --data ... --out RUN --checkpoint-every 200`, and after the power cut the
# same line with `--resume`.
#
# ## 12 · Two processes
#
# **Question.** With two GPUs, how does the work divide?
#
# `torchrun` starts the same program twice. Each process takes its share of every batch, both calculate gradients, the
# gradients are averaged, and both take the same step. For this to be the *same training* as with one process and the
# double batch, three things must hold: no sample is seen twice, gradients are averaged over all, and only one process
# writes files. The first lies with the sampler.

# %%
# NBVAL_CHECK_OUTPUT
for process in (0, 1):
    print(f"process {process} of 2, batch 2:", list(StepSampler(0, 3, 2, process, processes=2)))
print("one process, batch 4:   ", list(StepSampler(0, 3, 4)))

# %% [markdown]
# The rest we see by doing it: `lacr train`, the command line of this project, in two processes on the CPU, which talk
# through `gloo`; and `fit` right here, with the double batch.


# %%
def two_processes(folder):
    """`lacr train` in two processes of batch 2; its records, or None and the reason on the page."""
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command = [sys.executable, *launch, "-m", "lacr_lib", "train", "--data", DATA, "--out", folder,
               "--steps", "3", "--seed", str(SEED)]  # fmt: skip
    for each in ("base_channels=4", "latent_channels=4", "stem_stride=2", "crop=32", "batch_size=2"):
        command += ["--set", each]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        print("not run here:", (done.stderr.strip() or "no reason given").splitlines()[-1])
        return None
    return [json.loads(line) for line in Path(folder, "history.jsonl").read_text().splitlines()]


together = None
if torch.distributed.is_available() and torch.distributed.is_gloo_available():
    with tempfile.TemporaryDirectory() as folder:
        together = two_processes(folder)
else:
    print("skipped: this build of PyTorch has no gloo, through which two CPU processes would talk")

# %%
torch.manual_seed(SEED)
alone = fit(LacrVae(tiny), train_set, replace(short, steps=3, batch_size=4)).history
if together:
    for a, b in zip(alone, together):
        print(f"step {a['step']}: loss of one process {a['loss']:.4f}, of two {b['loss']:.4f}")
    gaps = [abs(b["loss"] / a["loss"] - 1) for a, b in zip(alone, together)]
    record(two_processes_loss_gap=max(gaps))

# %% [markdown]
# Close, and not equal. (The loss jumps after the first step because $\lambda$ does: its ramp, 15 % of three steps, is shorter than one,
# so LACR comes in at full weight at once.) They are the same samples, but each process draws a noise $\epsilon$ of its own for its images
# (if both had drawn the *same*, two images in a batch would share their noise, and nobody would notice). With the
# noise turned off the two curves agree to float rounding, in every step and in every weight: that is a test in
# `tests/training/test_torchrun.py`. On a machine with several GPUs you type
#
#     torchrun --nproc_per_node=2 -m lacr_lib train --data ... --out RUN
#
# ## Recap
#
# - LACR divides the distance to clear by the distance to low light: **[paper]** says toward and away, the ratio is
#   **[ours]**.
# - A ratio has two weak places. Behind low light it pushes the wrong way, so $D_n$ is detached there; and its push
#   explodes as the denominator vanishes, so there are an $\varepsilon$, a least light loss, and a clipped gradient.
# - *Light-aware*: each region has as much say as it lost light.
# - A loss measured by a network can be satisfied by *moving the ruler* (cure: a momentum encoder, frozen in this
#   term) or by *fooling the ruler* (cure: let it see low-passed copies only, and move light only). Neither shows in the loss curve. Watch
#   what the loss cannot see: photographs, texture ratio, another encoder's opinion.
# - Training is one function of fifty lines. Determinism is what makes twins, resuming and two processes checkable.
# - Near clear a ratio is nearly all *toward*: *away* is weighed with the ratio itself.
# - Whether LACR pulls *further than supervision alone* takes several seeds to say. One pair may shine by luck.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it: it says *to do*, *wrong* with a hint, or
# *correct*. Nothing later depends on it. All solved: [solutions/05_lacr_training.ipynb](solutions/05_lacr_training.ipynb).
#
# ### 1 · The term itself
#
# Write LACR with no loop and without looking: $D_p / (D_n + 0.001)$ of each image, where $D_p$ is the weighted distance
# of the enhanced latent to clear and $D_n$ the mean of the weighted distances to the K negatives. A distance is the mean
# absolute difference over channels and regions, each region times its weight (of mean 1 in an image). Where
# $D_p > D_n$, no gradient may pass through $D_n$. The check compares values *and* gradients.
#
# Then put an image on the line through low and clear: behind low, near low, near clear. How hard is it pulled toward
# clear with the rule, and how hard without? The gradient of section 1, with its two terms, tells beforehand.

# %% tags=["exercise"]
import torch
import torch.nn.functional as F

from lacr_lib.exercises import check


def my_lacr(mu_e, mu_c, mu_n, weights):
    """LACR of each image (B,), no unit; mu_e, mu_c (B, Z, h, w), mu_n (B, K, Z, h, w), weights (B, h, w)."""
    # begin solution
    d_p = ((mu_e - mu_c).abs().mean(dim=1) * weights).mean(dim=(1, 2))
    per_region = (mu_e[:, None] - mu_n).abs().mean(dim=2)  # (B, K, h, w)
    d_n = (per_region * weights[:, None]).mean(dim=(1, 2, 3))
    d_n = torch.where(d_p > d_n, d_n.detach(), d_n)
    return d_p / (d_n + 1e-3)
    # end solution


check("05-lacr", my_lacr)

# %% tags=["solution"]
from lacr_lib.losses.lacr import contrast, latent_distance


def without_rule(mu_e, mu_c, mu_n, weights):
    return contrast(latent_distance(mu_e, mu_c), latent_distance(mu_e[:, None], mu_n), "ratio")


torch.manual_seed(SEED)
low, clear = torch.randn(2, 1, 8, 4, 4)
for place in (-0.5, 0.25, 0.75):  # 0: at low, 1: at clear
    pulls = []
    for form in (my_lacr, without_rule):
        mu_e = (low + place * (clear - low)).requires_grad_()
        (gradient,) = torch.autograd.grad(form(mu_e, clear, low[:, None], torch.ones(1, 4, 4)), mu_e)
        toward = (-gradient * (clear - mu_e).sign()).sum()
        pulls.append((toward * latent_distance(mu_e, low)).item())
    ratio = abs(1 - place) / abs(place)
    print(f"{place:5.2f} of the way, D_p / D_n = {ratio:.2f}: pull toward clear, times D_n, "
          f"with the rule {pulls[0]:5.2f}, without {pulls[1]:5.2f}")  # fmt: skip

# %% [markdown] tags=["solution"]
# The numbers are the two terms of the gradient. On the way to clear they point the same way and add up:
# $1 + D_p / D_n$, that is 4 near low and 1.33 near clear. Behind low they point against each other, $1 - D_p / D_n = -2$,
# and the minus sign says *away from clear*. The rule leaves the first term alone wherever $D_p > D_n$: a pull of 1, behind
# low as well. Near clear it changes nothing. (The last 0.03 that are missing are the 0.001 below the line.)

# %% [markdown] tags=["exercise"]
# ### 2 · Pick the positive
#
# InfoNCE asks *which of the 1 + K candidates is the clear one?* Each candidate gets a *score*, minus its distance to the
# enhanced latent, divided by a *temperature* $T$. A softmax turns the scores of an image into probabilities. The loss is
# minus the logarithm of the clear one's probability (a cross-entropy, in nats). It must stay finite at $T = 0.01$.
#
# What does the temperature do to the arrows near the nearest negative? Draw two temperatures with `contrast_planes`.

# %% tags=["exercise"]
def infonce(d_p, each_d_n, temperature):
    """Cross-entropy of each image (B,), nats; d_p (B,), each_d_n (B, K), temperature: latent units."""
    # begin solution
    scores = -torch.cat([d_p[:, None], each_d_n], dim=1) / temperature  # (B, 1 + K)
    return torch.logsumexp(scores, dim=1) - scores[:, 0]
    # end solution


check("05-infonce", infonce)

# %% tags=["solution"]
from lacr_lib.figures.contrast import contrast_planes

clear, low = torch.tensor([0.45, 0.35]), torch.tensor([[-0.55, -0.35], [-0.35, -0.75]])
starts = torch.tensor([[-0.6, 0.3], [0.6, -0.5], [-0.1, 0.95], [-0.9, -0.2]])


def plane(temperature):
    def energy(e):
        return infonce((e - clear).abs().mean(1), (e[:, None] - low).abs().mean(2), temperature)

    return energy


contrast_planes({f"$T$ = {t}": plane(t) for t in (0.05, 0.5)}, clear, low, starts)
d_p, d_n = torch.tensor([0.5]), torch.tensor([[0.2, 0.4]], requires_grad=True)  # latent units
for t in (0.05, 0.5):
    (gradient,) = torch.autograd.grad(infonce(d_p, d_n, t).sum(), d_n)
    push = -gradient[0]  # on each of the two distances, per latent unit
    print(f"T = {t}: push from the nearer negative {push[0]:.2f}, from the farther {push[1]:.2f}")

# %% [markdown] tags=["solution"]
# At $T$ = 0.05 nearly the whole push comes from the nearer negative (19.6, against 0.4 from the farther one), and all
# that happens is at one cliff: the line on which clear and the nearest negative are equally far. Beyond the cliff the
# level lines end, the loss is nearly 0, and nothing pulls the image on to clear. (The orange paths take steps of one length, so
# they walk on even where the slope is tiny, past clear and out of the picture.) At $T$ = 0.5 both negatives push, 0.9 and
# 0.6, the slope is gentle, and it still pulls close to clear. (A path ends where an entry has passed clear.) So the temperature says how many negatives have a say, and
# how soon the task counts as done.
#
# Look at the upper left of the right picture, and beyond clear: dots without arrows, and paths that stop short. Where clear and both negatives lie
# on the same side of the image in an entry, pull and push in that entry cancel exactly. Behind low light InfoNCE does not run
# away, as the ratio did, but it is stuck; `lacr_loss` therefore keeps the rule for $D_p > D_n$ in this form as well.

# %% [markdown] tags=["exercise"]
# ### 3 · How low must the pass be?
#
# The texture ratio was the alarm of section 7. Write it: the mean absolute value of an image's fine detail, over the same
# number of the clear photograph. Detail is what a blur takes away, $x - \text{blur}(x)$, and the blur is the mean over
# 3 x 3 pixels. Count only pixels whose nine neighbours, itself included, lie inside the frame.
#
# Then let LACR attack the pixels as in section 7, with boxes of 1, 4, 8, 16 and 32 pixels. From which size on is the
# texture safe, and where does the term begin to see too little?

# %% tags=["exercise"]
def texture_ratio(image, clear):
    """Fine detail of an image over that of the clear one, one number without unit; (1, 3, H, W) each."""
    # begin solution
    detail = [x[..., 1:-1, 1:-1] - F.avg_pool2d(x, 3, stride=1) for x in (image, clear)]
    return detail[0].abs().mean() / detail[1].abs().mean()
    # end solution


check("05-texture", texture_ratio)

# %% tags=["solution"]
from lacr_lib import load_model
from lacr_lib.data.layouts import open_photoset
from lacr_lib.losses.lacr import lacr_loss, low_pass
from lacr_lib.teaching import choose

ruler = load_model("lacr-vae").requires_grad_(False)
scene = open_photoset(DATA).select("test").scenes[-1]
frames = [torch.from_numpy(f.read()).permute(2, 0, 1)[None] / 255 for f in (scene.low[2], scene.clear)]
x_l, x_c = (F.adaptive_avg_pool2d(x, (64, 96)) for x in frames)
start = ruler(x_l).enhanced.clamp(0, 1)


def attacked(size, steps=choose(PROFILE, smoke=2, demo=30, full=30)):
    """The enhanced image after some steps on its pixels that please LACR behind a box of `size`."""
    image = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([image], lr=0.01)
    mu_c, mu_n = (ruler.encode(low_pass(x, size)).mu for x in (x_c, x_l))
    for _ in range(steps):
        optimizer.zero_grad()
        lacr_loss(ruler.encode(low_pass(image, size)).mu, mu_c, mu_n[:, None]).sum().backward()
        optimizer.step()
        image.data.clamp_(0, 1)
    return image.detach()


# %% tags=["solution"]
for size in (0, 1, 4, 8, 16, 32):
    image = attacked(size) if size else start
    psnr = -10 * F.mse_loss(image, x_c).log10()
    name = f"box of {size:2} pixels" if size else "before any step"
    print(f"{name:16}: texture ratio {texture_ratio(image, x_c):.2f}, PSNR {psnr:.1f} dB")

# %% [markdown] tags=["solution"]
# With every detail in view (a box of 1 pixel) the texture ratio nearly triples, 0.61 to 1.70, and the photograph
# gains one decibel. A box of 4 pixels is enough: the texture rises only to 0.70, and nearly 6 dB are gained. Larger boxes
# make it no safer in any way that matters. But they see less and less of where light is missing: 0.8 dB less is gained at
# 16 pixels, 1.8 dB less at 32, four regions wide. The course takes 4, the smallest size of these that is safe.

# %% [markdown]
# ## Think!
#
# 1. A friend's LACR ends at 0.02, yours at 0.10. Whose model is better?
#
# <details><summary>One answer</summary>
#
# Nobody can say. Each value was measured with the ruler of its own model. In section 8 the smaller value belonged to
# the worse photographs. Ask one encoder that neither of you trained with, and look at the texture ratio and the
# pictures.
#
# </details>
#
# 2. Why are the negatives frames of the *same* scene, and not just other dark photographs of the batch?
#
# <details><summary>One answer</summary>
#
# So that light and noise are all that differs. A dark kitchen differs from a bright garden in everything; an encoder
# could keep them apart by what they show, and the term would push *content* away. Neither abstract nor figure says
# which the authors meant. `TrainConfig(lacr_negatives_from="batch")` is the other reading: the input itself, and the inputs of
# the next photographs of the batch. Notebook 06 has it among the forms of LACR that it compares.
#
# </details>
#
# 3. Beside the low image, LACR's gradient is several hundred times as long as near clear (section 2), and in section 5 the
#    distance to low light hardly moves. When in a training, then, do the negatives push at all?
#
# <details><summary>One answer</summary>
#
# *Away* is weighed with $D_p / D_n$. Where that is above 1 we take it out of the gradient ourselves; near clear it is a few hundredths.
# It has a say in between, on the middle part of the way, which a training passes early and a model that enhances at all has
# behind it. A term that should push to the end would need another form; InfoNCE, exercise 2, is one whose push depends on how
# well the positive can be told from the negatives.
#
# </details>
#
# ## Next
#
# [06 · Is it any good, and how would we know?](06_evaluation.ipynb)
