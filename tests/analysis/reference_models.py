"""What the package says where a reference vector asks for planning, weighting models, scales, small areas or ranks."""

import re

import numpy as np
import pandas as pd
from scipy.stats import studentized_range

from analysis import (
    allocation,
    joint_probabilities,
    nonresponse,
    rank_sets,
    ranks,
    regression,
    response_quality,
    sample_size,
    scales,
    selection,
    small_areas,
    weight_diagnostics,
)
from analysis.design import Design
from analysis.model_matrix import model_matrix
from tests.analysis.reference import data, design
from tests.analysis.reference_estimates import columns_of

# Names of other programs for the same estimator of the variance between areas.
SAME_METHOD = {"PM": "FH", "EB": "FH", "HE": "PR"}


def sample_size_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    population = float(args.get("N", "inf"))
    alpha = args.get("alpha", 0.05)
    relative = "moe.sw=2" in vector["r_call"].replace(" ", "")
    if "C1" in args:
        size = allocation.two_stage_optimum(args["C1"], args["C2"], args["delta"])
        if args.get("tot_cost") or args.get("budget"):
            spent = args.get("tot_cost") or args.get("budget")
            return {"m": allocation.clusters_for_budget(spent, args["C1"], args["C2"], size), "nbar": size}
        clusters = allocation.clusters_for_cv(size, args["delta"], args["CV0"], args["unit_rv"], args["k"])
        return {"m": clusters, "nbar": size}
    if "V0" in args:
        return {"estimate": sample_size.size_for_mean_cv(args["V0"] ** 0.5, args["S2"] ** 0.5, population)}
    if "CV0" in args:
        return {"estimate": sample_size.size_for_mean_cv(args["CV0"], args["CVpop"], population)}
    if "CVpop" in args:
        return {"estimate": sample_size.size_for_mean(args["e"], args["CVpop"], alpha, population)}
    if "pxy" in args:
        sides = 1 if args.get("alt", "one.sided") == "one.sided" else 2
        both = sample_size.sizes_for_two_overlapping_samples(
            args["px"], args["py"], args["pxy"], args["g"], args["r"], alpha, args.get("power", 0.8), sides
        )
        return {"n1": np.ceil(both[0]), "n2": np.ceil(both[1])}
    if "p2" in args:
        size = sample_size.size_for_two_proportions(
            args["p1"], args["p2"], alpha, args.get("power", 0.8), args.get("sides", 2)
        )
        return {"estimate": size}
    if args.get("method") == "wilson":
        size, low, high = sample_size.size_for_proportion_wilson(args["e"], args["p"], alpha)
        return {"n": size, "ci": [low, high], "estimate": size}
    if "sd" in args or "S2" in args:
        deviation = args["sd"] if "sd" in args else args["S2"] ** 0.5
        if relative:
            deviation /= args["ybarU"]
        return {"estimate": sample_size.size_for_mean(args["e"], deviation, alpha, population)}
    margin = args["e"] * args["p"] if relative else args["e"]
    return {"estimate": sample_size.size_for_proportion(margin, args["p"], alpha, population, args.get("deff", 1))}


def allocation_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"])
    variable = args.get("y") or args["x"].split()[0]
    known = frame[frame[variable].notna()] if args["method"].startswith(("neyman", "optimal")) else frame
    groups = known.groupby(args["strata"], sort=True)[variable]
    sizes, deviations = groups.size().to_numpy(dtype=float), groups.std().to_numpy()
    if args["method"].startswith("neyman"):
        found = allocation.neyman(args["n"], sizes, deviations)
    elif "V0" in args or "CV0" in args:
        mean = groups.sum().sum() / sizes.sum()
        variance = args["V0"] if "V0" in args else (args["CV0"] * mean) ** 2
        found = allocation.optimal_for_variance(variance, sizes, deviations, args["unit_costs"])
    elif args["method"].startswith("optimal"):
        found = allocation.optimal_for_cost(args["budget"], sizes, deviations, args["unit_costs"])
    elif args["method"].startswith("power"):
        variations = deviations / groups.mean().to_numpy() if args.get("cv") == "estimated" else 1.0
        found = allocation.power(args["n"], groups.sum().to_numpy(), args["power"], variations)
    elif args["method"].startswith("equal"):
        found = allocation.equal(args["n"], sizes)
    else:
        found = allocation.proportional(args["n"], sizes)
    return {"estimate": found.tolist()}


def pps_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    if "pik" in args:
        said = f"{args.get('method', '')} {vector['r_call']}".lower()
        kinds = {"sampford": joint_probabilities.pps_sampford, "till": joint_probabilities.pps_tille}
        kind = next((one for word, one in kinds.items() if word in said), joint_probabilities.pps_systematic)
        return {"pi2": kind(args["pik"]).ravel(order="F").tolist()}
    if isinstance(args["size"], list):
        return {"pik": selection.inclusion_probabilities(np.array(args["size"], dtype=float), args["n"])}
    column, count = args["size"].split()[0], re.search(r"first (\d+)", args["size"])
    size = data(args["data"])[column].dropna().to_numpy(dtype=float)[: int(count[1]) if count else None]
    power = 2 if "^2" in vector["r_call"] else 1
    return {"pik": selection.inclusion_probabilities(size**power, args["n"])}


def nonresponse_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    if "classes" in args:
        frame = data(args["data"])
        names, answered = columns_of(args["classes"]), frame[args["responded"]].to_numpy(dtype=bool)
        weights = frame[args["weight"]].to_numpy(dtype=float)
        codes = frame[names].groupby(names[::-1], sort=True).ngroup().to_numpy()
        adjusted = nonresponse.class_adjusted(weights, codes, answered)
        return {"factor": nonresponse.class_factors(weights, codes, answered), "sum": adjusted.sum(),
                "sum_sq": (adjusted**2).sum(), "first10": adjusted[:10]}  # fmt: skip
    if "formula" in args:
        fitted = regression.fit(design(vector["design"]), args["formula"], "logit")
        return {"estimate": fitted.table["estimate"], "se": fitted.table["se"], "fitted_first5": fitted.fitted[:5]}
    formula = args["model"].split(",")[0]
    link = next((name for name in ("probit", "cloglog") if name in args["model"]), "logit")
    count = int(re.search(r"(\d+) propensity classes", args["model"])[1])
    sample = design(vector["design"]) if vector["design"] else Design(data(args["data"]))
    fitted = regression.fit(sample, formula, link)
    classes = nonresponse.propensity_classes(fitted.fitted, count)
    return {"propensities_first5": fitted.fitted[:5], "class_counts": np.bincount(classes)}


def weighting_effect_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"])
    weights = frame[args["weight"]].to_numpy(dtype=float)
    if "strata" in args or "cluster" in args or "clusters" in args:
        codes = [
            None if not name else pd.factorize(frame[name], sort=True)[0]
            for name in (args.get("strata"), args.get("cluster") or args.get("clusters"))
        ]
        y = frame[args["y"]].to_numpy(dtype=float)
        return {"estimate": weight_diagnostics.chen_rust_design_effect(weights, y, *codes)}
    if "p" in args:
        chances = frame[args["p"]].to_numpy(dtype=float)
        y = frame[args["y"]].to_numpy(dtype=float)
        return {"estimate": weight_diagnostics.spencer_design_effect(chances, weights, y)}
    if "x" not in args:
        return {"estimate": weight_diagnostics.kish_design_effect(weights)}
    x = frame[columns_of(args["x"])].to_numpy(dtype=float)
    return {"estimate": weight_diagnostics.henry_design_effect(weights, frame[args["y"]].to_numpy(dtype=float), x)}


def reliability_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"]) if "data" in args else design(vector["design"]).frame
    items = frame[args["items"]].to_numpy(dtype=float)
    turned = args.get("reverse") or args.get("reversed") or []
    if turned:
        columns = [args["items"].index(name) for name in columns_of(turned)]
        items = scales.reversed_items(items, columns, np.nanmin(items), np.nanmax(items))
    if vector["design"]:
        return {"estimate": scales.weighted_alpha(items, design(vector["design"]).weights)}
    if "split" in args:
        half = list(range(items.shape[1] // 2)) if args["split"].startswith("first") else None
        r, stepped = scales.split_half(items, half)
        return {"r": r, "spearman_brown": stepped}
    if "model" in args:
        omega = scales.one_factor_omega(items, standardised="lavaan" not in vector["engine"])
        return {"omega_total": omega.total, "omega": omega.total, "loadings": omega.loadings}
    alpha = scales.cronbach_alpha(items)
    return {
        "raw_alpha": alpha.raw, "std_alpha": alpha.standardised, "G6": alpha.guttman6, "average_r": alpha.average_r,
        "mean": alpha.mean, "sd": alpha.sd, "r_drop": alpha.item_rest, "raw_r": alpha.item_total,
        "item_mean": alpha.item_mean, "item_sd": alpha.item_sd, "alpha_if_deleted": alpha.alpha_if_deleted,
        "feldt": [alpha.low, alpha.high],
    }  # fmt: skip


def quality_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"])
    count = re.match(r"first (\d+) columns", str(args["items"]))
    chosen = (
        frame[args["items"]] if isinstance(args["items"], list) else frame.iloc[:, : int(count[1]) if count else None]
    )
    items = chosen.to_numpy(dtype=float)
    wanted = vector["expected"]
    if "longest_run" in wanted or "average_run" in wanted:
        longest, average = response_quality.run_lengths(items)
        return {"longest_run": longest, "average_run": average}
    if "d2" in wanted:
        return {"d2": response_quality.mahalanobis(items)}
    return {"sd": response_quality.intra_individual_variability(items)}


def fay_herriot_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"])
    column, power = re.fullmatch(r"([\w.]+)(?:\^(\d+))?", args["variance"]).groups()
    variances = frame[column].to_numpy(dtype=float) ** int(power or 1)
    _, x = model_matrix(frame, args.get("x") or "1")
    fitted = small_areas.fay_herriot(
        frame[args["y"]].to_numpy(dtype=float), variances, x, SAME_METHOD.get(args["method"], args["method"])
    )
    return {"method": args["method"], "refvar": fitted.variance, "beta": fitted.beta, "beta_se": fitted.beta_se,
            "eblup": fitted.estimates, "mse": fitted.mse}  # fmt: skip


def rank_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"])
    se, alpha = frame[args["se"]].to_numpy(dtype=float), args.get("alpha")
    if args["method"].startswith("Goldstein-Healy"):
        return {"multiplier": ranks.comparison_multiplier(se, alpha)}
    values = frame[args["y"]].to_numpy(dtype=float)
    largest_first = args.get("rank1") == "largest value"
    if args["method"].startswith("expected rank"):
        return {"expected_rank": ranks.expected_ranks(-values if largest_first else values, se)}
    if "Holm" in args["method"]:
        low, high = ranks.pairwise_rank_sets(values, se, 1 - alpha, "holm")
    elif args["method"].startswith("pairwise Tukey"):
        low, high = ranks.pairwise_rank_sets(values, se, 1 - alpha)
    else:
        rule = "bonferroni" if "Bonferroni" in args["method"] else "sidak"
        low, high = ranks.joint_rank_sets(values, se, 1 - alpha, rule)
    if largest_first:
        low, high = rank_sets.mirrored(low, high)
    return {"low": low, "high": high, "q": studentized_range.ppf(1 - alpha, len(values), np.inf) / np.sqrt(2)}


def rank_bootstrap_vector(vector: dict) -> dict[str, object]:
    args = vector["args"]
    frame = data(args["data"])
    values, se = frame[args["y"]].to_numpy(dtype=float), frame[args["se"]].to_numpy(dtype=float)
    kind = rank_sets.marginal_rank_sets if "marginal" in args["method"] else rank_sets.joint_rank_sets
    low, high = kind(values, se, args["coverage"], seed=1, draws=20_000, stepdown="stepdown" in args["method"])
    rank = pd.Series(values).rank(method="min", ascending=True)
    if args.get("rank1") == "largest value":
        low, high = rank_sets.mirrored(low, high)
        rank = pd.Series(values).rank(method="min", ascending=False)
    return {"low": low, "high": high, "rank": rank.to_numpy()}
