import numpy as np
import torch

from lacr_lib.latent.pairs import fraction_of_way


def draw(seed, count):
    return torch.from_numpy(np.random.default_rng(seed).permutation(count))


def own_left_in(low, enhanced, clear, seed):
    rows = draw(seed, len(low))
    return fraction_of_way(low[rows], enhanced, clear[rows])


def torn_apart(low, enhanced, clear, seed):
    turn = 1 + seed % 4
    return fraction_of_way(low.roll(turn, 0), enhanced, clear.roll(turn + 1, 0))


def lengths(low, enhanced, clear, seed):
    return ((enhanced - low).norm(dim=1) / (clear - low).norm(dim=1))[draw(seed, len(low))]


def by_length(low, enhanced, clear, seed):
    way = (clear - low).roll(1 + seed % 4, 0)
    return ((enhanced - low.roll(1 + seed % 4, 0)) * way).sum(dim=1) / way.norm(dim=1)


def no_seed(low, enhanced, clear, seed):
    return fraction_of_way(low.roll(1, 0), enhanced, clear.roll(1, 0))


def unseeded(low, enhanced, clear, seed):
    turn = int(torch.randint(1, len(low), ()))
    return fraction_of_way(low.roll(turn, 0), enhanced, clear.roll(turn, 0))


def one_number(low, enhanced, clear, seed):
    return no_seed(low, enhanced, clear, seed).median()


def order(points, own=False):
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    return gaps.argsort(axis=1)[:, 0 if own else 1 :]


def shared(a, b):
    return np.array([len(set(x) & set(y)) for x, y in zip(a, b, strict=True)])


def near(a, b, k, own=False):
    return order(a, own)[:, :k], order(b, own)[:, :k]


def common(a, b, k):
    return shared(*near(a, b, k))


def angle(a, b):
    return np.arccos(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def axes(low, clear, noisy):
    return (clear - low).mean(axis=0), (noisy - clear).mean(axis=0)


def angles(low, clear, noisy):
    return [angle(a, b) for a, b in zip(clear - low, noisy - clear, strict=True)]


MISTAKES = {
    "07-shuffled-fraction": {
        "own region not left out": own_left_in,
        "low and clear shuffled apart": torn_apart,
        "only low shuffled": lambda low, e, c, s: fraction_of_way(low.roll(1 + s % 4, 0), e, c),
        "lengths": lengths,
        "divided by the length": by_length,
        "not shuffled": lambda low, e, c, s: fraction_of_way(low, e, c),
        "seed forgotten": no_seed,
        "another draw at each call": unseeded,
        "the median": one_number,
    },
    "07-map-agreement": {
        "own point not left out": lambda a, b, k: shared(*near(a, b, k, own=True)).mean() / k,
        "own point and k others": lambda a, b, k: (
            shared(*near(a, b, k + 1, own=True)).mean() / (k + 1)
        ),
        "place by place": lambda a, b, k: np.mean(np.equal(*near(a, b, k))),
        "the farthest": lambda a, b, k: shared(order(a)[:, -k:], order(b)[:, -k:]).mean() / k,
        "over the union": lambda a, b, k: (common(a, b, k) / (2 * k - common(a, b, k))).mean(),
        "not a share": lambda a, b, k: common(a, b, k).mean(),
        "no mean": lambda a, b, k: common(a, b, k) / k,
    },
    "07-noise-axis": {
        "radians": lambda *latents: angle(*axes(*latents)),
        "cosine": lambda *latents: np.cos(angle(*axes(*latents))),
        "turned round": lambda *latents: 180 - np.degrees(angle(*axes(*latents))),
        "mean of angles": lambda *latents: np.degrees(np.mean(angles(*latents))),
        "an angle a region": lambda *latents: np.degrees(angles(*latents)),
        "noise from low": lambda low, c, n: np.degrees(angle((c - low).mean(0), (n - low).mean(0))),
        "no difference": lambda low, c, n: np.degrees(angle(c.mean(0), n.mean(0))),
    },
}
