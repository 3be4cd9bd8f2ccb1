"""Which cells have too few answers to stand alone, and where do they go?

Cells form a tree announced before the first code existed: a cell of a commune has the cell of its group as parent. At
opening, a cell with fewer than k answers merges into its parent; if the parent then has answers, but still fewer than
k, its smallest other child follows, until k is reached or nothing is left to merge.
"""

from collections.abc import Mapping


def merge_small_cells(received: Mapping[int, int], parents: Mapping[int, int | None], k: int) -> dict[int, int]:
    """Cell -> the cell in which its answers are counted (itself when it stands alone).

    `received` counts answers per cell; `parents` names every cell of the tree.
    """
    counts = {cell: received.get(cell, 0) for cell in parents}
    merged: dict[int, int] = {}  # cell -> the parent it went to

    def merge(cell: int, parent: int) -> None:
        merged[cell] = parent
        counts[parent] += counts[cell]
        counts[cell] = 0

    # The deepest cells first, so that what merged into a parent is counted before the parent is judged.
    for cell in sorted(parents, key=lambda cell: (-_depth(cell, parents), cell)):
        for child in _standing_children(cell, parents, merged, counts):
            if 0 < counts[cell] < k:
                merge(child, cell)
        parent = parents[cell]
        if parent is not None and cell not in merged and counts[cell] < k:
            merge(cell, parent)
    return {cell: _end(cell, merged) for cell in parents}


def _standing_children(
    cell: int, parents: Mapping[int, int | None], merged: Mapping[int, int], counts: Mapping[int, int]
) -> list[int]:
    """Children that stand alone so far, the smallest first."""
    children = [child for child, parent in parents.items() if parent == cell and child not in merged]
    return sorted(children, key=lambda child: (counts[child], child))


def _depth(cell: int, parents: Mapping[int, int | None]) -> int:
    depth = 0
    parent = parents[cell]
    while parent is not None:
        depth += 1
        parent = parents[parent]
    return depth


def _end(cell: int, merged: Mapping[int, int]) -> int:
    while cell in merged:
        cell = merged[cell]
    return cell
