import numpy as np

from lacr_lib.evaluation import baselines


def line(x, y, part=0):
    return np.polyfit(x, y, 1)[part]


def of_scenes(number):
    """A number of each scene, of its stops and its PSNRs."""

    def answer(psnr, stops, scenes):
        rows = {name: np.array(scenes) == name for name in scenes}
        return {name: number(stops[rows[name]], psnr[rows[name]]) for name in rows}

    return answer


def rise(x, y):
    return y[x.argmax()] - y[x.argmin()]


def one_for_all(psnr, stops, scenes):
    return dict.fromkeys(scenes, line(stops, psnr))


def scaled(values, factors):
    return np.rint(np.clip(values * factors, 0, 255)).astype(np.uint8)


def means(photo):
    return photo.mean(axis=(0, 1))


def wrapped(photo):
    return (photo * (photo.mean() / means(photo))).astype(np.int64).astype(np.uint8)


def not_a_number(photo):
    with np.errstate(all="ignore"):
        factors = np.nan_to_num(photo.mean() / means(photo), nan=0, posinf=0)
        factors[means(photo) == 0] = 1
        return scaled(photo + 1.0 * (means(photo) == 0), factors)


def divided_by_nothing(photo):
    values = photo.astype(np.float64)
    return np.clip(np.rint(values * values.mean() / means(photo)), 0, 255).astype(np.uint8)


MISTAKES = {
    "06-dark-slope": {
        "one line for all": one_for_all,
        "axes exchanged": of_scenes(lambda x, y: line(y, x)),
        "intercept": of_scenes(lambda x, y: line(x, y, 1)),
        "stops counted downwards": of_scenes(lambda x, y: line(-x, y)),
        "share of light": of_scenes(lambda x, y: line(2**x, y)),
        "first and last": of_scenes(lambda x, y: rise(x, y) / np.ptp(x)),
        "by the number of photographs": of_scenes(lambda x, y: rise(x, y) / len(x)),
        "an array": lambda psnr, stops, scenes: np.array([1.0, 2.0, 3.0]),
    },
    "06-cheat-loe": {
        "identity": baselines.identity,
        "all black": np.zeros_like,
        "half the values": lambda photo: photo // 2,
        "negative": lambda photo: 255 - photo,
        "as bright as it can be": lambda photo: photo + (255 - photo.max()) // 4,
        "lightness alone": lambda photo: photo.max(axis=2),
        "one level less": lambda photo: np.maximum(photo, 1) - 1,
    },
    "06-grey-world": {
        "no cut at white": wrapped,
        "factors upside down": lambda photo: scaled(photo, means(photo) / photo.mean()),
        "scaled to green": lambda photo: scaled(photo, means(photo)[1] / means(photo)),
        "scaled to the strongest": lambda p: scaled(p, means(p).max() / means(p)),
        "a grey picture": lambda p: scaled(p.mean(axis=2, keepdims=True), np.ones(3)),
        "means of columns": lambda p: scaled(p, p.mean() / np.maximum(p.mean(axis=0), 1e-9)),
        "added": lambda p: np.clip(p + p.mean() - means(p), 0, 255).astype(np.uint8),
        "a black channel is no number": divided_by_nothing,
        "floats": lambda photo: photo * (photo.mean() / np.maximum(means(photo), 1)),
    },
}
