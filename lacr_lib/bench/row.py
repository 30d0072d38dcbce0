"""A row of the benchmark's table, and when it has fallen behind what was recorded."""

from __future__ import annotations

from typing import Any, NamedTuple

SLACK = 1.2  # how many times worse than its record a row may be


class Row(NamedTuple):
    """One measured figure, mostly a ratio to a yardstick of the same run.

    value: None where it could not be measured here; `note` then says why. met: does it reach its
    target? smaller: whether a smaller value is better. details: further figures, for the record;
    `told` among them, a text, stands beside the value.
    """

    name: str
    what: str
    target: str
    value: float | None = None
    met: bool | None = None
    smaller: bool = True
    details: dict[str, Any] = {}  # noqa: RUF012  # a NamedTuple's default; never changed
    note: str = ""

    def shown(self) -> str:
        """The figure in three digits, with what is told beside it."""
        if self.value is None:
            return "not measured"
        return f"{self.value:.3g}" + (
            f" ({self.details['told']})" if "told" in self.details else ""
        )

    def behind(self, recorded: dict[str, Any]) -> str:
        """One line if the row is 20 % worse than its record or lost its target; else "".

        A record of another `what`, such as of other photographs, says nothing about the row.
        """
        old = recorded.get("value")
        if self.value is None or old is None or recorded.get("what") != self.what:
            return ""
        worse = self.value > SLACK * old if self.smaller else SLACK * self.value < old
        if worse:
            return f"{self.name}: {self.value:.3g}, recorded {old:.3g}: over 20 % behind"
        if recorded.get("met") and not self.met:
            return f"{self.name}: {self.value:.3g} misses {self.target}, recorded {old:.3g}"
        return ""
