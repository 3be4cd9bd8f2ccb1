"""Is what was given what a function needs? Columns, numbers, truths: refused by column, number of rows and cure.

At the border of the package, so that no formula behind it meets a text, a gap or a figure that cannot be. Rows are
counted from 0. Sentences are English; only those of planning and scoring, which officials read, are Vietnamese. No
R equivalent for any of them: R's functions stop late and in words of their own, or go on with NA.
"""

from collections.abc import Iterator, KeysView, Sequence
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.taylor import Codes, DesignError, Floats, Truths

Where: TypeAlias = "Truths | Sequence[bool] | pd.Series[bool] | None"
# One value for each row: array, list or series; or the name of a column.
Values: TypeAlias = "ArrayLike | pd.Series[Any]"
Given: TypeAlias = "str | ArrayLike | pd.Series[Any]"
# One column or a list of them, each named or given as array or series.
Columns: TypeAlias = "str | NDArray[Any] | pd.Series[Any] | Sequence[str | NDArray[Any] | pd.Series[Any]]"
_NAMES_SHOWN = 12
_STRANGE_SHOWN = 3
_LISTS = list | tuple | set | frozenset | pd.Index | KeysView


def aligned(frame: Any, given: Any, what: str, of: str = "the frame") -> Any:
    """A series or table in the order of the frame's rows (or of another series, named `of`), matched by their labels
    as pandas does; where one of them has no labels all goes by position.

    Raises DesignError where the row labels are not those of the frame, each once."""
    labelled = isinstance(given, pd.Series | pd.DataFrame) and isinstance(frame, pd.Series | pd.DataFrame)
    if not labelled or given.index.equals(frame.index):
        return given
    if given.index.is_unique and frame.index.is_unique:
        absent = ~frame.index.isin(given.index)
        if len(given) == len(frame) and not absent.any():
            return given.reindex(frame.index)
        told = f"{int(absent.sum())} of its {len(frame)} row labels are not among the {len(given)} given"
    else:
        told = "row labels repeat, so that its rows cannot be matched"
    raise DesignError(
        f"{what}: the index of the series is not that of {of}: {told}. Take both from the same rows, or give an array "
        "(.to_numpy()), whose values go by position."
    )


def column_of(frame: pd.DataFrame, given: Given, what: str) -> "pd.Series[Any]":
    """One column, named or given as a value for each row, in the order of the frame; without a name it is called
    `what`. Raises DesignError where there is no such column, or another number of values than rows."""
    if _is_name(frame, given) or np.ndim(given) == 0:
        refuse_unknown(frame, [given], what)
        return frame[given]
    values = aligned(frame, given, what)
    if np.shape(values) != (len(frame),):
        raise DesignError(f"{what}: give a column, or a value for each of the {len(frame)} rows.")
    name = getattr(given, "name", None)
    found: pd.Series[Any] = pd.Series(values) if isinstance(values, pd.Series) else pd.Series(values, frame.index)
    return found.rename(what if name is None else name)


def columns_of(frame: pd.DataFrame, given: "Columns | None", what: str) -> pd.DataFrame:
    """The columns as a table with the frame's rows: of none, one or a list of several.

    Raises DesignError as `column_of`, and where two have one name."""
    several: list[Any] = [] if given is None else list(given) if isinstance(given, _LISTS) else [given]
    refuse_unknown(frame, [each for each in several if np.ndim(each) == 0], what)
    found = [column_of(frame, each, what) for each in several]
    names = [each.name for each in found]
    twice = {str(name) for name in names if names.count(name) > 1}
    if twice:
        raise DesignError(f"{what} has two columns called {', '.join(sorted(twice))}: leave one out, or rename it.")
    return pd.concat(found, axis=1) if found else pd.DataFrame(index=frame.index)


def _is_name(frame: pd.DataFrame, given: object) -> bool:
    return isinstance(given, str) or (pd.api.types.is_scalar(given) and given in frame)


def refuse_unknown(frame: pd.DataFrame, names: Sequence[object], what: str) -> None:
    """Raises DesignError for a name that is no column; `what`: the argument or function that gave it."""
    strange = [name for name in names if not _is_name(frame, name) or name not in frame]
    if strange:
        told = [str(name) if pd.api.types.is_scalar(name) else f"a {type(name).__name__}" for name in strange]
        more = f", … ({len(told)} in all)" if len(told) > _STRANGE_SHOWN else ""
        known = ", ".join(map(str, frame.columns[:_NAMES_SHOWN])) + (", …" if frame.shape[1] > _NAMES_SHOWN else "")
        shown = ", ".join(told[:_STRANGE_SHOWN]) + more
        raise DesignError(f"{what} names {shown}, which is no column. The columns: {known}.")


def refuse_rows(bad: Truths, what: str, cure: str) -> None:
    """Raises DesignError where some of the rows (n,) are `bad`, with their number and the first."""
    if bad.any():
        raise DesignError(f"{what} in {int(bad.sum())} of {len(bad)} rows, first in row {int(bad.argmax())}: {cure}.")


def refuse_varying(population: Floats, group: Codes, labels: Sequence[str], what: str, level: str) -> None:
    """Raises DesignError where rows (n,) of one stratum, or of one unit drawn by size, have several populations."""
    first = np.unique(group, return_index=True)[1]
    varies = ~np.isclose(population, population[first][group], rtol=1e-9, atol=0)
    if varies.any():
        at = group[varies.argmax()]
        refuse_rows(varies & (group == at), f"{what} varies within {level} {labels[at]}", "give all its rows the same")


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
    if np.ndim(given) == 0:
        raise DesignError(f"{what} is of type {type(given).__name__}: give an array, list or series of numbers.")
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
    if _is_name(frame, given):
        refuse_unknown(frame, [given], what)
        return vector(frame[given], f"{what}: {given!s}", missing=missing)
    return vector(aligned(frame, given, what), what, len(frame), missing=missing)


def truths(frame: pd.DataFrame, given: Given, what: str) -> Floats:
    """1, 0, and NaN where missing (n,), of a column named, or of values given for each row. Raises DesignError for
    anything that is not a truth, 0 or 1."""
    named = f"{what}: {given}" if isinstance(given, str) else what
    levels = column_of(frame, given, what).dropna().unique()
    if any(isinstance(level, str) for level in levels):
        example = f"{named} holds text such as {str(levels[0])!r}, not 0 and 1"
        raise DesignError(f"{example}: give a condition, such as frame['sex'] == 'F'.")
    values = numbers(frame, given, what)
    strange = ~np.isnan(values) & (values != 0) & (values != 1)
    refuse_rows(strange, f"{named} is neither 0 nor 1", "give a condition, such as frame['q1'] >= 4")
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
    inside = np.asarray(aligned(frame, where, "where"))
    if inside.dtype != bool or inside.shape != (len(frame),):
        raise DesignError(f"where: give True or False for each of the {len(frame)} rows, such as frame['sex'] == 'F'.")
    return inside


def domains(frame: pd.DataFrame, by: "Columns | None", inside: Truths) -> Iterator[tuple[dict[str, object], Truths]]:
    """Labels and members (n,) of each domain of `by` that has one, first column fastest; one without `by`."""
    table = columns_of(frame, by, "by")
    if table.empty:
        yield {}, inside
        return
    codes = table.groupby(list(table)[::-1], sort=True, observed=True).ngroup().to_numpy()
    for code in np.unique(codes[inside & (codes >= 0)]):
        members = inside & (codes == code)
        yield table.iloc[int(members.argmax())].to_dict(), members


def refuse_other(given: str, known: Sequence[str], what: str) -> None:
    """Raises DesignError for a rule or method that is not known."""
    if given not in known:
        raise DesignError(f"{what}={given!r}: use one of {', '.join(known)}.")


def refuse_level(level: float) -> None:
    """Raises DesignError unless the level of confidence lies between 0 and 1."""
    if not 0 < level < 1:
        raise DesignError(f"level={level}: give a share between 0 and 1, such as 0.95.")
