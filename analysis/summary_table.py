"""A table of counts and weight sums from which estimates come without looking at the answers again.

One row a (sampling unit, domain): the sampling unit with its stratum, and the domain by the columns of `by` (rated
unit, group, calibration cell …). For every row, item and level: number of answers m, Σw and Σw². All that is linear in
totals of sampling units follows: any coefficients for the levels, both rules for «không biết», shares, standard errors,
design effects, replicates. It has the size of units times items, whatever the number of answers.

In an element sample (no sampling units but persons) a row stands for a stratum and a domain, and the variance comes
from Σw². Finite populations enter at the first stage only. Source: `estimates` from rows, which it equals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.inputs import refuse_missing, refuse_unknown, refuse_varying
from analysis.taylor import Codes, DesignError, Floats

KEYS = ("stratum", "psu", "item", "level")
MEASURES = ("m", "s1", "s2")


@dataclass(frozen=True)
class SummaryTable:
    """rows: (R,) frame with `stratum`, `psu` (codes into the next two; -1 in an element sample) and the domain columns.

    psu_stratum: (P,) stratum of every sampling unit, also of those without an answer; sampled, fraction: (H,) sampling
    units drawn (persons in an element sample) and their share of the population; count, s1, s2: (R, items, levels).
    """

    rows: pd.DataFrame
    by: tuple[str, ...]
    items: tuple[str, ...]
    levels: tuple[str, ...]
    psu_stratum: Codes
    sampled: Floats
    fraction: Floats
    count: Floats
    s1: Floats
    s2: Floats

    @property
    def elements(self) -> bool:
        """Whether the sampling units are the persons themselves."""
        return len(self.psu_stratum) == 0

    @property
    def df(self) -> int:
        """Degrees of freedom: sampling units less strata."""
        return int(self.sampled.sum()) - len(self.sampled)


def from_rows(
    frame: pd.DataFrame,
    items: Sequence[str],
    *,
    levels: Sequence[str],
    by: Sequence[str] = (),
    strata: str | None = None,
    psu: str | None = None,
    weights: str | None = None,
    fpc: str | None = None,
) -> SummaryTable:
    """One pass over the answers: the items hold levels as text, missing where not asked; `fpc` counts the stratum.

    R: `aggregate(cbind(m, w, w^2) ~ stratum + psu + by + item + level, answers, sum)`."""
    n = len(frame)
    refuse_missing(frame, [strata] if strata else [], "strata")
    stratum = pd.factorize(frame[strata], sort=True)[0].astype(np.intp) if strata else np.zeros(n, dtype=np.intp)
    unit = np.full(n, -1, dtype=np.intp)
    psu_stratum = np.zeros(0, dtype=np.intp)
    if psu:
        label, labels = pd.factorize(frame[psu], use_na_sentinel=False)
        unit = pd.factorize(stratum * len(labels) + label)[0].astype(np.intp)
        psu_stratum = np.zeros(int(unit.max()) + 1, dtype=np.intp)
        psu_stratum[unit] = stratum
    sampled = np.bincount(psu_stratum if psu else stratum, minlength=int(stratum.max()) + 1).astype(np.float64)
    fraction = np.zeros(len(sampled))
    if fpc:
        given = frame[fpc].to_numpy(dtype=np.float64)
        names = list(map(str, pd.factorize(frame[strata], sort=True)[1])) if strata else ["all"]
        refuse_varying(given, stratum, names, f"fpc: {fpc}", "stratum")
        population = np.ones(len(sampled))
        population[stratum] = given
        fraction = sampled / population
    domain, labels = domains_of(frame, by)
    key = (stratum * (len(psu_stratum) + 1) + unit + 1) * len(labels) + domain
    found, row = np.unique(key, return_inverse=True)
    rows = labels.iloc[found % len(labels)].reset_index(drop=True)
    above = found // len(labels)
    rows.insert(0, "stratum", above // (len(psu_stratum) + 1))
    rows.insert(1, "psu", above % (len(psu_stratum) + 1) - 1)
    weight = np.ones(n) if weights is None else frame[weights].to_numpy(dtype=np.float64)
    codes = [pd.Categorical(frame[item], categories=list(levels)).codes for item in items]
    measures = level_sums(row, codes, weight, len(found), len(levels))
    return SummaryTable(rows, tuple(by), tuple(items), tuple(levels), psu_stratum, sampled, fraction, *measures)


def level_sums(
    row: Codes, codes: Sequence[np.ndarray], weights: Floats, rows: int, levels: int
) -> tuple[Floats, Floats, Floats]:
    """m, Σw, Σw² as (rows, items, levels), from the row of each form (n,) and the level of each item (n,), -1 = none.

    Three counts an item; Σw and Σw² are products where all weights of a row are equal.
    R: `xtabs(cbind(1, w, w^2) ~ row + item + level, data)`."""
    size = rows * levels
    first = np.zeros(rows)
    first[row] = weights
    alike = bool((first[row] == weights).all())
    squares = weights if alike else weights**2
    count, s1, s2 = (np.empty((len(codes), size + 1)) for _ in range(3))
    base = row * levels
    for item, code in enumerate(codes):
        place = np.where(code < 0, size, base + code)
        count[item] = np.bincount(place, minlength=size + 1)
        if not alike:
            s1[item] = np.bincount(place, weights, minlength=size + 1)
            s2[item] = np.bincount(place, squares, minlength=size + 1)
    shaped = [each[:, :-1].reshape(len(codes), rows, levels).transpose(1, 0, 2) for each in (count, s1, s2)]
    if alike:
        return shaped[0], shaped[0] * first[:, None, None], shaped[0] * first[:, None, None] ** 2
    return shaped[0], shaped[1], shaped[2]


def from_counts(
    counts: pd.DataFrame, units: pd.DataFrame, *, levels: Sequence[str], by: Sequence[str] = (), fpc: str | None = None
) -> SummaryTable:
    """From a GROUP BY of the database: columns stratum, psu, `by` …, item, level, m, s1, s2.

    units: every sampling unit drawn, answered or not, with its stratum, psu and (fpc) the units in the population.
    Without a column psu the persons are the sampling units, and `sampled` says how many each stratum has.
    No R equivalent: survey works on rows; `expand.grid` and `rep` would make them from counts."""
    names = [name for name in ("stratum", "psu") if name in units]
    strata = pd.Index(units["stratum"].unique()).sort_values()
    units = units.assign(code=strata.get_indexer(units["stratum"])).sort_values(["code", *names[1:]], ignore_index=True)
    unit = pd.MultiIndex.from_frame(units[names]).get_indexer(pd.MultiIndex.from_frame(counts[names]))
    unknown = ~counts["level"].isin(list(levels))
    if (unit < 0).any() or unknown.any():
        raise DesignError("The counts name a sampling unit or a level that is not in the lists given.")
    elements = len(names) == 1
    drawn = units["sampled"] if elements else units.groupby("code").size()
    sampled = drawn.to_numpy(dtype=np.float64)
    fraction = np.zeros(len(sampled))
    if fpc:
        fraction = sampled / units.groupby("code")[fpc].first().to_numpy(dtype=np.float64)
    items = sorted(counts["item"].unique())
    domain, labels = domains_of(counts, by)
    found, row = np.unique(unit * len(labels) + domain, return_inverse=True)
    rows = labels.iloc[found % len(labels)].reset_index(drop=True)
    place = found // len(labels)
    stratum_of = units["code"].to_numpy(dtype=np.intp)
    rows.insert(0, "stratum", stratum_of[place])
    rows.insert(1, "psu", -1 if elements else place)
    shape = (len(found), len(items), len(levels))
    cell = (row, pd.Index(items).get_indexer(counts["item"]), pd.Index(list(levels)).get_indexer(counts["level"]))
    flat = np.ravel_multi_index(cell, shape)
    sums: list[Floats] = [
        np.bincount(flat, counts[name].to_numpy(dtype=np.float64), int(np.prod(shape))).astype(float).reshape(shape)
        for name in MEASURES
    ]
    of_psu = stratum_of[:0] if elements else stratum_of
    return SummaryTable(rows, tuple(by), tuple(items), tuple(levels), of_psu, sampled, fraction, *sums)


def reweighted(table: SummaryTable, column: str, factors: Mapping[object, float]) -> SummaryTable:
    """The table with every weight of a calibration cell times its factor: Σw times g, Σw² times g².

    Errors then take the factors as given, which overstates them where the cells explain the answers; the errors that
    belong to calibration come from the answers (`weighting`). Factors: `calibration.raked_table` over the table.
    R: `update(design, weights=weights(design) * g[cell])`, which takes the factors as given, too."""
    g = table.rows[column].map(factors).to_numpy(dtype=np.float64)
    if np.isnan(g).any():
        raise DesignError(f"Some cell of {column} has no factor.")
    return replace(table, s1=table.s1 * g[:, None, None], s2=table.s2 * g[:, None, None] ** 2)


def domains_of(frame: pd.DataFrame, by: Sequence[str]) -> tuple[Codes, pd.DataFrame]:
    """The domain of each row (n,) and the labels of the domains, one row each, in sorted order; one without `by`.

    R: `interaction(by, drop=TRUE, lex.order=TRUE)`."""
    refuse_unknown(frame, by, "by")
    if not by:
        return np.zeros(len(frame), dtype=np.intp), pd.DataFrame(index=[0])
    names = list(by)
    codes = frame.groupby(names, sort=True, observed=True, dropna=False).ngroup().to_numpy(dtype=np.intp)
    first = np.unique(codes, return_index=True)[1]
    return codes, frame[names].iloc[first].reset_index(drop=True)
