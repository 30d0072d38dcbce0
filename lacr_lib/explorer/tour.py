"""Six numbered views for a lecture: what each asks, and the state of the page that answers it."""

from __future__ import annotations

from typing import Any

START = {"map": "UMAP", "side": "with", "film": "last", "colour": "kind", "show": "", "scene": ""}

DARK = (
    "Where are the dark photographs?",
    "Blue triangles point down: regions of low-light photographs. Green ones point up: clear ones. "
    "Do they lie apart? Change the map: what only one map shows, do not believe.",
)
ENHANCED = (
    "Where does enhancement take them?",
    "An arrow leads from each low-light photograph to its enhanced one, at the mean place of its "
    "regions. Its colour is the pull measured in the latent, not the length on the map.",
)
LACR = (
    "Is that the work of LACR?",
    "Change the model. Clear points lie almost still: what moves is what LACR did. A trail marks "
    "a region whose nearest neighbours really changed. Then compare the medians and intervals.",
)
LADDERS = (
    "Are exposures in order?",
    "A line joins the exposures of one scene, darkest first, the arrowhead at clear. Hover one: "
    "straightness and rank correlation with log exposure are measured in the latent.",
)
FILM = (
    "How did it come about?",
    "The start of training, before the first step. Press Play: the curve is the pull, measured in "
    "the latent at each snapshot. Watch when the two runs part, and when they come to rest.",
)
AXIS = (
    "What does the light axis do?",
    "Go down to the strip: photographs decoded while their codes move along one direction. Bars "
    "tell how many real regions lie at each step; where there are none, the picture is a guess.",
)
DOUBT = (
    "What does this not show?",
    "Colour is trust now: yellow points have other neighbours here than in the latent. Sizes, gaps "
    "and distances of a map mean nothing. And an arrived latent is no good picture yet: see PSNR, "
    "in a family or in the table below.",
)


def views(film: bool, twin: bool) -> list[dict[str, Any]]:
    """The views of a tour: title, text, and the state of the page, which its address also holds."""
    told: list[tuple[tuple[str, str], dict[str, str]]] = [
        (DARK, {}),
        (ENHANCED, {"show": "arrows"}),
        (LACR, {"show": "trails", "side": "without" if twin else "with"}),
        (LADDERS, {"show": "ladders"}),
        (FILM, {"show": "arrows", "film": "first"}) if film else (AXIS, {}),
        (DOUBT, {"colour": "trust"}),
    ]
    return [{"title": title, "text": text, "state": START | state} for (title, text), state in told]
