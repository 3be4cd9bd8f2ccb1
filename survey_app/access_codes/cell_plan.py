"""Which publication cells (*ô công bố*) a group is cut into, and which are too small to stand alone.

A group has one cell; a group of citizens has besides one cell for each submitting unit, with the group's cell as
parent. A cell with fewer than k invited goes into its parent at once, before any code exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PlannedCells:
    """For each unit the number of its persons, whether its cell merges, and how many stay in the group's own cell."""

    counts: Mapping[int, int]  # unit id -> persons
    merged: frozenset[int]  # units whose cell goes into the group's
    in_group_cell: int
    by_unit: bool  # whether units have cells at all

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def plan_cells(counts: Mapping[int, int], k_min: int, *, by_unit: bool) -> PlannedCells:
    """The cells of one group, `counts` being its persons by submitting unit.

    Without `by_unit` all persons are in the group's cell. With it the cells under `k_min` merge into the group's; if
    those alone are still fewer than `k_min`, the smallest other cells follow until they are enough, so that nobody
    stays in a small remainder.
    """
    if not by_unit:
        return PlannedCells(dict(counts), frozenset(counts), sum(counts.values()), by_unit=False)
    merged = {unit for unit, persons in counts.items() if persons < k_min}
    together = sum(counts[unit] for unit in merged)
    for unit in sorted(set(counts) - merged, key=lambda unit: (counts[unit], unit)):
        if together == 0 or together >= k_min:
            break
        merged.add(unit)
        together += counts[unit]
    return PlannedCells(dict(counts), frozenset(merged), together, by_unit=True)
