"""Every figure of the reference file that the package computes, against R, within the tolerance the file names.

SURVEY_REFERENCE names another folder of the same schema. What is not computed yet is listed, and only that.
"""

import json
import os
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import studentized_range

from analysis import estimates, ranks
from analysis.design import Design
from analysis.proportion import interval
from analysis.replicates import Replicates
from analysis.taylor import DesignError

FOLDER = Path(os.environ.get("SURVEY_REFERENCE", Path(__file__).parents[1] / "reference"))
REFERENCE = json.loads((FOLDER / "survey_reference.json").read_text(encoding="utf-8"))
DESIGNS = REFERENCE["designs"]
POINTS = {"good": (1, 1), "fair": (0.75, 0.5), "average": (0.5, 0.5), "poor": (0.25, 0)}

# Capabilities of the reference file that the package does not compute.
OPEN_CAPABILITIES = frozenset(
    {
        "quantile",
        "variance",
        "test",
        "calibration_weights",
        "calibration_estimate",
        "nonresponse",
        "weighting_effect",
        "sample_size",
        "allocation",
        "pps",
        "rao_scott",
        "reliability",
        "quality",
        "fay_herriot",
        "fay_herriot_mse",
        "rank_bootstrap",
    }
)
# Methods of computed capabilities that it does not compute; an index on raked weights neither (`is_open`).
OPEN_METHODS = frozenset(["likelihood"])


@cache
def data(name: str) -> pd.DataFrame:
    table = pd.read_csv(FOLDER / REFERENCE["datasets"][name]["file"], keep_default_na=False, na_values=[""])
    for column in [
        c for c in table.columns if re.fullmatch(r"[qa]\d", c) and not pd.api.types.is_numeric_dtype(table[c])
    ]:
        scores = [table[column].map(lambda text, k=k: POINTS.get(text, (np.nan, np.nan))[k]) for k in (0, 1)]
        table[f"{column}s"], table[f"{column}t"] = scores
        table[f"{column}z"] = scores[0].mask(table[column] == "no_opinion", 0)
    return table


@cache
def design(name: str, lonely: str = "fail") -> Design:
    spec = DESIGNS[name]
    if spec["kind"] == "replicate" and "from" in spec:
        parent = design(spec["from"])
        if spec["type"] in ("BRR", "Fay"):
            return parent.half_samples(spec.get("fay_rho", 0), spec["mse"])
        return parent.jackknife(spec["mse"])
    frame = data(spec["data"])
    if spec["kind"] == "replicate":
        columns = frame[spec["repweights"]] if "repweights" in spec else pd.read_csv(FOLDER / spec["repweights_file"])
        factors = columns.to_numpy(dtype=float)
        count = factors.shape[1]
        replicates = Replicates(factors, spec.get("scale", 1 / count), np.ones(count), spec.get("mse", False))
        return Design(frame, weights=spec["weights"], replicates=replicates)
    return Design(
        frame, strata=spec["strata"], psu=spec["ids"], weights=spec["weights"], fpc=spec.get("fpc"),
        nest=spec.get("nest", False), lonely=lonely,
    )  # fmt: skip


def members(frame: pd.DataFrame, condition: str | None) -> np.ndarray:
    inside = np.ones(len(frame), dtype=bool)
    for part in (condition or "").split("&"):
        if not part.strip():
            continue
        if found := re.fullmatch(r"\s*(\S+) in \((.*)\)\s*", part):
            inside &= frame[found[1]].astype(str).isin([text.strip(" '\"") for text in found[2].split(",")])
        elif found := re.fullmatch(r"\s*(\S+) present\s*", part):
            inside &= frame[found[1]].notna()
        else:
            column, sign, text = re.fullmatch(r"\s*([\w.]+)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*", part).groups()
            value = text.strip("'\"") if text[0] in "'\"" else float(text)
            operation = {"==": "eq", "!=": "ne", "<=": "le", ">=": "ge", "<": "lt", ">": "gt"}[sign]
            inside &= getattr(frame[column], operation)(value) & frame[column].notna()
    return inside


def asked(vector: dict) -> estimates.Estimates:
    """Means, totals or ratios as the vector asks for them."""
    args = vector["args"]
    sample = design(vector["design"], args.get("lonely", "fail"))
    options = {"where": members(sample.frame, args.get("where")), "level": vector["expected"].get("level", 0.95),
               "deff": "with" if args.get("deff") == "replace" else "without"}  # fmt: skip
    if "numerator" in args:
        above, below = (args[k] if isinstance(args[k], str) else args[k][0] for k in ("numerator", "denominator"))
        return estimates.ratio(sample, above, below, args.get("by"), **options)
    stat = args.get("stat", "total" if vector["capability"] == "total" else "mean")
    kind = {"total": estimates.total, "mean": estimates.mean}[stat]
    return kind(sample, args["vars"], args.get("by"), listwise=True, **options)


def as_columns(result: estimates.Estimates) -> dict[str, object]:
    return {name: result.table[name].tolist() for name in result.table.columns}


def table_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    if vector["expected"].get("result") == "error":
        with pytest.raises(DesignError, match="Only one sampling unit in stratum H"):
            asked(vector)
        return {"result": "error"}
    if "separate" in args:
        known = args["population_totals"]
        parts = estimates.ratio(design(vector["design"]), "api.stu", "enroll", "stype")
        whole = estimates.contrast(parts, [known[key] for key in parts.table["stype"]])
        return {"total": whole.table["estimate"][0], "se": whole.table["se"][0]}
    if args.get("stat") == "custom":
        found = re.fullmatch(r"sum\(w\*(\w+)\)/sum\(w\*(\w+)\)", args["expr"])
        result = estimates.ratio(design(vector["design"]), found[1], found[2])
        return {"estimate": result.table["estimate"][0], "se": result.table["se"][0]}
    result = as_columns(asked(vector))
    return result | {"df": result["df"][0]}


def covariance_vector(vector: dict) -> dict[str, object]:
    return {"vcov": asked(vector).covariance.ravel(order="F").tolist()}


def contrast_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    if "expr" in args:
        above, below = (args["vars"].index(name) for name in args["expr"].split("/"))
        result = estimates.contrast(asked(vector), lambda value: value[above] / value[below])
    else:
        result = estimates.contrast(asked(vector), args["contrast"])
    return with_z(result)


def with_z(result: estimates.Estimates) -> dict[str, object]:
    columns = as_columns(result)
    return columns | {"z": [columns["estimate"][0] / columns["se"][0]]}


def proportion_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    frame = sample.frame.assign(event=members(sample.frame, args["event"]).astype(float))
    row = estimates.mean(Design(
        frame, strata=DESIGNS[vector["design"]]["strata"], psu=DESIGNS[vector["design"]]["ids"],
        weights=DESIGNS[vector["design"]]["weights"], fpc=DESIGNS[vector["design"]].get("fpc"),
    ), "event").table.iloc[0]  # fmt: skip
    method = "logit" if args["method"] == "xlogit" else args["method"]
    level = vector["expected"].get("level", 0.95)
    low, high = interval(row["estimate"], row["se"], row["n"], row["df"], method, level)
    return {"estimate": row["estimate"], "se": row["se"], "ci_low": low, "ci_high": high}


def weights_vector(vector: dict) -> dict[str, object]:
    weights = design(vector["design"]).weights
    kish = len(weights) * (weights**2).sum() / weights.sum() ** 2
    return {"n": len(weights), "sum": weights.sum(), "sum_sq": (weights**2).sum(), "min": weights.min(),
            "max": weights.max(), "first10": weights[:10].tolist(), "kish_deff": kish}  # fmt: skip


def replicates_vector(vector: dict) -> dict[str, object]:
    sample = design(vector["design"])
    return {
        "weights_rowmajor_by_replicate": (sample.replicates.factors.T * sample.weights).ravel().tolist(),
        "scale": sample.replicates.scale,
        "rscales": sample.replicates.rscales.tolist(),
    }


def crosstab_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    counts = pd.Series(sample.weights).groupby([sample.frame[args["cols"]], sample.frame[args["rows"]]]).sum()
    return {"n_hat_colmajor": counts.tolist()}


def index_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    where = members(sample.frame, args.get("where"))
    if "grp" in args:
        where &= (sample.frame["grp"] == args["grp"]).to_numpy()
    if "coefficients" in args:
        shares = estimates.mean(sample, args["vars"], where=where)
        names = [name.removeprefix(args["vars"][0]) for name in shares.table["variable"]]
        points = [args["coefficients"].get(name, 0) for name in names]
        return with_z(estimates.contrast(shares, args["max_points"] * np.array(points)))
    if "group_weights" in args and args.get("by") == "unit":
        rows = [composite(sample, args, where & (sample.frame["unit"] == unit).to_numpy())
                for unit in sorted(sample.frame["unit"].unique())]  # fmt: skip
        return {key: [row[key][0] for row in rows] for key in ("estimate", "se")}
    if "group_weights" in args:
        return composite(sample, args, where)
    if "item_max" in args:
        items = [name.replace("s", "z") for name in args["items"]]
        return with_z(estimates.contrast(estimates.mean(sample, items, where=where), args["item_max"]))
    variables = args.get("vars") or args["item"]
    result = estimates.mean(sample, variables, args["by"], where=where)
    return with_z(estimates.contrast(result, [-1, 1])) if args["by"] == "year" else as_columns(result)


def composite(sample: Design, args: dict, where: np.ndarray) -> dict[str, object]:
    groups = estimates.mean(sample, args["item"], "grp", where=where)
    return with_z(
        estimates.contrast(groups, [args["max_points"] * args["group_weights"][name] for name in groups.table["grp"]])
    )


def rank_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"])
    se, alpha = frame[args["se"]].to_numpy(), args.get("alpha")
    if args["method"].startswith("Goldstein-Healy"):
        return {"multiplier": ranks.comparison_multiplier(se, alpha)}
    values = frame[args["y"]].to_numpy()
    if args["method"].startswith("expected rank"):
        return {"expected_rank": ranks.expected_ranks(values, se)}
    if args["method"].startswith("pairwise Tukey"):
        low, high = ranks.pairwise_rank_sets(values, se, 1 - alpha)
        return {"low": low, "high": high, "q": studentized_range.ppf(1 - alpha, len(values), np.inf) / np.sqrt(2)}
    rule = "bonferroni" if "Bonferroni" in args["method"] else "sidak"
    low, high = ranks.joint_rank_sets(values, se, 1 - alpha, rule)
    return {"low": low, "high": high}


RUNNERS = {
    "rank": rank_vector,
    "mean": table_vector, "total": table_vector, "ratio": table_vector, "domain": table_vector,
    "domain_by": table_vector, "replicate": table_vector, "lonely_psu": table_vector, "vcov": covariance_vector,
    "contrast": contrast_vector, "contrast_nonlinear": contrast_vector, "proportion_ci": proportion_vector,
    "design_weights": weights_vector, "replicate_weights": replicates_vector, "crosstab": crosstab_vector,
    "index": index_vector,
}  # fmt: skip
NOT_COMPARED = {"names", "level", "rows", "cols", "statistic"}


def is_open(vector: dict) -> bool:
    return (
        vector["capability"] in OPEN_CAPABILITIES
        or vector["args"].get("method") in OPEN_METHODS
        or (vector["capability"] == "index" and "margins" in vector["args"])
    )


COVERED = [vector for vector in REFERENCE["vectors"] if not is_open(vector)]


@pytest.mark.parametrize("vector", COVERED, ids=lambda vector: vector["id"])
def test_figures_agree_with_r(vector: dict) -> None:
    found = RUNNERS[vector["capability"]](vector)
    tolerance = vector["rtol"]
    for key, expected in vector["expected"].items():
        if key in NOT_COMPARED or expected is None:
            continue
        assert key in found, f"{key} is not computed"
        if isinstance(expected, str):
            assert found[key] == expected
            continue
        want, got = (np.asarray(value, dtype=float).ravel() for value in (expected, found[key]))
        known = ~np.isnan(want)
        np.testing.assert_allclose(
            got[known], want[known], rtol=tolerance, atol=vector.get("atol") or 1e-10, err_msg=key
        )


def test_what_is_not_compared_is_exactly_what_the_list_names(record_property) -> None:
    left = [vector["id"] for vector in REFERENCE["vectors"] if is_open(vector)]
    record_property("open", ", ".join(left))
    assert len(COVERED) + len(left) == len(REFERENCE["vectors"])
    assert {vector["capability"] for vector in COVERED} <= set(RUNNERS)
    assert not OPEN_CAPABILITIES & set(RUNNERS)
