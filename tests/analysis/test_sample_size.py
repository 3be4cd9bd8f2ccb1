"""Sample sizes: official examples, limits, and the vectors of R (with allocation and selection, one comparison)."""

import json
from math import inf

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import sample_size as size
from analysis.allocation import (
    clusters_for_cv,
    neyman,
    optimal_for_cost,
    power,
    proportional,
    standard_deviations,
    two_stage_optimum,
)
from analysis.joint_probabilities import pps_systematic
from analysis.sample_size import SizeError
from analysis.selection import inclusion_probabilities

CAPABILITIES = ("sample_size", "allocation", "pps")


@pytest.fixture(scope="module")
def vectors(reference):
    """The vectors of sampling, by id."""
    document = json.loads((reference / "survey_reference.json").read_text("utf-8"))
    return document, [one for one in document["vectors"] if one["capability"] in CAPABILITIES]


def _sizes(args):
    population = float(args.get("N", inf))
    if "method" in args:
        n, low, high = size.size_for_proportion_wilson(args["e"], args["p"], args["alpha"])
        return {"n": n, "ci": [low, high]}
    if "CVpop" in args:
        return {"estimate": [size.size_for_mean_cv(args["CV0"], args["CVpop"], population)]}
    if "p1" in args:
        asked = (args["p1"], args["p2"], args["alpha"], args["power"], args["sides"])
        return {"estimate": [size.size_for_two_proportions(*asked)]}
    if "pxy" in args:
        sides = 1 if args["alt"] == "one.sided" else 2
        both = size.sizes_for_two_overlapping_samples(
            args["px"], args["py"], args["pxy"], args["g"], args["r"], args["alpha"], args["power"], sides
        )
        return dict(zip(("n1", "n2"), map(size.whole_size, both), strict=True))
    if "C1" in args:
        per_cluster = two_stage_optimum(args["C1"], args["C2"], args["delta"])
        clusters = clusters_for_cv(per_cluster, args["delta"], args["CV0"], args["unit_rv"], args["k"])
        return {"m": clusters, "nbar": per_cluster}
    return {"estimate": [size.size_for_proportion(args["e"], args["p"], args["alpha"], population)]}


def _allocation(args, frame):
    values = frame[frame[args["y"]].notna()] if "y" in args else frame
    by_stratum = values.groupby(args["strata"])
    sizes = by_stratum.size()
    if args["method"] == "proportional":
        return {"estimate": proportional(args["n"], sizes)}
    if args["method"].startswith("power"):
        return {"estimate": power(args["n"], by_stratum[args["x"].split()[0]].sum(), args["power"])}
    found = standard_deviations(values[args["y"]].tolist(), values[args["strata"]].tolist())
    deviations = [found[name] for name in sizes.index]
    if args["method"] == "neyman":
        return {"estimate": neyman(args["n"], sizes, deviations)}
    return {"estimate": optimal_for_cost(args["budget"], sizes, deviations, args["unit_costs"])}


def _pps(args, frame):
    if "pik" in args:
        return {"pi2": pps_systematic(args["pik"]).ravel()}
    sizes = frame[args["size"].split()[0]].dropna().to_numpy()[:60] ** 2
    return {"pik": inclusion_probabilities(sizes, args["n"])}


def test_every_vector_of_sampling_is_what_r_computed(vectors, reference):
    document, wanted = vectors
    assert len(wanted) >= 13
    for vector in wanted:
        args = vector["args"]
        frame = None
        if "data" in args:
            frame = pd.read_csv(reference / document["datasets"][args["data"]]["file"])
        if vector["capability"] == "sample_size":
            found = _sizes(args)
        else:
            found = (_allocation if vector["capability"] == "allocation" else _pps)(args, frame)
        for name, value in vector["expected"].items():
            if name != "names":
                np.testing.assert_allclose(
                    found[name], value, rtol=vector["rtol"], atol=vector.get("atol", 0), err_msg=vector["id"]
                )


@pytest.mark.parametrize(
    ("population", "expected"),
    [(100, 80), (200, 134), (500, 223), (1000, 286), (2000, 334), (5000, 371), (10_000, 385), (50_000, 397)],
)
def test_the_official_rule_gives_the_printed_sizes(population, expected):
    assert size.whole_size(size.yamane(population, 0.05), population) == expected


@settings(deadline=None)
@given(n=st.integers(2, 100_000), p=st.floats(0.05, 0.95), effect=st.floats(1, 4), extra=st.integers(1, 100_000))
def test_the_margin_undoes_the_size(n, p, effect, extra):
    population = n + extra
    e = size.proportion_margin(n, p, 0.05, population, effect)
    if 0 < e < 1:
        assert size.size_for_proportion(e, p, 0.05, population, effect) == pytest.approx(n, rel=1e-6)


@settings(deadline=None)
@given(e=st.floats(0.01, 0.3), population=st.integers(2, 100_000))
def test_a_size_never_exceeds_the_population_and_grows_with_it(e, population):
    n = size.size_for_proportion(e, population=population)
    assert 0 < n <= population + 1e-9
    assert n <= size.size_for_proportion(e, population=population + 1) + 1e-9
    assert size.whole_size(n, population) <= population


def test_a_mean_is_sized_like_a_proportion_with_the_same_spread():
    assert size.size_for_mean(0.05, 0.5, 0.05) == pytest.approx(size.size_for_proportion(0.05), rel=1e-12)
    assert size.size_for_mean(0.05, 0.5, 0.05, design_effect=1.5) == pytest.approx(1.5 * size.size_for_mean(0.05, 0.5))


def test_who_does_not_answer_is_invited_in_advance():
    assert size.whole_size(size.size_for_nonresponse(80, 0.8)) == 100


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: size.yamane(0, 0.05), "từ 1 trở lên"),
        (lambda: size.yamane(100, 0), "Sai số"),
        (lambda: size.size_for_proportion(0.05, p=1), "Tỷ lệ ước tính"),
        (lambda: size.size_for_proportion(0.05, alpha=0), "Mức ý nghĩa"),
        (lambda: size.size_for_proportion(0.05, design_effect=0), "Hệ số thiết kế"),
        (lambda: size.size_for_nonresponse(80, 0), "Tỷ lệ trả lời"),
        (lambda: size.size_for_two_proportions(0.5, 0.5), "khác nhau"),
        (lambda: size.whole_size(inf), "Không tính được"),
    ],
)
def test_figures_that_give_no_size_are_refused_in_words(call, words):
    with pytest.raises(SizeError, match=words):
        call()
