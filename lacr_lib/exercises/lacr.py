"""Checks of notebook 05: the term itself, InfoNCE, the texture alarm."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from lacr_lib.exercises.exercise import Answer, Exercise, Hint, close, shape_of
from lacr_lib.figures.contrast import infonce_curves
from lacr_lib.losses.lacr import EPSILON, lacr_loss, latent_distance


def _maps() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Enhanced, clear, negatives and weights of four images; the last two lie near low light."""
    generator = torch.Generator().manual_seed(5)
    mu_c = torch.randn(4, 3, 2, 5, generator=generator)
    mu_n = torch.randn(4, 2, 3, 2, 5, generator=generator) - 1.0
    offset = 0.4 * torch.randn(4, 3, 2, 5, generator=generator)
    mu_n[1, 0] = mu_c[1] + 0.5 * offset[1]  # nearer than clear, though the mean of both is not
    mu_e = torch.cat([mu_c[:2], mu_n.mean(dim=1)[2:]]) + offset
    weights = torch.rand(4, 2, 5, generator=generator)
    return mu_e.requires_grad_(), mu_c, mu_n, weights / weights.mean(dim=(1, 2), keepdim=True)


def lacr(answer: Answer) -> Hint:
    """05-lacr: the ratio of each image, with the rule for images that lie nearer to low light."""
    mu_e, mu_c, mu_n, weights = maps = _maps()
    found = answer(*maps)
    if shape_of(found) != (4,):
        return f"four images of 3 channels give 4 numbers, (B,); this one is {shape_of(found)}"
    d_p = latent_distance(mu_e, mu_c, weights)  # (B,)
    d_each = latent_distance(mu_e[:, None], mu_n, weights[:, None])  # (B, K)
    d_n = d_each.mean(dim=1)
    to_mean = latent_distance(mu_e, mu_n.mean(dim=1), weights)
    for value, hint in (
        (d_n / (d_p + EPSILON), "upside down: the distance to clear stands above the line"),
        (d_p / (to_mean + EPSILON), "the negatives were averaged first; average their distances"),
        (lacr_loss(mu_e, mu_c, mu_n), "each region has a weight, and it was not used"),
        (d_p / d_n, "all but the small epsilon below the line (0.001, beside a *mean* distance)"),
    ):
        if close(found, value):
            return hint
    if not close(found, lacr_loss(*maps)):
        return "not D_p / (D_n + 0.001); a distance is the mean of absolute differences"
    if not found.requires_grad:
        return "right values, but no gradient comes back to mu_e: detach D_n alone"
    return _rule(found, mu_e, d_p, d_each, lacr_loss(*maps))


def _rule(found: Tensor, mu_e: Tensor, d_p: Tensor, d_each: Tensor, wanted: Tensor) -> Hint:
    """Whether the gradient keeps the rule; the values do not tell."""
    d_n = d_each.mean(dim=1)

    def gradient(value: Tensor) -> Tensor:
        return torch.autograd.grad(value.sum(), mu_e, retain_graph=True)[0]

    mine = gradient(found)
    if close(mine, gradient(d_p / (d_n + EPSILON))):
        return "right values, wrong gradient: in an image with D_p > D_n none may pass through D_n"
    if close(mine, gradient(d_p / (d_n.detach() + EPSILON))):
        return "right values, but D_n is held in every image: where D_p <= D_n it pushes, too"
    one_by_one = torch.where(d_p[:, None] > d_each, d_each.detach(), d_each).mean(dim=1)
    if close(mine, gradient(d_p / (one_by_one + EPSILON))):
        return "right values, but the rule asks once an image: compare D_p with the mean D_n"
    if not close(mine, gradient(wanted)):
        return "right values, wrong gradient: hold D_n where D_p > D_n, and nothing else"
    return None


def infonce(answer: Answer) -> Hint:
    """05-infonce: cross-entropy of picking the clear one among 1 + K, each image for itself."""
    d_p = torch.tensor([0.2, 0.9, 0.5])
    each_d_n = torch.tensor([[0.6, 0.8], [0.3, 1.2], [0.5, 0.5]])
    found = answer(d_p, each_d_n, 0.5)
    if shape_of(found) != (3,):
        return f"three images give 3 numbers, (B,); this one is {shape_of(found)}"
    scores = -torch.cat([d_p[:, None], each_d_n], dim=1) / 0.5  # (B, 1 + K)
    wanted = -F.log_softmax(scores, dim=1)[:, 0]
    for value, hint in (
        (-F.log_softmax(-scores, dim=1)[:, 0], "it picks the *farthest*; a near one scores high"),
        (-F.log_softmax(scores / 4, dim=1)[:, 0], "scores are divided by the temperature"),
        (torch.exp(-wanted), "that is the probability of the clear one, not its cross-entropy"),
        (-scores[:, 0] + torch.logsumexp(scores[:, 1:], 1), "the clear one is a candidate, too"),
        (-F.log_softmax(scores, dim=0)[:, 0], "candidates compete within an image, not a batch"),
        (-F.log_softmax(scores, dim=1)[:, -1], "the last candidate was picked; clear is d_p"),
    ):
        if close(found, value):
            return hint
    if not close(found, wanted):
        return "not the cross-entropy of a softmax over the 1 + K scores, -distance / temperature"
    sharp = answer(torch.tensor([3.0]), torch.tensor([[1.0, 2.0]]), 0.01)
    if not close(sharp, torch.tensor([200.0])):
        return "breaks down at temperature 0.01, where exp() runs to 0: stay with logarithms"
    return None


def texture_ratio(answer: Answer) -> Hint:
    """05-texture: fine detail of an image over that of the clear one."""
    generator = torch.Generator().manual_seed(7)
    image, clear = torch.rand(2, 1, 3, 7, 9, generator=generator)
    clear = clear / 2
    found = answer(image, clear)
    if shape_of(found) != ():
        return f"one number for the two images; this one is {shape_of(found)}"

    def detail(x: Tensor, padding: int = 0) -> Tensor:
        inside = x if padding else x[..., 1:-1, 1:-1]
        return inside - F.avg_pool2d(x, 3, stride=1, padding=padding)

    a, b = detail(image), detail(clear)
    for value, hint in (
        (b.abs().mean() / a.abs().mean(), "upside down: the clear one's texture is the unit"),
        (a.mean() / b.mean(), "detail lighter and darker than its surroundings cancels: no signs"),
        ((a / b).abs().mean(), "a mean of ratios, ruled by pixels where clear has no detail"),
        (a.square().mean() / b.square().mean(), "that squares the detail; take its absolute value"),
        (detail(image, 1).abs().mean() / detail(clear, 1).abs().mean(),
         "beyond the border it saw black; count pixels with all nine inside the frame"),
        (F.avg_pool2d(image, 3, 1).mean() / F.avg_pool2d(clear, 3, 1).mean(),
         "that compares what the blur leaves; detail is what it takes away"),
    ):  # fmt: skip
        if close(found, value):
            return hint
    if not close(found, a.abs().mean() / b.abs().mean()):
        return "mean |x - blur(x)| of the image over that of clear, 3 x 3 boxes inside the frame"
    return None


EXERCISES = {
    "05-lacr": Exercise(lacr),
    "05-infonce": Exercise(infonce, infonce_curves),
    "05-texture": Exercise(texture_ratio),
}
