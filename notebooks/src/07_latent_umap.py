# %% [markdown]
# # 07 · The latent space: do latents move toward clear and away from low?
#
# **What you will learn**
# - how to read three flat maps of a space that is not flat, PCA, t-SNE and UMAP, and what each of them invents;
# - how to *measure* the sentence "latents of enhanced photographs are pulled to the clear ones and away from the
#   low-light ones", with an interval, and against a twin that was trained without LACR;
# - what exposure ladders, a training run and a single direction of light look like in latent space;
# - how to take the space into your hands: an explorer in which every point shows its photograph.
#
# **Before you start.** Notebook 02 (what the latent map is) and 05 (what LACR does in training). Of 06 you need one
# idea: an interval over *scenes* tells how much a number would change with other photographs.
#
# **Time.** About 60 minutes to read; the code runs in about two minutes on 2 CPU cores, most of which UMAP takes. A GPU
# would not help.

# %%
from dataclasses import replace

import numpy as np
import torch
from lacr_lib import load_model
from lacr_lib.data.layouts import open_photoset
from lacr_lib.evaluation.bootstrap import interval, paired_interval
from lacr_lib.figures import latent as figures, latent_decode, latent_maps, latent_motion as motion, latent_pull as bars
from lacr_lib.latent import decode, embed, encode, film, ladders, light_axis, map_study, pairs, probe, pull, uncertainty
from lacr_lib.results.records import read_pull, read_record
from lacr_lib.results.remake import JUDGES
from lacr_lib.teaching import choose, record, record_claim, setup, show

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %% [markdown]
# ## 1 · Three flat maps of a world that we know
#
# The paper's promise is about a space: LACR *aligns latent variables of enhanced images with clear images, away from
# those of low-light images* **[paper]**. The tempting way to check it is to squash the 32 numbers of each latent to
# two, draw dots, and look. But a flat map of a space that is not flat must lie somewhere, as every map of the Earth
# does. So first a world in which we know the truth: four clouds in three dimensions.
#
# - **A** and **B** lie one above the other: seen from above they are one cloud, from the side they are two.
# - **C** is wide. **D** is small, and five times as far from A as C is.

# %%
device = setup(SEED)
rng = np.random.default_rng(SEED)
clouds = {  # name: centre and spread along x, y, z
    "A": ((0, 0, 0), (1, 4, 0.3)),
    "B, above A": ((0, 0, 4), (1, 4, 0.3)),
    "C, wide": ((12, 0, 2), (2, 5, 1)),
    "D, small and far": ((60, 0, 2), (0.4, 0.4, 0.4)),
}
truth = np.concatenate([c + rng.normal(size=(70, 3)) * s for c, s in clouds.values()])
names = np.repeat(list(clouds), 70)

# %% [markdown]
# Three methods, three promises:
#
# - **PCA** turns the world until its largest spread lies on the paper, and looks at it from there. It is a plain
#   projection: nothing is bent, but what lies behind something else is hidden.
# - **t-SNE** asks each point for its few nearest neighbours and moves the points on the paper until the same ones are
#   near. What is far is nearly free.
# - **UMAP** builds a graph of nearest neighbours and lays it out with springs: edges pull, everything else pushes.
#
# None of them is told which cloud a point belongs to.

# %%
world = truth.astype(np.float32)
maps = {name: embed.latent_map(name, world, seed=SEED) for name in embed.METHODS}
figures.toy_maps(truth, names, {name: flat.fitted for name, flat in maps.items()});

# %% [markdown]
# **What you see.** Each map shows something true and something false.
#
# - *PCA.* True: D lies far out, C near A, and C is the wide one. False: A and B have become one cloud, since the only
#   direction in which they differ carries the least spread, and went first.
# - *t-SNE.* True: four clouds, and A and B apart. False: D lies no farther than C, and the smallest cloud has become
#   as wide as the others: each point was asked for its *nearest* neighbours only, however near they are.
# - *UMAP.* True: A and B apart. False: the distances, as in t-SNE; and look whether a cloud that is one in truth has
#   been torn into islands. A gap on a UMAP need not be a gap in the world.
#
# The same in numbers, which is the habit to take home:


# %%
def gap(points, a, b):
    return np.linalg.norm(points[names == a].mean(axis=0) - points[names == b].mean(axis=0))


def width(points, a):
    return np.linalg.norm(points[names == a].std(axis=0))


a, b, c, d = clouds
print(f"{'':10} {'A-D : A-C':>10} {'A-B : A-C':>10} {'width C : D':>12}")
for name, points in {"truth": truth, **{n: flat.fitted for n, flat in maps.items()}}.items():
    far, near = gap(points, a, d) / gap(points, a, c), gap(points, a, b) / gap(points, a, c)
    print(f"{name:10} {far:10.2f} {near:10.2f} {width(points, c) / width(points, d):12.1f}")

# %% [markdown]
# PCA keeps the first column (the far cloud is far) and loses the second (B is not above A any more); the other two
# keep A and B apart, UMAP by more than the truth, and lose the first and the third. Hence the rules of this notebook:
#
# 1. **A distance on a UMAP is no evidence.** "Enhanced lies nearer to clear than to low on the map" proves nothing.
# 2. What *all three* maps show is worth a second look; what only one of them shows is that map's invention until
#    proven otherwise.
# 3. Claims are made from numbers that are computed *in the latent space*, all 32 dimensions of it, with an interval.
#
# Two numbers travel with each map. **Trustworthiness** falls when the map puts points next to each other that are no
# neighbours in truth; **continuity** falls when it tears real neighbours apart. Both are 1 for a perfect map. (Neighbours are
# the 15 nearest, sought within the same sample of at most 5,000 points for every map.)

# %%
for name, flat in maps.items():
    print(f"{name:6} trust {flat.trustworthiness:.3f}   continuity {flat.continuity:.3f}")

# %% [markdown]
# ## 2 · The photographs, as latents
#
# Now the real thing. The released model `lacr-vae` was trained on photographs of the SICE data set; none of the
# embedded photographs was among them, so *all* of these scenes are held out. Each scene is an exposure ladder: the
# clear photograph and copies with a half down to a sixty-fourth of its light. (Of the two views of the motorcycle we
# take one: two views of one place are not two scenes.)

# %%
model = load_model("lacr-vae").to(device)
twin = load_model("lacr-vae-no-lacr").to(device)


def thinned(photoset, rungs, scenes=None):
    """The last scenes of a set (None: all), with some rungs of each ladder; 0 is the darkest."""
    kept = [s for s in photoset.scenes if s.clear and s.name != "motorcycle_right"][-(scenes or 0) :]
    few = [replace(s, low=tuple(s.low[r] for r in rungs if r < len(s.low))) for s in kept]
    return replace(photoset, scenes=tuple(s for s in few if s.low))


everything = open_photoset(DATA)
N_SCENES = choose(PROFILE, smoke=5, demo=None, full=None)
photos = thinned(everything, choose(PROFILE, smoke=(0, 3), demo=(0, 1, 3, 5), full=range(9)), N_SCENES)
print(photos.describe())

# %% [markdown]
# Every photograph goes through the encoder, and every low one also through the whole model: its *enhanced* version,
# clamped to [0, 1] as a screen would do, is encoded again. That second pass is the point of the question: LACR is
# about the latents of the *images* that come out, not about the code from which they were decoded.
#
# One row of the table is the posterior of one 8 x 8 region: a mean $\mu$ and a log-variance, 32 numbers each.

# %%
table = encode.encode_photoset(model, photos)
kinds = {kind: int((table.kind == kind).sum()) for kind in ("low", "enhanced", "clear")}
print(f"{len(table.names)} photographs, {len(table)} regions of {table.mu.shape[1]} numbers: {kinds}")

# %% [markdown]
# ## 3 · The maps side by side
#
# A number first, so that it can stand beside every map that follows: how far did the enhanced regions go, of the way from low (0)
# to clear (1)? It is measured in all 32 dimensions, and section 4 builds it. The second line tells the same of a *twin*, a model
# that was trained without LACR.

# %%
few = encode.thin(table, choose(PROFILE, smoke=8, demo=24, full=60), seed=SEED)
few_twin = encode.thin(encode.encode_photoset(twin, photos), choose(PROFILE, smoke=8, demo=24, full=60), seed=SEED)
went = {"with LACR": film.pull_of(few), "without": film.pull_of(few_twin)}
beside = "\n".join(f"{name:9}: {way.mean:.2f} of the way [{way.low:.2f}, {way.high:.2f}]" for name, way in went.items())
print(beside)

# %% [markdown]
# The maps are *fitted on clear and low latents only*; then the enhanced ones are placed into the finished map. Were
# they fitted along, each method would be free to bend the map until they look well. t-SNE cannot place a new point:
# there, and only there, the enhanced ones are fitted along, and the title says so. We draw a sample of regions, the
# same places in all photographs of a scene.

# %%
fitted, moved = few.of("low", "clear"), few.of("enhanced")
three = [embed.latent_map(name, fitted.mu, moved.mu, seed=SEED) for name in embed.METHODS]
print(beside)
figures.kind_maps(three, fitted, moved);

# %% [markdown]
# **What you see.** Above, each dot is one region: low-light (blue), clear (green), enhanced (hollow, orange). Below,
# the same dots, coloured by how bright the region is.
#
# What survives all three maps: low-light regions lie on long arcs, ordered by brightness; the *enhanced* dots lie among the
# clear ones, on the side away from low, nearly all of them; and some clear dots lie elsewhere, near the brighter of
# the low ones. (These are photographs that are dark themselves; section 5 meets them again.) That is the part to
# believe, and to measure.
#
# What does not survive: how *many* islands there are, how wide the gaps are, and where the arcs are torn. On these the
# maps disagree, and each would have let us write another sentence. The two lines above the maps, on the other hand, are the same
# whatever map we draw: the whole way, with an interval, and without LACR as well.
#
# ### One method, many maps
#
# PCA has no setting: the same latents give the same map. UMAP has two that matter. `n_neighbors` says how many nearest neighbours each
# point is tied to; `min_dist` how close together the springs may pull them on the paper. Nobody can know the right ones beforehand. So look at several:

# %%
grid = map_study.UMAP_GRID if choose(PROFILE, smoke=0, demo=1, full=1) else map_study.UMAP_GRID[:1]
few_fitted, few_moved = (encode.thin(part, choose(PROFILE, smoke=8, demo=14, full=60), SEED) for part in (fitted, moved))
print(beside)
latent_maps.setting_maps(map_study.map_grid("UMAP", few_fitted.mu, few_moved.mu, grid, SEED), few_fitted, few_moved);

# %% [markdown]
# **What you see.** The same latents nine times; more neighbours from top to bottom, more distance from left to right. What stays: low on an
# arc of its own, enhanced among the clear. What changes: how many strings and islands there are, and whether a gap parts
# them. The numbers below the panels hardly differ; only maps of 5 neighbours, in shreds, are a little below the others. Trust tells a
# bad map from a good one. It cannot choose among good ones, and least of all the one that you would like to print.
#
# t-SNE has one setting that matters, the *perplexity*: roughly, how many neighbours each point asks for.

# %%
row = choose(PROFILE, smoke=[map_study.TSNE_ROW[0][:1]], demo=map_study.TSNE_ROW, full=map_study.TSNE_ROW)
print(beside)
latent_maps.setting_maps(map_study.map_grid("t-SNE", few_fitted.mu, few_moved.mu, row, SEED), few_fitted, few_moved);

# %% [markdown]
# **What you see.** Of 5 neighbours t-SNE knits many small patches, spread over the page as if all gaps were alike; of 30 or 100 it draws a few
# large ones. (The enhanced points are fitted along, as always with t-SNE.) In all three, enhanced lies among clear and apart from low, and
# again a few clear ones lie with the brighter of the low. Trust, too, says what it said of UMAP: too few neighbours are a little worse, and
# between the others it does not choose.
#
# ### May the enhanced points help to draw the map?
#
# We placed them into a finished map. What if they are fitted along?

# %%
pca, _, umap = three
both = [(flat, embed.latent_map(flat.method, fitted.mu, moved.mu, SEED, joint=True)) for flat in (pca, umap)]
print(beside)
latent_maps.joint_maps(both, fitted, moved);

# %% [markdown]
# **What you see.** PCA hardly notices: its directions are those of the largest spread, and that is the spread from low to clear
# either way. UMAP redraws the page, because the enhanced points, the most numerous of the three kinds near clear, now pull the
# springs themselves. Neither map is wrong, and their trust is alike. But only on the left the clear and low points knew nothing of
# the method that is being judged. That is the map to show.
#
# ### What survives, as a number
#
# "Enhanced lies among clear" can be counted: of the 10 fitted points nearest to an enhanced one, how many are clear? On a
# map and, with the same question, in the latent space itself.

# %%
named = {flat.method: flat for flat in three} | {"UMAP, joint": both[1][1]}
shares = {name: map_study.clear_share_kept(map_study.View(flat, fitted, moved)) for name, flat in named.items()}
latent_maps.clear_shares(shares);

# %% [markdown]
# **What you see.** *Left*: the share of clear among the neighbours of an enhanced region, with the interval over scenes; the grey
# band is the latent space. In truth nearly all of its ten nearest are clear, five times as many as by chance (dotted), and every map
# tells so. *Right*: map minus truth, in the mean (dot) and in the mean with the sign left out (cross), which says how far a single region
# is off: by next to nothing, on each map. So this sentence survives: *enhanced regions lie among clear ones, on any map and in the space itself*.

# %%
truth = shares["UMAP"].in_space
record(clear_company=tuple(truth), clear_company_on_umap=tuple(shares["UMAP"].in_map))
record_claim("Most of the fitted regions nearest to an enhanced one are clear", *truth, above=0.5)

# %% [markdown]
# ### Means or draws, regions or photographs?
#
# A row of our table is a posterior, and so far we drew its mean. What enters the decoder in training is a *draw*,
# $z = \mu + \sigma\,\varepsilon$. And a row is one region; one may as well take the mean over all regions of a photograph. Four choices, four maps:

# %%
views = map_study.view_maps(table, choose(PROFILE, smoke=8, demo=14, full=60), seed=SEED)
latent_maps.view_panels(views);

# %% [markdown]
# **What you see.** *Above*: posterior means. *Below*: one draw of each posterior. *Left*: a point is a region; *right*: a whole
# photograph. Drawn regions blur, since the posterior of one region is about as wide as the regions lie apart, and trust falls:
# the neighbours of a noisy point are noise. The mean over a photograph takes most of the noise away again. (That in the upper
# row the map of photographs has less trust than that of regions is because they are few: of 40 points, 15 neighbours reach far.) In this notebook we take
# **means of regions** where the question is about places in a photograph, and **means over photographs** where it is about exposure. A
# draw answers another question, how sure the encoder is; section 8 asks it.
#
# ### And a hundred thousand?
#
# `lacr latents --data DIR -o latents.npz` encodes a whole data set, photograph by photograph, into one file: the posterior of each
# region, with its kind, scene, exposure, luma and place, and the mean of each photograph. (A file over 1 GB stays on the disk; only
# the rows in use are read.) A UMAP of 100,000 regions took us 3 minutes and 1 GB on two busy cores, half the time of umap-learn's
# own settings on the same latents in the same run (on one thread 0.24 to 0.37 of it, in three runs), at the same trust (0.982 against 0.980): the map starts from PCA, and 100 epochs
# then do what 200 do from another start. Beyond that `large_map` fits a sample of 100,000, drawn from all scenes and kinds alike,
# and places the rest in blocks. Of 1,118,208 regions of real ladders, read in place from their file, that took 208 seconds of CPU
# time and 1.6 GB, and the map has a trust of 0.986 and a continuity of 0.988 (measured on the 5,000 points, like every other).

# %% [markdown]
# ## 4 · From "looks near" to a number
#
# ### The fraction of the way, on a toy
#
# A low latent $l$, its clear counterpart $c$, and the latent $e$ of the enhanced photograph. How far did $e$ go? Drop
# it onto the line from $l$ to $c$ and see where its shadow falls:
#
# $$\text{fraction of the way} = \frac{\langle e - l,\; c - l\rangle}{\lVert c - l\rVert^2}$$
#
# 0 means it stayed, 1 that it arrived; a step sideways counts for nothing, a step back is negative. In two dimensions
# one can see it:


# %%
def my_fraction(low, enhanced, clear):
    way = clear - low
    return ((enhanced - low) * way).sum(1) / (way**2).sum(1)


low, clear = torch.tensor([[0.0, 0.0]]), torch.tensor([[4.0, 1.0]])
places = {"stayed": (0, 0), "half-way": (1.75, 1.5), "sideways": (-0.4, 1.6), "past it": (5.0, 0.5)}
ways = {name: (xy, float(my_fraction(low, torch.tensor([xy]), clear))) for name, xy in places.items()}
bars.way_sketch((0.0, 0.0), (4.0, 1.0), ways);

# %% [markdown]
# **What you see.** The arrow is the way from low to clear. Each orange point is dropped onto it (dotted); the number is
# where its shadow falls. *Sideways* has moved, too, and earns nothing. *Past it* has more than 1, which is no better
# than 1: an image that overshoots is too bright.
#
# The library's version is the same formula, and we prove it rather than say it:

# %%
# NBVAL_CHECK_OUTPUT
cloud = torch.randn(3, 50, 32, generator=torch.Generator().manual_seed(0))
torch.testing.assert_close(my_fraction(*cloud), pairs.fraction_of_way(*cloud))
show(pairs.fraction_of_way)

# %% [markdown]
# ### Nine numbers, and what each of them catches
#
# One number can be fooled, so there are nine (`lacr pull` prints the same):
#
# | number | asks | goal |
# |---|---|---|
# | alignment ratio | is $e$ nearer to $c$ than to $l$? mean distance to clear over mean distance to low | 0 |
# | the same, shared | the same in the *twin's* encoder, which never saw LACR: did only our own judge get friendlier? | 0 |
# | fraction of the way | how far along, as above; the median over regions | 1 |
# | clear neighbours | of the 10 nearest latents of *other* scenes, low and clear offered in equal numbers, how many are clear? | 1 (chance 0.5) |
# | AUC enhanced : clear | can a linear classifier that never saw the scene tell the two apart? | 0.5 |
# | AUC enhanced : low | and these two? | 1 |
# | z swapped, z = 0 | what does it cost, in dB, to decode with another scene's code, or with none? A latent that is not used may lie where it likes | 2 or more |
# | texture ratio | fine texture of the enhanced over that of the clear image: was the encoder tricked with texture? (notebook 05) | 0.9 to 1.1 |
#
# (AUC, the area under the ROC curve, is how often the classifier ranks a random photograph of one kind above a random one of the other.)
# Own scene left out, groups by scene, equal numbers offered: each of these closes a door through which a better number
# comes in without a better model. The twin is `lacr-vae-no-lacr`: same seed, same samples, same steps, lambda = 0.

# %%
some = thinned(everything, choose(PROFILE, smoke=(3,), demo=(1, 3), full=range(9)), N_SCENES)
numbers = pull.pull(model, twin, some, names=("lacr-vae", "twin"), seed=SEED)
print(f"{numbers['n_pairs']} pairs of {numbers['n_scenes']} scenes")
bars.pull_panels(numbers);

# %% [markdown]
# **What you see.** Each panel is one number: above the released model, below its twin, with 95 % intervals over
# scenes; the green line (or band) is the goal.
#
# *Is there a pull at all?* Yes, and a large one, in **both** models: enhanced latents lie several times nearer to
# clear than to low, they cover the whole way, their neighbours are clear ones, and a classifier tells them from
# low-light without a mistake. Can it tell enhanced from *clear*? Often, so they have arrived and are recognisable still; but on
# eight scenes the intervals reach down to chance.
#
# *Is it LACR's doing?* The two rows of a panel lie close together and their intervals overlap. But overlap is a poor
# test, for both models saw the same scenes, and a hard scene is hard for both. The right question is about the
# *difference*, scene by scene; we come to it at once.
#
# *The last row looks bad, and deceives.* Swapping the code with the next scene's seems to cost about a decibel, z = 0 hardly anything, and
# the intervals reach far to both sides. Is the code ignored? No: in these ladders all scenes have the *same* exposures, so the next scene's
# code asks for about the right amount of light, and for a scene that is meant to be dark a foreign code may even be the better one. And z = 0
# asks for a middling gain, which happens to be what photographs with an eighth of the light ask for themselves. On
# real ladders, whose exposures differ, both are dear (below). The texture ratio lies above 1 here, in the mean (the interval holds 1): the
# darkest of these photographs are noisy, and some of the noise is left. That is neither the blur of a denoiser nor the trap of notebook 05, which
# the twin could not fall into.


# %%
def told(side, key):
    """(value, low, high) of one number."""
    return (numbers[side][key], *numbers[side]["intervals"][key])


for key in pull.PULL_KEYS:
    record(**{key: told("weights", key), f"{key}_twin": told("against", key)})

# %%
WAY, OWN, SHARED = "fraction_of_way", "alignment_ratio", "alignment_ratio_shared"
NEAR, APART = "clear_neighbour_share", "auc_enhanced_vs_low"
claims = [
    ("Enhanced latents went more than half of the way to clear", "weights", WAY, {"above": 0.5}),
    ("They lie nearer to clear than to low", "weights", OWN, {"below": 1}),
    ("Most of their neighbours are clear", "weights", NEAR, {"above": 0.5}),
    ("A classifier tells them from low", "weights", APART, {"above": 0.9}),
    ("The twin goes more than half of the way, too", "against", WAY, {"above": 0.5}),
]
for text, side, key, bound in claims:
    record_claim(text, *told(side, key), **bound)

# %% [markdown]
# ### With LACR against without
#
# Eight scenes, and darkness made by a camera model: is that enough to judge LACR? It is what fits on this page. The
# same numbers have been measured on 20 real, held-out exposure ladders of the data set SICE, 84 pairs, and are kept in
# the repository as a *record*, with the command that remakes it:

# %%
recorded = read_pull("sice-val")
print(f"{recorded['command']}: {recorded['n_pairs']} pairs of {recorded['n_scenes']} scenes")
here = f"embedded,\n{numbers['n_scenes']} scenes"
there = f"SICE, {recorded['n_scenes']} scenes\n(recorded)"
bars.pull_differences({here: numbers["difference"], there: recorded["difference"]});
for judge, what in JUDGES.items():
    mean, low, high = read_record("sice-val-judges")[judge]["difference"]
    print(f"alignment ratio on SICE by {what}: {mean:+.3f} [{low:+.3f}, {high:+.3f}]")

# %% [markdown]
# **What you see.** Model minus twin; each dot with its 95 % interval over scenes. The grey line is "no difference",
# and an interval that touches it is read as *not shown*.
#
# On the real ladders (lower row) the second interval keeps clear of zero, on the side that is better: judged by the *twin's*
# encoder, which never saw LACR, images enhanced with LACR lie nearer to clear. The twin is a near relative, though: both models went on from one
# first stage of training, and what pleases the one encoder pleases the other. So two strangers were asked, small models of other runs, with
# other starts, without LACR. For one the interval holds zero, for the other it ends so near to it (the two lines printed above) that with other draws of
# scenes it now does and now does not. By the same ratio in
# its own encoder the difference is not shown. The record holds three more differences whose intervals exclude 0: latents go further along the way, by less than a thousandth of it; without any
# code the model with LACR loses a little more; its texture is a hair finer. All are small: after the last stage of training both models have covered the whole
# way, and either lies nearer to clear than the releases before it. (Eleven differences were asked for. One of them may well be *shown* by chance.)
#
# On the embedded photographs (upper row) nothing is shown: whatever difference there is, is smaller than eight scenes can
# resolve. We write *not shown*, and do not go looking for eight scenes that show it.

# %%
diff, real = numbers["difference"], recorded["difference"]
twin_says = "Judged by the twin's encoder, images made with LACR lie nearer to clear"
record_claim("With LACR latents go further along the way, if by a hair (SICE)", *real[WAY], above=0)
record_claim("Judged by its own encoder, they lie nearer to clear (SICE)", *real[OWN], below=0, shown=False)
record_claim(f"{twin_says} (SICE)", *real[SHARED], below=0)
record_claim(f"{twin_says} (embedded)", *diff[SHARED], below=0, shown=False)
told_apart = real["auc_enhanced_vs_clear"]
record_claim("Made with LACR, enhanced are harder to tell from clear (AUC, SICE)", *told_apart, below=0, shown=False)
record_claim("With LACR the PSNR is higher (SICE)", *real["psnr"], above=0, shown=False)
of_model = recorded["weights"]
for text, key in (("A swapped code", "psnr_drop_z_swapped"), ("No code, z = 0,", "psnr_drop_z_zero")):
    record_claim(f"{text} costs at least 1 dB (SICE)", of_model[key], *of_model["intervals"][key], above=1)

# %% [markdown]
# Put in one sentence: **the pull comes from learning to enhance at all, supervision with clear images does that, and in this
# model, where all light passes through the code, it does nearly all of it; between the model with LACR and its twin the twin's encoder
# sees a small further step on real ladders, and two strangers hardly do, at no shown cost in PSNR there, and with a little more harm done to photographs that
# were clear already (notebook 06, section 11).** That is less than the title of the paper promises. And it is one pair of runs: that these
# two sets of weights differ is shown, that LACR made the difference is not. Notebook 06 asks for that with three seeds of small models,
# each in its own encoder: there the pull of this recipe is not shown, and that of one negative is.
#
# ## 5 · Exposure ladders as paths
#
# A ladder is one place, photographed with more and more light. If the latent space knows light, its photographs
# should lie *in order* along a path that does not wander, and after enhancement the path should have shrunk to a
# point near its clear end: all exposures of a place become the same picture.
#
# For the drawing we take PCA, which bends nothing, fitted on the low and clear photographs; each dot is now one whole
# photograph, the mean over its regions.

# %%
pooled = table.pooled()
flat = embed.latent_map("PCA", pooled.of("low", "clear").mu, pooled.mu).moved  # (P, 2), all placed
before, after = ladders.trajectories(pooled, "low"), ladders.trajectories(pooled, "enhanced")
motion.ladder_paths({"low-light": (flat, before), "enhanced": (flat, after)});

# %% [markdown]
# **What you see.** One line a scene, from the darkest photograph (dark violet) to the clear one (green triangle); both
# panels are the same map. *Left, before*: a horseshoe. All scenes lie on one arc, whatever they show; along each line the
# colours come in the same order, and what differs is where on the arc a scene begins and where it ends. *Right,
# after*: whole ladders have shrunk to a spot at the clear end. The latent of this model is, before all, a map of light.
#
# And look at the three lowest triangles of the right panel: their enhanced ladders lie far from them, at the upper left. These are scenes whose
# *clear* photograph is itself rather dark: the rocket in the night, above all. The model cannot know that this night
# is meant to be a night; it gives every photograph the light of an ordinary one, and overshoots.
#
# Now in numbers, in all 32 dimensions, and with a control. *Straightness* is the distance from the first to the last
# point over the length of the path: 1 is a straight line. *Order* is the rank correlation of log exposure with the
# place along the direction of light, which is taken from the **other** scenes; along its own direction every path
# would look ordered. The control are *shuffled* ladders: exposures rise as before, but each rung shows another scene.

# %%
mixed = ladders.shuffled(before, SEED)
straight = [np.array([ladders.straightness(p.mu) for p in ps]) for ps in (before, after, mixed)]
order = [ladders.correlations(ps, light=before) for ps in (before, after, mixed)]
labels = ("low-light", "enhanced", "shuffled\nscenes")
motion.ladder_numbers({
    "straightness (1: a straight line)": dict(zip(labels, straight, strict=True)),
    "order: rank correlation with log exposure": dict(zip(labels, order, strict=True)),
});

# %% [markdown]
# **What you see.** A dot is a scene, a bar the mean. *Low-light*: paths that bend a little (0.87 of 1), and the exposures in perfect
# order in every scene, along a direction of light that was learned from the other scenes. *Shuffled scenes*: the paths
# wander more, because each scene has its own place; but a good deal of order remains, because light moves a latent more
# than the choice of the scene does. *Enhanced*: look at the right panel. There is an order left, and it is *reversed*: what
# was darkest before lies farthest toward light after. The model overdoes it a little, the more the darker its input was. (The paths
# are short now, so it is a small effect in plain order.)
#
# How far did the ladders shrink, and did they end at their clear photographs? Two questions, two numbers, both relative
# to the untouched ladder: the length of the path over the rungs, and the distance from their mean to clear.


# %%
def length_and_gap(path):
    """Length of a path over its rungs, and the distance from their mean to the clear end."""
    rungs, end = path.mu[:-1], path.mu[-1]
    return ladders.path_length(rungs), np.linalg.norm(rungs.mean(axis=0) - end)


shrunk = np.array([length_and_gap(p) for p in after]) / np.array([length_and_gap(p) for p in before])
scene_names = [path.scene for path in before]
light = [pooled.luma[path.rows[-1]] for path in before]
for name, (length, to_clear), luma in zip(scene_names, shrunk, light, strict=True):
    print(f"{name:16} length x {length:.2f}   gap x {to_clear:.2f}   luma of clear {luma:.2f}")

# %%
straighter = paired_interval(straight[0], straight[2], scene_names, SEED)
record(straightness=interval(straight[0], scene_names, SEED), length_ratio=np.median(shrunk[:, 0]))
record_claim("Real ladders run straighter than shuffled ones", *straighter, above=0)
record_claim("Exposures lie in order", *interval(order[0], scene_names, SEED), above=0.8)
gap_left = interval(shrunk[:, 1], scene_names, SEED)
record_claim("Enhanced ladders end nearer to clear (gap, mean over scenes)", *gap_left, below=1)
record_claim("And so does each single one (largest gap)", shrunk[:, 1].max(), below=1, shown=False)

# %% [markdown]
# On the mean of the scenes the gap is a third of what it was, but the table tells two kinds of scenes apart. Where the clear photograph
# has ordinary light, next to nothing of the gap is left; where it is dark itself (small luma in the last column), much of the gap
# stays, or it even *grows*. The last claim is therefore not shown. A method that is trained to brighten needs to be told
# when to stop, and the clear photographs of the training set, each chosen by a person, are all that tells it.
#
# ## 6 · Training as a film
#
# Was the order there from the start, or did training make it? And when does LACR begin to tell? Two small runs were trained
# on real ladders (SICE), from the same random weights, with the same samples, once with LACR and once without. Their weights after 10, 30,
# 100, 300 and 2,000 steps are kept with the library (`lacr_lib/weights/film`, half a megabyte each); the untrained start is made again
# from its seed. Each of these eleven models now looks at the same regions of the same held-out photographs, and enhances
# them as well as it can at that moment.

# %%
from lacr_lib.inference.released import WEIGHTS_FOLDER

held_out = thinned(everything.select("test"), choose(PROFILE, smoke=(3,), demo=(1, 3), full=range(9)))
chain = film.read_chain(WEIGHTS_FOLDER / "film")
print(*(f"{shot.side} {shot.step}" for shot in chain), sep=" <- ", end="\n\n")
stills = film.shoot(chain, held_out, regions=choose(PROFILE, smoke=8, demo=30, full=100))
print(f"{len(stills)} stills of {len(stills[0].table)} regions")

# %% [markdown]
# One map a snapshot would not do: UMAP turns and mirrors its maps as it likes, and a film of them would flicker. *AlignedUMAP* lays
# out all snapshots together and ties each low and each clear region to itself in the next snapshot. For that the snapshots stand in
# a chain, as printed above: from the end of the run without LACR back to the common start, and forward through the run with LACR.
# What is left of turning is taken out by a Procrustes fit (the one turn, shift and scale that lays two sets of points upon each
# other best) on the **clear** regions alone. They lie as still as they can, and the enhanced ones, which took no part, are placed
# among them.

# %%
maps = film.aligned_maps(stills, seed=SEED)
motion.film_panels(stills, maps);

# %% [markdown]
# **What you see.** The same regions in each panel, with LACR above, without below; both rows begin with the same untrained
# network. At step 0 it gives back what it gets, so each enhanced dot (hollow) sits on its low-light one. Between step 30 and step 100 the hollow dots
# let go of the blue ones and move to the green. And the two rows look much alike: which is which, few could tell without the label.
#
# The same as a moving picture, made by `motion.film_gif`; between two snapshots the dots glide evenly, which is drawn, not measured:
#
# ![The film: two maps side by side, on which the enhanced points leave the low ones and join the clear ones](images/training_film.gif)
#
# Now the numbers, which need no map: the median fraction of the way at each step (band: lowest to highest of the three scenes), and as a control the
# same towards the clear region of another scene.

# %%
def pulls(side, **control):
    return {still.step: film.pull_of(still.table, **control) for still in stills if still.side in (side, "start")}


curves = {"with LACR": pulls("with"), "without": pulls("without"), "with, toward another scene": pulls("with", shuffle=True)}
motion.film_curves(curves);

# %% [markdown]
# **What you see.** Both runs go nearly the whole way within 300 steps. At step 100 the one with LACR is ahead; from 300 on the
# bands lie upon each other. (One pair of runs: a head start at one step is something to look for in other seeds, not a finding.)
# Most of the way is the coarse *more light*, and the steps that follow are spent on the rest. Look at the third line: toward the
# clear region of *another* scene the enhanced ones go as far. The fraction of the way measures arrival among clear photographs in
# general, as exercise 1 below lets you find out for yourself; arrival at one's *own* clear photograph is what the alignment ratio
# of section 4 measures.

# %%
last = max(curves["with LACR"])
record(way_start=tuple(curves["with LACR"][0]), way_end=tuple(curves["with LACR"][last]), way_end_twin=tuple(curves["without"][last]))
record_claim("After training, enhanced regions have gone most of the way", *curves["with LACR"][last], above=0.5)
record_claim("An untrained network does not move them", abs(curves["with LACR"][0].mean), below=0.05)

# %% [markdown]
# ## 7 · The light axis
#
# The ladders run side by side, so there should be *one* direction in the latent space that means light. We take it
# from some scenes (clear minus low, averaged) and try it on others.
#
# ### Is exposure written there at all?
#
# A *linear probe* answers that: a linear regression from the mean latent of a photograph to its exposure in stops, fitted on some
# scenes and asked about others. $R^2$ is 1 if it guesses perfectly, 0 if it does no better than the mean.

# %%
tested = [scene.name for scene in held_out.scenes]
seen, asked = (pooled.select(np.isin(pooled.scene, tested) == side) for side in (False, True))
latent_decode.probe_scatter(probe.exposure_probe(seen, asked));

# %% [markdown]
# **What you see.** A dot is a photograph of a scene that the probe never saw. The dots follow the line: exposure *is* written in the
# latents, and in a way that a linear map can read. One scene is guessed a stop and a half to nearly two stops too bright wherever it is dark: what the
# code knows is light, not the shutter, and a bright scene in short exposure has light. In the title's brackets, the least and the most that re-drawing three scenes gives. On the 20 real
# ladders the probe reaches:

# %%
real_light = read_record("sice-val-latent-light")
for name, key in (("all photographs", "probe_r2"), ("low-light ones only", "probe_r2_low")):
    mean, low_end, high_end = real_light[key]
    print(f"R^2 on {real_light['n_scenes']} held-out real ladders, {name}: {mean:.3f} [{low_end:.3f}, {high_end:.3f}]")
record_claim("Exposure can be read from the latents (SICE)", *real_light["probe_r2_low"], above=0.7)

# %% [markdown]
# ### Walk along it, and decode
#
# Take a guess before you run the cell: we move the code of a dark photograph **toward clear**, while the photograph itself and
# its skips stay as they are. Will the decoded image get brighter, or darker?

# %%
axis = light_axis.light_axis(seen)
print(f"the mean direction explains {axis.share:.0%} of the squared way from low to clear")
walks = {s.name: light_axis.walk(model, s.low[0].read(), axis) for s in held_out.scenes}
motion.walk_strips(walks, (0, 2, 4, 6, 8));

# %% [markdown]
# **What you see.** Held-out photographs with a thirty-second of their light, decoded with their own code in the second column
# (t = 0). To the right the code moves toward clear, and the picture gets **darker**. Did you guess so?
#
# It makes sense once you read the code as a *request*. The decoded picture is
#
# $$x_e = \mathrm{sigmoid}\big(\mathrm{logit}(x_l) + g(z)\big) + r,$$
#
# where a smooth map of its regions' means is taken off the residual $r$. So light that changes slowly comes from the photograph $x_l$ and from the gain $g$, and the
# gain is decoded from the code $z$ alone: a low-light code says "there is little light here, give much", a clear one
# says "this is fine, leave it". Moving the code toward clear takes the request back, while the photograph underneath stays as dark as
# it was. If that is the reason, the gain must fall along the walk, toward the gain that the clear photograph itself asks for. Does it?

# %%
dark, clear_photo = held_out.scenes[0].low[0].read(), held_out.scenes[0].clear.read()
gains, path = light_axis.walked_gain(model, dark, axis), walks[held_out.scenes[0].name]
for t, gain, luma in list(zip(path.steps, gains, path.luma))[::2]:
    print(f"t = {t:+.1f}   mean gain asked for {gain:+.2f} nats   luma decoded {luma:.2f}")
print(f"the clear photograph, with its own code: {light_axis.walked_gain(model, clear_photo, axis, [0.0])[0]:+.2f} nats")

# %% [markdown]
# **What you see.** The gain falls step by step, and the brightness with it: one whole step takes the request from 2.7 down to 1.1 nats, that
# is, from fifteen times the odds of light to three times. The clear photograph asks for nothing at all (-0.05). So the direction does mean
# light, but light that is *there already*: toward clear there is more of it to begin with, and less is asked for. Only with the photograph
# exchanged as well would the picture stay bright. Had we expected "toward clear" to brighten, we would have taken the code for a picture of the
# output. It is a note about the input.

# %%
place = {kind: axis.place(table.of(kind).mu) for kind in ("low", "enhanced", "clear")}
motion.walk_curves(walks, place);

# %% [markdown]
# **What you see.** *Left*: the mean brightness along the walk. In each scene it falls smoothly: one direction, found in other
# scenes, turns the light up and down like a dimmer. The effect is large. A whole step, the mean way from low to
# clear, takes away more than half of the brightness, and half a step backwards adds light that was never asked for.
#
# *Right*: where real regions lie along the same axis. Low-light regions spread over the lower part, for they come from
# exposures of many kinds; clear ones crowd at the upper end, with a second, smaller crowd below it (the photographs that are dark
# themselves); and the enhanced ones are all at the upper end. Compare the shapes: enhanced regions have no second crowd. Scenes
# that are meant to be dark have become rarer than they should be.

# %%
spearman = [path.spearman for path in walks.values()]
luma_at = [dict(zip(path.steps, path.luma, strict=True)) for path in walks.values()]
lost = np.mean([1 - luma[1.0] / luma[0.0] for luma in luma_at])
record(walk_spearman=np.mean(spearman), axis_share=axis.share, luma_lost_by_one_step=lost)
record_claim("A step toward clear darkens the decoded image", max(spearman), below=-0.9)
on_real = real_light["walk_spearman"]
record_claim(f"In each of {len(on_real)} real scenes, too (SICE)", max(on_real.values()), below=-0.9)

# %% [markdown]
# ### From one code to another, and from one scene to another
#
# The axis is a mean of many ways. Here is one way itself: from the code of a dark photograph to that of its own clear one.

# %%
latent_decode.interpolation_strip(decode.interpolate(model, dark, clear_photo));

# %% [markdown]
# **What you see.** The walk again, region by region now. At the right end the dark photograph is decoded with exactly the code of its clear
# twin, and stays dark: the clear photograph asked for no light.
#
# And if it is given the request of *another* scene? We shift a photograph's code by one vector, the same for all its
# regions, so that its mean becomes that of the other: structure of A, light of B. A has a thirty-second of its light, B, another scene,
# an eighth.

# %%
second = held_out.scenes[-1]
a, b = dark, second.low[-1].read()
own = {name: decode.interpolate(model, photo, photo, (0.0,))[0] for name, photo in (("A", a), ("B", b))}
rows = {"A": (a, own["A"], decode.exchange_light(model, a, b)), "B": (b, own["B"], decode.exchange_light(model, b, a))}
latent_decode.light_exchange(rows);

# %% [markdown]
# **What you see.** A with the smaller request of B stays darker; B with the large request of A is washed out. Structure stays where it was.
# How much of the other's request arrives can be measured by the gain decoded from the shifted code; 1 is all of it:

# %%
mean, low_end, high_end = real_light["exchange_carried"]
print(f"here {decode.exchanged_request(model, a, b).carried:.2f}; on real ladders {mean:.3f} [{low_end:.3f}, {high_end:.3f}]")
record(exchange_carried=decode.exchanged_request(model, a, b).carried)

# %% [markdown]
# ### In your hands
#
# In JupyterLab the next cell gives you sliders: the light axis, and the three directions in which region latents differ most once
# light is taken out. Choose a region; the white frame marks it. (Where no page can show sliders, as in the file that you may be reading
# now, it draws a picture of some of the moves.)

# %%
from lacr_lib.explorer.live import code_sliders
from lacr_lib.latent.directions import principal_directions

code_sliders(model, clear_photo, axis, principal_directions(table.mu, 3, without=axis))

# %% [markdown]
# **What you see.** Above, the light of the framed region and its neighbours is turned up and down. Below, three standard deviations either way along the
# other directions: the first still carries some light, since no straight axis takes all of it out, the second next to nothing. What the latent
# of this model says is light, and not much else.
#
# Why do the neighbours come along? The head that decodes the gain mixes each code with those around it. A single code, moved alone, shows a third of
# its effect.
#
# ## 8 · How sure is a code?
#
# The posterior has a width. Draw from it several times, decode each draw: where the pictures differ, the code left something open. It would be natural if
# that were where light was lost. Is it?

# %%
rung = 0  # the darkest
spreads, draws_of = {}, {}
for scene in held_out.scenes:
    low_photo, clear_of = scene.low[rung].read(), scene.clear.read()
    draws_of[scene.name] = decode.posterior_draws(model, low_photo, choose(PROFILE, smoke=2, demo=12, full=16), SEED)
    spreads[scene.name] = uncertainty.region_spread(model, low_photo, clear_of, draws_of[scene.name])
latent_decode.posterior_spread(dark, draws_of[held_out.scenes[0].name], spreads);

# %% [markdown]
# **What you see.** *Above*: a photograph, the mean of its draws, and where they differ: by about one grey level of 255, which no eye sees. *Below*: the
# same, region by region, against the light that was lost there, and the rank correlation in each scene. On these photographs the draws do
# differ more where more was lost; but they are three, and their darkness was made by a camera model, noise included. On the 20
# real ladders:

# %%
for name, key in (("deviation", "spread_where_lost"), ("deviation / luma", "relative_spread_where_lost")):
    mean, low_end, high_end = real_light[key]
    print(f"rank correlation with lost light, {name}: {mean:+.2f} [{low_end:+.2f}, {high_end:+.2f}]")
record_claim("Draws differ more where light was lost (SICE)", *real_light["spread_where_lost"], above=0, shown=False)

# %% [markdown]
# *Not shown*: if there is such a relation on real ladders, it is weak. (Relative to brightness it is even reversed; a reason that fits is that the light which was lost was bright light.)
# A draw changes the picture by one grey level: whatever width the posteriors have, they have it where the decoder hardly looks. The posterior says
# how far a code may be moved without harm. It does not say "here I had to guess". For that one would have to ask several models, or one that is trained to tell.
#
# ## 9 · The explorer
#
# A picture of dots is mute. The explorer lets them speak: one HTML file, in which a *tap* on a dot shows its scene: clear, and for each rung
# the low-light photograph, what the model made of it, and what its twin made of it, each with its brightness and PSNR. The three maps are
# under one switch with their trust, with and without LACR under another; arrows show the pull, coloured by the fraction of the way in the
# latent space; the film of section 6 plays in it; a tour of six views leads through. Choose several scenes (Ctrl or Shift adds one), and
# the counts and medians are theirs. All of it works from the keyboard.
#
# The file holds everything, pictures and code: it opens without a network and without Python, and can be sent to
# someone by mail. One is in the repository: [explorer.html](explorer.html). Of your own photographs:
#
#     lacr explore --data DIR -o my_latents.html

# %%
from lacr_lib.explorer.build import make_story
from lacr_lib.explorer.page import write_story

small = choose(PROFILE, smoke="smoke/", demo="", full="")  # a test leaves the real one alone
target = f"../build/{small}latent_explorer.html"
shown = thinned(everything, choose(PROFILE, smoke=(3,), demo=(1, 3), full=range(9)), choose(PROFILE, smoke=2, demo=4, full=None))
story = make_story(shown, model, twin, regions=choose(PROFILE, smoke=8, demo=16, full=24))
write_story(target, story)
print(f"{len(story.stills[-1].table)} regions of {len(shown.scenes)} scenes: {target}")

# %% [markdown]
# A page on a code-hosting site can not show it; so here is one view of it as a plain picture.

# %%
from lacr_lib.explorer.scenes import family

chosen = shown.scenes[-1].name
flat = next(flat for flat in three if flat.method == "UMAP")
figures.scene_family(flat, fitted, moved, chosen, family(chosen, story.album, story.twin));

# %% [markdown]
# **What you see.** Left, the UMAP of section 3 with one scene picked out and all others grey: its low-light regions
# (blue) lie where low-light regions of all scenes lie. Its enhanced ones (orange) have left them, and lie among its clear ones
# (green). Right, the photographs behind the dots: for each rung what the model and its twin made of it. Side by
# side the two are hard to tell apart, which is just what the intervals of section 4 said.
#
# ## Recap
#
# - A flat map is a drawing, not a measurement. PCA hides what lies behind; t-SNE and UMAP invent distances, sizes and
#   gaps. Believe what survives all three, then measure it in the space itself.
# - Fit the map on clear and low, and *place* the enhanced latents into it. Look at several settings; count what you claim.
# - Enhanced latents do move: the whole way to clear, away from low, in numbers that no map can flatter.
# - That pull the twin has, too. What the model with LACR adds is small: shown on 20 real ladders by an encoder that never saw LACR, not shown
#   by the same ratio in its own, nor on eight embedded scenes. One pair of runs cannot say whether LACR or luck made it.
# - Exposures lie in order along paths that bend only a little; enhancement shrinks the paths. A scene that is *meant* to be
#   dark is brightened all the same.
# - A code is a request for light: walking it toward clear darkens the picture, smoothly, like a dimmer. Another scene's request can be
#   given to a photograph.
# - The posterior's width says how far a code may move without harm, not where the model had to guess.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it: it says *to do*, *wrong* with a hint, or
# *correct*. Nothing later depends on it. All solved: [solutions/07_latent_umap.ipynb](solutions/07_latent_umap.ipynb).
#
# The cell makes some latents to try your functions on: the same 60 regions of two photographs (a cup and a cat) with a
# sixteenth of the light, enhanced, and clear. Row $i$ of `low`, `enhanced` and `clear` is one region, 32 numbers each.

# %% tags=["exercise"]
from dataclasses import replace

import numpy as np
import torch

from lacr_lib import load_model
from lacr_lib.data.layouts import open_photoset
from lacr_lib.exercises import check
from lacr_lib.latent.encode import as_batch, encode_photoset

trained = load_model("lacr-vae")
two = open_photoset(DATA).select("test")
two = replace(two, scenes=tuple(replace(scene, low=scene.low[:3][-1:]) for scene in two.scenes[:2]))
regions = encode_photoset(trained, two, regions=60)
low, enhanced, clear = (torch.from_numpy(regions.of(kind).mu) for kind in ("low", "enhanced", "clear"))

# %% [markdown] tags=["exercise"]
# ### 1 · A control of your own
#
# The *fraction of the way* of an enhanced latent $e$, from the low latent $l$ of its region to the clear one $c$, is
# $\langle e - l,\, c - l\rangle / \lVert c - l\rVert^2$: 0 means it stayed, 1 that it arrived. Write the control: each
# $e$ gets the $l$ and the $c$ of one *random other* region, never its own, drawn with the seed.
#
# What is the median of the fractions, with own and with other regions? So how much of the fraction needs no pairing at
# all? Ask the same of another number: the distance of $e$ to its own $c$, and to that of another region.

# %% tags=["exercise"]
def shuffled_fraction(low, enhanced, clear, seed):
    """Fraction of the way between low and clear of a random other region: (N, Z) each -> (N,), no unit."""
    # begin solution
    order = torch.randperm(len(low), generator=torch.Generator().manual_seed(seed))
    other = torch.empty_like(order)
    other[order] = order.roll(1)  # each region gets the one before it in a random order
    way = clear[other] - low[other]
    return ((enhanced - low[other]) * way).sum(dim=1) / way.square().sum(dim=1)
    # end solution


check("07-shuffled-fraction", shuffled_fraction)

# %% tags=["solution"]
from lacr_lib.latent.pairs import fraction_of_way

own = fraction_of_way(low, enhanced, clear)
print(f"own region:   median fraction {own.median():.3f}")
for seed in range(3):
    print(f"other region: median fraction {shuffled_fraction(low, enhanced, clear, seed).median():.3f}")
gaps = torch.cdist(enhanced, clear)  # (N, N): of each enhanced latent to each clear one
elsewhere = gaps[~torch.eye(len(gaps), dtype=torch.bool)]
print(f"distance to own clear {gaps.diagonal().mean():.2f}, to another {elsewhere.mean():.2f}; "
      f"from low to clear {(clear - low).norm(dim=1).mean():.2f} latent units")  # fmt: skip

# %% [markdown] tags=["solution"]
# No pairing is needed at all: the median is 1.00 with the own region, and 1.00 with any other, of another photograph even.
# In this latent space all low light lies at one end and all clear photographs at the other, whatever they show. So a
# fraction of 1 says that an enhanced region has the light of clear photographs in general, and no more. The distance
# does need the pairing: an enhanced latent lies more than twice as near to its own clear one (0.18) as to another (0.38). But
# look at the third number: beside the way from low to clear, 7.16 latent units, both are small.

# %% [markdown] tags=["exercise"]
# ### 2 · How stable is a map?
#
# Two maps of the same points need not agree. Write a number for it: the share of a point's $k$ nearest neighbours on the
# first map that are among its $k$ nearest on the second, as a mean over points. A point is no neighbour of its own. The
# two may have different numbers of columns, so that a flat map can be compared with the latents themselves.
#
# Compare two maps that differ in their seed only. Then compare each with the latents that it was made of. What does it
# mean if two maps agree with each other more than with the truth?

# %% tags=["exercise"]
def map_agreement(first, second, k):
    """Share of the k nearest neighbours that two sets of the same N points have in common, 0 to 1; arrays (N, any)."""
    # begin solution
    near = []
    for points in (first, second):
        gaps = np.linalg.norm(points[:, None] - points, axis=2)  # (N, N)
        np.fill_diagonal(gaps, np.inf)
        near.append(gaps.argsort(axis=1)[:, :k])
    return np.mean([len(set(a) & set(b)) / k for a, b in zip(*near)])
    # end solution


check("07-map-agreement", map_agreement)

# %% tags=["solution"]
from sklearn.manifold import TSNE

latents = torch.cat([low, clear]).numpy()
maps = [TSNE(init="random", random_state=seed, max_iter=500).fit_transform(latents) for seed in (0, 1)]
guess = np.random.default_rng(SEED).normal(size=latents.shape)
print(f"two t-SNE maps of {len(latents)} points: {map_agreement(*maps, 15):.2f} of 15 neighbours in common")
print("each map and the latents:", *(f"{map_agreement(each, latents, 15):.2f}" for each in maps))
print(f"random points and the latents: {map_agreement(guess, latents, 15):.2f}")

# %% [markdown] tags=["solution"]
# The two maps share well over 0.9 of their neighbours, but only about 0.8 of those that the latents have: about every fifth neighbour on the
# page is none in truth, and mostly the same wrong ones on both maps. Agreement between two runs is no proof; a method can
# repeat its invention. It even depends on the start. Here each map began at random. The course's own t-SNE begins with PCA,
# and two of its seeds agree to the last neighbour (1.00), while 0.83 agree with the latents; two UMAPs of these points shared 0.91, and
# 0.76 with the latents (both measured once). Chance alone would give 0.07.

# %% [markdown] tags=["exercise"]
# ### 3 · Another axis
#
# A dark photograph is darker *and* noisier. Which of the two is the light axis? The axis of light is the mean of
# $c - l$ over regions. Let $n$ be the latent of the same region in a photograph with *the light of the clear one and the
# noise of a dark one*; the axis of noise is the mean of $n - c$. Write the angle between the two axes, in degrees: 0 if
# they point the same way, 90 if they have nothing in common, 180 if noise looks like darkness.
#
# To get such a photograph, expose the sensor with a sixty-fourth of the light (`camera.add_sensor_noise`), and multiply
# by 64.

# %% tags=["exercise"]
def noise_angle(low, clear, noisy):
    """Angle of the axes low -> clear and clear -> noisy, degrees, 0 to 180; arrays (N, Z), a row a region."""
    # begin solution
    light, noise = (clear - low).mean(axis=0), (noisy - clear).mean(axis=0)
    cosine = light @ noise / (np.linalg.norm(light) * np.linalg.norm(noise))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    # end solution


check("07-noise-axis", noise_angle)

# %% tags=["solution"]
from lacr_lib.data import camera


@torch.inference_mode()
def all_regions(photo):
    return trained.encode(as_batch(photo, trained)).mu[0].flatten(1).T.numpy()  # (N, 32)


for scene in two.scenes:
    frames = scene.low[0].read(), scene.clear.read()
    linear = camera.srgb_to_linear(frames[1] / np.float32(255))
    electrons = camera.add_sensor_noise(linear, 1 / 64, camera.CameraSettings(), np.random.default_rng(SEED))
    noisy = np.rint(255 * camera.linear_to_srgb(np.clip(64 * electrons, 0, 1))).astype(np.uint8)
    l, c, n = (all_regions(photo) for photo in (*frames, noisy))
    sizes = [np.linalg.norm(way) for way in ((c - l).mean(axis=0), (n - c).mean(axis=0))]
    each = np.linalg.norm(n - c, axis=1).mean()
    print(f"{scene.name}: angle {noise_angle(l, c, n):.0f} degrees; axis of light {sizes[0]:.2f}, of noise "
          f"{sizes[1]:.2f} latent units long; noise moves one region by {each:.2f}")  # fmt: skip

# %% [markdown] tags=["solution"]
# Angles of 88 and 92 degrees: a right angle, and in 32 dimensions two *random* directions have one of 90, give or take 10. So
# the two axes have nothing in common that two photographs could show. And noise is weak: the noise of a sixty-fourth of
# the light moves the mean latent by 0.1 to 0.2 units, where the way from low to clear is over 7. The light axis is an axis of light, then,
# and not of noise. (The last number, how far a single region moves, is only a little larger than the length of the axis: most regions
# are moved the same way.)

# %% [markdown]
# ## Think!
#
# 1. On a UMAP the enhanced points lie in a tight island of their own, between low and clear. A colleague concludes:
#    "LACR failed, they never arrived." What do you ask for?
#
# <details><summary>One answer</summary>
#
# The numbers. UMAP turns small but systematic differences into islands, and the gap around an island has no unit. Ask
# for the fraction of the way, for the alignment ratio and for the AUC against clear: an AUC near 1 with a fraction near
# 1 means "arrived, but recognisable", which is quite another finding than "stayed half-way".
#
# </details>
#
# 2. A model that paints every photograph in the same mid-grey: which of the nine numbers would praise it, and which
#    would catch it?
#
# <details><summary>One answer</summary>
#
# More of them praise it than one would like. The code of this model knows light, and mid-grey has the light of a clear photograph: we
# encoded it (luma 0.45) in place of the three enhanced held-out photographs (dark frames, a thirty-second of the light), and it went 1.00 to 1.01 of the way, with an alignment ratio of
# 0.07 to 0.12, where the enhanced ones have 0.04 to 0.08. The AUC against low will be 1, too. It is caught by what looks at the picture,
# the texture ratio (0: no texture at all) and PSNR, and by the code swapped or left out: who paints grey without looking at the code
# loses nothing without it. A number about latents tells what the encoder knows, and no more. This is why there are several.
#
# </details>
#
# 3. Why is the shared encoder the *twin's*, and not that of a third model trained on something else?
#
# <details><summary>One answer</summary>
#
# A judge must know the matter and have no stake in it. The twin's encoder saw the same photographs with the same
# losses, so it measures light as sharply as our own, and LACR never trained it. But it is no stranger: both models went on from one first
# stage, and a step on the pixels that brings an image nearer to clear for the one encoder nearly always does so for the other. A stranger is a
# harder judge, and may be blind to what is to be judged. So section 4 asks the twin and two strangers; where they agree, it is worth
# more than any one of them, and where they do not, it is told. `lacr pull --judge FILE` asks one of your own.
#
# </details>
#
# ## Next
#
# This was the last of the notebooks that build and measure the method.
# [08 · How do I use this for my own study?](08_research.ipynb) turns it into a study of yours. To go back to where the numbers come from:
# [05 · How negatives train an enhancer](05_lacr_training.ipynb), [06 · Is it any good?](06_evaluation.ipynb). Your own
# photographs: [00 · Start here](00_start_here.ipynb).
