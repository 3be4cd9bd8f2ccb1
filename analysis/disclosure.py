"""Which figures of a table may be shown without showing what a few persons answered?

Every published figure is a sum over atoms, the finest cells. Primary: too few answers or sampling units, or all of one
mind. Secondary: more cells hidden, until no hidden cell can be computed from the others, however they are added and
subtracted; a linear program finds the range that is left to each. Means and sums of the same cells are safe with the
same pattern. Source: Hundepool et al. (2012) ch. 4; Kelly, Golden & Assad (1992); Fischetti & Salazar (2001).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from scipy import optimize, sparse

from analysis.inputs import Values, refuse_rows, vector
from analysis.taylor import DesignError, Floats, Truths

SMALL = 20  # a group below this many answers is small enough to be of one mind
ONE_MIND = 0.9  # share of a level from which on it is
_HAIR = 1e-7


@dataclass(frozen=True)
class CellTable:
    """labels: names of the N figures; members: (N, A), 1 where an atom is part of a figure; atoms: (A,) counts."""

    labels: tuple[tuple[str, ...], ...]
    members: sparse.csr_matrix
    atoms: Floats

    @property
    def counts(self) -> Floats:
        """Answers behind every figure, (N,)."""
        return np.asarray(self.members @ self.atoms)


def cross_table(counts: Mapping[tuple[str, ...], float], total: str = "total") -> CellTable:
    """All cells of a table of any number of dimensions with all its sums; `total` stands for «all» of a dimension.

    counts: label of an atom, one name a dimension → answers. Cells that are not named are empty.
    R: `addmargins(xtabs(~a + b, data))`."""
    atoms = list(counts)
    return table_of_sums(counts, [
        [(name if kept else total) for name, kept in zip(atom, mask, strict=True)]
        for atom in atoms for mask in np.ndindex(*(2,) * len(atom))
    ], total)  # fmt: skip


def table_of_sums(
    counts: Mapping[tuple[str, ...], float], figures: Sequence[Sequence[str]], total: str = "total"
) -> CellTable:
    """Only the figures named: each a label whose entries are a name, or `total` for the sum over that dimension.

    So figures of several publications, filters or years can be judged together: put them all in `figures`.
    R: the hierarchies of `sdcTable::makeProblem(data, dimList)`; here any sums of the atoms may be named."""
    atoms = list(counts)
    labels = tuple(dict.fromkeys(tuple(figure) for figure in figures))
    rows, columns = [], []
    for row, label in enumerate(labels):
        for column, atom in enumerate(atoms):
            if all(wanted in (total, name) for wanted, name in zip(label, atom, strict=True)):
                rows.append(row)
                columns.append(column)
    members = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(labels), len(atoms)))
    return CellTable(labels, members, _counted(list(counts.values()), f"counts of {len(atoms)} cells"))


def too_few(counts: Values, k: int = 5, units: "Values | None" = None, fewest_units: int = 3) -> Truths:
    """Figures (N,) that rest on 1 … k-1 answers, or on fewer than `fewest_units` sampling units; not the empty.

    R: `sdcTable::primarySuppression(problem, type="freq", maxN=k - 1)`, which counts sampling units nowhere."""
    if k < 2:
        raise DesignError(f"k={k}: no figure rests on fewer answers than that; give 2 or more, such as 5.")
    counts = _counted(counts, "counts")
    few = (counts > 0) & (counts < k)
    if units is None:
        return few
    return np.asarray(few | ((counts > 0) & (vector(units, "units", len(counts), missing=False) < fewest_units)))


def unanimous(levels: Floats, fewest: int = SMALL, share: float = ONE_MIND) -> Truths:
    """Figures whose answers (N, L) by level are so much of one mind that the mean tells what each person said.

    Below `fewest` answers with `share` of them or more, or all but one, at one level: show the band (`broad_band`),
    not the shares. All but one: of five answers, four at the top and one beside, a mean has no other reading.
    No R equivalent: sdcTable knows dominance rules of amounts, none of answers by level."""
    n = levels.sum(axis=1)
    return np.asarray((n > 0) & (n < fewest) & (levels.max(axis=1) >= np.minimum(share * n, n - 1) - 1e-9))


def told_by_mean(levels: Floats, values: Floats, half: float = 0.004) -> bool:
    """Whether the number of answers (L,) and their mean leave only one count for some level that was chosen.

    values: (L,) what each level counts. half: how far the mean that is printed may be from the true one. For few
    answers, since all ways in which they could be spread over the levels are looked at.
    No R equivalent: a search over all ways to spread a few answers."""
    ways = spreads(int(levels.sum()), len(levels))
    fitting = ways[np.abs(ways @ values - levels @ values) <= half * levels.sum() + _HAIR]
    return bool(((levels > 0) & (fitting == levels).all(axis=0)).any())


@cache
def spreads(answers: int, levels: int) -> Floats:
    """All ways (W, L) to spread so many answers over so many levels.

    R: `partitions::compositions(answers, levels)`, its columns."""
    bars = np.array(list(combinations(range(answers + levels - 1), levels - 1))).reshape(-1, levels - 1)
    edges = np.pad(bars, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, answers + levels - 1)))
    return np.asarray(np.diff(edges, axis=1) - 1, dtype=float)


def broad_band(levels: Floats, good: int) -> list[str]:
    """Which half of the scale most answers are in, (N,): `upper` (the first `good` levels), `lower` or `even`.

    R: `c("lower", "even", "upper")[sign(rowSums(x[, 1:g]) - rowSums(x[, -(1:g)])) + 2]`."""
    upper, n = levels[:, :good].sum(axis=1), levels.sum(axis=1)
    return ["upper" if 2 * a > b else "lower" if 2 * a < b else "even" for a, b in zip(upper, n, strict=True)]


def feasible_ranges(table: CellTable, hidden: Truths, asked: Truths | None = None) -> tuple[Floats, Floats]:
    """What anybody can compute of the hidden figures: lowest and highest count (N,) that fit all published ones.

    Counts are at least 0, which everybody knows. For the figures that are not `asked` (default: hidden) NaN.
    R: `sdcTable::attack(problem, to_attack)`; by hand `lpSolve::lp("min", ...)` and `"max"` for each hidden count."""
    asked = hidden if asked is None else asked
    low, high = np.full(len(hidden), np.nan), np.full(len(hidden), np.nan)
    published = table.members[~hidden]
    known = table.counts[~hidden]
    for figure in np.flatnonzero(asked):
        objective = np.asarray(table.members[figure].todense()).ravel()
        low[figure] = _extreme(objective, published, known)
        high[figure] = -_extreme(-objective, published, known)
    return low, high


def protected(
    table: CellTable, primary: Truths, *, width: float = 5.0, fixed: Truths | None = None, tidy: bool = True
) -> Truths:
    """Figures to hide (N,): the primary ones and as few answers more as leave each of them a range of `width`.

    fixed: figures that are published already and cannot be hidden; refused where they give a hidden one away.
    tidy: a last round shows again what need not be hidden.
    R: `sdcTable::protectTable(problem, method="OPT")` hides as few; which equally good cells it takes may differ."""
    fixed = np.zeros(len(primary), dtype=bool) if fixed is None else fixed
    if (primary & fixed).any():
        raise DesignError(f"{table.labels[int((primary & fixed).argmax())]} is published already and rests on too few.")
    hidden = primary.copy()
    sensitive = np.flatnonzero(primary)
    for figure in sensitive[np.argsort(-table.counts[sensitive], kind="stable")]:
        down = min(float(table.counts[figure]), width)
        for change in (-down, max(width - down, 1.0)):
            hidden |= _needed(table, int(figure), change, hidden, fixed)
    if tidy:
        hidden = _shown_again(table, primary, hidden, width)
    return hidden


def exposed(table: CellTable, primary: Truths, hidden: Truths, width: float = 5.0) -> Truths:
    """Primary figures whose range is narrower than `width`: the audit, true for none after `protected`.

    R: `sdcTable::attack(problem)`, rows with up - low < width."""
    low, high = feasible_ranges(table, hidden, primary)
    with np.errstate(invalid="ignore"):
        return np.asarray(primary & (high - low < width - _HAIR))


def percent(share: float, n: int, fewest: int = 50) -> float:
    """A share in per cent as it may be printed: whole below `fewest` answers, else with one decimal.

    R: `round(100 * x, if (n < fewest) 0 else 1)`."""
    return float(np.floor(share * 100 + 0.5)) if n < fewest else float(np.floor(share * 1000 + 0.5)) / 10


def _counted(given: Values, what: str) -> Floats:
    """Counts (n,) of answers. Raises DesignError where one is missing or below 0."""
    counts = vector(given, what, missing=False)
    refuse_rows(counts < 0, f"{what} is below 0", "a cell holds 0 answers or more")
    return counts


def _extreme(objective: Floats, published: sparse.csr_matrix, known: Floats) -> float:
    found = optimize.linprog(objective, A_eq=published if published.shape[0] else None,
                             b_eq=known if published.shape[0] else None, bounds=(0, None), method="highs")  # fmt: skip
    if found.status == 3:
        return -np.inf  # unbounded
    if found.status != 0:
        raise DesignError(f"The audit of the table did not end: {found.message}")
    return float(found.fun)


def _needed(table: CellTable, figure: int, change: float, hidden: Truths, fixed: Truths) -> Truths:
    """Figures that must be free so that `figure` could be `change` more, at the least answers hidden.

    Atoms move up p and down q; the move of a published figure costs its count, so that small cells go first."""
    if abs(change) < _HAIR:
        return np.zeros(len(hidden), dtype=bool)
    atoms, shown = len(table.atoms), np.flatnonzero(~hidden & ~fixed)
    member = sparse.csr_matrix(table.members)
    # Variables: p (A), q (A), up (S), down (S) with member[shown] (p - q) = up - down.
    eye = sparse.identity(len(shown), format="csr")
    rows = [sparse.hstack([member[shown], -member[shown], -eye, eye])]
    right = [np.zeros(len(shown))]
    none = sparse.csr_matrix((1, 2 * len(shown)))
    rows.append(sparse.hstack([member[figure], -member[figure], none]))
    right.append(np.array([change]))
    if fixed.any():
        held = np.flatnonzero(fixed)
        nothing = sparse.csr_matrix((len(held), 2 * len(shown)))
        rows.append(sparse.hstack([member[held], -member[held], nothing]))
        right.append(np.zeros(len(held)))
    price = table.counts[shown] + 1
    cost = np.concatenate([np.full(2 * atoms, 1e-6), price, price])
    bounds = [(0, None)] * atoms + [(0, count) for count in table.atoms] + [(0, None)] * (2 * len(shown))
    found = optimize.linprog(
        cost, A_eq=sparse.vstack(rows).tocsr(), b_eq=np.concatenate(right), bounds=bounds, method="highs"
    )
    if found.status != 0:
        raise DesignError(f"{table.labels[figure]} cannot be protected: what is published already gives it away.")
    moved = found.x[2 * atoms : 2 * atoms + len(shown)] + found.x[2 * atoms + len(shown) :]
    needed = np.zeros(len(hidden), dtype=bool)
    needed[shown[moved > _HAIR]] = True
    return needed


def _shown_again(table: CellTable, primary: Truths, hidden: Truths, width: float) -> Truths:
    secondary = np.flatnonzero(hidden & ~primary)
    for figure in secondary[np.argsort(-table.counts[secondary], kind="stable")]:
        tried = hidden.copy()
        tried[figure] = False
        if not exposed(table, primary, tried, width).any():
            hidden = tried
    return hidden
