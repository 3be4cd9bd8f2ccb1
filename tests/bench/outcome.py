"""One line of the table of `./run bench durability`."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class Outcome:
    """What became of so many runs of one bar of security.md 6.3."""

    bar: str
    what: str
    runs: int = 0
    acknowledged: int = 0
    lost: int = 0  # acknowledged, and not in the database
    doubled: int = 0  # more than one answer under one code
    unsound: int = 0  # runs after which the database was damaged, or marked and stored did not agree
    refused: int = 0  # sendings that should have been taken and were not, or should have been refused and were not
    note: str = ""

    @property
    def holds(self) -> bool:
        return self.acknowledged > 0 and self.lost == self.doubled == self.unsound == self.refused == 0


def table(outcomes: Iterable[tuple[Outcome, bool]]) -> str:
    """The table; the second of each pair says whether the line is a control, which has to fail."""
    figures = ("runs", "acknowledged", "lost", "doubled", "unsound", "refused")
    head = f"{'bar':6} {'what':68}" + "".join(f" {name:>12}" for name in figures) + "  verdict"
    lines = [head, "-" * len(head)]
    for one, control in outcomes:
        verdict = ("caught" if not one.holds else "NOT CAUGHT") if control else ("holds" if one.holds else "BROKEN")
        what = ("control: " if control else "") + one.what
        line = f"{one.bar:6} {what:68}" + "".join(f" {getattr(one, name):>12}" for name in figures)
        lines.append(f"{line}  {verdict}{'  ' + one.note if one.note else ''}")
    return "\n".join(lines)
