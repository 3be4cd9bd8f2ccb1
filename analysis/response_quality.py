"""Signs of careless answering. A flag is a reason to look at a form, never to delete it: give results with and without.

Items are (n, p), one row a form, NaN where nothing was answered. Source: Curran (2016); Dunn et al. (2018);
Meade & Craig (2012). R: `careless`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.inputs import Values, matrix
from analysis.taylor import Codes, DesignError, Floats, Truths

FLAGS = ("straight_line", "fast", "duplicate", "mostly_unknown")


def run_lengths(items: Values) -> tuple[Floats, Floats]:
    """Longest and average run of equal neighbouring answers, (n,) each; missing answers are left out.

    R: `careless::longstring(items, avg=TRUE)`."""
    items = matrix(items, "items")
    longest, average = np.zeros(len(items)), np.zeros(len(items))
    for row, answers in enumerate(items):
        known = answers[~np.isnan(answers)]
        if len(known):
            starts = np.flatnonzero(np.concatenate([[True], known[1:] != known[:-1]]))
            lengths = np.diff(np.concatenate([starts, [len(known)]]))
            longest[row], average[row] = lengths.max(), lengths.mean()
    return longest, average


def straight_lining(items: Values) -> Floats:
    """Longest run as a share of the questions answered, (n,): 1 where all answers are the same; NaN without answers.

    R: `careless::longstring(x) / rowSums(!is.na(x))`."""
    items = matrix(items, "items")
    answered = (~np.isnan(items)).sum(axis=1)
    return np.asarray(np.divide(run_lengths(items)[0], answered, out=np.full(len(items), np.nan), where=answered > 0))


def intra_individual_variability(items: Values) -> Floats:
    """Standard deviation (n - 1) of a person's own answers, (n,); NaN below two answers. R: `careless::irv(items)`."""
    items = matrix(items, "items")
    known = ~np.isnan(items)
    count = known.sum(axis=1)
    mean = np.divide(np.where(known, items, 0).sum(axis=1), count, out=np.zeros(len(items)), where=count > 0)
    square = np.where(known, (items - mean[:, None]) ** 2, 0).sum(axis=1)
    return np.asarray(np.sqrt(np.divide(square, count - 1, out=np.full(len(items), np.nan), where=count > 1)))


def split_variability(items: Values, parts: int) -> Floats:
    """The same for `parts` consecutive blocks of questions, (n, parts). R: `careless::irv(items, split=TRUE)`."""
    items = matrix(items, "items")
    return np.stack([intra_individual_variability(block) for block in np.array_split(items, parts, axis=1)], axis=1)


def mahalanobis(items: Values) -> Floats:
    """Squared distance of each form from the mean of all, (n,); NaN for incomplete forms.

    R: `mahalanobis(x, colMeans(x), cov(x))`."""
    items = matrix(items, "items")
    complete = ~np.isnan(items).any(axis=1)
    centred = items[complete] - items[complete].mean(axis=0)
    if complete.sum() <= items.shape[1]:
        raise DesignError("The distance needs more complete forms than questions.")
    inverse = np.linalg.pinv(np.cov(centred, rowvar=False))
    distance = np.full(len(items), np.nan)
    distance[complete] = np.einsum("ij,jk,ik->i", centred, inverse, centred)
    return distance


def even_odd(items: Values, sizes: Sequence[int]) -> Floats:
    """Consistency of the halves of several scales (columns in the order of `sizes`), -1 to 1, stepped up, (n,).

    R: `careless::evenodd(items, sizes)` with the sign of a correlation."""
    items = matrix(items, "items")
    ends = np.cumsum(sizes)
    blocks = [items[:, end - size : end] for end, size in zip(ends, sizes, strict=True)]
    odd = np.stack([np.nanmean(block[:, ::2], axis=1) for block in blocks], axis=1)
    even = np.stack([np.nanmean(block[:, 1::2], axis=1) for block in blocks], axis=1)
    odd, even = odd - odd.mean(axis=1, keepdims=True), even - even.mean(axis=1, keepdims=True)
    below = np.sqrt((odd**2).sum(axis=1) * (even**2).sum(axis=1))
    r = np.divide((odd * even).sum(axis=1), below, out=np.full(len(items), np.nan), where=below > 0)
    return np.asarray(np.maximum(2 * r / (1 + np.abs(r)), -1))


def duplicates(items: Floats, units: Codes) -> Codes:
    """How many other forms of the same unit hold exactly the same answers, (n,).

    R: `ave(seq_len(nrow(x)), unit, do.call(paste, x), FUN=length) - 1`."""
    codes = pd.DataFrame(items).groupby([units, *range(items.shape[1])], dropna=False).ngroup().to_numpy()
    return np.asarray(np.bincount(codes)[codes] - 1, dtype=np.intp)


def unknown_share(unknown: Truths, asked: Truths) -> Floats:
    """Share of «không biết» among the questions asked, (n,); NaN where nothing was asked.

    R: `rowSums(unknown) / rowSums(asked)`."""
    count = asked.sum(axis=1)
    return np.asarray(np.divide((unknown & asked).sum(axis=1), count, out=np.full(len(asked), np.nan), where=count > 0))


def fast(seconds: Floats, share: float = 1 / 3) -> Truths:
    """Forms filled in less than `share` of the median time; forms without a time are not flagged.

    R: `time < share * median(time, na.rm=TRUE)`."""
    return np.asarray(np.nan_to_num(seconds, nan=np.inf) < share * np.nanmedian(seconds))


def flags(
    items: Values,
    units: Codes,
    *,
    unknown: Truths | None = None,
    asked: Truths | None = None,
    seconds: Floats | None = None,
    least_answers: int = 6,
    most_unknown: float = 0.5,
) -> pd.DataFrame:
    """One row a form, one column of FLAGS each, and their number. Nothing is removed.

    straight_line: one answer throughout at least `least_answers` questions; duplicate: the same answers as another form
    of the unit, not all of one kind; mostly_unknown: more than `most_unknown` of the questions.
    No R equivalent: careless gives each index, no table of flags."""
    items = matrix(items, "items")
    answered = (~np.isnan(items)).sum(axis=1)
    straight = (straight_lining(items) == 1) & (answered >= least_answers)
    table = pd.DataFrame({"straight_line": straight})
    table["fast"] = np.zeros(len(items), dtype=bool) if seconds is None else fast(seconds)
    table["duplicate"] = (duplicates(items, units) > 0) & ~straight & (answered >= least_answers)
    if unknown is None:
        table["mostly_unknown"] = False
    else:
        asked = np.ones_like(unknown) if asked is None else asked
        table["mostly_unknown"] = np.nan_to_num(unknown_share(unknown, asked)) > most_unknown
    table["number"] = table[list(FLAGS)].sum(axis=1)
    return table
