"""The check that a learner calls; it never raises, so that nobody is blocked."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from lacr_lib.exercises import amsm, data, evaluation, lacr, latent, rcam, research, vae
from lacr_lib.exercises.exercise import Exercise

EXERCISES: dict[str, Exercise] = {
    **data.EXERCISES,
    **vae.EXERCISES,
    **rcam.EXERCISES,
    **amsm.EXERCISES,
    **lacr.EXERCISES,
    **evaluation.EXERCISES,
    **latent.EXERCISES,
    **research.EXERCISES,
}


def check(name: str, answer: Any) -> None:
    """Prints "to do", "wrong: " and a hint, or "correct"; shows the expected picture until then.

    name: of the exercise, such as "02-kl"; answer: the learner's function itself, not its result.
    """
    exercise = EXERCISES.get(name)
    if exercise is None:
        print(f"{name}: there is no such exercise; there are {', '.join(EXERCISES)}")
        return
    said = verdict(exercise, answer)
    print(f"{name}: {said}")
    if exercise.expected is not None and said != "correct":
        print("What should come out:")
        exercise.expected()


def verdict(exercise: Exercise, answer: Any) -> str:
    """What `check` prints of an answer. Random numbers drawn here are not missed elsewhere."""
    if not callable(answer):
        return "wrong: hand over the function itself, without brackets and arguments"
    state = np.random.get_state()
    try:
        with torch.random.fork_rng():
            hint = exercise.examine(answer)
    except Exception as error:  # whatever a learner's code may raise
        if isinstance(error, NotImplementedError) and str(error) == "your turn":  # of the stub
            return "to do"
        return f"wrong: it raised {type(error).__name__}: {' '.join(str(error).split())}"
    finally:
        np.random.set_state(state)
    return "correct" if hint is None else f"wrong: {hint}"
