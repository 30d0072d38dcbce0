import torch
import torch.nn.functional as F


def half_width(field, share, measure=torch.maximum, total=None):
    """Pixels from the middle to the side of the square, or circle, that holds the share."""
    rows, columns = torch.meshgrid(*(torch.arange(n) - n // 2 for n in field.shape), indexing="ij")
    distance = measure(rows.abs().float(), columns.abs().float())
    wanted = share * (field.sum() if total is None else total)
    for half in range(len(field) // 2):
        if field[distance <= half].sum() >= wanted:
            return half
    return len(field) // 2


def around(x, padding, dilation, taps=3, **pad):
    kernel = torch.ones(1, 1, taps, taps) / taps**2
    return F.conv2d(F.pad(x, [padding] * 4, **pad), kernel, dilation=dilation)


def cross(x, dilation):
    moves = [(0, 0), (dilation, 0), (-dilation, 0), (0, dilation), (0, -dilation)]
    return sum(x.roll(move, (2, 3)) for move in moves) / 5


def kernel(weights, scale=lambda k: k**2, start=lambda k: (7 - k) // 2):
    mixed = torch.zeros(7, 7)
    for weight, k in zip(weights, (3, 5, 7), strict=True):
        first = start(k)
        mixed[first : first + k, first : first + k] += weight / scale(k)
    return mixed


MISTAKES = {
    "04-width": {
        "half the width": half_width,
        "even side": lambda field, share: 2 * half_width(field, share),
        "middle pixel counted once": lambda field, share: half_width(field, share) + 1,
        "a ring too few": lambda field, share: 2 * half_width(field, share) - 1,
        "share of 1": lambda field, share: 2 * half_width(field, share, total=1) + 1,
        "circle for square": lambda field, share: 2 * half_width(field, share, torch.hypot) + 1,
        "share of the pixels": lambda f, share: 2 * half_width(torch.ones_like(f), share) + 1,
    },
    "04-holes": {
        "sum for mean": lambda x, d: 9 * around(x, d, d, mode="circular"),
        "zeros outside": lambda x, d: around(x, d, d),
        "edges repeated": lambda x, d: around(x, d, d, mode="replicate"),
        "no holes": lambda x, d: around(x, d, 1, taps=2 * d + 1, mode="circular"),
        "no diagonals": cross,
        "one pixel too far": lambda x, d: around(x, d + 1, d + 1, mode="circular"),
        "dilation forgotten": lambda x, d: around(x, 1, 1, mode="circular"),
        "smaller picture": lambda x, d: around(x, 0, d),
    },
    "04-mixture": {
        "not divided": lambda w: kernel(w, scale=lambda k: 1),
        "divided by k": lambda w: kernel(w, scale=lambda k: k),
        "corner for middle": lambda w: kernel(w, start=lambda k: 0),
        "weights forgotten": lambda w: kernel(torch.ones(3)),
        "even weights": lambda w: kernel(torch.ones(3) / 3),
        "weights turned round": lambda w: kernel(w.flip(0)),
    },
}
