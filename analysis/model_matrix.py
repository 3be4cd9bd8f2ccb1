"""The columns that a model formula such as `1 + stype + api99` stands for. R: `model.matrix(~ stype + api99)`."""

import re
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.taylor import DesignError, Floats


def model_matrix(frame: pd.DataFrame, formula: str) -> tuple[list[str], Floats]:
    """Names (p) and columns (n, p): an intercept unless `0` or `-1` stands in the formula, numbers as they are, text
    and `factor(x)` as one column for each level but the first (all levels where there is no intercept), `a:b` as
    products, after all others; `a*b` is a + b + a:b. Missing values stay missing.
    R: `model.matrix(formula, data)`."""
    right = formula.split("~")[-1].replace("-", "+-")
    written = [term.strip() for term in right.split("+") if term.strip()]
    terms = sorted(dict.fromkeys(part for term in written for part in _crossed(term)), key=lambda term: term.count(":"))
    intercept = not {"0", "-1", "- 1"} & set(terms)
    names, columns = (["(Intercept)"], [np.ones(len(frame))]) if intercept else ([], [])
    full = not intercept
    for term in terms:
        if term in ("0", "1", "-1", "- 1"):
            continue
        parts = [_term(frame, part.strip(), full) for part in term.split(":")]
        full = full and not any(text for _, _, text in parts)
        found = [(name, column) for name, column in zip(parts[0][0], parts[0][1].T, strict=True)]
        for more_names, more, _ in parts[1:]:
            found = [
                (f"{name}:{other}", column * second)
                for other, second in zip(more_names, more.T, strict=True)
                for name, column in found
            ]
        names += [name for name, _ in found]
        columns += [column for _, column in found]
    return names, np.stack(columns, axis=1)


def _crossed(term: str) -> list[str]:
    """a*b*c → a, b, c, a:b, a:c, b:c, a:b:c; anything else as it is."""
    factors = [factor.strip() for factor in term.split("*")]
    sizes = range(1, len(factors) + 1)
    return [":".join(each) for size in sizes for each in combinations(factors, size)]


def _term(frame: pd.DataFrame, term: str, full: bool) -> tuple[list[str], Floats, bool]:
    wrapped = re.fullmatch(r"(?:as\.)?factor\((.+)\)", term)
    name = wrapped[1].strip() if wrapped else term
    if name not in frame:
        raise DesignError(f"The formula names {name}, which is no column.")
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column) and not wrapped:
        return [name], column.to_numpy(dtype=np.float64)[:, None], False
    levels = sorted(column.dropna().unique())[0 if full else 1 :]
    shown = np.stack([(column == level).to_numpy(dtype=np.float64) for level in levels], axis=1)
    shown[column.isna().to_numpy()] = np.nan
    return [f"{term}{level}" for level in levels], shown, True
