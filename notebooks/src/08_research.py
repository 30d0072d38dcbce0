# %% [markdown]
# # 08 · How do I use this for my own study?
#
# **What you will learn**
# - to turn a hunch into a hypothesis that can fail, and to fix the test *before* the runs;
# - five regularisers that could stand in LACR's place, one of which compares whole distributions;
# - to run a grid of trainings with `lacr sweep`, stop it, go on, and share it among processes or GPUs;
# - to go from records to a table of paired differences, and to read "not shown" without regret;
# - to run a whole notebook as a program, with papermill, without falling for a misspelt parameter;
# - to put your own loss, your own module and your own photographs into the suite, in about twenty lines each.
#
# **Before you start.** Notebooks 05 (LACR and its training) and 06 (intervals over scenes, paired differences).
#
# **Time.** About 50 minutes to read and try; the code runs in about two minutes on 2 CPU cores. The study itself is
# small enough for this page; the same cells with `PROFILE = "full"` are a real one, for a GPU or a night.

# %%
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from IPython.display import Markdown

from lacr_lib import LacrError, LacrVae, fit, kl_divergence
from lacr_lib.data.layouts import open_photoset
from lacr_lib.figures import ablation as figures
from lacr_lib.losses.lacr import gaussian, latent_distance, wasserstein_distance
from lacr_lib.results import ablation, ablation_tables
from lacr_lib.teaching import choose, record, setup
from lacr_lib.training.sweep import read_grid, sweep

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"
LAMBDA = 0.5
NEGATIVES = 2

# %% [markdown]
# ## 1 · A hypothesis that can fail
#
# A hunch: *"InfoNCE has a softmax over all negatives, so it should pull harder than our plain ratio."* It is not yet a
# hypothesis, since nothing could prove it wrong. Make it one, in writing, before any run:
#
# | question | answer |
# |---|---|
# | what is changed? | the regulariser, five of them (section 2); everything else equal |
# | compared with what? | does it pull at all: with the twin that has no LACR (`lambda_lacr = 0`); does it pull *harder*: with `ratio`; of the same seed |
# | measured by what? | the alignment ratio: distance of the enhanced latent to clear over that to low; less is better |
# | on what? | held-out scenes, all pairs; several seeds |
# | when do we say "it pulls", or "harder"? | when the difference, paired by scene and seed, has a 95 % interval without 0 *and* is larger than its spread over seeds |
# | what could deceive us? | each model is judged by its own encoder; a texture ratio that leaves 0.9 .. 1.1 is a warning (notebook 05) |
#
# The fifth line is the one that matters. Whoever looks first and chooses the test afterwards finds something every time.
# (It asks for six scenes or more: the three that this page can test on have no interval of 95 %, only a range, as notebook 06 explains. On
# three the rule is an exercise, on real ladders it is a test.)
#
# Two more questions ride along at the price of two runs, both against `ratio`: does a larger `lambda` pull further, and does
# one negative pull less far than two? (`LAMBDA` and `NEGATIVES` stand in the cell of parameters above, for a reason that section 6 tells.)
#
# ## 2 · Five regularisers
#
# $D_p$ is the distance of the enhanced latent to clear, $D_n$ the mean of those to the $K$ negatives, $\varepsilon = 0.001$, as in notebook 05:
#
# | run | LACR of an image | its idea |
# |---|---|---|
# | ratio | $D_p / (D_n + \varepsilon)$ | the recipe's form: each image weighs as its negatives are near |
# | bounded | $D_p / (D_p + D_n + \varepsilon)$ | the same direction, another say of each image |
# | triplet | $\max(0,\; D_p - D_n + 0.2)$ | content as soon as clear is nearer than low, by a margin (in latent units) |
# | InfoNCE | $-\log$ of the share of clear in a softmax of $-D / 0.1$ | *which of the $1 + K$ is the clear one?* |
# | 2-Wasserstein | the ratio again, of other distances | a posterior has a width, too |
#
# `ratio` and `bounded` you know from notebook 05, and InfoNCE from its second exercise. `triplet` is the oldest of them: a hinge, with no
# gradient at all once the margin is reached. (One $\lambda$ for all of them is a choice, and not a neutral one: they differ in size
# and slope. A real study gives each its own, found on scenes that the verdict does not use.)
#
# The last one changes what a *distance* is. So far only means were compared; but an encoder gives a
# *distribution* for each region $r$, with means $\mu_i$ and standard deviations $\sigma_i$ of its $Z$ entries. The 2-Wasserstein distance
# is what it costs to move one heap of probability onto another, by squared way. Between two Gaussians with independent entries it is a
# sum (Dowson & Landau 1982):
#
# $$W_2^2 = \sum_{i=1}^{Z} \big[ (\mu_i - \mu'_i)^2 + (\sigma_i - \sigma'_i)^2 \big] ,$$
#
# so that $W_2$ is the plain Euclidean distance of the points $(\mu, \sigma)$. It is zero only where the widths agree as well. (The KL divergence compares
# distributions, too, but it runs to infinity where one of them is narrow; this one does not.) The library divides by $Z$ before it takes
# the root, so that the number is about as large as a distance of means.
#
# First on a toy whose answer we can get otherwise. In one dimension, moving heaps means that equal *quantiles* go to each other, so $W_2^2$
# is their mean squared difference:

# %%
# NBVAL_CHECK_OUTPUT
a, b = torch.distributions.Normal(0.3, 1.5), torch.distributions.Normal(-1.0, 0.5)
u = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
by_quantiles = (a.icdf(u) - b.icdf(u)).square().mean().sqrt()


def as_map(normal):
    """A posterior map of one region and one entry, (1, 2, 1, 1)."""
    return gaussian(*(x.double().expand(1, 1, 1, 1) for x in (normal.mean, normal.variance.log())))


by_formula = wasserstein_distance(as_map(a), as_map(b))[0]
print(f"by quantiles {by_quantiles:.3f}, by formula {by_formula:.3f}; of the means alone {a.mean - b.mean:.3f}")
torch.testing.assert_close(by_formula, by_quantiles, rtol=1e-3, atol=1e-3)

# %% [markdown]
# Equal. The distance of the means is 1.3; the wider and the narrower heap are 1.64 apart.
#
# ## 3 · The grid
#
# A grid is a small file: what all runs share, and for each run what it changes. Any field of `TrainConfig` and of
# `ModelConfig` may stand there. (Clear photographs take no part in LACR here, `lacr_clear_images`: they need a second negative, and
# one of the runs has none.)

# %%
device = setup(SEED)
STEPS = choose(PROFILE, smoke=3, demo=40, full=1500)
every = choose(
    PROFILE,
    smoke=dict(base_channels=4, latent_channels=4, stem_stride=2, crop=32, batch_size=2, ema=0.9),
    demo=dict(base_channels=4, latent_channels=16, stem_stride=2, crop=64, batch_size=4, ema=0.95),
    full=dict(base_channels=12, stem_stride=2, crop=96, batch_size=8),
)
runs = {
    "no LACR": "lambda_lacr = 0.0",
    "ratio": 'lacr_form = "ratio"',
    "bounded": 'lacr_form = "bounded"',
    "triplet": 'lacr_form = "triplet"',
    "InfoNCE": 'lacr_form = "infonce"',
    "2-Wasserstein": 'lacr_distance = "wasserstein"',
    "ratio, 4 lambda": f"lambda_lacr = {4 * LAMBDA}",
    "ratio, 1 negative": "negatives = 1",
}
lines = [f"seeds = {[SEED + i for i in range(choose(PROFILE, smoke=2, demo=2, full=3))]}", "", "[every]"]
shared = dict(steps=STEPS, negatives=NEGATIVES, lambda_lacr=LAMBDA, lacr_clear_images=False) | every
lines += [f"{key} = {str(value).lower()}" for key, value in shared.items()]  # true and false, as TOML writes them
lines += [f'\n[runs."{name}"]\n{change}' for name, change in runs.items()]
print("\n".join(lines))

# %% [markdown]
# `lacr sweep --grid FILE --list` names the runs and does nothing else: a look before the night is cheap. The study gets a folder that is named
# after what it was asked, so that other parameters, or other photographs, never meet the records of these.

# %%
size = choose(PROFILE, smoke="smoke", demo="demo", full="full")
folder = Path("../build/study") / f"{size}-{Path(DATA).name}-lambda-{LAMBDA:g}-negatives-{NEGATIVES}"
folder.mkdir(parents=True, exist_ok=True)
grid = folder / "grid.toml"
grid.write_text("\n".join(lines) + "\n", encoding="utf-8")
study = read_grid(grid)
print(f"{len(study)} runs, in {folder.name}; the first: {study[0].folder}, the last: {study[-1].folder}")

# %% [markdown]
# ## 4 · Run it
#
# On the command line the study is one line,
#
#     lacr sweep --grid STUDY/grid.toml --data ~/sice --out STUDY/runs
#
# and here the same function. Each run gets a folder with its checkpoints, and in the end one *record*: settings, date,
# machine, and every number of every held-out pair. What has a record is not run again. So you may stop it at any time
# and call it again; you may start the same line twice, or on each GPU once, and they share the work; and a grid to
# which a run was added later costs only that run.
#
# (For this page two rungs of each ladder are enough.)

# %%
photos = open_photoset(DATA)
RUNGS = choose(PROFILE, smoke=(1,), demo=(1, 3), full=range(9))
few = replace(photos, scenes=tuple(
    replace(scene, low=tuple(scene.low[r] for r in RUNGS if r < len(scene.low))) for scene in photos.scenes
))  # fmt: skip
records = sweep(study, few, folder / "runs")
print(f"{len(records)} records, measured on {len(records[0]['per_pair']['name'])} held-out pairs each")

# %% [markdown]
# ## 5 · From records to a table
#
# Everything from here on needs the records only. They are lines of JSON: read them with pandas, with `jq`, or with the
# functions by which notebook 06 makes its ablation.

# %%
found = ablation.read_ablation(folder / "runs" / "records.jsonl")
by_name = {name: found[name] for name in runs}  # in the order of the grid
Markdown(ablation_tables.ablation_table(by_name))

# %% [markdown]
# The table above holds means and their standard deviation over seeds, and it tempts: one looks for the best number of
# each column. The question of section 1 was another one. It asks for *differences*, run against twin, of equal seeds
# and equal scenes, so that what makes a scene or a seed hard cancels out:

# %%
forms = [name for name in runs if name != "no LACR"]
rows = [ablation.compare(by_name, name, "no LACR", "alignment_ratio") for name in forms]
figures.differences(rows);

# %% [markdown]
# **What you see.** A dot is a mean difference in alignment ratio to the twin without LACR (left is better), its line the
# interval over scenes (the range of three), the grey bar one spread over seeds to each side. A dot is orange only where both halves of our rule of section 1
# are met. Look at the lines first, and then at the bars: many a line leaves out zero, since the scenes agree for these two seeds, while the bar
# around it reaches far beyond, since the two seeds do not agree with each other. The lines alone would have told how
# *these trainings* differ, and we asked how the *forms* differ. Hence the second half of the rule. The verdicts, one by one, and
# then those of *harder*, which have `ratio` as their reference:

# %%
harder = ("InfoNCE", "ratio, 4 lambda", "ratio, 1 negative")
against_ratio = [ablation.compare(by_name, name, "ratio", "alignment_ratio") for name in harder]
for row in [*rows, *against_ratio]:
    mean, low, high = row.difference
    word = "shown" if row.shown else "not shown"
    print(f"{row.name:17} minus {row.reference:7} {mean:+.3f} [{low:+.3f}, {high:+.3f}], spread {row.spread:.3f}: {word}")
record(**{f"alignment_{i}": row.difference.mean for i, row in enumerate(rows)})

# %% [markdown]
# The first of the last three lines answers the hunch, the other two what rode along. Mind the sign before you cheer at a *shown*: a minus pulls harder. Where this page was made, InfoNCE came
# out *shown* with a plus, so it pulled *less* hard than the plain ratio, the opposite of what we had hoped for.
# *One negative* is *shown* to pull less hard, too, by 0.006. The ablation of notebook 06 (three seeds, 1,500 steps) has that one the other way
# round: so much is *shown* by two seeds of forty steps worth.
#
# And the warning of section 1? The texture ratio stands far above 1.1 in every row of the table, the twin's included: forty steps
# leave the noise in. So it speaks against none of the forms, and against all of these models: they are too young for a verdict.
#
# How many runs would have been enough? The spread of a mean of $n$ seeds falls with $\sqrt n$. If a difference of
# interest is $\delta$ and its spread over seeds is $s$, then $n \approx (2 s / \delta)^2$ seeds bring the mean two standard errors
# away from zero:

# %%
delta = 0.02
for row in rows:
    print(f"{row.name:18} spread {row.spread:.3f}: about {max(2, round((2 * row.spread / delta) ** 2))} seeds for {delta}")

# %% [markdown]
# And how good is our own rule? Try it on studies in which there is nothing to find: differences of $n$ seeds that are pure luck. How often does
# their mean exceed their spread?

# %%
rng = np.random.default_rng(SEED)
for n in (2, 3, 5, 10):
    luck = rng.normal(size=(20_000, n))  # 20,000 studies
    passed = np.abs(luck.mean(axis=1)) > luck.std(axis=1, ddof=1)
    print(f"{n:2} seeds: the mean exceeds the spread in {100 * passed.mean():.0f} % of the studies")

# %% [markdown]
# With two seeds in four studies of ten, with three still in more than two of ten. (The interval over scenes does not protect us: it asks another
# question.) So the rule sorts out what is drowned in its spread, and that is all. A *shown* from two or three seeds is worth more seeds,
# five or better ten, of that run and its twin alone. Write the number down beforehand, like the rest of the rule.
#
# ## 6 · The same notebook, again and again: papermill
#
# Some studies are not a grid of trainings: you change the data, a figure, a whole section. For these each notebook of
# this course is itself a program. Its second code cell is tagged `parameters`, and papermill puts another cell after it, with
# the values that you give. So the whole study above, hypothesis to table, with other values, is one line for each:
#
#     cd notebooks
#     papermill 08_research.ipynb ../build/lambda-1.ipynb -p PROFILE full -p LAMBDA 1.0 -p DATA ~/sice
#     papermill 08_research.ipynb ../build/five.ipynb -p PROFILE full -p NEGATIVES 5 -p DATA ~/sice
#
# The result is a notebook with its outputs: code, numbers and pictures of one run in one file.
#
# **The trap.** What happens to `-p LAMDA 1.0`? Papermill prints *Passed unknown parameter* somewhere among its lines, puts the name into the
# notebook, where nobody reads it, and runs the night with the old value. So compare names *first*; `inspect_notebook` tells which ones a
# notebook has:

# %%
import nbformat
import papermill


def run_page(page, out, **wanted):
    """Execute a notebook with parameters; unlike papermill, refuses a name that it does not have."""
    unknown = sorted(set(wanted) - set(papermill.inspect_notebook(page)))
    if unknown:
        raise LacrError(f"{page} has no parameter {', '.join(unknown)}: nothing was run")
    return papermill.execute_notebook(page, out, wanted, progress_bar=False)


print("parameters of notebook 05:", *papermill.inspect_notebook("05_lacr_training.ipynb"))
try:
    run_page("08_research.ipynb", folder / "night.ipynb", PROFILE="full", LAMDA=1.0)
except LacrError as error:
    print(error)

# %% [markdown]
# Now one that runs. This page cannot run itself, so we let papermill run a smaller one: a *report* of our records, whose metric is a
# parameter. It is written here into two cells; yours would be a file.

# %%
from nbformat.v4 import new_code_cell, new_notebook

report = """from pathlib import Path
from lacr_lib.results.ablation import compare, read_ablation
from lacr_lib.results.ablation_tables import verdict
runs = read_ablation(Path(RECORDS))
for name in NAMES:
    print(f"{name:18}", verdict(compare(runs, name, "no LACR", METRIC)))"""
parameters = new_code_cell("METRIC = 'psnr'\nRECORDS = ''\nNAMES = []", metadata={"tags": ["parameters"]})
kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
page = folder / "report.ipynb"
nbformat.write(new_notebook(cells=[parameters, new_code_cell(report)], metadata=kernel), page)
records_file = str((folder / "runs" / "records.jsonl").resolve())
for metric in choose(PROFILE, smoke=["psnr"], demo=["psnr", "ssim"], full=["psnr", "ssim"]):
    done = run_page(str(page), str(folder / f"report-{metric}.ipynb"), METRIC=metric, RECORDS=records_file, NAMES=forms)
    print(metric, *(output.text for output in done.cells[-1].outputs if output.get("name") == "stdout"), sep="\n")

# %% [markdown]
# Differences to the twin again, of other measures, each from a notebook of its own. Does a row lack its *not shown*? Then it meets the
# rule, for a measure that our hypothesis did not name. Seven rows a report are seven more looks, and a spread of two seeds is hardly known
# itself: what is found like this is the *next* hypothesis, for new seeds, and no result of this study.
#
# What `record` stored in a notebook of this course can be read back as well, without running anything. Here are the numbers of the
# notebook before this one, as it was committed:

# %%
from lacr_lib.teaching.records import read_records

numbers, claims = read_records(nbformat.read("07_latent_umap.ipynb", as_version=4))
print(f"{len(numbers)} numbers and {len(claims)} claims, among them:")
print(*(f"  {claim['claim']}: {'shown' if claim['holds'] else 'not shown'}" for claim in claims[:3]), sep="\n")

# %% [markdown]
# ## 7 · A loss of your own
#
# A doubt that no form in the library can answer: *do the negatives do anything?* All five have them. The control would be a term that
# pulls and has no negatives at all, $D_p$ alone. It is not in the library, so write it.
#
# What a training step minimises is one function; `fit` takes another one in its place. It gets the model, its running
# average, the batch, the configuration and the step, and returns the four `Terms` that are logged. Keep what notebook
# 05 taught about traps: a frozen encoder judges, it sees low-passed copies, and the gradient moves light, not colour.

# %%
from lacr_lib.losses.lacr import light_only, low_pass
from lacr_lib.losses.reconstruction import reconstruction_loss
from lacr_lib.training.objective import Terms


def pull_objective(model, averaged, batch, config, step):
    """Reconstruction + beta KL + lambda(step) D_p: a pull to clear, without negatives."""
    out = model(batch["low"])
    reconstruction = reconstruction_loss(out.enhanced, batch["clear"], config.ssim_weight).mean()
    kl = kl_divergence(out.mu, out.log_var).mean()
    with torch.no_grad():
        mu_c = averaged.encode(low_pass(batch["clear"])).mu
    mu_e = averaged.encode(low_pass(light_only(out.enhanced))).mu
    pull = latent_distance(mu_e, mu_c).mean()
    loss = reconstruction + config.beta * kl + config.lambda_at(step) * pull
    return Terms(loss, reconstruction, kl, pull)


# %% [markdown]
# Before a loss trains anything for a night, ask it three questions that cost a second: is it zero where it should be content? Does its
# gradient reach the model? And does it *not* reach the ruler?

# %%
# NBVAL_CHECK_OUTPUT
from lacr_lib.data.batches import TrainingBatches

train, held_out = few.select("train"), few.select("test")
config = replace(next(run for run in study if "ratio" in run.names).train, clear_share=0.0)
samples = TrainingBatches(train, config)
batch = torch.utils.data.default_collate([samples[i] for i in range(2)])
learner, ruler = LacrVae(study[0].model).eval(), LacrVae(study[0].model).requires_grad_(False)
terms = pull_objective(learner, ruler, batch, config, step=config.steps)
terms.lacr.backward()
content = pull_objective(learner, ruler, batch | {"clear": learner(batch["low"]).enhanced.detach()}, config, 0)
moved = any(p.grad is not None and p.grad.abs().sum() > 0 for p in learner.parameters())
print(f"zero where the image is clear already: {content.lacr.item() == 0}; reaches the model: {moved}; "
      f"moves the ruler: {any(p.grad is not None for p in ruler.parameters())}")  # fmt: skip

# %% [markdown]
# Now train it, from the same start as the first runs of the grid. A loss is a function, not a setting, so this run is not in a grid;
# it is measured by the same function all the same.

# %%
from lacr_lib.training.sweep import measure

config = next(run for run in study if "ratio" in run.names).train
torch.manual_seed(config.seed)
ours = fit(LacrVae(study[0].model), train, config, loss=pull_objective)
summary = measure(ours.model, held_out)["summary"]
twins = {name: by_name[name][0]["summary"] for name in ("no LACR", "ratio")}
for name, numbers in {**twins, "pull alone": summary}.items():
    print(f"{name:14} {numbers['psnr']:6.2f} dB   alignment ratio {numbers['alignment_ratio']:.3f}")
record(pull_alone_psnr=summary["psnr"], pull_alone_alignment=summary["alignment_ratio"])

# %% [markdown]
# One seed: these lines prove that your loss runs, and nothing about whether it is any good. There is a second reason for caution. $D_p$ and $D_p / D_n$ do not
# have the same size, so the same $\lambda$ does not weigh them alike, and a fair control has a $\lambda$ of its own. Which one is the next study.
# And it leaves out more than the negatives: the light-aware weights, the exemption of clear photographs and the half size of the copies
# went with them. A control for the negatives alone keeps these three.
#
# ## 8 · A module of your own
#
# RCAM is one way to let a region know of the others. A much cheaper one is *squeeze and excitation* (Hu et al. 2018):
# take the mean of each channel over the whole image, and let a small network scale the channels by it. As a block:

# %%
from lacr_lib.models.blocks import FeedForward, GlobalStatistic, PixelNorm, count_parameters


class SqueezeExcite(torch.nn.Module):
    """x + FF(norm(x) * gate), the gate from the channels' means. Shapes: (B, C, h, w) -> same."""

    def __init__(self, channels):
        super().__init__()
        self.norm = PixelNorm(channels)
        self.means = GlobalStatistic()
        self.gate = torch.nn.Sequential(
            torch.nn.Linear(channels, channels), torch.nn.GELU(), torch.nn.Linear(channels, channels)
        )
        self.feed_forward = FeedForward(channels, 2 * channels)

    def forward(self, x):
        normed = self.norm(x)
        means = self.means(lambda: normed.mean(dim=(2, 3)))  # (B, C)
        gate = torch.sigmoid(self.gate(means))[:, :, None, None]
        return x + self.feed_forward(normed * gate)


# %% [markdown]
# `GlobalStatistic` is the one thing to know: a large photograph is enhanced in tiles, and every tile must use the mean
# of the *whole* image. What passes through this door is taken once from a reduced copy and then given to all tiles.
# (And tiles overlap by what the library's own kernels reach: a block whose kernels are wider than AMSM's needs a larger
# `stage_reach` in `lacr_lib/inference/stages.py`.)
#
# The configuration says where the block goes. With `rcam=False` each stage begins with a plain block of RCAM's size,
# and that one we take out:


# %%
def with_block(config, make):
    """A LacrVae whose stages begin with make(channels) in place of RCAM."""
    model = LacrVae(replace(config, rcam=False))
    for stage, width in zip(model.encoder.stages, config.widths, strict=True):
        stage[0] = make(width)
    return model


shape = study[0].model
torch.manual_seed(0)
models = {"RCAM": LacrVae(shape), "squeeze and excitation": with_block(shape, SqueezeExcite)}
for name, model in models.items():
    print(f"{name:24} {count_parameters(model):,} parameters")

# %% [markdown]
# They differ in size by 2 %. Up to 5 % the ablation of notebook 06 calls equal; a block that differs by more would have to be
# widened or narrowed first. Before any training, one test that every global module should pass: does a change in one corner
# reach the far corner?

# %%
x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
changed = x.clone()
changed[..., :8, :8] = 1.0
torch.manual_seed(0)
for name, model in {**models, "neither (control)": LacrVae(replace(shape, rcam=False))}.items():
    with torch.inference_mode():
        far = (model.eval().encode(changed).mu - model.encode(x).mu)[0, :, -1, -1].abs().max()
    print(f"{name:24} far corner moves by {far:.1e}")

# %% [markdown]
# Why the control? Without any block of this kind the corner moves, too: AMSM's branch weights hear the whole picture (notebook 04,
# section 7), and rounding alone could do it. A module has passed when it moves the corner by clearly more than that.

# %%
block = with_block(shape, SqueezeExcite)
trained = fit(block, train, config)
summary = measure(trained.model, held_out)["summary"]
print(f"one seed, after {config.steps} steps: {summary['psnr']:.2f} dB; with RCAM {by_name['ratio'][0]['summary']['psnr']:.2f} dB")
record(block_psnr=summary["psnr"])

# %% [markdown]
# The weights of such a model are an ordinary state dict; save them with `safetensors.torch.save_file`. `lacr enhance`
# can not open them: a configuration names parts of this library and never code of somebody else, so that a weights
# file from a stranger stays data.
#
# ## 9 · Photographs of your own
#
# Folders first: `open_photoset(DIR)` knows exposure ladders, pairs and photographs without reference by their names
# (notebook 01, last section), and every command takes `--data DIR`. If your photographs live elsewhere, in a database or in
# raw files, say how to read one, and build the set by hand. A `Frame` holds a *function*, so nothing is read
# before it is needed:

# %%
from lacr_lib.data.photoset import Frame, PhotoSet, Scene


def ramp(exposure, shape=(64, 96)):
    """A stand-in for your reader: a grey ramp at some exposure, uint8 (H, W, 3)."""
    light = np.linspace(0.1, 1.0, shape[1]) * exposure
    return np.broadcast_to((255 * light[None, :, None]).astype(np.uint8), (*shape, 3)).copy()


def frame(exposure):
    return Frame(f"exposure_{exposure}", lambda: ramp(exposure), None, exposure)


scenes = [Scene(f"ramp_{i}", "", frame(1.0), (frame(0.1), frame(0.3))) for i in range(2)]
mine = PhotoSet("my ramps", "ladder", tuple(scenes))
print(mine.describe())
print(f"one step on them: loss {fit(LacrVae(shape), mine, replace(config, steps=1, crop=64)).history[0]['loss']:.3f}")

# %% [markdown]
# ## 10 · More machines
#
# Two things can be shared: the *runs* of a study, or the *images* of one batch. Share runs as long as there are several. It needs no
# communication, and every run stays what it would have been alone.
#
# | you have | you type |
# |---|---|
# | one machine, several GPUs, many runs | `CUDA_VISIBLE_DEVICES=0 lacr sweep ... &`, `CUDA_VISIBLE_DEVICES=1 lacr sweep ... &`: each takes the next run that nobody holds |
# | one machine, several cores, no GPU | the same line with `OMP_NUM_THREADS=1`, once a core |
# | one large run, several GPUs | `torchrun --nproc_per_node=4 -m lacr_lib train --data DIR --out RUN`, or `accelerate launch --multi_gpu --num_processes 4 -m lacr_lib train ...` |
# | several machines, one large run | on each machine the line below; `RUN` on a disk that all of them see |
# | a cluster with a queue | the `lacr sweep` line as an array job, below |
#
# On machine 0 and, with `--node_rank=1`, on machine 1 (29500 is a port that is free on HOST, which is machine 0):
#
#     torchrun --nnodes=2 --node_rank=0 --nproc_per_node=4 --rdzv_backend=c10d --rdzv_endpoint=HOST:29500 \
#         -m lacr_lib train --data DIR --out RUN
#
# Slurm, eight jobs that share one grid. A job that is killed at its time limit loses the steps since its last checkpoint; submit the same
# file again, and it goes on:
#
#     #!/bin/bash
#     #SBATCH --array=0-7 --gres=gpu:1 --cpus-per-task=4 --mem=16G --time=04:00:00
#     lacr sweep --grid study.toml --data $HOME/sice --out $HOME/study
#
# `batch_size` is that of one process: four processes of 8 see what one process of 32 sees, and such a run is to be compared with others of 32.
# Samples depend on seed and number alone, so no two processes see the same one (notebook 05, section 12).
#
# ## Recap
#
# - Write the hypothesis, the comparison and the rule for "shown" before the first run.
# - A grid is a file, a run is a record, a table is made from records: then a study can be stopped, shared and repeated.
# - A notebook is a program with parameters. Compare their names before the night, not after it.
# - Compare differences, paired by scene and seed. "Not shown" is a result; it says what it would take to show more.
# - A loss is a function given to `fit`; a module is a block put into a stage; a data set is a list of frames that can be read.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it. All solved: [solutions/08_research.ipynb](solutions/08_research.ipynb).
#
# ### 1 · How many seeds?
#
# From a few pilot runs you know the difference of each seed. How many seeds does it take until the mean lies two
# standard errors away from zero, if mean and spread stay what they are?

# %% tags=["exercise"]
from lacr_lib.exercises import check


def seeds_needed(differences):
    """differences: one of each pilot seed, (S,), not all equal -> the smallest whole number of seeds n.

    The size of the mean, over its standard error (deviation with S - 1, over the root of n), is then at least 2; n is at least 2.
    """
    # begin solution
    mean, spread = np.mean(differences), np.std(differences, ddof=1)
    return max(2, int(np.ceil((2 * spread / mean) ** 2)))
    # end solution


check("08-seeds", seeds_needed)

# %% tags=["solution"]
for pilot in ([0.30, 0.20, 0.25], [0.30, -0.20, 0.06]):
    print(f"pilot {pilot}: mean {np.mean(pilot):+.2f}, spread {np.std(pilot, ddof=1):.2f}, {seeds_needed(pilot)} seeds")

# %% [markdown] tags=["solution"]
# Both pilots have a best seed of 0.30. The first needs no more seeds; the second needs nearly a hundred, and its author, had
# she reported her best seed only, would have told the same number.

# %% [markdown] tags=["exercise"]
# ### 2 · Hinge: a loss that knows when to stop
#
# A contrastive term that is content once the enhanced latent is nearer to clear than to low *by a margin*. Write it
# from the two distances of each image.

# %% tags=["exercise"]
def hinge(d_p, d_n, margin):
    """d_p (B,): distance to clear; d_n (B, K): to each negative. Mean over negatives -> (B,).

    A negative costs max(0, d_p - d_n + margin).
    """
    # begin solution
    return (d_p[:, None] - d_n + margin).clamp_min(0).mean(dim=1)
    # end solution


check("08-hinge", hinge)

# %% tags=["solution"]
d_n = torch.tensor([[0.2, 0.9]])
for d_p in (0.05, 0.3, 0.6):
    print(f"D_p {d_p:.2f}: cost {hinge(torch.tensor([d_p]), d_n, 0.2).item():.3f}")

# %% [markdown] tags=["solution"]
# The far negative (0.9) costs nothing until the latent has gone a long way in the wrong direction; the near one asks for
# work from the start. The library's `triplet` form takes the *mean* distance of the negatives first, and would let the far one hide the near one.

# %% [markdown] tags=["exercise"]
# ### 3 · Do widths tell anything about light?
#
# Section 2 compared whole posteriors. Write that distance region by region, from what the encoder gives: means and *log-variances*.
# Then split it: how much of $W_2^2$ between a dark photograph and the clear one lies in the means, and how much in the widths? (Maps to
# try it on: `load_model("lacr-vae").encode(x)` gives mean and log-variance first, for images `x` (B, 3, H, W) in [0, 1].)

# %% tags=["exercise"]
def wasserstein(mu_a, log_var_a, mu_b, log_var_b):
    """2-Wasserstein distance of each region, latent units: four maps (B, Z, h, w) -> (B, h, w).

    The sum over the Z channels is divided by Z before the root.
    """
    # begin solution
    sigma_a, sigma_b = (0.5 * log_var_a).exp(), (0.5 * log_var_b).exp()
    return ((mu_a - mu_b).square() + (sigma_a - sigma_b).square()).mean(dim=1).sqrt()
    # end solution


check("08-wasserstein", wasserstein)

# %% tags=["solution"]
from lacr_lib import load_model

released = load_model("lacr-vae")


@torch.inference_mode()
def posterior(frame):
    x = torch.from_numpy(frame.read()).permute(2, 0, 1)[None] / 255
    return released.encode(torch.nn.functional.adaptive_avg_pool2d(x, (64, 96)))[:2]


for scene in open_photoset(DATA).select("test").scenes[:3]:
    mu_c, log_var_c = posterior(scene.clear)
    for frame in scene.low[1::2]:  # from dark to bright
        mu_l, log_var_l = posterior(frame)
        whole = wasserstein(mu_l, log_var_l, mu_c, log_var_c)
        widths = wasserstein(mu_l, log_var_l, mu_l, log_var_c)  # as if the means were equal
        share = widths.square().sum() / whole.square().sum()
        sigmas = (0.5 * log_var_l).exp().mean(), (0.5 * log_var_c).exp().mean()
        print(f"{scene.name} {frame.name}: W {whole.mean():.2f}, of its square in the widths {100 * share:.0f} %; "
              f"mean sigma {sigmas[0]:.2f}, of clear {sigmas[1]:.2f}")  # fmt: skip

# %% [markdown] tags=["solution"]
# The widths are no small print. They hold two thirds of $W_2^2$ and more, and they go up with the light: a mean $\sigma$ of
# about 0.4 at a thirty-second of the light, 0.6 at an eighth, 0.9 at one half, and about 1.2 for the clear photograph. Notebook 02 tells why. A
# precise code costs nats, and the network pays where it needs something: a dark photograph has to *ask* for light, a clear one asks
# for nothing, and its posterior is nearly the prior's, $\sigma = 1$. (What a draw from that width does to the picture is little: notebook 07,
# section 8.) A distance of means does not see this half of the story. Whether a term
# that pulls widths as well pulls *further* is another question, and it is the one that the grid asked.

# %% [markdown]
# ## Think!
#
# 1. A colleague ran six forms of LACR with one seed each and reports the best. What is wrong, and what is the cheapest mend?
#
# <details><summary>One answer</summary>
#
# The best of six is better than the mean by chance alone, by more than one spread over seeds. The cheapest mend is not to run all six
# again: take the winner and the twin, run both with new seeds, and report only these.
#
# </details>
#
# 2. Why are the records kept with every pair's number, and not only with their mean?
#
# <details><summary>One answer</summary>
#
# A paired interval needs them: it resamples scenes, and takes the difference within each. And the question that comes up a
# year later ("only the darkest rungs?") can be answered without a single new run.
#
# </details>
#
# 3. Your module wins by 0.3 dB and has twice the parameters of RCAM. What do you write?
#
# <details><summary>One answer</summary>
#
# Nothing, yet. Give RCAM's model the same number of parameters, or yours the smaller one, and compare again: what was compared was
# a size, not an idea.
#
# </details>
#
# ## Next
#
# This was the last notebook. The command line (`lacr --help`) does all of it without one, and the docstrings say shapes, units and
# sources. If you find a form of LACR that wins over its twin beyond the spread, we would like to hear of it.
