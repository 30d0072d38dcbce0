import torch
import torch.nn.functional as F

from lacr_lib.losses.lacr import EPSILON, lacr_loss, latent_distance


def two_distances(mu_e, mu_c, mu_n, weights):
    d_n = latent_distance(mu_e[:, None], mu_n, weights[:, None]).mean(dim=1)
    return latent_distance(mu_e, mu_c, weights), d_n


def swapped(*maps):
    d_p, d_n = two_distances(*maps)
    return d_n / (d_p + EPSILON)


def never_held(*maps):
    d_p, d_n = two_distances(*maps)
    return d_p / (d_n + EPSILON)


def always_held(*maps):
    d_p, d_n = two_distances(*maps)
    return d_p / (d_n.detach() + EPSILON)


def held_where_near(*maps):
    d_p, d_n = two_distances(*maps)
    return d_p / (torch.where(d_p < d_n, d_n.detach(), d_n) + EPSILON)


def held_one_by_one(mu_e, mu_c, mu_n, weights):
    d_p = latent_distance(mu_e, mu_c, weights)
    d_n = latent_distance(mu_e[:, None], mu_n, weights[:, None])
    return d_p / (torch.where(d_p[:, None] > d_n, d_n.detach(), d_n).mean(dim=1) + EPSILON)


def no_epsilon(*maps):
    d_p, d_n = two_distances(*maps)
    return d_p / torch.where(d_p > d_n, d_n.detach(), d_n)


def mean_negative(mu_e, mu_c, mu_n, weights):
    return lacr_loss(mu_e, mu_c, mu_n.mean(dim=1, keepdim=True), weights)


def squared(mu_e, mu_c, mu_n, weights):
    d_p = (weights * (mu_e - mu_c).square().mean(1)).mean((1, 2))
    d_n = (weights[:, None] * (mu_e[:, None] - mu_n).square().mean(2)).mean((1, 2, 3))
    return d_p / (d_n + EPSILON)


def scores(d_p, each_d_n):
    return -torch.cat([d_p[:, None], each_d_n], dim=1)


def by_hand(d_p, each_d_n, temperature):
    weights = torch.exp(scores(d_p, each_d_n) / temperature)
    return -torch.log(weights[:, 0] / weights.sum(dim=1))


def clear_left_out(d_p, each_d_n, temperature):
    return d_p / temperature + torch.logsumexp(-each_d_n / temperature, dim=1)


def detail(x):
    return x[..., 1:-1, 1:-1] - F.avg_pool2d(x, 3, stride=1)


def padded(x):
    return (x - F.avg_pool2d(x, 3, stride=1, padding=1)).abs().mean()


MISTAKES = {
    "05-lacr": {
        "positive and negatives swapped": swapped,
        "D_n not detached": never_held,
        "D_n detached everywhere": always_held,
        "rule the wrong way round": held_where_near,
        "rule for each negative": held_one_by_one,
        "no epsilon": no_epsilon,
        "distance to the mean negative": mean_negative,
        "weights forgotten": lambda e, c, n, w: lacr_loss(e, c, n),
        "squares": squared,
        "mean over the batch": lambda *maps: lacr_loss(*maps).mean(),
        "all detached": lambda *maps: lacr_loss(*maps).detach(),
    },
    "05-infonce": {
        "sign forgotten": lambda p, n, t: -F.log_softmax(-scores(p, n) / t, dim=1)[:, 0],
        "times the temperature": lambda p, n, t: -F.log_softmax(scores(p, n) * t, dim=1)[:, 0],
        "probability": lambda p, n, t: F.softmax(scores(p, n) / t, dim=1)[:, 0],
        "clear is no candidate": clear_left_out,
        "softmax over the batch": lambda p, n, t: -F.log_softmax(scores(p, n) / t, dim=0)[:, 0],
        "the last is picked": lambda p, n, t: -F.log_softmax(scores(p, n) / t, dim=1)[:, -1],
        "mean over the batch": lambda p, n, t: F.cross_entropy(
            scores(p, n) / t, torch.zeros(len(p), dtype=torch.long)
        ),
        "exp runs to zero": by_hand,
    },
    "05-texture": {
        "upside down": lambda x, c: detail(c).abs().mean() / detail(x).abs().mean(),
        "signs kept": lambda x, c: detail(x).mean() / detail(c).mean(),
        "mean of ratios": lambda x, c: (detail(x) / detail(c)).abs().mean(),
        "squares": lambda x, c: detail(x).square().mean() / detail(c).square().mean(),
        "black beyond the border": lambda x, c: padded(x) / padded(c),
        "what the blur leaves": lambda x, c: (
            F.avg_pool2d(x, 3, stride=1).abs().mean() / F.avg_pool2d(c, 3, stride=1).abs().mean()
        ),
        "a map": lambda x, c: detail(x).abs() / detail(c).abs(),
    },
}
