"""How many answered, per unit and group, without telling who: small cells are shown as a range.

A unit with three persons of a group knows from «3/3» who answered. So a cell with fewer than k persons asked shows only
the range 0 to asked, and a total is exact only where it does not give such a cell away by subtraction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """Persons asked, and how many answered: between `low` and `high`, both inclusive, equal where exact."""

    asked: int
    low: int
    high: int

    @property
    def exact(self) -> bool:
        return self.low == self.high

    @property
    def answered_text(self) -> str:
        """«12», or «0–3» for a range."""
        return str(self.low) if self.exact else f"{self.low}–{self.high}"

    @property
    def percent(self) -> int | None:
        """Answered as whole percent, half up; none where nobody is asked or the figure is a range."""
        return (200 * self.low + self.asked) // (2 * self.asked) if self.asked and self.exact else None


@dataclass(frozen=True)
class UnitTurnout:
    """One submitting unit: its lists and its answers by group (only the groups it is asked for)."""

    unit_id: int
    code: str
    name: str
    lists_due: int
    lists_submitted: int
    lists_approved: int
    groups: Mapping[str, Cell]
    total: Cell


@dataclass(frozen=True)
class Turnout:
    """All units with the totals of groups and of the whole."""

    units: tuple[UnitTurnout, ...]
    groups: Mapping[str, Cell]
    total: Cell

    @property
    def has_ranges(self) -> bool:
        """Whether any figure is shown as a range, so that the page explains it."""
        return any(not cell.exact for unit in self.units for cell in unit.groups.values())


Counts = Mapping[tuple[int, str], tuple[int, int]]  # (unit id, group) → (asked, answered)


def turnout(
    lists: Iterable[tuple[int, str, str, int, int, int]], counts: Counts, groups: Sequence[str], k_min: int
) -> Turnout:
    """The table of turnout. `lists`: (unit id, code, name, lists due, submitted, approved) in the order to be shown."""
    units = [_unit_turnout(row, counts, groups, k_min) for row in lists]
    shown = {group: [(unit.groups[group], unit) for unit in units if group in unit.groups] for group in groups}
    totals = {
        group: _total([(cell, *counts[unit.unit_id, group]) for cell, unit in cells], k_min)
        for group, cells in shown.items()
        if cells
    }
    in_all = [(totals[group], *_sums(counts[unit.unit_id, group] for _, unit in shown[group])) for group in totals]
    return Turnout(tuple(units), totals, _total(in_all, k_min))


def _unit_turnout(
    row: tuple[int, str, str, int, int, int], counts: Counts, groups: Sequence[str], k_min: int
) -> UnitTurnout:
    unit_id, code, name, due, submitted, approved = row
    own = {group: counts[unit_id, group] for group in groups if (unit_id, group) in counts}
    cells = {group: _cell(asked, answered, k_min) for group, (asked, answered) in own.items()}
    total = _total([(cells[group], *own[group]) for group in own], k_min)
    return UnitTurnout(unit_id, code, name, due, submitted, approved, cells, total)


def _cell(asked: int, answered: int, k_min: int) -> Cell:
    return Cell(asked, 0, asked) if 0 < asked < k_min else Cell(asked, answered, answered)


def _total(parts: Sequence[tuple[Cell, int, int]], k_min: int) -> Cell:
    """The sum of parts (cell as shown, asked, answered): exact where nothing is hidden, or so much that taking the
    exact parts away leaves at least two cells with k persons, of whom some answered and some did not."""
    asked, answered = sum(part[1] for part in parts), sum(part[2] for part in parts)
    hidden = [part for part in parts if not part[0].exact]
    hidden_asked, hidden_answered = sum(part[1] for part in hidden), sum(part[2] for part in hidden)
    mixed = 0 < hidden_answered < hidden_asked  # of «none» and «all» every cell would be known
    if not hidden or (len(hidden) > 1 and hidden_asked >= k_min and mixed):
        return Cell(asked, answered, answered)
    return Cell(asked, sum(part[0].low for part in parts), sum(part[0].high for part in parts))


def _sums(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    asked, answered = 0, 0
    for pair in pairs:
        asked, answered = asked + pair[0], answered + pair[1]
    return asked, answered
