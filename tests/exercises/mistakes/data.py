import numpy as np


def line(a, b, axis=0):
    """Slope and height at 0 of half the difference's variance against the mean."""
    slope, base = np.polyfit(((a + b) / 2).mean(axis), (a - b).var(axis) / 2, 1)
    return slope, max(base, 0.0)


def camera_of(slope, base):
    return 1 / slope, base**0.5 / slope


def one_frame(a, b):
    slope, base = np.polyfit(a.mean(axis=0), a.var(axis=0), 1)
    return camera_of(slope, max(base, 0.0))


def standard_deviation(a, b):
    slope, base = np.polyfit((a + b).mean(axis=0) / 2, (a - b).std(axis=0) / 2**0.5, 1)
    return 1 / slope, base / slope


def read_variance(a, b):
    slope, base = line(a, b)
    return 1 / slope, base / slope**2


def ratio(light, exposure, unit, read_variance):
    return light * exposure * unit / np.sqrt(light * exposure * unit + read_variance)


def frames(light, short, long, unit, read_variance):
    one, other = (ratio(light, exposure, unit, read_variance) for exposure in (short, long))
    return (other / one) ** 2


def right_burst(light, short, long, camera):
    return frames(light, short, long, camera.full_well, camera.read_noise**2)


def falls_off(height, width, centre, radius, power=2):
    y, x = np.mgrid[:height, :width]
    return (np.hypot(y - centre[0], x - centre[1]) / radius) ** power


MISTAKES = {
    "01-camera": {
        "variance of the difference, not halved": lambda a, b: camera_of(*2 * np.array(line(a, b))),
        "variance of one frame": one_frame,
        "standard deviation for variance": standard_deviation,
        "over the wrong axis": lambda a, b: camera_of(*line(a, b, axis=1)),
        "read noise in units of white": lambda a, b: (1 / line(a, b)[0], line(a, b)[1] ** 0.5),
        "variance of the read noise": read_variance,
        "slope for full well": lambda a, b: (line(a, b)[0], camera_of(*line(a, b))[1]),
        "one number": lambda a, b: 1 / line(a, b)[0],
    },
    "01-burst": {
        "ratio of noises, not squared": lambda *a: right_burst(*a) ** 0.5,
        "turned round": lambda *a: 1 / right_burst(*a),
        "photons only": lambda x, *a: frames(x, *a[:2], a[2].full_well, 0),
        "white mixed with electrons": lambda x, *a: frames(x, *a[:2], 1, a[2].read_noise ** 2),
        "read noise not squared": lambda x, *a: frames(x, *a[:2], a[2].full_well, a[2].read_noise),
        "rounded up": lambda *a: np.ceil(right_burst(*a)),
        "mean over brightness": lambda *a: right_burst(*a).mean(),
    },
    "01-spot": {
        "row and column swapped": lambda h, w, c, r: np.maximum(
            2.0 ** -falls_off(h, w, c[::-1], r), 2.0**-6
        ),
        "transposed": lambda h, w, c, r: 2.0 ** -falls_off(w, h, c[::-1], r),
        "stops for light": lambda h, w, c, r: np.maximum(-falls_off(h, w, c, r), -6),
        "no floor": lambda h, w, c, r: 2.0 ** -falls_off(h, w, c, r),
        "e for 2": lambda h, w, c, r: np.maximum(np.exp(-falls_off(h, w, c, r)), 2.0**-6),
        "distance not squared": lambda h, w, c, r: np.maximum(
            2.0 ** -falls_off(h, w, c, r, 1), 2.0**-6
        ),
    },
}
