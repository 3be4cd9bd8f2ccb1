"""Is what was given what a function needs? Columns, numbers, truths: refused by column, number of rows and cure.

At the border of the package, so that no formula behind it meets a text, a gap or a figure that cannot be. Rows are
counted from 0. Sentences are English; only those of planning and scoring, which officials read, are Vietnamese. No
R equivalent for any of them: R's functions stop late and in words of their own, or go on with NA.
"""

from collections.abc import Iterator, Sequence
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.taylor import DesignError, Floats, Truths

Columns = str | Sequence[str]
Where: TypeAlias = "Truths | Sequence[bool] | pd.Series[bool] | None"
# One value for each row: array, list or series; or the name of a column.
Values: TypeAlias = "ArrayLike | pd.Series[Any]"
Given: TypeAlias = "str | ArrayLike | pd.Series[Any]"
_NAMES_SHOWN = 12


def names_of(columns: Columns | None) -> list[str]:
    """The names as a list, of none, one or several."""
    return [] if columns is None else [columns] if isinstance(columns, str) else list(columns)


def refuse_unknown(frame: pd.DataFrame, names: Sequence[str], what: str) -> None:
    """Raises DesignError for a name that is no column; `what`: the argument or function that gave it."""
    strange = [name for name in names if name not in frame]
    if strange:
        known = ", ".join(map(str, frame.columns[:_NAMES_SHOWN])) + (", …" if frame.shape[1] > _NAMES_SHOWN else "")
        raise DesignError(f"{what} names {', '.join(map(str, strange))}, which is no column. The columns: {known}.")


def refuse_rows(bad: Truths, what: str, cure: str) -> None:
    """Raises DesignError where some of the rows (n,) are `bad`, with their number and the first."""
    if bad.any():
        raise DesignError(f"{what} in {int(bad.sum())} of {len(bad)} rows, first in row {int(bad.argmax())}: {cure}.")


def refuse_missing(frame: pd.DataFrame, names: Sequence[str], what: str) -> None:
    """Raises DesignError where a column is not there or a row has no value in it."""
    refuse_unknown(frame, names, what)
    for name in names:
        refuse_rows(frame[name].isna().to_numpy(), f"{what}: {name} is missing", "fill it, or leave these rows out")


def vector(
    given: "ArrayLike | pd.Series[Any]", what: str, length: int | None = None, *, missing: bool = True
) -> Floats:
    """Numbers (n,) from an array, list or series, NaN where missing; `length`: how many there must be.

    Raises DesignError for text, infinite values, and, unless `missing`, for gaps."""
    if np.ndim(given) != 1:
        raise DesignError(f"{what} has {np.ndim(given)} dimensions: give one row of numbers.")
    column = pd.Series(given)
    if column.dtype == object and all(isinstance(value, Number) for value in column.dropna()):
        column = column.astype(np.float64)
    if not pd.api.types.is_numeric_dtype(column):
        example = column.dropna().iloc[0]
        raise DesignError(f"{what} holds text such as {str(example)!r}, no numbers: turn it into numbers first.")
    values = np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if length is not None and len(values) != length:
        raise DesignError(f"{what} has {len(values)} values, not {length}: give one for each row.")
    refuse_rows(np.isinf(values), f"{what} is infinite", "correct these values")
    if not missing:
        refuse_rows(np.isnan(values), f"{what} is missing", "fill these values, or leave them out")
    return values


def numbers(frame: pd.DataFrame, given: Given, what: str, *, missing: bool = True) -> Floats:
    """Numbers (n,) of a column named, or of values given for each row. Raises DesignError as `vector`."""
    if isinstance(given, str):
        refuse_unknown(frame, [given], what)
        return vector(frame[given], f"{what}: {given}", missing=missing)
    return vector(given, what, len(frame), missing=missing)


def truths(frame: pd.DataFrame, given: Given, what: str) -> Floats:
    """1, 0, and NaN where missing (n,), of a column named, or of values given for each row. Raises DesignError for
    anything that is not a truth, 0 or 1."""
    values = numbers(frame, given, what)
    strange = ~np.isnan(values) & (values != 0) & (values != 1)
    what = f"{what}: {given}" if isinstance(given, str) else what
    refuse_rows(strange, f"{what} is neither 0 nor 1", "give a condition, such as frame['q1'] >= 4")
    return values


def matrix(given: ArrayLike | pd.DataFrame, what: str) -> Floats:
    """Numbers (n, p), NaN where missing, of a table or an array. Raises DesignError as `vector`."""
    table = given if isinstance(given, pd.DataFrame) else pd.DataFrame(np.asarray(given))
    if np.ndim(given) != 2:
        raise DesignError(f"{what} has {np.ndim(given)} dimensions: give a table, one column a variable.")
    named = isinstance(given, pd.DataFrame)
    columns = [vector(table[name], f"{what}: {name}" if named else what) for name in table]
    return np.stack(columns, axis=1) if columns else np.empty((len(table), 0))


def inside_of(frame: pd.DataFrame, where: Where) -> Truths:
    """Who is in the domain (n,): everybody without `where`. Raises DesignError unless it has a truth for each row."""
    if where is None:
        return np.ones(len(frame), dtype=bool)
    inside = np.asarray(where)
    if inside.dtype != bool or inside.shape != (len(frame),):
        raise DesignError(f"where: give True or False for each of the {len(frame)} rows, such as frame['sex'] == 'F'.")
    return inside


def domains(frame: pd.DataFrame, by: Columns | None, inside: Truths) -> Iterator[tuple[dict[str, object], Truths]]:
    """Labels and members (n,) of each domain of `by` that has one, first column fastest; one without `by`."""
    names = names_of(by)
    refuse_unknown(frame, names, "by")
    if not names:
        yield {}, inside
        return
    codes = frame[names].groupby(names[::-1], sort=True, observed=True).ngroup().to_numpy()
    for code in np.unique(codes[inside & (codes >= 0)]):
        members = inside & (codes == code)
        yield frame.loc[int(members.argmax()), names].to_dict(), members


def refuse_other(given: str, known: Sequence[str], what: str) -> None:
    """Raises DesignError for a rule or method that is not known."""
    if given not in known:
        raise DesignError(f"{what}={given!r}: use one of {', '.join(known)}.")


def refuse_level(level: float) -> None:
    """Raises DesignError unless the level of confidence lies between 0 and 1."""
    if not 0 < level < 1:
        raise DesignError(f"level={level}: give a share between 0 and 1, such as 0.95.")
