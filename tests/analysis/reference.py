"""The reference figures from R: data sets and designs as the file declares them. README.md beside them is the schema.

SURVEY_REFERENCE names another folder of the same schema.
"""

import json
import os
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import weighting
from analysis.design import Design
from analysis.replicates import Replicates

FOLDER = Path(os.environ.get("SURVEY_REFERENCE") or Path(__file__).parents[1] / "reference")
REFERENCE = json.loads((FOLDER / "survey_reference.json").read_text(encoding="utf-8"))
VECTORS = REFERENCE["vectors"]
DESIGNS = REFERENCE["designs"]
# Answers of the made-up surveys → scores: 1/.75/.5/.25 (s, z), and two shorter scales (t).
SCORES = {"good": 1.0, "fair": 0.75, "average": 0.5, "poor": 0.25}
SHORT = {
    "q": {"good": 1.0, "fair": 0.5, "average": 0.5, "poor": 0.0},
    "a": {"good": 1.0, "fair": 1.0, "average": 0.5, "poor": 0.0},
}


@cache
def data(name: str) -> pd.DataFrame:
    table = pd.read_csv(FOLDER / REFERENCE["datasets"][name]["file"], keep_default_na=False, na_values=[""])
    for column in [c for c in table.columns if re.fullmatch(r"[qa]\d+", c) and table[c].dtype.kind not in "if"]:
        scores = table[column].map(SCORES)
        table[f"{column}s"] = scores
        table[f"{column}z"] = scores.mask(table[column] == "no_opinion", 0)
        table[f"{column}t"] = table[column].map(SHORT[column[0]])
    return table


@cache
def design(name: str, lonely: str = "fail") -> Design:
    spec = DESIGNS[name]
    if spec["kind"] in ("poststrat", "rake", "calibrate", "trim"):
        return adjusted(design(spec["from"], lonely), spec)
    if spec["kind"] == "replicate":
        return replicated(spec, lonely)
    frame = data(spec["data"])
    pps: dict[str, object] = {}
    if spec["kind"] == "pps":
        pps = unequal(spec)
        for key in ("prob", "pi", "probs"):
            if spec.get(key):
                spec = spec | {"fpc": spec[key]}
    return Design(
        frame, strata=spec.get("strata"), psu=spec.get("ids"), weights=spec.get("weights"), fpc=spec.get("fpc"),
        nest=spec.get("nest", False), lonely=lonely, **pps,
    )  # fmt: skip


def unequal(spec: dict) -> dict[str, object]:
    """How a pps design says its variance: method, the matrix of joint probabilities, the form."""
    said = " ".join(str(spec.get(key, "")) for key in ("pps", "method", "type", "variance", "r_call"))
    options: dict[str, object] = {"yates_grundy": bool(re.search(r"\bYG\b|[Yy]ates", said))}
    matrix = next((spec[key] for key in spec if "joint" in key and str(spec[key]).endswith(".csv")), None)
    if matrix:
        return options | {"pps": "joint", "joint": pd.read_csv(FOLDER / matrix).to_numpy(dtype=float)}
    known = {"brewer": "brewer", "overton": "overton", "HR": "hartley-rao", "artley": "hartley-rao"}
    options["pps"] = next((method for word, method in known.items() if word in said), "brewer")
    for key in ("sum_of_squares", "psum", "hr_sum", "sum_p2"):
        if key in spec:
            options["sum_of_squares"] = float(spec[key])
    return options


def replicated(spec: dict, lonely: str) -> Design:
    mse = spec.get("mse", False)
    if "from" in spec:
        parent = design(spec["from"], lonely)
        if spec["type"] in ("BRR", "Fay"):
            return parent.half_samples(spec.get("fay_rho", 0), mse)
        return parent.jackknife(mse)
    frame = data(spec["data"])
    columns = frame[spec["repweights"]] if "repweights" in spec else pd.read_csv(FOLDER / spec["repweights_file"])
    factors = columns.to_numpy(dtype=float)
    if spec.get("combined_weights"):
        factors = factors / frame[spec["weights"]].to_numpy(dtype=float)[:, None]
    count = factors.shape[1]
    usual = {"JK1": (count - 1) / count, "JKn": 1, "JK2": 1, "bootstrap": 1 / (count - 1), "BRR": 1 / count,
             "Fay": 1 / (count * (1 - spec.get("fay_rho", 0)) ** 2)}  # fmt: skip
    scale = spec["scale"] if spec.get("scale") is not None else usual.get(spec["type"], 1 / count)
    rscales = np.ones(count) * np.asarray(1 if spec.get("rscales") is None else spec["rscales"], dtype=float)
    return Design(frame, weights=spec["weights"], replicates=Replicates(factors, scale, rscales, mse))


def adjusted(parent: Design, spec: dict) -> Design:
    """Post-stratified, raked, calibrated or trimmed, as the design's own recipe says."""
    if spec["kind"] == "poststrat":
        ((by, totals),) = spec["margins"].items()
        return weighting.post_stratify(parent, re.split(r"[+*:]", by), totals)
    if spec["kind"] == "rake":
        return weighting.rake(parent, spec["margins"], spec.get("epsilon", 1e-10))
    if spec["kind"] == "calibrate":
        bounds = spec.get("bounds") or (-np.inf, np.inf)
        return weighting.calibrate(parent, spec["formula"], spec["totals"], spec.get("calfun", "linear"), bounds)
    lower, upper = (
        side if spec.get(key) is None else float(spec[key]) for key, side in (("lower", 0.0), ("upper", np.inf))
    )
    return weighting.trim(parent, lower, upper, spec.get("strict", False))


def members(frame: pd.DataFrame, condition: str | None) -> np.ndarray:
    """Rows for which a condition of the file holds; a missing value is never a member."""
    inside = np.ones(len(frame), dtype=bool)
    for part in (condition or "").split("&"):
        if not part.strip():
            continue
        if found := re.fullmatch(r"\s*(\S+) in \((.*)\)\s*", part):
            wanted = [text.strip(" '\"") for text in found[2].split(",")]
            numeric = pd.api.types.is_numeric_dtype(frame[found[1]])
            inside &= frame[found[1]].isin([float(text) for text in wanted] if numeric else wanted).to_numpy()
        elif found := re.fullmatch(r"\s*(\S+) present\s*", part):
            inside &= frame[found[1]].notna().to_numpy()
        else:
            column, sign, text = re.fullmatch(r"\s*([\w.]+)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*", part).groups()
            value = text.strip("'\"") if text[0] in "'\"" else float(text)
            operation = {"==": "eq", "!=": "ne", "<=": "le", ">=": "ge", "<": "lt", ">": "gt"}[sign]
            inside &= (getattr(frame[column], operation)(value) & frame[column].notna()).to_numpy()
    return inside


def domain(sample: Design, args: dict, *columns: str) -> np.ndarray:
    """Rows that `where`, and `na_rm` over the columns asked about, leave in the domain."""
    inside = members(sample.frame, args.get("where"))
    for column in columns if args.get("na_rm", True) else ():
        inside &= sample.frame[column].notna().to_numpy()
    return inside
