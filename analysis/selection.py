"""Who is in the sample (*chọn mẫu*)? A selection is a pure function of the keys of the frame, the design and the seed.

Randomness is SHA-256 of (algorithm, seed, purpose, key of the row): a row has the same random number on every machine,
in every version of every library and wherever it stands in the file, and anybody can compute it again without this
program. Rows are always taken in the order of their keys (or of the sort order asked for), never of the file.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

ALGORITHM = "sha256-1"  # a change of any result gets a new name here; samples keep the name they were drawn with
_MOST_ATTEMPTS = 20_000

Positions = NDArray[np.int64]
Numbers = NDArray[np.float64]


class SelectionError(ValueError):
    """A design that cannot be carried out on this frame; the sentence is for the user."""


@dataclass(frozen=True)
class Selection:
    """Positions of the rows selected and of the reserves, in order; the inclusion probability of every row, shape (N,).

    `strata` names for every row the stratum within which a reserve may stand in: its stratum, or its cluster.
    """

    chosen: Positions
    reserve: Positions
    probabilities: Numbers
    strata: tuple[str, ...]

    @property
    def weights(self) -> Numbers:
        """Design weights 1 / π of the selected rows, in their order."""
        return 1 / self.probabilities[self.chosen]


def random_number(seed: str, purpose: str, key: str) -> float:
    """A number in (0, 1): the first 53 bits of SHA-256("sha256-1|seed|purpose|key"), plus one half, over 2^53.

    R: the first 53 bits of `digest::digest(text, "sha256", serialize=FALSE)` as a binary fraction."""
    digest = hashlib.sha256(f"{ALGORITHM}|{seed}|{purpose}|{key}".encode()).digest()
    return ((int.from_bytes(digest[:8], "big") >> 11) + 0.5) / 2**53


def _numbers(seed: str, purpose: str, keys: Sequence[str]) -> Numbers:
    return np.array([random_number(seed, purpose, key) for key in keys], np.float64)


def _stream(seed: str, purpose: str) -> Iterator[float]:
    count = 0
    while True:
        yield random_number(seed, purpose, str(count))
        count += 1


def check_size(n: int, rows: int) -> None:
    """Raises SelectionError unless n of the rows can be selected.

    No R equivalent: `sample` stops with its own words."""
    if n < 1:
        raise SelectionError("Cỡ mẫu phải từ 1 người trở lên.")
    if n > rows:
        raise SelectionError(f"Khung mẫu chỉ có {rows} dòng, không chọn được {n} người.")


def check_keys(keys: Sequence[str]) -> None:
    """Raises SelectionError when two rows share a key: chance could not tell them apart.

    R: `stopifnot(!anyDuplicated(key))`."""
    if len(set(keys)) != len(keys):
        raise SelectionError("Mỗi dòng của khung mẫu phải có một khóa riêng.")


def _all_in_one(keys: Sequence[str]) -> tuple[str, ...]:
    return ("",) * len(keys)


def simple_random(keys: Sequence[str], n: int, seed: str) -> Selection:
    """SRS without replacement: the n smallest random numbers; the reserves are the next ones. π = n / N.

    Source: permanent random numbers, Ohlsson (1995). R: `order(u)[1:n]`; in law `sampling::srswor(n, N)`.
    """
    check_keys(keys)
    check_size(n, len(keys))
    order = np.argsort(_numbers(seed, "row", keys), kind="stable").astype(np.int64)
    return Selection(order[:n], order[n:], np.full(len(keys), n / len(keys)), _all_in_one(keys))


def systematic(
    keys: Sequence[str], n: int, seed: str, sort_by: Sequence[tuple[str, ...]] | None = None, purpose: str = "start"
) -> Selection:
    """Every (N / n)-th row of the sorted frame after a random start; the interval is a fraction, so π = n / N exactly.

    `sort_by` gives each row's place (ties: by key); without it the rows stand in random order. Reserves are the rows
    left, in random order. Source: Cochran (1977) 8.1; fractional interval: Särndal, Swensson & Wretman (1992) 3.4.
    R: `sampling::UPsystematic(rep(n/N, N))` on the sorted frame.
    """
    check_keys(keys)
    check_size(n, len(keys))
    chances = _numbers(seed, "row", keys)
    places = sort_by if sort_by is not None else [(f"{chance:.17f}",) for chance in chances]
    order = np.array(sorted(range(len(keys)), key=lambda at: (places[at], keys[at])), np.int64)
    start = random_number(seed, purpose, str(n)) * len(keys) / n
    steps = np.minimum(np.floor(start + np.arange(n) * (len(keys) / n)).astype(np.int64), len(keys) - 1)
    chosen = order[steps]
    return Selection(chosen, _left(chances, chosen), np.full(len(keys), n / len(keys)), _all_in_one(keys))


def _left(chances: Numbers, chosen: Positions) -> Positions:
    order = np.argsort(chances, kind="stable").astype(np.int64)
    return order[~np.isin(order, chosen)]


def stratified(
    keys: Sequence[str], strata: Sequence[str], allocation: Mapping[str, int], seed: str,
    sort_by: Sequence[tuple[str, ...]] | None = None, is_systematic: bool = False,
) -> Selection:  # fmt: skip
    """SRS (or systematic) within each stratum; `allocation` gives n_h, strata without one are left out (π = 0).

    π = n_h / N_h; reserves by stratum. R: `sampling::strata(data, "stratum", size = n_h, method = "srswor")`.
    """
    check_keys(keys)
    chosen, reserve = [], []
    probabilities = np.zeros(len(keys))
    for name, rows in positions_by(strata).items():
        n = allocation.get(name, 0)
        if n == 0:
            continue
        inside = [keys[at] for at in rows]
        if is_systematic:
            places = [sort_by[at] for at in rows] if sort_by is not None else None
            part = systematic(inside, n, seed, places, f"start {name}")
        else:
            part = simple_random(inside, n, seed)
        chosen.append(rows[part.chosen])
        reserve.append(rows[part.reserve])
        probabilities[rows] = part.probabilities
    if not chosen:
        raise SelectionError("Chưa tầng nào được phân người.")
    return Selection(np.concatenate(chosen), np.concatenate(reserve), probabilities, tuple(strata))


def positions_by(names: Sequence[str]) -> dict[str, Positions]:
    """Positions of the rows of each stratum or cluster, names in order. R: `split(seq_along(x), x)`."""
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        found.setdefault(name, []).append(at)
    return {name: np.array(found[name], np.int64) for name in sorted(found)}


def inclusion_probabilities(sizes: ArrayLike, n: int) -> Numbers:
    """π_i = n x_i / X; units that would exceed 1 are taken with certainty and the rest re-scaled until none does.

    Sizes of 0 get 0. Source: Tillé (2006) 2.10. R: `sampling::inclusionprobabilities(x, n)`.
    """
    x = np.asarray(sizes, np.float64)
    if (x < 0).any() or not np.isfinite(x).all():
        raise SelectionError("Quy mô không được âm.")
    eligible = int((x > 0).sum())
    if n > eligible:
        raise SelectionError(f"Chỉ {eligible} đơn vị có quy mô lớn hơn 0, không chọn được {n}.")
    result = np.zeros_like(x)
    certain = np.zeros(len(x), bool)
    while n > int(certain.sum()):
        open_ones = ~certain & (x > 0)
        result[open_ones] = (n - certain.sum()) * x[open_ones] / x[open_ones].sum()
        over = open_ones & (result >= 1 - 1e-12)
        if not over.any():
            break
        certain |= over
    result[certain] = 1
    result[~certain & (result >= 1)] = 0  # every place went to certain units
    return result


def pps(keys: Sequence[str], sizes: ArrayLike, n: int, seed: str, method: str = "systematic") -> Selection:
    """Probability proportional to size, without replacement; `method` is systematic, sampford or tille.

    Reserves: the rows left, drawn one after another with probability proportional to size. Source: Madow (1949),
    Sampford (1967), Tillé (1996). R: `sampling::UPsystematic(pik)`, `UPsampford(pik)`, `UPtille(pik)`.
    """
    check_keys(keys)
    check_size(n, len(keys))
    order = np.array(sorted(range(len(keys)), key=lambda at: keys[at]), np.int64)
    x = np.asarray(sizes, np.float64)
    pi = inclusion_probabilities(x, n)
    inner = order[(pi[order] > 0) & (pi[order] < 1)]
    certain = order[pi[order] >= 1]
    drawn = inner[_PPS[method](pi[inner], seed)] if len(inner) else inner
    chosen = np.concatenate([certain, drawn])
    waiting = np.where(x > 0, -np.log(_numbers(seed, "row", keys)) / np.where(x > 0, x, 1), np.inf)
    reserve = _left(waiting, chosen)
    return Selection(chosen, reserve[x[reserve] > 0], pi, _all_in_one(keys))


def _pps_systematic(pi: Numbers, seed: str) -> Positions:
    """Units whose stretch of the cumulated π holds start, start + 1, …"""
    ends = np.cumsum(pi)
    n = round(float(ends[-1]))
    ends[-1] = n  # the sum of π is whole but for rounding
    steps = random_number(seed, "start", "pps") + np.arange(n)
    return np.searchsorted(ends, steps, side="right").astype(np.int64)


def _pps_sampford(pi: Numbers, seed: str) -> Positions:
    """First unit by π, the others by π / (1 - π) with replacement, again from the start until all are distinct."""
    n = round(float(pi.sum()))
    first, following = np.cumsum(pi), np.cumsum(pi / (1 - pi))
    chance = _stream(seed, "sampford")
    for _ in range(_MOST_ATTEMPTS):
        drawn = [int(np.searchsorted(first, next(chance) * first[-1], side="right"))]
        while len(drawn) < n:
            one = int(np.searchsorted(following, next(chance) * following[-1], side="right"))
            if one in drawn:
                break
            drawn.append(one)
        else:
            return np.array(drawn, np.int64)
    raise SelectionError("Cách chọn Sampford không ra mẫu với cỡ này. Dùng cách hệ thống hoặc Tillé.")


def _pps_tille(pi: Numbers, seed: str) -> Positions:
    """One unit leaves at each step, with the probability that keeps π; what is left is the sample."""
    n = round(float(pi.sum()))
    living = np.arange(len(pi))
    chance = _stream(seed, "tille")
    before = np.ones(len(pi))
    for size in range(len(pi) - 1, n - 1, -1):
        after = inclusion_probabilities(pi, size)
        leaving = np.cumsum(1 - after[living] / before[living])
        gone = int(np.searchsorted(leaving, next(chance) * leaving[-1], side="right"))
        living = np.delete(living, gone)
        before = after
    return living.astype(np.int64)


_PPS: dict[str, Callable[[Numbers, str], Positions]] = {
    "systematic": _pps_systematic,
    "sampford": _pps_sampford,
    "tille": _pps_tille,
}
PPS_METHODS = tuple(_PPS)
