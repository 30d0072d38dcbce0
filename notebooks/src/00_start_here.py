# %% [markdown]
# # 00 · Start here: will it run, and what will I get?
#
# **What you will learn**
# - whether your machine has what the course needs, one line for each answer;
# - what the method does to a dark photograph, and how to apply it to one of your own;
# - what a *latent space* looks like from the outside, and which question the course asks of it;
# - which notebook answers which question, and where to enter if you came to learn, to teach or to do research.
#
# **Before you start.** Python, NumPy arrays and the basics of PyTorch (tensors, modules, a training loop) carry you
# through the course. No knowledge of autoencoders is needed: notebook 02 starts from nothing. Everything is
# installed already if you opened this page with `make lab`, and nothing is downloaded while it runs.
#
# **Time.** About 15 minutes to read; the code runs in less than a minute on 2 CPU cores. No GPU is needed, here or
# in any other notebook: where one would help, the notebook says so and runs a smaller version of the same thing
# without.

# %%
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from lacr_lib import enhance, load_model
from lacr_lib.data.layouts import open_photoset
from lacr_lib.evaluation.baselines import auto_gamma
from lacr_lib.evaluation.metrics import psnr
from lacr_lib.figures.images import Box, mean_luma, show_row, show_zoom
from lacr_lib.figures.style import MARKERS, ROLES
from lacr_lib.latent import embed, encode
from lacr_lib.teaching import check_environment, choose, record, record_claim, setup

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %% [markdown]
# ## 1 · Does my machine have what it takes?
#
# One line for each thing that the course needs. A line that starts with `[FAIL]` says what to do about it. Every
# notebook runs on the CPU alone; a GPU only makes the training in notebook 05 larger.

# %%
device = setup(SEED)
ready = check_environment()
print("Everything is there." if ready else "Mend the [FAIL] lines first, then run this again.")

# %% [markdown]
# ## 2 · What will I get?
#
# A dark photograph, and three lines of code. First the photograph: a cup of coffee, taken in the light of a café,
# from the test images of scikit-image ([credits](CREDITS.md)).
#
# To be honest about it: the *scene* is real, its *darkness* is not. Published sets of really dark photographs come
# with terms that do not let us put them on this page; so the course darkens free ones with a model of a camera,
# which notebook 01 builds piece by piece: a sixteenth of the light, falling unevenly, counted photon by photon,
# with the noise of the electronics on top, rounded to 8 bits. What we gain from it is the *clear* photograph of the
# same scene, against which everything can be measured. On really dark photographs the method is measured too, in
# notebook 06.

# %%
# NBVAL_CHECK_OUTPUT
scenes = {scene.name: scene for scene in open_photoset("embedded").select("test").scenes}
coffee = scenes["coffee"]
dark, clear = coffee.low[2].read(), coffee.clear.read()  # uint8, (H, W, 3)
print(f"{dark.shape[1]} x {dark.shape[0]} pixels, 1/{1 / coffee.low[2].exposure:.0f} of the light")

# %% [markdown]
# Now the three lines. `load_model` reads the weights that come with the repository (and checks that nobody changed
# them); `enhance` gives back what it was given: a path or a PIL picture becomes a picture, an array an array, a
# tensor a tensor.

# %%
model = load_model("lacr-vae")
enhanced = enhance(model, dark)
show_row([dark, enhanced, clear], ["dark", "enhanced", "clear (never shown to the model)"], luma=True);

# %% [markdown]
# **What you see.** Left, the photograph as the camera model took it; the number under each picture, *luma*, is its mean
# brightness in file values, between 0 (black) and 1 (white). In the middle what the network made of it: the cup, the
# saucer, the grain of the table and even the dark corner have come back, and the light has become more even. On the right
# the photograph as it was taken. Compare the two closely and you also find what is *not* restored: the colours are duller
# than they should be, the warm red of cup and wood above all, some noise is left, and the finest texture is gone.
#
# The network has never seen this cup. It was trained on other photographs altogether: bracketed exposures of real
# scenes, taken with real cameras (the data set is SICE; `lacr weights` names data, terms and results of each
# released weight). About one training sample in six was a clear photograph of that set, darkened by this course's own camera
# model: so the scene is new to it, and the kind of darkness is not.

# %% [markdown]
# ### Could I not just turn up the brightness?
#
# The obvious objection, and the right one: every claim in this course is made against something simple. The
# simplest rival raises all pixels to one power, chosen so that the picture has the brightness of an ordinary
# photograph (`auto-gamma`, one of the classical methods of notebook 06). A look through the magnifying glass:

# %%
brightened = auto_gamma(dark)
titles = ["dark", "brightened by a formula", "enhanced", "clear"]
show_zoom([dark, brightened, enhanced, clear], Box(top=120, left=70, height=80, width=100), titles);

# %% [markdown]
# **What you see.** In the upper row the formula is nearly as *bright* as the network (mean luma 0.38 and 0.42). The lower
# row magnifies the marked frame, where the saucer lies in the shade. Brightening has brightened everything in it, the
# noise as well: the surface has become coloured grains, and no formula that looks at one pixel at a time could tell the
# grains from the saucer. The network looks at the surroundings of a pixel, near and far, and has learned what saucers
# look like and what noise looks like. **That darkness and noise belong together, and that both can be used to *teach* a
# network what to stay away from, is the idea of this course.**
#
# How much nearer to the clear photograph did each of them come? The usual measure is the *peak signal-to-noise ratio*,
# $\text{PSNR} = -10 \log_{10} \text{MSE}$, where MSE is the mean squared difference of the two pictures, with white = 1.
# Its unit is the decibel (dB). More is better, and 3 dB more are half the squared error.

# %%
by_formula, by_network = psnr(brightened, clear), psnr(enhanced, clear)
record(psnr_dark=psnr(dark, clear), psnr_formula=by_formula, psnr_network=by_network)
record(luma_formula=mean_luma(brightened), luma_network=mean_luma(enhanced))
claim = "On this cup the network comes nearer to the clear photograph than the formula (dB)"
record_claim(claim, by_network - by_formula, above=0)

# %% [markdown]
# A claim about one cup, no more; notebook 06 repeats it over whole data sets, with intervals, with other measures,
# and with the photographs on which it *fails*. You will meet such lines throughout: a claim in the prose is
# followed by its number and by a verdict, SHOWN or NOT SHOWN, and the tests of the repository check that words and
# verdict agree.

# %% [markdown]
# ## 3 · Where does it stop?
#
# Less light means fewer photons, and a photon that was not caught cannot be computed. The same cup, with less and
# less light:

# %%
rungs = [frame.read() for frame in coffee.low[4::-2]]  # brightest first
shares = [f"1/{1 / frame.exposure:.0f} of the light" for frame in coffee.low[4::-2]]
restored = [enhance(model, rung) for rung in rungs]
captions = [f"{psnr(image, clear):.1f} dB" for image in restored]
show_row(restored, [f"from {share}" for share in shares], captions);

# %% [markdown]
# **What you see.** Enhanced photographs only, from a quarter of the light (left) to a sixty-fourth of it (right), each with its
# PSNR against the clear one. Down to a sixteenth the decibels hardly move, for most of them hang on how well the *light* is
# guessed; at a sixty-fourth more than two are gone. What goes before that is to be seen: first the colour, then the texture, and on the
# right the surfaces are full of grain. Yet nothing breaks suddenly: the network keeps the large shapes and the light to the end. If you ever use this method on evidence of your own
# (an astronomical plate, a surveillance still), remember this row: what looks sharp may be *likely* instead of *seen*.

# %% [markdown]
# ## 4 · A look inside
#
# Between the dark photograph and the enhanced one lies a bottleneck. The network is a *variational autoencoder* (VAE): it
# describes each region of 8 x 8 pixels by a short list of 32 numbers, the region's **latent** code, and has to rebuild
# the light of the whole picture from those codes alone. Regions that are lit alike get codes that are alike. So the
# codes of many photographs form a *space*, in which one can ask where the dark ones live, where the clear ones
# live, and where the enhanced ones have moved to.
#
# That is the question behind this course. **Light-aware contrastive regularisation** (LACR), the method's central
# idea, demands it during training: the code of the enhanced photograph shall move *toward* the code of the clear
# one and *away from* the codes of dark versions of the same scene. Does it?
#
# The network encodes the three held-out scenes: as clear photographs, as dark ones, and dark ones after enhancement. Then
# UMAP (McInnes et al. 2018) draws a flat map of those codes, in which neighbours should stay neighbours. (The map is made
# from clear and dark codes alone, and the enhanced ones are placed into the finished map: so it cannot be bent to show
# what we wish.)

# %%
few = open_photoset("embedded").select("test")
few = replace(few, scenes=tuple(replace(s, low=s.low[1:4:2]) for s in few.scenes))  # 1/32 and 1/8
regions = choose(PROFILE, smoke=20, demo=150, full=600)  # of each photograph
latents = encode.encode_photoset(model, few, regions, seed=SEED)
low, better, clear_codes = (latents.of(kind) for kind in ("low", "enhanced", "clear"))
fitted = np.concatenate([low.mu, clear_codes.mu])
flat = embed.latent_map("UMAP", fitted, better.mu, seed=SEED)
print(f"{len(latents)} regions, {latents.mu.shape[1]} numbers each, drawn on 2 axes")

# %%
groups = {"low": flat.fitted[: len(low)], "clear": flat.fitted[len(low) :], "enhanced": flat.moved}
figure, axes = plt.subplots(1, 2, figsize=(8.5, 3.9), sharex=True, sharey=True)
for axis, shown in zip(axes, [("low", "clear"), ("low", "clear", "enhanced")], strict=True):
    for kind in shown:
        look = {"color": ROLES[kind], "marker": MARKERS[kind], "label": kind}
        axis.scatter(*groups[kind].T, s=9, alpha=0.55, lw=0, **look)
    axis.set(xlabel="UMAP 1 (no unit)", xticks=[], yticks=[])
axes[0].set(ylabel="UMAP 2 (no unit)", title="the map, made from these")
axes[1].set_title("the enhanced, placed into it")
axes[1].legend(markerscale=2.5, loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# **What you see.** Each mark is one region of one photograph. On the left dark and clear regions lie on two sides
# of the map: the network keeps the light of a region in its code (it has to; notebook 02 shows why).
# On the right the same regions after enhancement: they have left the dark side and lie among the clear ones, where they
# belong. Distances and shapes in such a map mean little, and on your machine it may be turned or mirrored: UMAP differs
# between machines even with the same seed. Trust the *relation* of the three groups, and trust it because the next line
# measures it in the latent space itself. (It also prints the map's *trustworthiness*, 1 at most: whether neighbours on the map
# are neighbours in the latent space, notebook 07.)

# %%
shape = (len(few.scenes), 2, -1, latents.mu.shape[1])  # scenes, dark photographs, regions, Z
enhanced_code, dark_code = better.mu.reshape(shape), low.mu.reshape(shape)
clear_code = clear_codes.mu.reshape(shape[0], 1, -1, shape[3])  # one for both dark photographs
ratio = np.abs(enhanced_code - clear_code).mean() / np.abs(enhanced_code - dark_code).mean()
record(alignment_ratio=ratio, trustworthiness=flat.trustworthiness)
record_claim("Enhanced codes lie nearer to clear than to dark ones (1: as near)", ratio, below=1)

# %% [markdown]
# That number, the *alignment ratio*, compares two distances: from the enhanced code $\mu_e$ of a region to its clear code
# $\mu_c$, and to its dark one $\mu_l$. A bar is the mean over the 32 numbers, the regions and the photographs:
#
# $$\text{alignment ratio} = \overline{|\mu_e - \mu_c|} \;/\; \overline{|\mu_e - \mu_l|} .$$
#
# At 0 it has arrived, at 1 it is as near to one as to the other. Now the question that a good reader asks at
# once: is that the work of LACR, or would any well-trained enhancer do it? The repository ships a twin of the
# model, trained without LACR and otherwise alike, and notebook 07 puts the two side by side. We give no answer
# away, except that it is less simple than the idea.

# %% [markdown]
# ## 5 · Enhance a photograph of your own
#
# Write its path between the quotation marks and run the cell: the result is saved in the folder `build/enhanced` of
# this clone. JPEG, PNG, TIFF and WebP of any size will do; large ones take a few seconds for each megapixel.

# %%
my_photo = ""  # for example "/home/me/pictures/night.jpg"

if my_photo:
    target = Path("../build/enhanced", f"{Path(my_photo).stem}.png")
    target.parent.mkdir(parents=True, exist_ok=True)
    enhance(model, my_photo).save(target)
    print(f"saved: {target}")
else:
    print("no photograph given yet: write a path into my_photo and run this cell again")

# %% [markdown]
# The same from the command line, for whole folders, without opening Python: `lacr enhance night.jpg holiday/ -o
# enhanced/`. (In the environment that `make` has set up, the command is `.venv/bin/lacr`; `lacr --help` lists what
# else it can do.)

# %% [markdown]
# ## 6 · The syllabus
#
# Each notebook answers one question and stands on those before it. The minutes are measured: how long its code
# takes from top to bottom on 2 CPU cores, in the profile `demo`, in which you see it here. Reading and trying takes
# longer: count on half an hour to an hour each.
#
# <!-- syllabus: begin (written by `python -m lacr_lib.teaching.syllabus`) -->
#
# | | notebook | code runs in |
# |---|---|---|
# | 00 | [Start here: will it run, and what will I get?](00_start_here.ipynb) | 0.4 min |
# | 01 | [What does low light do to a photograph?](01_data.ipynb) | 0.2 min |
# | 02 | [What is a VAE, and why is its latent a map here?](02_vae.ipynb) | 1.2 min |
# | 03 | [How can a dark corner learn from a bright window?](03_rcam.ipynb) | 0.7 min |
# | 04 | [Which scale does a detail need?](04_amsm.ipynb) | 0.7 min |
# | 05 | [How do negatives train an enhancer?](05_lacr_training.ipynb) | 1.7 min |
# | 06 | [Is it any good, and how would we know?](06_evaluation.ipynb) | 0.7 min |
# | 07 | [The latent space: do latents move toward clear and away from low?](07_latent_umap.ipynb) | 1.6 min |
# | 08 | [How do I use this for my own study?](08_research.ipynb) | 1.3 min |
#
# <!-- syllabus: end -->
#
# Every notebook can run in three sizes, always the same code and the same parts: `smoke` (seconds, for the
# tests), `demo` (what you see) and `full` (real data and a GPU); what is trained in the two small ones has fewer channels. Change `PROFILE` in its second cell, or set the
# environment variable `LACR_PROFILE`.
#
# **Will I get the same numbers?** On the same machine with the same seed: yes, to the last digit that is printed.
# On another: numbers of metrics agree to about three digits, trained models and UMAP maps do not agree in detail
# and are only compared by relations ("more than", "nearer to"). Where it matters, the notebook says which kind a
# number is.

# %% [markdown]
# ## 7 · Three doors
#
# **To learn.** Go through 01 to 07 in order. Run every cell, guess before you run, and change one thing at a time.
# At the end of each notebook wait exercises ("Your turn") and questions to think about, with folded answers. If a
# name in the code is new, `show(name)` displays its source, the very code that runs, never a copy.
#
# **To teach.** Each notebook is one sitting and can be taught alone, with released weights in place of training; a
# short lecture can live on 01, the first half of 05 and the pictures of 07. Our code and text are under the MIT
# licence; the terms of each photograph stand on the page of [credits](CREDITS.md).
#
# **To do research.** `lacr train`, `lacr evaluate` and `lacr pull` train, score and look inside on your own data,
# each with a JSON record; in Python the same is `fit`, `evaluate` and `pull`. `ModelConfig` and `TrainConfig` hold
# every choice, and each part of the method can be switched off. Notebook 06 holds the measured results and the
# commands that remake them; begin there and with 07. [08](08_research.ipynb) goes from a hypothesis to a table.

# %% [markdown]
# ## 8 · What the paper says, and what we chose
#
# The method comes from X. Wu, X. Hou, Z. Lai, J. Zhou, W. Pedrycz, L. Shen, *Light-Aware Contrastive Learning for
# Low-Light Image Enhancement*, ACM TOMM, 2024. Its authors have published an abstract and a framework figure, but
# no code. What these two say is marked **[paper]** throughout; everything else is our reading, marked **[ours]**,
# and you are free to read it otherwise. The words of the table are explained where they are built: the latent and the skips
# in notebook 02, the two modules RCAM and AMSM in 03 and 04, the loss in 05, SSIM (a similarity of two pictures, 1 at most) in 06.
#
# | | **[paper]** | **[ours]** |
# |---|---|---|
# | aim | latent variables of enhanced images aligned with clear ones, away from low-light ones; negatives carry information | the formula of the loss, its weights, an encoder that is held still while it judges |
# | RCAM | local and global illumination relations among regions of diverse size and shape | attention to region averages on four grids, a convolution, and a gate between both |
# | AMSM | attention-guided features of several scales | three kernel sizes, attention over the branches and over the picture |
# | network | four encoder stages (RCAM, AMSM, AMSM), a latent `z = mu + sigma * eps`, a depth-wise decoder with three skips | light is decoded from z alone, and skips lose their light: else the network could ignore z |
# | numbers | + 0.99 dB PSNR and + 0.0409 SSIM on the NASA test set | all numbers in these notebooks, measured by the code beside them |
#
# We do not claim to reproduce the paper's numbers: with no code and no recipe public, nobody can tell whether two
# implementations are the same method.

# %% [markdown]
# ## Recap
#
# - `load_model` and `enhance` apply the method in two lines, to one photograph or (`lacr enhance`) to a folder.
# - Low light takes more from a photograph than brightness: noise, colour and detail go too, and a formula that
#   brightens shows them all.
# - Inside, each 8 x 8 region has a latent code, and the codes of enhanced photographs lie nearer to clear than to
#   dark ones. Whether LACR is what put them there is an open question until notebook 07.
# - A claim comes with its number, and a number with the code that measured it.

# %% [markdown]
# ## Your turn
#
# 1. **`gain_by_exposure(model, scene)`**: for each low photograph of a scene, the PSNR of the enhanced one minus
#    the PSNR of the dark one, in dB, as a dictionary from exposure to gain. Try it on all three held-out scenes.
#    Where is the gain largest, and is that also where the result *looks* best?
# 2. **`before_after(dark, enhanced)`**: one picture whose left half is dark and whose right half is enhanced, as a
#    uint8 array. Make it for a photograph of your own.
# 3. **`twice(model, dark)`**: enhance the enhanced photograph again. What should a good enhancer do to a photograph
#    that is already clear? Measure what ours does.

# %% [markdown]
# ## Think!
#
# 1. The model has never seen the cup of coffee, yet it paints the table brown and the saucer red. Where does that
#    knowledge come from, and when would it be wrong?
#
#    <details><summary>One answer</summary>
#
#    Some of it is in the photograph: dark as it is, its red channel is still larger than its blue one on the table.
#    The rest is what the training photographs have in common (smooth surfaces are smooth, lamps are yellowish).
#    Where your photograph differs from them, under coloured stage light for instance, the network will pull it
#    toward what it knows.
#    </details>
#
# 2. Why does this page judge by PSNR *and* show pictures *and* look at latent codes? Would the best of the three
#    not do?
#
#    <details><summary>One answer</summary>
#
#    Each is blind in its own way. PSNR calls a picture that is a little too dark and one that is full of noise equally
#    good (notebook 06, section 2, shows them). Pictures are chosen, and eyes are kind to what they expect. Latent codes are
#    the network's own view of itself, and it can be flattered (notebook 05 shows how). What holds in all three
#    probably holds.
#    </details>
#
# 3. The map was made from dark and clear codes, and the enhanced ones were placed into it afterwards. What could go
#    wrong if all three were mapped together?
#
#    <details><summary>One answer</summary>
#
#    UMAP arranges *whatever it is given*, so enhanced codes would take part in deciding what "near" means: they may
#    form an island of their own between the two, or hide that they are far from both. Placed into a finished map
#    they can only land where the others have drawn the land. (That has its own catch: a code unlike anything on the
#    map must land somewhere too.)
#    </details>

# %% [markdown]
# ## Next
#
# [01 · What does low light do to a photograph?](01_data.ipynb) takes the camera apart: photons, electronics, tone
# curve, 8 bits, and shows why a dark photograph tells a network more than that it is dark.
