"""Measure everything that is recorded, anew, and renew the tables made of it.

    python -m lacr_lib.results.remake --data DIR        (or: make results DATA=DIR)

DIR holds sice/val, the held-out scenes, and, where you have them, sice/train, from which the light
axis and the probe for exposure are taken, and unpaired/nasa, lime, mef and npe.
Every baseline and every released weight is measured; the records beside this file, the tables of
README.md and of the model cards, and the figures in the list of weights are written from that.
Contact sheets of the unpaired photographs, to look at, go to build/results/.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lacr_lib.errors import LacrError, exit_code
from lacr_lib.inference.files import write_text, write_whole
from lacr_lib.results.records import FOLDER, read_record

if TYPE_CHECKING:
    from lacr_lib.data.layouts import PhotoSet
    from lacr_lib.models.vae import LacrVae

EMBEDDED = "embedded"
PAIRED = {"sice-val": "sice/val"}
UNPAIRED = {name: f"unpaired/{name}" for name in ("nasa", "lime", "mef", "npe")}
TRAINED = {"sice-val": "sice/train"}  # scenes that axis and probe are taken from
JUDGES = {  # released file of a small model without LACR -> what it is
    "ablation/vae-rcam-seed1.safetensors": "the ablation's VAE + RCAM",
    "film/without-2000.safetensors": "the film's model without LACR",
}
REGISTERED = ("lacr-vae", "lacr-vae-no-lacr", "auto-gamma")  # the models, the best classical method
WORST = 5  # photographs of the failure gallery
SHEETS = Path("build/results")
Photo = NDArray[np.uint8]
Methods = dict[str, tuple[str, Callable[[Photo], Photo]]]


def remake(data: Path, only: Iterable[str] = ()) -> None:
    """Measure on every set that is there. only: names of methods, none for all.

    "embedded" in place of a folder: the held-out photographs that ship with the packages, alone.
    Raises LacrError when the held-out scenes are missing: everything else leans on them.
    """
    from lacr_lib.data.layouts import open_photoset

    methods = all_methods()
    unknown = set(only) - set(methods)
    if unknown:
        raise LacrError(f"no method {sorted(unknown)[0]!r}; there are {', '.join(methods)}")
    chosen = {name: methods[name] for name in methods if not only or name in only}
    if str(data) == EMBEDDED:
        evaluate_all(chosen, open_photoset(EMBEDDED).select("test"), EMBEDDED)
        return
    for name, place in PAIRED.items():
        if not (data / place).is_dir():
            raise LacrError(f"{data / place} is missing: --data holds {place}")
        photoset = open_photoset(data / place)
        evaluate_all(chosen, photoset, name)
        unharmed(chosen, photoset, name)
        if not only:
            failures(methods["lacr-vae"][1], photoset, name)
            pull_of_the_pair(photoset, name)
            judges(photoset, name)
            registered(methods, photoset, name)
            curve_oracle(photoset, name)
            light_oracle(photoset, name)
            if (data / TRAINED[name]).is_dir():
                latent_light(open_photoset(data / TRAINED[name]), photoset, name)
    for name, place in UNPAIRED.items():
        if (data / place).is_dir():
            photoset = open_photoset(data / place)
            evaluate_all(chosen, photoset, name)
            contact_sheet(methods["lacr-vae"][1], photoset, SHEETS / f"{name}.jpg")


def all_methods() -> Methods:
    """Name of each method -> the option of `lacr evaluate` that runs it, what is run."""
    from lacr_lib.evaluation.baselines import BASELINES
    from lacr_lib.inference.load import load_model
    from lacr_lib.inference.released import released_weights

    methods: Methods = {name: ("--method", method) for name, method in BASELINES.items()}
    for weights in released_weights():
        methods[weights.name] = ("--weights", _enhancer(load_model(weights.name)))
    return methods


def _enhancer(model: LacrVae) -> Callable[[Photo], Photo]:
    from lacr_lib.inference.enhance import enhance

    return lambda photo: enhance(model, photo)


def evaluate_all(methods: Methods, photoset: PhotoSet, name: str) -> None:
    """`lacr evaluate` of each method: NAME-evaluate-METHOD.json."""
    from lacr_lib.evaluation.evaluate import evaluate

    for method, (flag, run) in methods.items():
        evaluation = evaluate(run, photoset, method)
        about = made_by(f"lacr evaluate --data {name} {flag} {method}")
        write(f"{name}-evaluate-{method}", {"method": method, **about, **evaluation.as_dict()})
        score = evaluation.mean("psnr")
        told = f"LOE {evaluation.mean('loe'):.1f}" if score is None else f"{score:.2f} dB"
        print(f"{name} {method}: {told}", flush=True)


def unharmed(methods: Methods, photoset: PhotoSet, name: str) -> None:
    """PSNR of each well-lit photograph against its own "enhancement": NAME-clear-METHOD.json."""
    from lacr_lib.evaluation.unharmed import returned

    for method, (_, run) in methods.items():
        scores = returned(run, photoset)
        values = np.array([score.psnr for score in scores.values()])
        record = {
            "method": method,
            **made_by(f"make results DATA=DIR: unharmed of {name}"),
            "median": float(np.median(values)),
            "percentile_10": float(np.percentile(values, 10)),
            "scenes": dict(zip(scores, values.round(4).tolist(), strict=True)),
        }
        write(f"{name}-clear-{method}", record)
        print(f"{name} {method}: clear photographs {record['median']:.1f} dB", flush=True)


def failures(run: Callable[[Photo], Photo], photoset: PhotoSet, name: str) -> None:
    """The worst recorded photographs, no scene twice, with their fault: NAME-failures.json."""
    from lacr_lib.evaluation.repair import repairs

    recorded = read_record(f"{name}-evaluate-lacr-vae", FOLDER)["per_image"]
    scores = {image["name"]: image["psnr"] for image in recorded}
    worst: dict[str, Any] = {}
    for pair in sorted(photoset.pairs(), key=lambda pair: scores[pair.name]):
        if pair.scene in worst or len(worst) == WORST:
            continue
        loans = repairs(run(pair.low.read()), pair.clear.read())
        worst[pair.scene] = {
            "name": pair.name,
            "psnr": scores[pair.name],
            "mean_luma": float(pair.low.read().mean() / 255),
            "main_fault": loans.main_fault,
            **{f"bought_by_{key}": value for key, value in loans._asdict().items()},
        }
    about = made_by(f"make results DATA=DIR: failures of {name}")
    write(f"{name}-failures", {"method": "lacr-vae", **about, "worst": list(worst.values())})


def pull_of_the_pair(photoset: PhotoSet, name: str) -> None:
    """`lacr pull` of the default weights against their twin: NAME-pull.json."""
    from lacr_lib.inference.load import load_model
    from lacr_lib.latent.pull import pull

    names = ("lacr-vae", "lacr-vae-no-lacr")
    result = pull(load_model(names[0]), load_model(names[1]), photoset, names)
    write(f"{name}-pull", {**made_by(f"lacr pull --data {name}"), **result})


def judges(photoset: PhotoSet, name: str) -> None:
    """The shared alignment ratio by encoders that are no kin of the pair: NAME-judges.json.

    Both judges are small models of other runs, and neither was trained with LACR.
    """
    from lacr_lib.inference.load import load_model
    from lacr_lib.inference.released import WEIGHTS_FOLDER
    from lacr_lib.latent.pull import pull

    ours, twin = (load_model(weights) for weights in ("lacr-vae", "lacr-vae-no-lacr"))
    found: dict[str, Any] = {}
    for judge in JUDGES:
        result = pull(ours, twin, photoset, judge=load_model(WEIGHTS_FOLDER / judge))
        ratio = "alignment_ratio_shared"
        found[judge] = {
            **{side: result[side][ratio] for side in ("weights", "against")},
            "difference": result["difference"][ratio],
        }
        print(f"{name} judged by {judge}: {found[judge]['difference'][0]:+.3f}", flush=True)
    write(f"{name}-judges", {**made_by(f"make results DATA=DIR: judges of {name}"), **found})


def latent_light(train: PhotoSet, photoset: PhotoSet, name: str) -> None:
    """What the latents know of light: NAME-latent-light.json."""
    from lacr_lib.inference.load import load_model
    from lacr_lib.results.latent_light import measure_light

    about = made_by(f"make results DATA=DIR: latent_light of {name}")
    record = measure_light(load_model("lacr-vae"), train, photoset)
    write(f"{name}-latent-light", {"method": "lacr-vae", **about, **record})
    print(f"{name}: probe R^2 {record['probe_r2'][0]:.3f}", flush=True)


def registered(methods: Methods, photoset: PhotoSet, name: str) -> None:
    """Scores against references moved onto their photographs: NAME-registered-METHOD.json."""
    from lacr_lib.evaluation.evaluate import evaluate

    for method in REGISTERED:
        flag, run = methods[method]
        evaluation = evaluate(run, photoset, method, register=True)
        about = made_by(f"lacr evaluate --data {name} {flag} {method} --register")
        write(f"{name}-registered-{method}", {"method": method, **about, **evaluation.as_dict()})
        print(f"{name} {method}, registered: SSIM {evaluation.mean('ssim'):.4f}", flush=True)


def curve_oracle(photoset: PhotoSet, name: str) -> None:
    """What the best tone curves reach, references as they are and registered: NAME-curve.json."""
    from lacr_lib.evaluation.metrics import psnr, ssim
    from lacr_lib.evaluation.oracle import best_curve
    from lacr_lib.evaluation.registration import find_shift, shifted

    scores = []
    for pair in photoset.pairs():
        low, clear = pair.low.read(), pair.clear.read()
        references = (clear, shifted(clear, find_shift(low, clear)))
        lit = [best_curve(low, reference) for reference in references]
        scores.append([f(*two) for f in (psnr, ssim) for two in zip(lit, references, strict=True)])
    fields = ("psnr", "psnr_registered", "ssim", "ssim_registered")
    means = dict(zip(fields, np.mean(scores, axis=0).tolist(), strict=True))
    about = made_by(f"make results DATA=DIR: curve_oracle of {name}")
    write(f"{name}-curve", {**about, "n": len(scores), **means})
    print(f"{name} best tone curve: SSIM {means['ssim']:.4f}", flush=True)


def light_oracle(photoset: PhotoSet, name: str, every: int = 6) -> None:
    """What the best smooth gain reaches, as odds and as a product: NAME-light.json."""
    import torch

    from lacr_lib.data.batches import to_tensor
    from lacr_lib.data.images import as_float
    from lacr_lib.evaluation.metrics import psnr, ssim
    from lacr_lib.evaluation.oracle import best_light
    from lacr_lib.latent.pairs import photo, texture_energy
    from lacr_lib.models.config import Light

    ways: tuple[Light, ...] = ("odds", "product")
    pairs = photoset.pairs()[::every]
    found: dict[str, Any] = {}
    for light in ways:
        scores = []
        for pair in pairs:
            low, clear = (to_tensor(as_float(x.read()))[None] for x in (pair.low, pair.clear))
            lit = best_light(low, clear, light).clamp(0, 1)
            texture = texture_energy(lit) / texture_energy(clear)
            scores.append((psnr(photo(lit), photo(clear)), ssim(photo(lit), photo(clear)), texture))
        means = torch.tensor(scores).mean(dim=0).tolist()
        found[light] = dict(zip(("psnr", "ssim", "texture_ratio"), means, strict=True))
        print(f"{name} best smooth gain as {light}: {means[0]:.2f} dB", flush=True)
    about = made_by(f"make results DATA=DIR: light_oracle of {name}")
    write(f"{name}-light", {**about, "n": len(pairs), "cell": 32, **found})


def contact_sheet(run: Callable[[Photo], Photo], photoset: PhotoSet, file: Path) -> None:
    """Every photograph of a set above its enhancement, four across, as one picture."""
    import matplotlib.pyplot as plt

    from lacr_lib.data.images import resize_to
    from lacr_lib.figures.images import show_grid

    photos = [frame.read() for scene in photoset.scenes for frame in scene.low]
    rows = []
    for first in range(0, len(photos), 4):
        four = [resize_to(photo, 480) for photo in photos[first : first + 4]]
        blank = [np.full_like(four[0], 255)] * (4 - len(four))
        rows += [four + blank, [run(photo) for photo in four] + blank]
    figure = show_grid(rows, ["low", "enhanced"] * (len(rows) // 2), width=14)
    write_whole(file, lambda part: figure.savefig(part, format="jpg", dpi=100))
    plt.close(figure)
    print(f"{file}: {len(photos)} photographs", flush=True)


def made_by(command: str) -> dict[str, str]:
    """What every record says of itself."""
    today = datetime.date.today().isoformat()
    return {"command": command, "date": today, "machine": f"CPU, {platform.machine()}"}


def write(name: str, record: dict[str, Any]) -> None:
    """The record to NAME.json beside the others."""
    write_text(FOLDER / f"{name}.json", json.dumps(record, allow_nan=False) + "\n")


def main(arguments: list[str] | None = None) -> int:
    """Measures and writes the tables; returns the exit code."""
    from lacr_lib.results.tables import write_index, write_tables

    parser = argparse.ArgumentParser(prog="python -m lacr_lib.results.remake")
    told = "a folder that holds sice/val, or embedded; without it, only tables"
    parser.add_argument("--data", type=Path, help=told)
    parser.add_argument("--only", nargs="*", default=[], help="methods to measure, in place of all")
    options = parser.parse_args(arguments)

    def work() -> None:
        if options.data:
            remake(options.data, options.only)
        write_index()
        write_tables()

    return exit_code("results", work)


if __name__ == "__main__":
    sys.exit(main())
