"""Which clusters, and who in each (*chọn mẫu hai giai đoạn*): clusters by size, then as many persons in each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.allocation import whole_numbers
from analysis.selection import (
    Numbers,
    Selection,
    SelectionError,
    check_keys,
    check_size,
    positions_by,
    pps,
    random_number,
    simple_random,
)


def joined_clusters(clusters: Sequence[str], smallest: int) -> list[str]:
    """Names of clusters after small ones were joined to the next in order, until each has `smallest` rows.

    A cluster that cannot yield its share would break the equal weights. Source: Valliant, Dever & Kreuter (2018) 10.
    No R equivalent: clusters are joined by hand before `PracTools` or `sampling` select them.
    """
    groups: list[list[str]] = []
    held = 0
    counts = {name: len(rows) for name, rows in positions_by(clusters).items()}
    for name, rows in counts.items():
        if not groups or held >= smallest:
            groups.append([])
            held = 0
        groups[-1].append(name)
        held += rows
    if held < smallest and len(groups) > 1:
        groups[-2].extend(groups.pop())
    new_names = {name: " + ".join(group) for group in groups for name in group}
    return [new_names[name] for name in clusters]


def two_stage(
    keys: Sequence[str], clusters: Sequence[str], first: int, n: int, seed: str, method: str = "systematic"
) -> Selection:
    """`first` clusters by PPS of their rows, then SRS of n / first rows in each: every row has π = n / N.

    Clusters that are certain share in n by size, in whole persons. Raises SelectionError when a cluster is smaller
    than what it has to give (join clusters first). Reserves by cluster, of the selected clusters only.
    Source: Cochran (1977) 11; R: `sampling::mstage(…)` with `UPsystematic` at the first stage.
    """
    check_keys(keys)
    check_size(n, len(keys))
    by_cluster = positions_by(clusters)
    if not 1 <= first <= len(by_cluster):
        raise SelectionError(f"Khung mẫu có {len(by_cluster)} cụm, không chọn được {first} cụm.")
    if n < first:
        raise SelectionError(f"Chọn {first} cụm thì cần ít nhất {first} người.")
    names = list(by_cluster)
    sizes = np.array([len(by_cluster[name]) for name in names], np.float64)
    stage_one = pps(names, sizes, first, seed, method)
    given = _persons_per_cluster(stage_one, sizes, n, seed, names)
    chosen, reserve = [], []
    for at, count in given.items():
        rows = by_cluster[names[at]]
        if count > len(rows):
            raise SelectionError(
                f"Cụm «{names[at]}» có {len(rows)} người, không chọn được {count} người. Tăng số cụm, hoặc gộp cụm nhỏ."
            )
        part = simple_random([keys[row] for row in rows], count, seed)
        chosen.append(rows[part.chosen])
        reserve.append(rows[part.reserve])
    probabilities = np.zeros(len(keys))
    expected = _expected_per_cluster(stage_one, sizes, n)
    for at, name in enumerate(names):
        probabilities[by_cluster[name]] = stage_one.probabilities[at] * expected[at] / sizes[at]
    return Selection(np.concatenate(chosen), np.concatenate(reserve), probabilities, tuple(clusters))


def _certain_counts(stage_one: Selection, sizes: Numbers, n: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(which clusters are certain, persons of the certain ones in order followed by those of all others together)."""
    certain = stage_one.probabilities >= 1
    rest = sizes[~certain].sum()
    parts = np.append(sizes[certain], rest) if rest else sizes[certain]
    return certain, whole_numbers(n * parts / parts.sum(), parts)


def _expected_per_cluster(stage_one: Selection, sizes: Numbers, n: int) -> Numbers:
    """Mean number of persons of each cluster, given that it was selected."""
    certain, counts = _certain_counts(stage_one, sizes, n)
    result = np.zeros(len(sizes))
    result[certain] = counts[: certain.sum()]
    if not certain.all():
        result[~certain] = counts[-1] / round(float(stage_one.probabilities[~certain].sum()))
    return result


def _persons_per_cluster(stage_one: Selection, sizes: Numbers, n: int, seed: str, names: list[str]) -> dict[int, int]:
    """Persons of each selected cluster; chance says which clusters give one more when it does not divide."""
    certain, counts = _certain_counts(stage_one, sizes, n)
    given = dict(zip(np.flatnonzero(certain).tolist(), counts.tolist(), strict=False))
    others = [int(at) for at in stage_one.chosen if not certain[at]]
    if others:
        share, more = divmod(int(counts[-1]), len(others))
        lucky = sorted(others, key=lambda at: random_number(seed, "one more", names[at]))[:more]
        given |= {at: share + (at in lucky) for at in others}
    return {at: count for at, count in given.items() if count}
