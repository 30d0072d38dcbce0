# %% [markdown]
# # 02 · What is a VAE, and why is its latent a map here?
#
# **What you will learn**
# - where the two terms of a variational autoencoder's loss come from, and in which *units* they are traded;
# - how a gradient passes through a random draw, and how much worse the alternatives are;
# - what a latent code costs in nats, and to read a rate-distortion curve;
# - why a decoder that gets the photograph through *skip connections* has every reason to ignore the code, how to test
#   for that, and one way to make the code matter;
# - why this course's latent is a *map*: one vector for each 8 x 8 region.
#
# **Before you start.** You need PyTorch modules and training loops, and from notebook [01](01_data.ipynb) that light is
# uneven and that a dark photograph is no dimmed copy of a clear one. No knowledge of VAEs.
#
# **Time.** About 60 minutes to read and try; the code runs in under two minutes on 2 CPU cores. Everything is trained
# here, small and from scratch; the last section looks at released weights.

# %%
import copy
import math
import torch
from torch import distributions, nn
from lacr_lib import LacrVae, ModelConfig, TrainConfig, fit, kl_divergence, load_model
from lacr_lib.data.layouts import open_photoset
from lacr_lib.evaluation.bootstrap import interval
from lacr_lib.figures import images, vae as figures
from lacr_lib.losses.kl import elbo_beta
from lacr_lib.models.vae import reparameterise
from lacr_lib.teaching import choose, record, record_claim, setup, show

# %% tags=["parameters"]
PROFILE = "demo"
SEED = 0
DATA = "embedded"

# %% [markdown]
# ## 1 · A code for a photograph, and its price
#
# **Question.** An *autoencoder* squeezes a photograph through a narrow code and unpacks it again. What does the word
# *variational* add?
#
# A plain autoencoder's code is a point, and nothing says what the points *between* two codes mean. A variational
# autoencoder (VAE; Kingma & Welling 2014) turns the story round and starts from a recipe for making photographs: draw a
# code from a fixed *prior*, then draw the photograph that belongs to it. The names, for one region of 8 x 8 pixels in
# three colours:
#
# | symbol | name | what it is here |
# |---|---|---|
# | $x$ | the photograph | 192 values in [0, 1], white is 1 |
# | $z$ | its code, the *latent* | $Z$ numbers without a unit |
# | $p(z)$ | the *prior*: which codes are drawn before any photograph is seen | $N(0, I)$: $Z$ independent numbers of mean 0 and variance 1 |
# | $p(x \mid z)$ | the *likelihood*: how well $x$ fits the code $z$ | a density around $\hat x(z)$, 192 values that a *decoder* network computes |
# | $q(z \mid x)$ | the *posterior* that an *encoder* network proposes: which codes may have made $x$ | $N(\mu, \sigma^2)$, independent entries; $\mu$ and $\sigma$, $Z$ numbers each, are computed from $x$ |
#
# Two pieces of shorthand: $\mathbb{E}_q[\cdot]$ is the mean over draws of $z$ from $q(z \mid x)$, and
# $\mathrm{KL}(q\,\|\,p) = \mathbb{E}_q[\log q(z) - \log p(z)]$, the *Kullback-Leibler divergence*, says how far $q$ is
# from $p$. It is never negative, and 0 only where the two are the same (a logarithm of a mean is at least the mean of the
# logarithm, so $-\mathrm{KL} = \mathbb{E}_q[\log (p / q)] \le \log \mathbb{E}_q[p / q] = \log 1 = 0$). Logarithms are
# natural, so their unit is the *nat*; divide by $\ln 2$ for bits.

# %% [markdown]
# **From the evidence to the bound.** A good recipe gives real photographs a high probability. Its logarithm, the
# *evidence*, counts every code that might have made $x$:
#
# $$\log p(x) = \log \int p(x \mid z)\, p(z)\, dz .$$
#
# That integral is hopeless: almost every $z$ explains almost nothing of a given $x$. So the encoder proposes where to
# look, and four steps lead to something that can be computed:
#
# $$\begin{aligned}
# \log p(x) &= \log \int q(z \mid x)\, \frac{p(x \mid z)\, p(z)}{q(z \mid x)}\, dz
#   && \text{multiply and divide by } q \\
# &= \log \mathbb{E}_q\!\left[\frac{p(x \mid z)\, p(z)}{q(z \mid x)}\right]
#   && \text{a mean over draws from } q \\
# &\ge \mathbb{E}_q\!\left[\log \frac{p(x \mid z)\, p(z)}{q(z \mid x)}\right]
#   && \text{Jensen: the log is concave} \\
# &= \underbrace{\mathbb{E}_q\big[\log p(x \mid z)\big]}_{\text{how well the code explains } x} -
#   \underbrace{\mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big)}_{\text{what the code costs}}
#   && \text{definition of KL}
# \end{aligned}$$
#
# The last line is the **evidence lower bound**, ELBO. What does the inequality give away? Bayes' rule,
# $p(x \mid z)\, p(z) = p(z \mid x)\, p(x)$, put into the third line, gives
#
# $$\text{ELBO} = \mathbb{E}_q\!\left[\log p(x) + \log \frac{p(z \mid x)}{q(z \mid x)}\right] =
# \log p(x) - \mathrm{KL}\big(q(z \mid x)\,\|\,p(z \mid x)\big) :$$
#
# the gap is the distance from the encoder's proposal to the codes that truly belong to $x$. A better encoder makes the
# bound tighter.
#
# **For an enhancer.** Nothing demands that $x$ goes in and $x$ comes out. An enhancer explains the clear photograph
# $x_c$ from the dark one $x_l$: its encoder sees $x_l$ alone, its decoder may see $z$ and $x_l$, the prior stays as it is.
# The same four steps, with $p(x_c \mid z, x_l)$ for the likelihood and $q(z \mid x_l)$ for the proposal, give
#
# $$\log p(x_c \mid x_l) \;\ge\; \mathbb{E}_{q(z \mid x_l)}\big[\log p(x_c \mid z, x_l)\big] -
# \mathrm{KL}\big(q(z \mid x_l)\,\|\,p(z)\big) .$$
#
# Keep that form in mind for section 7.

# %% [markdown]
# **From the bound to the loss, with its units.** The ELBO is in nats a region. Training code rarely says so, since it
# averages where the formula sums and multiplies by some `beta`. We can undo that, step by step.
#
# 1. *A likelihood.* Let each of the 192 values deviate from the decoder's $\hat x$ by independent Laplace noise of scale
#    $b$, in units of white: $p(x_i \mid z) = \frac{1}{2b}\, e^{-|x_i - \hat x_i| / b}$. Its mean absolute deviation is $b$.
# 2. *Its logarithm.* Densities of independent values multiply, so logarithms add:
#    $-\log p(x \mid z) = \frac{1}{b} \sum_i |x_i - \hat x_i| + 192 \log 2b$.
# 3. *Sums to means.* A bar is the mean, over values or over latent entries:
#    $\sum_i |x_i - \hat x_i| = 192\,\overline{|x - \hat x|}$, and the KL of $Z$ independent entries is
#    $Z\,\overline{\mathrm{KL}}$.
# 4. *One draw.* $\mathbb{E}_q$ is replaced by a single draw of $z$ for each image and step; section 2 is about that.
# 5. *Another unit.* Multiply by $b / 192$, so that the first term is in units of white:
#
# $$-\text{ELBO} = \frac{192}{b}\,\overline{|x - \hat x|} + Z\,\overline{\mathrm{KL}} + 192 \log 2b ,$$
#
# $$\frac{b}{192}(-\text{ELBO}) = \underbrace{\overline{|x - \hat x|}}_{\text{mean L1, white = 1}} +
# \underbrace{\frac{b\,Z}{192}}_{\textstyle\beta}\;\underbrace{\overline{\mathrm{KL}}}_{\text{nats an entry}} +\, b \log 2b .$$
#
# The last term is a constant and trains nothing. So `beta` is no free knob: *one* value makes the loss a true bound, and
# its unit is "white a nat": what error one nat in each latent entry may cost. The toy is a single region with random
# numbers in it.

# %%
setup(SEED)
b, entries = 0.08, 32
x, x_hat = torch.rand(2, 192)  # one region and its reconstruction
mu, log_var = torch.randn(2, entries)
posterior = distributions.Normal(mu, torch.exp(0.5 * log_var))
kl = distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0))  # (Z,)
elbo = distributions.Laplace(x_hat, b).log_prob(x).sum() - kl.sum()  # nats

beta = b * entries / 192
loss = (x - x_hat).abs().mean() + beta * kl.mean()
torch.testing.assert_close(-elbo * b / 192, loss + b * math.log(2 * b))
assert beta == elbo_beta(entries, b)
print(f"ELBO {elbo:.1f} nats a region; beta of the bound {beta:.4f} white a nat")

# %% [markdown]
# `elbo_beta` is the library's name for it, and in this course every `beta` is told as a multiple of that number: below
# 1, codes are cheaper than the bound says, above 1 dearer ("beta-VAE", Higgins et al. 2017). Two warnings. The scale `b`
# is part of the model: 0.08 says that we expect an error of 8 % of white. And a loss with a structural similarity (SSIM,
# Wang et al. 2004) in it, as the enhancer's has, is no logarithm of any probability; there a multiple of the ELBO's beta
# is only a yardstick.

# %% [markdown]
# ## 2 · A gradient through a random draw
#
# **Question.** The first term is a mean over draws of `z`. How can the encoder learn from it, when a draw has no
# derivative?
#
# The smallest toy has one number: minimise the mean of $f(z) = (z - 3)^2$ over draws $z$ from $q = N(\mu, \sigma^2)$ with
# $\sigma = 1$. By hand, the mean is $(\mu - 3)^2 + 1$, so at $\mu = 1$ its gradient, for which we write
# $\nabla_\mu \mathbb{E}[f(z)]$, is exactly -4. Three ways to estimate it from 16 draws:
#
# 1. **finite difference**: shift $\mu$ a little up and down, draw for both, subtract, divide by the shift;
# 2. **score function** (REINFORCE, Williams 1992): the derivative goes into the integral and meets only the density,
#    $\nabla_\mu \int f(z)\, q(z)\, dz = \int f(z)\, \nabla_\mu q(z)\, dz = \mathbb{E}[f(z)\, \nabla_\mu \log q(z)]$,
#    since $\nabla q = q\, \nabla \log q$. It needs no derivative of $f$ at all;
# 3. **reparameterisation** (Kingma & Welling 2014): write the draw as $z = \mu + \sigma \varepsilon$ with $\varepsilon$
#    from $N(0, 1)$. The chance now sits in $\varepsilon$, which does not depend on anything we train, and $z$ is an
#    ordinary function of $\mu$: $\nabla_\mu \mathbb{E}[f(z)] = \mathbb{E}[f'(\mu + \sigma\varepsilon)]$.

# %%
def f(z):
    return (z - 3) ** 2


def estimates(mu, times=4000, draws=16, step=0.1):
    eps, other = torch.randn(2, times, draws)
    z = mu + eps
    difference = (f(mu + step + eps) - f(mu - step + other)) / (2 * step)
    score = f(z) * eps  # d log N(z; mu, 1) / d mu = z - mu = eps
    through = 2 * (z - 3)  # f'(z), and dz / dmu = 1
    return {
        "reparameterised": through.mean(1).numpy(),
        "score function": score.mean(1).numpy(),
        "finite difference, fresh draws": difference.mean(1).numpy(),
    }


gradients = estimates(mu=1.0)
figures.gradient_estimates(gradients, truth=-4);

# %% [markdown]
# **What you see.** Four thousand estimates by each method, on one axis (the widest finite differences lie outside of it). All three are right *on average*; what differs
# is how far a single one can be trusted. The reparameterised estimate stays close to the truth. The score function
# scatters several times as wide, because it knows only *that* a draw was bad, not in which direction it would have been
# better. The finite difference is worst: it divides the noise of two independent batches by a small step. And this is
# for one number; with thousands of latent entries the gap grows.

# %%
spread = {name: float(values.std()) for name, values in gradients.items()}
gain = spread["score function"] / spread["reparameterised"]
record(score_over_reparameterised_deviation=gain)
record_claim("the score function scatters over twice as wide", gain, above=2.0)

# %% [markdown]
# With the *same* `eps` on both sides, a finite difference does agree with the gradient that PyTorch sends through the
# library's `reparameterise`, for the mean and for the log-variance. (Networks predict `log_var`, which is $\log \sigma^2$,
# so that any real number is allowed; $\sigma$ is then `exp(0.5 * log_var)`.)

# %%
parameters = torch.tensor([[1.0, 0.3], [0.4, -0.7]], dtype=torch.float64)  # rows: mu, log_var


def mean_loss(parameters):
    torch.manual_seed(SEED)  # the same eps at every call
    return f(reparameterise(*parameters[:, None].expand(2, 1000, 2))).mean()


by_autograd = torch.autograd.functional.jacobian(mean_loss, parameters)
steps = 1e-5 * torch.eye(4, dtype=torch.float64).view(4, 2, 2)
by_difference = torch.stack(
    [(mean_loss(parameters + step) - mean_loss(parameters - step)) / 2e-5 for step in steps]
).view(2, 2)
torch.testing.assert_close(by_autograd, by_difference, rtol=1e-6, atol=1e-8)
show(reparameterise)

# %% [markdown]
# ## 3 · What a code costs
#
# **Question.** What does one latent entry cost when its posterior is $N(\mu, \sigma^2)$?
#
# The entries of the posterior are independent, and so are those of the prior. So $\log q - \log p$ is a sum over entries,
# and the KL of a code is the sum of the KLs of its entries. For one entry the two logarithms are
#
# $$\log q(z) = -\tfrac12 \log 2\pi - \tfrac12 \log \sigma^2 - \frac{(z - \mu)^2}{2\sigma^2}, \qquad
# \log p(z) = -\tfrac12 \log 2\pi - \tfrac12 z^2 .$$
#
# Subtract them ($2\pi$ cancels) and take the mean over draws from $q$. Two facts are all one needs: the variance is
# $\mathbb{E}_q[(z - \mu)^2] = \sigma^2$, and hence $\mathbb{E}_q[z^2] = \mu^2 + \sigma^2$.
#
# $$\mathrm{KL} = -\tfrac12 \log \sigma^2 - \frac{\sigma^2}{2 \sigma^2} + \tfrac12 (\mu^2 + \sigma^2) =
# \tfrac{1}{2}\left(\mu^2 + \sigma^2 - 1 - \log \sigma^2\right) \quad \text{nats} .$$
#
# Its derivative is $\mu$ with respect to $\mu$, and $\tfrac12 (1 - 1/\sigma^2)$ with respect to $\sigma^2$: both vanish at
# $\mu = 0$, $\sigma = 1$ alone, where the cost is 0. Four roads to one number: that formula, PyTorch's own, the library's,
# and, since KL is a mean over draws from $q$, plain averaging.

# %%
mu, log_var = torch.randn(2, 4, 8, 6, 6)  # four images, Z = 8, maps of 6 x 6 regions
by_hand = 0.5 * (mu**2 + log_var.exp() - 1 - log_var)
q, prior = distributions.Normal(mu, torch.exp(0.5 * log_var)), distributions.Normal(0.0, 1.0)
by_torch = distributions.kl_divergence(q, prior)
torch.testing.assert_close(by_hand, by_torch)
torch.testing.assert_close(kl_divergence(mu, log_var), by_torch.mean(dim=(1, 2, 3)))  # (B,)

z = q.sample((2000,))
by_draws = (q.log_prob(z) - prior.log_prob(z)).mean()
torch.testing.assert_close(by_draws, by_torch.mean(), rtol=0.01, atol=0.0)
print(f"nats an entry: formula {by_hand.mean():.4f}, 2000 draws {by_draws:.4f}")

# %%
figures.kl_cost();

# %% [markdown]
# **What you see.** An entry that says nothing, `mu = 0` and `sigma = 1`, is the prior itself and costs nothing (orange
# dots). It can speak in two ways. A mean away from zero costs half its square (left). A narrow posterior costs about
# $\log(1/\sigma) - \tfrac12$ (right): each halving of `sigma`, one bit of precision more, costs $\ln 2 \approx 0.69$
# nats, which *is* one bit. So KL is a message length. Widening a posterior saves nats only up to $\sigma = 1$: beyond it
# the cost rises again, for the code then says "it could be further out than the prior allows".

# %% [markdown]
# ## 4 · The smallest VAE: a lamp in a dark room
#
# **Question.** What does a VAE put into its code, when nobody tells it what to put there?
#
# The toy photographs are 12 x 12 pixels: one round lamp, somewhere in a dark room. Everything that can change is its
# column and its row. A VAE with `Z = 2` is told neither. Does it find out?

# %%
SIDE = 12


def lamps(count):
    """Toy photographs (count, 144) in [0, 1], and where their lamps are (count, 2), in pixels."""
    place = 2 + (SIDE - 5) * torch.rand(count, 2)  # column, row
    axis = torch.arange(SIDE)
    columns, rows = torch.exp(-((axis - place[..., None]) ** 2) / (2 * 2.5**2)).unbind(1)
    return (rows[:, :, None] * columns[:, None, :]).flatten(1), place


class LampVae(nn.Module):
    def __init__(self, entries=2, hidden=64):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(SIDE**2, hidden), nn.GELU(), nn.Linear(hidden, hidden),
                                     nn.GELU(), nn.Linear(hidden, 2 * entries))  # fmt: skip
        self.decoder = nn.Sequential(nn.Linear(entries, hidden), nn.GELU(), nn.Linear(hidden, hidden),
                                     nn.GELU(), nn.Linear(hidden, SIDE**2))  # fmt: skip

    def forward(self, x):
        mu, log_var = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        return self.decoder(z), mu, log_var


# %% [markdown]
# The training loop is the loss of section 1, with 144 values in place of 192, `Z = 2`, and a scale `b` of 0.2, which is
# generous, so that codes are dear and no more precise than needed:

# %%
steps = choose(PROFILE, smoke=60, demo=800, full=3000)
toy, beta = LampVae(), 0.2 * 2 / SIDE**2  # b = 0.2, Z = 2: the ELBO's own beta
optimizer = torch.optim.Adam(toy.parameters(), 5e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
for _ in range(steps):
    x, _ = lamps(128)
    x_hat, mu, log_var = toy(x)
    kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var)
    loss = (x_hat - x).abs().mean() + beta * kl.mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
nats = 2 * kl.mean().item()
print(f"mean error {(x_hat - x).abs().mean():.4f}; the code costs {nats:.1f} nats = {nats / math.log(2):.1f} bits")

# %%
with torch.no_grad():
    x, place = lamps(1500)
    codes = toy.encoder(x).chunk(2, dim=1)[0]
    axis = torch.linspace(-2, 2, 9)
    grid = torch.cartesian_prod(-axis, axis).flip(1)  # z2 downwards, z1 to the right
    decoded = figures.mosaic(toy.decoder(grid).view(-1, SIDE, SIDE).clamp(0, 1), columns=9)
figures.toy_latent(place.numpy(), codes.numpy(), decoded, extent=2.25);

# %% [markdown]
# **What you see.** Each dot is a lamp, placed by its two code entries. Colour changes evenly across the cloud, by column
# in the left picture, by row in the middle: the two entries have become the room's floor plan, turned by some angle.
# (The prior is round, so no direction is special, and the angle is chance.) On the right the decoder paints the same
# plane: neighbouring codes give neighbouring lamps, and there is no hole in between. The prior packs the plan around
# the origin, and the noise in $z$ forces neighbours to agree. The cost printed above is the length of the message "the
# lamp is here", to the precision that pays: some 11 bits, as many as it takes to number 2000 places.

# %%
with torch.no_grad():
    first, last = torch.tensor([[3.0, 3.0], [8.0, 8.0]])
    axis = torch.arange(SIDE)
    ends = torch.stack([
        torch.outer(*torch.exp(-((axis - p[:, None]) ** 2) / (2 * 2.5**2))).flatten()
        for p in (first, last)
    ])
    t = torch.linspace(0, 1, 9)[:, None]
    mixed = ends[:1] * (1 - t) + ends[1:] * t  # pixels
    a, c = toy.encoder(ends).chunk(2, dim=1)[0]
    walked = toy.decoder(a * (1 - t) + c * t)  # codes
    drawn = toy.decoder(torch.randn(9, 2))
strips = [rows.view(-1, SIDE, SIDE).clamp(0, 1) for rows in (mixed, walked, drawn)]
names = ["mix pixels", "mix codes", "draw codes"]
images.show_grid([[figures.mosaic(strip, columns=9)] for strip in strips], row_titles=names);

# %% [markdown]
# **What you see.** Upper strip: a cross-fade of two photographs, in which one lamp goes out while another goes on.
# Middle strip: the same two ends, mixed as *codes*: one lamp walks through the room. That is what "meaningful points
# between codes" buys. Lower strip: codes drawn from the prior. Each is a lamp the network never saw, now and then one
# at or beyond a wall, because the prior is round and the plan is square.

# %% [markdown]
# ## 5 · A VAE for photographs, out of the library's parts
#
# **Question.** What does such a code say about a real photograph?
#
# `LacrVae` is the enhancer of this course. It turns a dark photograph `x_l` into an enhanced one `x_e`, both
# `(B, 3, H, W)`:
#
# $$x_e = \mathrm{relight}\big(x_l,\, g(z)\big) + r(z, \text{skips}).$$
#
# A *gain map* $g$ says how much the light of each place is raised, a *residual* $r$ adds detail. Both are decoded from
# the code $z$, `(B, Z, H/8, W/8)`, one vector of $Z$ numbers for each 8 x 8 region; the residual also sees *skips*,
# feature maps that the encoder hands over (section 7). The full form has modules that you have not met (RCAM, AMSM). Turn
# modules and skips off, paint $r(z)$ on plain grey in place of the photograph, and what remains is a plain VAE.

# %%
show(ModelConfig)

# %%
class PhotoVae(LacrVae):
    """A LacrVae that paints its image from z alone, on grey."""

    def decode(self, z, x, skips):
        return 0.5 + self.decoder(z, skips)[0][..., : x.shape[2], : x.shape[3]]


size = {"base_channels": choose(PROFILE, smoke=8, demo=8, full=16), "stem_stride": 2}
plain = {**size, "rcam": False, "amsm": False}
model = PhotoVae(ModelConfig(**plain, skips=False))
mu, log_var, _ = model.encode(torch.rand(1, 3, 64, 96))
print("posterior of a 64 x 96 photograph:", tuple(mu.shape), "- one Z-vector for each 8 x 8 region")

# %% [markdown]
# The photographs are those of notebook 01: exposure ladders, some scenes held out. For looking and measuring, the
# held-out frames are cut to one size.

# %%
photos = open_photoset(DATA)
train, test = photos.select("train"), photos.select("test")
scenes = test.scenes[: choose(PROFILE, smoke=2, demo=3, full=20)]
shapes = [scene.clear.read().shape[:2] for scene in scenes]
height, width = (min(256, min(h for h, _ in shapes)) // 8 * 8, min(384, min(w for _, w in shapes)) // 8 * 8)


def batch(frames):
    """Frames of one scene as a batch (N, 3, H, W) in [0, 1]."""
    cut = [torch.from_numpy(frame.read()[:height, :width]) for frame in frames]
    return torch.stack(cut).permute(0, 3, 1, 2).float() / 255


clear = torch.cat([batch([scene.clear]) for scene in scenes])  # (S, 3, H, W)
low = [batch(scene.low) for scene in scenes]  # S ladders, darkest first
print(photos.describe(), "| held out:", ", ".join(scene.name for scene in scenes), "|", tuple(clear.shape))

# %% [markdown]
# **Why the start matters.** Before training we ask what the encoder sees at all. PyTorch draws the weights of a layer with
# $n$ inputs with a variance of $1/(3n)$. A sum of $n$ such products keeps a third of the signal's power, layer after layer,
# while biases, which know nothing of the photograph, are added afresh in each. After the stem, which is the first
# convolution, and three downsamplings, how much of `mu` still depends on the photograph?

# %%
@torch.no_grad()
def share_from_photograph(model, x):
    """Variance of mu over photographs and regions, as a share of its mean square: 0 to 1."""
    mu = model.encode(x).mu.transpose(0, 1).flatten(1)  # (Z, regions)
    return (mu.var(dim=1).sum() / mu.square().mean(dim=1).sum()).item()


def unit_gain(model):
    """Start the path of the code at gain 1 and bias 0, in place."""
    encoder, decoder = model.encoder, model.decoder
    for layer in (encoder.stem, *encoder.downs, encoder.posterior,
                  decoder.enter, *decoder.narrows, *decoder.fuses):  # fmt: skip
        nn.init.normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
        nn.init.zeros_(layer.bias)
    return model


everything = torch.cat([clear, *low])
before = share_from_photograph(model, everything)
after = share_from_photograph(unit_gain(model), everything)
record(share_from_photograph_default=before, share_from_photograph_unit_gain=after)

# %% [markdown]
# With the default start four fifths of what `mu` holds are the same for every photograph, noon or night. With weights of
# variance $1/n$ (*unit gain*: power in is power out) and without biases **[ours]** the share that depends on the
# photograph is more than half as large again. It looks like little and decides much: the training below, 200 steps, ends
# at 20 to 25 dB with this start and at 14 to 22 dB with the default one (*measured once*). It would learn to see in the
# end, but our demonstration has only minutes. So all models of this notebook start this way.
#
# Now train. Nothing special is needed: `fit` is the training loop of the whole course (notebook 05 opens it), and a batch
# of *clear-to-clear* pairs, the same photograph as input and as target, makes an ordinary autoencoder. The mean absolute
# error (L1) alone and `beta = elbo_beta(Z)` make its loss the true bound. Results are told in decibels of the *peak
# signal-to-noise ratio*, $\text{PSNR} = -10 \log_{10} \overline{(x - \hat x)^2}$ with white = 1: more is better, 3 dB more
# is half the squared error.

# %%
steps = choose(PROFILE, smoke=3, demo=200, full=4000)
Z = model.config.latent_channels
common = {"crop": 64, "learning_rate": 4e-3, "lambda_lacr": 0.0, "negatives": 1, "seed": SEED}
autoencode = {**common, "clear_share": 1.0, "ssim_weight": 0.0}
vae, history = fit(model, train, TrainConfig(steps=steps, beta=elbo_beta(Z), **autoencode))


def psnr(image, reference):
    """Peak signal-to-noise ratio of each image, in dB: (N, 3, H, W) -> (N,)."""
    return -10 * (image.clamp(0, 1) - reference).square().mean(dim=(1, 2, 3)).log10()


with torch.no_grad():
    rebuilt = vae(clear)
quality = psnr(rebuilt.enhanced, clear)
titles = [f"{db:.1f} dB" for db in quality]
images.show_grid([clear, rebuilt.enhanced], row_titles=["photograph", "from its code"], captions=[[""] * len(clear), titles]);

# %% [markdown]
# **What you see.** Photographs the network never saw, above what it can say about them in `Z` numbers for each region.
# Large shapes and light are there, and the colours that are common in its few training photographs. Fur, tiles and grain
# are not: this is the *blur* for which VAEs are known, and section 6 asks how much of it is the price and how much the
# short training.

# %%
with torch.no_grad():
    z, _, sizes = vae.encode(clear[:2])  # of the skips it takes the sizes only
    halfway = vae.decode(z.mean(0, keepdim=True), clear[:1], [s[:1] for s in sizes])
    fade = rebuilt.enhanced[:2].mean(0)
    drawn = vae.decode(torch.randn_like(z[:1]), clear[:1], [s[:1] for s in sizes])
images.show_row([fade, halfway, drawn], ["mixed pixels", "mixed codes", "codes drawn from the prior"]);

# %% [markdown]
# **What you see.** Here the magic of the lamps is gone, and it is worth understanding why. Mixed codes (middle) look much
# like mixed pixels (left): two photographs through each other. A code vector knows only its own region, and no walk
# through its values can move a cup to the right by a hundred pixels. Codes drawn from the prior (right) give patches of
# colour, no photograph: the prior treats all regions as *independent*, and photographs are not. This model is no
# generator of photographs, and it need not be. It is asked for something else: to say, region by region, what light and
# colour are there.

# %% [markdown]
# ## 6 · Beta: how much may a code cost?
#
# **Question.** What changes when codes get cheaper or dearer than the bound says?
#
# Five values of beta, in units of the ELBO's. Each run goes on from the model above for the same number of steps, which
# saves the time of five trainings from scratch. On held-out photographs we measure the *distortion* (mean absolute
# error, white = 1, with drawn codes), the *rate* (KL in bits a pixel: nats a region, divided by $64 \ln 2$; the words are
# those of Alemi et al. 2018), and the **active units** of Burda et al. (2016): latent entries whose posterior mean has a
# variance above 0.01 from region to region. The others say the same everywhere.

# %%
@torch.no_grad()
def measure(model):
    torch.manual_seed(SEED)
    out = model(clear, sample=True)
    error = (out.enhanced - clear).abs().mean().item()
    nats = kl_divergence(out.mu, out.log_var).mean().item() * Z  # a region
    active = int((out.mu.transpose(0, 1).flatten(1).var(dim=1) > 0.01).sum())
    return {"error": error, "bits": nats / math.log(2) / 64, "active": active,
            "bound": 192 / 0.08 * error + nats}  # -ELBO, without its constant  # fmt: skip


multiples = (1 / 16, 1 / 4, 1, 4, 16)
steps = choose(PROFILE, smoke=2, demo=60, full=1000)
gently, sweep, models = {**autoencode, "learning_rate": 1e-3}, {}, {}
for multiple in multiples:
    start = copy.deepcopy(vae).requires_grad_(True)
    config = TrainConfig(steps=steps, beta=multiple * elbo_beta(Z), **gently)
    models[multiple] = fit(start, train, config).model
    sweep[multiple] = measure(models[multiple])
    print(f"beta x {figures.name_of(multiple):4s}", {k: round(v, 4) for k, v in sweep[multiple].items()})

# %%
bits, errors, active = ([run[key] for run in sweep.values()] for key in ("bits", "error", "active"))
slope = 0.08 / 192 * 64 * math.log(2)  # error that the ELBO pays for one bit a pixel
figures.rate_distortion(multiples, bits, errors, active, Z, slope);

# %% [markdown]
# **What you see.** Left, a *rate-distortion curve*. Dear codes (upper left) say little and get much wrong; cheap codes
# (lower right) pay many bits for a small gain. For scale: the file itself has 24 bits a pixel. Along the dashed line the
# ELBO is constant, and points above it have a worse one. The line touches the curve at `beta = 1`, and the others
# lie above, though 1/4 by less than the eye can see (the number below: two thirds of a nat in 150). Each multiple minimises
# its *own* price, and only one of them is the bound's. Right: the dearer the code,
# the more units fall silent. This is the first of two ways in which a latent can die. The price is too high, and the
# optimiser saves it.

# %%
bounds = {multiple: run["bound"] for multiple, run in sweep.items()}
margin = min(bound for multiple, bound in bounds.items() if multiple != 1) - bounds[1]
record(elbo_margin_nats=margin, active_units_cheap=active[0], active_units_dear=active[-1])
record_claim("the ELBO is highest at its own beta (by nats a region)", margin, above=0.0)
record_claim("a dearer code is a shorter one (bits a pixel)", bits[0] - bits[-1], above=0.0)

# %%
with torch.no_grad():
    shown = {beta: model(clear[1:2]).enhanced[0] for beta, model in models.items() if beta in (1 / 16, 1, 16)}
corner = images.Box(height // 4, width // 3, height // 3, height // 2)
names = ["photograph", *(f"beta x {figures.name_of(beta)}" for beta in shown)]
images.show_zoom([clear[1], *shown.values()], corner, names);

# %% [markdown]
# **What you see.** A held-out photograph and three reconstructions, the marked part enlarged below. At 16 the colours of
# neighbouring things run together; at 1 and at 1/16 shapes and brightness are right, and the colours are not, at any price: the green of the eye is
# brown and the fur reddish (section 5: the colours it knows are those common in its six photographs). And *none* of them is sharp, however
# cheap the code. The reason lies in the loss as well as in the price. Where the code does not say exactly where a hair
# lies, the best the decoder can do under an absolute error is the *median* of all photographs that fit the code, and the
# median of many positions of a hair is no hair. Training far longer would sharpen it somewhat; a code of 32 numbers for
# 192 values, paid by the bit, will never carry grain.

# %% [markdown]
# How much of the fine texture is left? Call texture what a small blur takes away, and compare with the photograph. (In
# brackets, here and below, the range over scenes, from the lowest to the highest of three: too few for more, as notebook 06 explains.)

# %%
def texture(image):
    """Mean |x - blur(x)|, 3 x 3 box, of each image: (N, 3, H, W) -> (N,)."""
    return (image[..., 1:-1, 1:-1] - nn.functional.avg_pool2d(image, 3, 1)).abs().mean(dim=(1, 2, 3))


names = [scene.name for scene in scenes]
with torch.no_grad():
    kept = interval(texture(models[1](clear).enhanced) / texture(clear), names)
record(texture_kept_without_skips=kept)
record_claim("without skips over half of the fine texture is lost, in each scene", *kept, below=0.5)

# %% [markdown]
# ## 7 · Skips, and why they kill the code
#
# **Question.** An enhancer must not blur. The cure everybody uses is the *skip connection*
# (Ronneberger et al. 2015): hand the encoder's early,
# sharp feature maps straight to the decoder. What happens to `z` then?
#
# Look at what the decoder of an enhancer is to explain: the clear photograph $x_c$. It sees the dark one, $x_l$, through
# the skips, and $z$. Four assumptions, each of which you should try to doubt:
#
# - **A1** The skips tell everything: whatever the decoder wants to know of $x_l$, it can compute from them.
# - **A2** The code is made from $x_l$ and noise: $z = \mu(x_l) + \sigma(x_l)\,\varepsilon$, with an $\varepsilon$ that knows
#   nothing of any photograph.
# - **A3** The decoder is free: for each $x_l$ it can give any answer, also one in which $z$ does not occur.
# - **A4** The code is paid for: $\beta > 0$, and the prior $p(z)$ does not look at $x_l$.
#
# Let $\hat x(z, x_l)$ be the decoder's answer and $\ell(x_c, \hat x)$ any loss, such as the absolute error. Hold
# $x_l$ and $z$. The mean loss over all clear photographs $x_c$ that may belong to them is
#
# $$\mathbb{E}\big[\ell(x_c, \hat x(z, x_l)) \mid x_l, z\big] \overset{\text{A2}}{=}
# \mathbb{E}\big[\ell(x_c, \hat x(z, x_l)) \mid x_l\big] \;\ge\; \min_y\, \mathbb{E}\big[\ell(x_c, y) \mid x_l\big] .$$
#
# The first step says that $z$ changes nothing in what is probable for $x_c$, once $x_l$ is known. The second replaces the
# answer by the best answer $y$, and on the right there is no $z$ any more: the best answer is *the same for every code*
# (for an absolute error, the median of the clear photographs that fit $x_l$). By A1 and A3 the decoder can give it. So no
# use of $z$ makes the first term of the loss smaller. The second term is never negative and, by A4, zero only if
# $q(z \mid x_l) = p(z)$ for every $x_l$, a code that says nothing. Both terms are smallest together when the encoder is
# silent and the decoder does not listen, and all that is said is paid for nothing. **Ignoring $z$ is the
# optimum**: not an accident of training, and no matter of tuning $\beta$. (A code that is silent, or that nobody reads,
# has *collapsed*.)
#
# What the argument does *not* say: how soon training gets there, and what a small network does, for which A1 and A3 hold
# only nearly. That we measure in section 8.

# %% [markdown]
# **The same in nats.** Let $H(x_c \mid x_l)$ be the uncertainty that remains about $x_c$ when $x_l$ is known (its
# *conditional entropy*), and $I(z; x_c \mid x_l)$ the *mutual information*: by how much $z$ lowers that uncertainty for
# somebody who knows $x_l$ already. A2 reads
#
# $$x_c \leftrightarrow x_l \leftrightarrow z \quad\text{is a Markov chain, so}\quad I(z; x_c \mid x_l) = 0,$$
#
# $$H(x_c \mid z, x_l) = H(x_c \mid x_l) - 0 .$$
#
# No decoder's first term of the ELBO exceeds $-H(x_c \mid z, x_l)$ in the mean (a cross-entropy is at least the entropy),
# and the best decoder without $z$ reaches the same number. A way out must break an assumption. We break two: A1, with skips
# that tell *less* than $x_l$, and A3, with a decoder that may do to the light of $x_l$ only what a gain from $z$ asks.
#
# The toy is a table: six possible dark photographs (three patterns, each in two lights), four possible clear ones, any
# joint probability, and any noisy encoder with three codes.

# %%
def information(joint):
    """I(a; b) in nats of a table p(a, b)."""
    apart = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    return (joint * (joint / apart).log()).sum()


def information_given(joint):
    """I(a; b | c) in nats of a table p(a, b, c)."""
    shares = joint.sum((0, 1))  # p(c)
    return sum(p * information(joint[..., c] / p) for c, p in enumerate(shares))


torch.manual_seed(SEED)
world = torch.rand(4, 6).pow(3)  # p(x_c, x_l)
world /= world.sum()
encoder = torch.softmax(3 * torch.randn(3, 6), dim=0)  # q(z | x_l)
joint = encoder[:, None] * world  # p(z, x_c, x_l)
pattern = joint.view(3, 4, 3, 2).sum(-1)  # p(z, x_c, pattern): the light is taken away
print(f"I(z; x_c)           {information(joint.sum(-1)):.4f} nats: the code knows something")
print(f"I(z; x_c | x_l)     {abs(information_given(joint)):.4f} nats: nothing that x_l does not say")
print(f"I(z; x_c | pattern) {information_given(pattern):.4f} nats: if the decoder sees patterns only")

# %% [markdown]
# The last line is the way out by A1: a decoder that sees less than `x_l` has something to learn from the code. What should the
# skips lose, and what should the decoder be bound to? This course's answer **[ours]**: *z carries light, skips carry structure*.
#
# - **The gain comes from z alone** (against A3). In $x_e = \mathrm{relight}(x_l, g(z)) + r$ the gain map $g$, `(B, 3, H, W)`, in nats, is
#   decoded from nothing but $z$ at 1/8 size and enlarged smoothly. It changes the light of the photograph; how, we see in
#   a moment.
# - **The residual holds no light** (against A3). From $r$, `(B, 3, H, W)`, white = 1, a smooth map of its regions' means is taken
#   away. What is left is detail, and light that changes slowly has no way but through $z$.
# - **Skips are instance-normalised** (against A1; Ulyanov et al. 2016). Each channel of a skip is shifted and scaled to mean 0 and
#   deviation 1 over the photograph: the pattern stays, its level and contrast are gone. They feed only the residual $r$.
# - **Skips drop out** (against A1) for one training image in ten, so that $r$, too, must be able to use $z$.
#
# **[paper]** has the three skips and the reparameterised code; whether and how its authors keep the code alive, the public
# sources do not say.

# %%
from lacr_lib.figures import diagrams

diagrams.architecture(ModelConfig());

# %% [markdown]
# **What you see.** The whole network, with the shapes (channels, height, width) that a photograph of 128 x 128 pixels
# takes on its way. Upper row, left to right: four stages of the encoder, each at half the resolution of the one before,
# down to one vector of 32 numbers for each 8 x 8 region (right). Then two ways back. The lowest row is the gain: it comes
# from $z$ alone, and no arrow of a skip leads into it. The row above paints the residual $r$ with the help of three
# skips, each of which loses its light on the way down. Blue is what the paper's figure shows, orange what we added or
# chose. (RCAM and AMSM stand in that figure by name, place and purpose; they are orange because what is inside them is ours. They
# open up in notebooks 03 and 04.) Now the lowest row as code:

# %%
# NBVAL_CHECK_OUTPUT
show(LacrVae.decode, LacrVae.gain)

# %% [markdown]
# **How should a gain act?** More exposure is a factor, so the obvious way is a product, $x_e = x_l\, e^g$. But a file is no
# sensor: the camera's tone curve bends toward white, and what a factor lifts beyond white is lost. A curve that knows
# both ends adds the gain to the *log odds* of a value, which is 0 at mid-grey and runs to infinity at black and at white
# **[ours]**:
#
# $$\log\frac{x_e}{1 - x_e} = \log\frac{x_l}{1 - x_l} + g .$$
#
# For dark values log odds are nearly the logarithm, and $e^g$ is the factor we wanted; toward white the curve saturates,
# as film does. As with factors, two changes of light add up: $g_1$, then $g_2$, is $g_1 + g_2$. (The library first moves
# values a hundredth away from 0 and 1, so that black, too, can be lifted.)

# %%
from lacr_lib.models.light import relight

values = torch.linspace(0, 1, 101)
gains = (0.0, 1.0, 2.0, 3.0)
ways = ("product", "odds")
figures.light_curves(values, {way: {g: relight(values, torch.tensor(g), way) for g in gains} for way in ways});

# %% [markdown]
# **What you see.** What becomes of each value under four gains. Where the input is dark, both ways are alike (left ends of
# the curves). The product leaves the range at once; with odds every value keeps its place in the order, and white stays
# white, to a hundredth.
#
# Which one is right is a question to photographs. Give both the *best* smooth gain there is, one number for each 32 x 32
# pixels and colour, fitted to the clear photograph itself (by mean absolute error). No network can know it. Our own decodes a finer
# gain, a number for each 8 x 8 pixels, so this is no limit for it: what is compared here are the two *ways*.

# %%
from lacr_lib.evaluation.oracle import best_light

frame, target = low[0][1:2], clear[:1]
best = {way: best_light(frame, target, way).clamp(0, 1) for way in ways}
captions = ["", *(f"{psnr(image, target).item():.1f} dB" for image in best.values()), ""]
images.show_row([frame, *best.values(), target], ["low", "best product", "best odds", "clear"], captions);

# %% [markdown]
# **What you see.** Even the best product leaves the middle tones too dark and burns the rim of the cup: one factor has to serve
# the bright and the dark values of a cell, and it cannot. With odds nothing is burnt and the middle tones are right; the price is a
# white that is dull, and shadows a little too light. (The grain is the dark photograph's own noise, which no gain can take away.) One photograph is an anecdote; on real exposure ladders, as recorded:

# %%
from lacr_lib.results.records import read_record

recorded = read_record("sice-val-light")
for way in ways:
    print(f"real ladders, best {way:8} {recorded[way]['psnr']:.1f} dB   SSIM {recorded[way]['ssim']:.3f}")

# %% [markdown]
# ## 8 · The collapse test
#
# **Question.** The argument is about an optimum. What do real networks do, after some hundred steps of training?
#
# Two enhancers, alike in seed, photographs and steps, with the library's default `beta` and loss, but without LACR (notebook 05). One has *free* skips:
# its gain is decoded from skips and $z$ together, its skips keep their light, and none drops out (its residual, too, loses its smooth
# part, which costs it nothing). The other is ours. (The free one has no use for our gain head, and so a sixth fewer parameters that learn. RCAM and
# AMSM stay off; they are not the question.)

# %%
steps, default = choose(PROFILE, smoke=2, demo=250, full=4000), TrainConfig()
print(f"loss: L1 + {default.ssim_weight} (1 - SSIM) + beta KL, beta = {default.beta} white a nat, "
      f"{default.beta / elbo_beta(Z):.3f} of the ELBO's")
free = ModelConfig(**plain, gain_from_latent=False, skip_norm=False, skip_dropout=0.0)
ours = ModelConfig(**plain)  # the defaults
enhancers, histories = {}, {}
for name, config in {"free skips": free, "ours": ours}.items():
    torch.manual_seed(SEED)
    run = fit(unit_gain(LacrVae(config)), train, TrainConfig(steps=steps, **common))
    enhancers[name], histories[name] = run
figures.kl_history(histories);

# %% [markdown]
# **What you see.** What the two models spend on their codes while they learn. Both begin alike. Then the code of the free
# skips falls silent, just as the argument of section 7 foretold; ours goes on paying more than one nat an entry, because
# there is no other way for light. Still, KL, like the count of active units, is *weak evidence*: it tells that a code is
# written, not that it is read. To learn whether it is read, exchange it:

# %%
@torch.no_grad()
def collapse_test(model):
    """PSNR in dB of every held-out frame, decoded with four codes: code -> (frames,)."""
    encodings = [model.encode(ladder) for ladder in low]
    scores = {"its own": [], "other exposure": [], "next scene": [], "zeros": []}
    for i, (ladder, (mu, _, skips)) in enumerate(zip(low, encodings)):
        following = encodings[(i + 1) % len(low)].mu  # of the same exposure
        codes = (mu, mu.flip(0), following[: len(mu)], torch.zeros_like(mu))
        for name, z in zip(scores, codes):
            scores[name].append(psnr(model.decode(z, ladder, skips), clear[i : i + 1]))
    return {name: torch.cat(values) for name, values in scores.items()}


owner = [scene.name for scene in scenes for _ in scene.low]


def drops(scores):
    """What each foreign code costs, in dB: the mean, the lowest and the highest scene."""
    own = scores["its own"]
    return {name: interval(own - other, owner) for name, other in scores.items() if name != "its own"}


scores = {name: collapse_test(model) for name, model in enhancers.items()}
lost = {name: drops(each) for name, each in scores.items()}
figures.swap_costs(lost);

# %% [markdown]
# **What you see.** PSNR lost when a frame is decoded with a code that is not its own, averaged over all exposures of the
# held-out scenes (black: from the lowest of the three scenes to the highest). With free skips
# nothing is lost, whatever code is put in: its decoder does not listen. Ours loses 3 to 4 dB with the code of another
# *exposure* (brightest for darkest and so on), for it then brings the wrong light. To decode *without a code* costs nothing on
# average, and the scenes disagree: zeros ask for some middling light, which is too little for dark frames and, for others, better
# than what this young model asks for itself. The *next scene's* code at the same exposure says little either way. On these ladders all
# scenes were darkened by the same camera, so their light is alike.

# %%
record(**{f"psnr_drop_{name.split()[0]}_other_exposure": tuple(d["other exposure"]) for name, d in lost.items()})
record(**{f"psnr_drop_{name.split()[0]}_zeros": tuple(d["zeros"]) for name, d in lost.items()})
record_claim("free skips: decoding without a code costs nothing (dB)", *lost["free skips"]["zeros"], below=0.5)
record_claim("free skips: nor does another exposure's code (dB)", *lost["free skips"]["other exposure"], below=0.5)
record_claim("ours: another exposure's code costs decibels", *lost["ours"]["other exposure"], above=1.0)
record_claim("ours: decoding without a code costs decibels", *lost["ours"]["zeros"], above=1.0, shown=False)

# %% [markdown]
# Three claims hold, one does not, for the reason just given. Section 10 repeats the test on the released model.

# %%
@torch.no_grad()
def row(model, ladder, rung):
    mu, _, skips = model.encode(ladder)
    codes = (mu, mu.flip(0), torch.zeros_like(mu))
    return [model.decode(z, ladder, skips)[rung] for z in codes]


rung = 1
rows = [[low[0][rung], *row(model, low[0], rung), clear[0]] for model in enhancers.values()]
captions = [[""] + [f"{psnr(image[None], clear[:1]).item():.1f} dB" for image in line[1:4]] + [""] for line in rows]
columns = ["low", "its own z", "brighter frame's z", "z = 0", "clear"]
images.show_grid(rows, row_titles=list(enhancers), column_titles=columns, captions=captions);

# %% [markdown]
# **What you see.** One dark frame, decoded with three codes. Upper row: the same picture three times, to the tenth of a
# decibel; the network with free skips has found its own way to brighten and does not ask `z`. Lower row: with the code of
# a *brighter* frame our decoder believes that less light is missing, and the picture stays darker; without a code it is
# darker still. Light is in the code; edges and textures, which come through the skips, stay what they were. Neither
# network is good yet after 250 steps of training on six photographs. The point is not which picture is prettier, but which
# one you can *steer* through its code.

# %% [markdown]
# ## 9 · Why the latent is a map
#
# **Question.** Most VAEs for pictures have one vector for the whole picture. Why does this one have a vector for each
# region?
#
# Because light is not one number **[ours]**. A window lights half a room. One vector would have to describe the shape of
# the light, in general the shape of everything, and its decoder would have to paint that shape. A map says "here much,
# there little" simply by position; it works for any size of photograph; and it gives the latent study of notebook 07
# thousands of points from one frame. The price we have met in section 5: regions know nothing of each other, except what
# the encoder's convolutions (and RCAM, next) tell them.
#
# Is it true that a code speaks for its region only? Exchange the code of *one* region, for that of the same region in
# the ladder's brightest frame, and look where the picture changes.

# %%
@torch.no_grad()
def exchange(model, ladder, rung, row, column):
    """Enhanced frame before and after one region's code is taken from the brightest frame."""
    mu, _, skips = model.encode(ladder)
    z, skips = mu[rung : rung + 1].clone(), [skip[rung : rung + 1] for skip in skips]
    x = ladder[rung : rung + 1]
    before = model.decode(z, x, skips)[0]
    z[..., row, column] = mu[-1:, :, row, column]
    return before, model.decode(z, x, skips)[0]


row_, column_ = height // 16, width // 16
figures.region_change(*exchange(enhancers["ours"], low[0], 2, row_, column_), row_, column_);

# %% [markdown]
# **What you see.** A spot of other light, around the marked region. It is not a hard-edged square: the gain is decoded at
# 1/8 size with three 3 x 3 convolutions and blown up smoothly, so a region's word is blended with its neighbours', as
# light itself would be. How far does it reach? We exchange many regions and average by distance.

# %%
places = [(r, c) for r in range(6, height // 8 - 6, 4) for c in range(6, width // 8 - 6, 4)]
places = places[:: choose(PROFILE, smoke=12, demo=3, full=1)]
rows_, columns_ = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
total, pixels = torch.zeros(2, 49)
for r, c in places:
    before, after = exchange(enhancers["ours"], low[0], 2, r, c)
    change = (after - before).abs().mean(0)
    distance = torch.hypot(rows_ + 0.5 - 8 * (r + 0.5), columns_ + 0.5 - 8 * (c + 0.5))
    ring = distance.long().clamp(max=48).flatten()  # one pixel wide
    total += torch.bincount(ring, change.flatten(), minlength=49)
    pixels += torch.bincount(ring, minlength=49)
profile, inside = total[:48] / pixels[:48], total[:48].cumsum(0) / total.sum()
figures.reach(torch.arange(48.0).numpy() + 0.5, (profile / profile.max()).numpy(), inside.numpy());

# %% [markdown]
# **What you see.** The change is largest in the region itself (grey) and has faded out three regions away. By
# construction the gain cannot reach further than 32 pixels along a row or column: three regions for the three
# convolutions and half a one for the smooth enlargement, beyond half the region itself. Nearly all of the change stays well
# within that. A vector of the map speaks for its surroundings of a few dozen pixels and for nothing else. That is what
# "the latent is a map" means, measured.

# %%
record(share_of_change_within_24_px=inside[23], regions_exchanged=len(places))
record_claim("a region's code acts within 24 pixels of its centre", inside[23], above=0.8)

# %% [markdown]
# ## 10 · The same test on released weights
#
# **Question.** Is the code of the real model read?
#
# Small models can show a mechanism; they prove nothing about that one. `lacr-vae`, the weights that the course uses
# from here on, has all modules and was trained mostly on real exposure ladders, and for about a sixth of its samples on
# clear photographs darkened by the camera model of notebook 01. It gets the same test, on the embedded photographs: scenes that it
# has never seen, in a kind of darkness that it has.

# %%
released = load_model("lacr-vae")  # its stem_stride is 2: stage 1 has half the photograph's sides
lost_released = drops(collapse_test(released))
record(psnr_drop_released_other_exposure=lost_released["other exposure"],
       psnr_drop_released_next_scene=lost_released["next scene"],
       psnr_drop_released_zeros=lost_released["zeros"])  # fmt: skip
figures.swap_costs({"released: lacr-vae": lost_released});

# %% [markdown]
# **What you see.** The released model reads its code: another exposure's costs over 7 dB, decoding without a code 5 dB,
# both in each of the three scenes. The code of another scene at the same exposure costs something on average, too, but not in
# every scene. On the 84 validation frames it loses 7.5 dB with a swapped code and 7.4 dB without one (README,
# *What it reaches*). And its active units?


# %%
@torch.no_grad()
def active_units(photographs):
    """Entries of the released model's mu that vary from region to region by more than 0.01, as in section 6."""
    mu = released.encode(photographs).mu.transpose(0, 1).flatten(1)  # (Z, regions)
    return int((mu.var(dim=1) > 0.01).sum())


dark = torch.cat([ladder[min(2, len(ladder) - 1)][None] for ladder in low])  # 1/16 of the light
units = {"clear": active_units(clear), "a sixteenth of the light": active_units(dark)}
for name, number in units.items():
    print(f"{number:2} of {released.config.latent_channels} units are active on the photographs: {name}")
record(released_active_units=units["clear"], released_active_units_dark=units["a sixteenth of the light"])

# %% [markdown]
# On the clear photographs, by which section 6 counted, fewer units are active than in any model there, the dearest `beta`
# included. If you had looked at that number alone, you would have called the model all but dead. But a clear photograph asks
# for no light, and there is little to say; on the same scenes in the dark nearly all speak. *A count of active units says
# as much about the photographs as about the model.* Whether a code matters is told by an exchange.

# %% [markdown]
# ## Recap
#
# - A VAE has an encoder that gives a *distribution* over codes, a decoder, and a price: reconstruction plus KL. Its loss is
#   a bound on the likelihood (the ELBO), and the unit of `beta` follows from the bound.
# - Reparameterised draws, `z = mu + sigma * eps`, let gradients through a random draw with little scatter.
# - KL is the length of the message. A dearer code is a shorter one; units that are not worth their price fall silent.
# - Without skips the picture blurs. With free skips ignoring the code is the *optimum*, since the code tells nothing
#   that the dark photograph does not. The cure is to give each a task of its own: `z` carries light, skips carry structure.
# - KL and active units say that a code is *written*. Only exchanging codes says that it is *read*.
# - Here the latent is a map: a vector for each 8 x 8 region, whose word is heard within some 30 pixels.

# %% [markdown] tags=["exercise"]
# ## Your turn
#
# Write each function where it says `raise`, and run the check below it: it says *to do*, *wrong* with a hint, or
# *correct*. Nothing later depends on it. All solved: [solutions/02_vae.ipynb](solutions/02_vae.ipynb).
#
# ### 1 · KL the other way round
#
# The loss charges $\mathrm{KL}(q \,\|\, p)$. Write the divergence in the other direction, from the prior to the posterior:
# for each image $\mathrm{KL}(N(0, 1) \,\|\, N(\mu, \sigma^2))$, averaged over its latent entries. Which posteriors does it
# punish that the usual one lets pass?

# %% tags=["exercise"]
from lacr_lib.exercises import check


def kl_from_prior(mu, log_var):
    """KL( N(0, I) || N(mu, sigma^2) ), nats per latent entry: (B, Z, h, w) twice -> (B,)."""
    # begin solution
    per_entry = 0.5 * ((1.0 + mu.square()) * torch.exp(-log_var) - 1.0 + log_var)
    return per_entry.flatten(1).mean(dim=1)
    # end solution


check("02-kl", kl_from_prior)

# %% tags=["solution"]
narrow, wide = torch.full((1, 1, 1, 1), -6.0), torch.full((1, 1, 1, 1), 3.0)
for name, log_var in (("narrow", narrow), ("wide", wide)):
    usual, other = (kl(torch.ones(1, 1, 1, 1), log_var).item() for kl in (kl_divergence, kl_from_prior))
    print(f"a {name} posterior around 1: KL(q || prior) {usual:6.1f} nats, KL(prior || q) {other:6.1f} nats")

# %% [markdown] tags=["solution"]
# A posterior that is *sure* (narrow) leaves most of the prior without any probability, and KL(prior || q) asks what the
# prior's draws cost under q: hundreds of nats. The usual direction asks what q's own draws cost under the prior, which
# is little: they lie near 1, where the prior has plenty. It is the usual one that lets a code be precise.

# %% [markdown] tags=["exercise"]
# ### 2 · A code with a budget
#
# *Free bits* (Kingma et al. 2016): the first nats of each unit cost nothing, so that a unit need not fall silent to save
# its last bit. Write what each image pays, averaged over units, when `floor` nats of each unit are free.

# %% tags=["exercise"]
def free_bits(kl_per_unit, floor):
    """What an image pays above the floor of each unit: (B, Z) nats, floor in nats -> (B,)."""
    # begin solution
    return (kl_per_unit - floor).clamp_min(0.0).mean(dim=1)
    # end solution


check("02-free-bits", free_bits)

# %% tags=["solution"]
kl = torch.tensor([[0.02, 0.4, 3.0]], requires_grad=True)
free_bits(kl, 0.5).sum().backward()
print("gradient on the three units:", [round(g, 2) for g in kl.grad[0].tolist()])

# %% [markdown] tags=["solution"]
# Below the floor the price has no slope: nothing pushes those units toward silence any more, and what they may say is
# decided by the reconstruction alone. Above it a nat costs what it always did.

# %% [markdown] tags=["exercise"]
# ### 3 · A code halfway
#
# Mix two codes and decode them over one and the same frame, with that frame's own skips. Is the mean luma of the result
# monotonic in `t`?

# %% tags=["exercise"]
def halfway(model, x, mu_a, mu_b, t):
    """x (1, 3, H, W), decoded from (1 - t) mu_a + t mu_b (1, Z, h, w) -> (1, 3, H, W)."""
    # begin solution
    _, _, skips = model.encode(x)
    return model.decode((1 - t) * mu_a + t * mu_b, x, skips)
    # end solution


check("02-halfway", halfway)

# %% tags=["solution"]
ladder = open_photoset(DATA).scenes[0]
frames = [torch.from_numpy(f.read()).permute(2, 0, 1)[None] / 255 for f in (ladder.low[0], ladder.low[-1])]
trained = load_model("lacr-vae")
with torch.inference_mode():
    dark, bright = (trained.encode(x).mu for x in frames)
    luma = [halfway(trained, frames[0], dark, bright, t).clamp(0, 1).mean().item() for t in (0, 0.25, 0.5, 0.75, 1)]
print("mean value:", [round(value, 3) for value in luma])

# %% [markdown] tags=["solution"]
# Monotonic, and *falling*: toward the code of the brighter frame the picture gets darker. A code is a request for light,
# and a bright frame asks for little. Notebook 07 walks this way through the whole latent space.

# %% [markdown]
# ## Think!
#
# 1. A friend reports "KL is 200 nats, so my VAE uses its latent." What do you answer?
#
#    <details><summary>One answer</summary>
#
#    That the encoder writes 200 nats. Whether the decoder reads them is another question: exchange codes between
#    images and see whether the output changes. With free skips and a small `beta` a code can be written for a long time
#    without a reader.
#
#    </details>
#
# 2. Why not leave the skips out altogether, if they are what kills the code?
#
#    <details><summary>One answer</summary>
#
#    Section 6 measured it: over half of the fine texture is lost, since 32 numbers for 8 x 8 pixels cannot
#    hold every hair of a cat at an affordable price. The skips are needed, but for structure only.
#
#    </details>
#
# 3. Would a larger `beta` force the network with free skips to make better use of `z`?
#
#    <details><summary>One answer</summary>
#
#    No, on the contrary. Each nat gets dearer, and `z` still tells nothing new. The optimum is silence for
#    every `beta` above zero; a larger one only gets there sooner.
#
#    </details>

# %% [markdown]
# ## Next
#
# The encoder so far was plain convolutions, and a region knew little of any other. [Notebook 03](03_rcam.ipynb) lets a dark
# corner ask a bright window.
