import math

import numpy as np


def needed(differences, ddof=1, power=2, whole=math.ceil):
    ratio = 2 * np.std(differences, ddof=ddof) / abs(np.mean(differences))
    return max(2, whole(ratio**power))


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
}
