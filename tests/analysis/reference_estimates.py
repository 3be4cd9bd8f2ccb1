"""What the package says where a reference vector asks for an estimate: one function a capability, vector → figures."""

import math
import re

import numpy as np
import pytest

from analysis import composite, contingency, estimates, quantiles, weight_diagnostics, weighting
from analysis.comparisons import one_sample_t, rank_test, two_sample_t
from analysis.design import Design, replace_fields
from analysis.estimates import Estimates
from analysis.proportion import proportion
from analysis.taylor import DesignError
from tests.analysis.reference import DESIGNS, data, design, domain, members


def columns_of(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def asked(vector: dict) -> Estimates:
    """Means, totals or ratios as the vector asks for them."""
    args = vector["args"]
    sample = design(vector["design"], args.get("lonely", "fail"))
    options = {"where": members(sample.frame, args.get("where")), "level": vector["expected"].get("level", 0.95),
               "deff": "with" if args.get("deff") == "replace" else "without"}  # fmt: skip
    if "numerator" in args:
        above, below = (columns_of(args[key])[0] for key in ("numerator", "denominator"))
        return estimates.ratio(sample, above, below, args.get("by"), **options)
    stat = args.get("stat", "total" if vector["capability"] == "total" else "mean")
    kind = {"total": estimates.total, "mean": estimates.mean}[stat]
    return kind(sample, args["vars"], args.get("by"), listwise=True, **options)


def as_columns(result: Estimates) -> dict[str, object]:
    return {name: result.table[name].tolist() for name in result.table.columns}


def table_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    if vector["expected"].get("result") == "error":
        with pytest.raises(DesignError, match="Only one sampling unit in stratum"):
            asked(vector)
        return {"result": "error"}
    if args.get("separate"):
        known, stratum = args["population_totals"], columns_of(DESIGNS[vector["design"]]["strata"])[0]
        above, below = (columns_of(args[key])[0] for key in ("numerator", "denominator"))
        parts = estimates.ratio(design(vector["design"]), above, below, stratum)
        whole = estimates.contrast(parts, [known[key] for key in parts.table[stratum]])
        return {"total": whole.table["estimate"][0], "se": whole.table["se"][0]}
    if args.get("stat") == "custom":
        return custom(vector)
    result = as_columns(asked(vector))
    return result | {"df": result["df"][0]}


def custom(vector: dict) -> dict[str, object]:
    """A function of weighted sums such as sum(w*a)/sum(w*b)."""
    sample, expression = design(vector["design"]), vector["args"]["expr"]
    inner = re.findall(r"sum\(([^()]*)\)", expression)
    places = iter(range(len(inner)))
    outer = re.sub(r"sum\([^()]*\)", lambda _: f"t[{next(places)}]", expression)
    names = {name: sample.frame[name].to_numpy(dtype=float) for name in sample.frame.select_dtypes("number")}
    totals = np.stack([evaluated(text, names | {"w": np.ones(len(sample.frame))}) for text in inner], axis=1)

    def function(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        step = np.diag(np.abs(sums) * 1e-5)
        slopes = [(evaluated(outer, {"t": sums + d}) - evaluated(outer, {"t": sums - d})) / (2 * d.sum()) for d in step]
        return np.array([evaluated(outer, {"t": sums})]), np.array([slopes])

    value, covariance, _ = sample.covariance(totals, function)
    return {"estimate": value[0], "se": math.sqrt(covariance[0, 0])}


def evaluated(expression: str, names: dict) -> np.ndarray:
    functions = {"log": np.log, "exp": np.exp, "sqrt": np.sqrt, "__builtins__": {}}
    return eval(expression.replace("^", "**"), functions, names)  # noqa: S307 - an expression of our own file


def covariance_vector(vector: dict) -> dict[str, object]:
    return {"vcov": asked(vector).covariance.ravel(order="F").tolist()}


def variance_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    names = columns_of(args["vars"])
    found = estimates.variance(sample, names, where=members(sample.frame, args.get("where"))).table
    return {"estimate": found["estimate"].tolist(), "se": found["se"].tolist()}


def contrast_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    result = asked(vector)
    if "expr" not in args:
        return with_z(estimates.contrast(result, args["contrast"], df=np.inf))
    names = [str(name) for name in (vector["args"].get("names") or labels(result, args))]

    def formula(value: np.ndarray) -> np.ndarray:
        return evaluated(args["expr"], dict(zip(names, value, strict=False)))

    return with_z(estimates.contrast(result, formula, df=np.inf))


def labels(result: Estimates, args: dict) -> list[str]:
    by = args.get("by")
    return result.table["variable" if by is None else columns_of(by)[0]].tolist()


def with_z(result: Estimates) -> dict[str, object]:
    columns = as_columns(result)
    return columns | {"z": [columns["estimate"][0] / columns["se"][0]]}


def proportion_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    event = members(sample.frame, args["event"]).astype(float)
    for name in sample.frame.columns:
        if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", args["event"]):
            event[sample.frame[name].isna()] = np.nan
    level = vector["expected"].get("level", args.get("level", 0.95))
    inside = members(sample.frame, args.get("where"))
    return dict(proportion(sample, event, where=inside, method=args["method"], level=level).iloc[0])


def quantile_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    if not vector["design"]:
        frame = data(args["data"])
        values, weights = (frame[args[key]].to_numpy(dtype=float) for key in ("y", "weight"))
        found = [quantiles.quantile_of(values, weights, p, args.get("qrule", "school")) for p in args["q"]]
        return {"estimate": found, "quantiles": args["q"]}
    sample = design(vector["design"])
    variable = columns_of(args["vars"])[0]
    found = quantiles.quantile(
        sample, variable, args["q"], rule=args.get("qrule", "math"), interval=args.get("interval", "mean"),
        where=domain(sample, args, variable), level=vector["expected"].get("level", args.get("level", 0.95)),
    )  # fmt: skip
    return {name: found[name].tolist() for name in ("estimate", "se", "ci_low", "ci_high")} | {"quantiles": args["q"]}


def test_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    inside = members(sample.frame, args.get("where"))
    parts = [part.strip() for part in args["response"].split("-")]
    values = sample.frame[parts[0]].to_numpy(dtype=float)
    for part in parts[1:]:
        values = values - sample.frame[part].to_numpy(dtype=float)
    if args.get("group") is None:
        result = one_sample_t(sample, values, value=float(args.get("mu", 0)), where=inside)
    else:
        column = sample.frame[args["group"]]
        codes = {label: float(code) for code, label in enumerate(sorted(column[inside].dropna().unique()))}
        groups = column.map(codes).to_numpy(dtype=float)
        if args.get("test") in (None, "t", "ttest"):
            result = two_sample_t(sample, values, groups, where=inside)
        else:
            result = rank_test(sample, values, groups, test=args["test"], where=inside)
    return {"statistic": result.statistic, "df": result.df, "p_value": result.p_value, "estimate": result.estimate,
            "se": result.se, "ci_low": result.ci_low, "ci_high": result.ci_high}  # fmt: skip


def rao_scott_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    inside = members(sample.frame, args.get("where"))
    if "p" in args:
        fitted = contingency.goodness_of_fit(sample, args["var"], args["p"], where=inside)
        return {"statistic": fitted.statistic, "parameter": [fitted.scale, fitted.df], "p_value": fitted.p_value}
    if args.get("na_rm"):
        inside = domain(sample, args, args["rows"], args["cols"])
    result = contingency.independence(sample, args["rows"], args["cols"], args["statistic"], where=inside)
    return {"statistic": result.statistic, "df": result.df, "p_value": result.p_value}


def crosstab_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    table = contingency.crosstab(sample, args["rows"], args["cols"], members(sample.frame, args.get("where")))
    return {"n_hat_colmajor": table.to_numpy().ravel(order="F").tolist()}


def weights_vector(vector: dict) -> dict[str, object]:
    weights = design(vector["design"]).weights
    return {"n": len(weights), "sum": weights.sum(), "sum_sq": (weights**2).sum(), "min": weights.min(),
            "max": weights.max(), "first10": weights[:10].tolist(),
            "kish_deff": weight_diagnostics.kish_design_effect(weights)}  # fmt: skip


def replicates_vector(vector: dict) -> dict[str, object]:
    sample = design(vector["design"])
    return {
        "weights_rowmajor_by_replicate": (sample.replicates.factors.T * sample.weights).ravel().tolist(),
        "scale": sample.replicates.scale,
        "rscales": sample.replicates.rscales.tolist(),
    }


def index_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    sample = design(vector["design"])
    level = vector["expected"].get("level", 0.95)
    if "margins" in args:
        sample = weighting.rake(sample, args["margins"], 1e-12)
    where = members(sample.frame, args.get("where"))
    if "grp" in args:
        where &= (sample.frame["grp"] == args["grp"]).to_numpy()
    if "coefficients" in args:
        # points = Σ coefficient × share of the level: the mean of the coefficients, levels without one counting 0.
        column = sample.frame[columns_of(args["vars"])[0]]
        worth = column.map(args["coefficients"]).where(column.isna() | column.isin(list(args["coefficients"])), 0.0)
        scored = replace_fields(sample, frame=sample.frame.assign(_points=args.get("max_points", 1) * worth))
        result = as_columns(estimates.mean(scored, "_points", args.get("by"), where=where, level=level))
        return result | {"z": np.divide(result["estimate"], result["se"])}
    if "group_weights" in args:
        return composite_index(sample, args, where)
    if "item_max" in args:
        # No opinion counts zero, so that all items share one base.
        items = [name.removesuffix("s") + "z" if name.endswith("s") else name for name in args["items"]]
        return with_z(estimates.contrast(estimates.mean(sample, items, where=where), args["item_max"], df=np.inf))
    if args.get("by") == "year" and "item" in args:
        return year_change(sample, args, where)
    variables = args.get("vars") or args["item"]
    result = estimates.mean(sample, variables, args.get("by"), where=where, level=level, listwise=True)
    return as_columns(result) | {"df": result.table["df"][0]}


def composite_index(sample: Design, args: dict, where: np.ndarray) -> dict[str, object]:
    weights, by = args["group_weights"], args.get("by")
    group = next(name for name in sample.frame.columns if set(weights) <= set(sample.frame[name].dropna().unique()))
    points = {args["item"]: args.get("max_points", 1)}
    table = composite.index(
        sample, points, by=columns_of(by)[0] if by else None, group=group, group_weights=weights, where=where
    ).table
    return {"estimate": table["estimate"], "se": table["se"], "z": table["estimate"] / table["se"]}


def year_change(sample: Design, args: dict, where: np.ndarray) -> dict[str, object]:
    """The change between the first and the last year of the domain, as one unit."""
    years = sorted(sample.frame["year"][where].unique())
    frame = sample.frame.assign(_all=np.where(where, 1.0, np.nan))
    points = {args["item"]: args.get("max_points", 1)}
    table = composite.paired_changes(replace_fields(sample, frame=frame), points, "year", (years[0], years[-1]), "_all")
    return {"estimate": table["change"], "se": table["se"], "z": table["change"] / table["se"]}
