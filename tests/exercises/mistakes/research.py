import math

import numpy as np
import torch


def needed(differences, ddof=1, power=2, whole=math.ceil):
    ratio = 2 * np.std(differences, ddof=ddof) / abs(np.mean(differences))
    return max(2, whole(ratio**power))


def squares(mu_a, log_var_a, mu_b, log_var_b, power=0.5):
    widths = torch.exp(power * log_var_a) - torch.exp(power * log_var_b)
    return (mu_a - mu_b) ** 2 + widths**2


MISTAKES = {
    "08-seeds": {
        "deviation with S": lambda d: needed(d, ddof=0),
        "no square": lambda d: needed(d, power=1),
        "not rounded": lambda d: needed(d, whole=float),
        "one seed": lambda d: math.ceil((2 * np.std(d, ddof=1) / np.mean(d)) ** 2),
    },
    "08-hinge": {
        "mean of negatives first": lambda p, n, m: (p - n.mean(1) + m).clamp_min(0),
        "clear and low exchanged": lambda p, n, m: (n - p[:, None] + m).clamp_min(0).mean(1),
        "no hinge": lambda p, n, m: (p[:, None] - n + m).mean(1),
        "no mean": lambda p, n, m: (p[:, None] - n + m).clamp_min(0),
    },
    "08-wasserstein": {
        "variances": lambda *maps: squares(*maps, power=1).mean(1).sqrt(),
        "log-variances": lambda m, v, n, w: ((m - n) ** 2 + (v - w) ** 2).mean(1).sqrt(),
        "means alone": lambda m, v, n, w: ((m - n) ** 2).mean(1).sqrt(),
        "no root": lambda *maps: squares(*maps).mean(1),
        "root before the mean": lambda *maps: squares(*maps).sqrt().mean(1),
        "sum over channels": lambda *maps: squares(*maps).sum(1).sqrt(),
        "one number an image": lambda *maps: squares(*maps).mean((1, 2, 3)).sqrt(),
        "over the width of the map": lambda *maps: squares(*maps).mean(3).sqrt(),
    },
}
