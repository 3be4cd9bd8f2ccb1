"""Properties that hold for any sample, and samples that cannot be."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import estimates
from analysis.design import Design
from analysis.taylor import LONELY_RULES, DesignError


def sample(seed: int, strata: int = 3, units: int = 4, rows: int = 5) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = strata * units * rows
    return pd.DataFrame({
        "stratum": np.repeat(np.arange(strata), units * rows), "village": np.repeat(np.arange(strata * units), rows),
        "w": random.uniform(1, 9, n), "y": random.normal(5, 2, n), "group": random.choice(["a", "b"], n),
    })  # fmt: skip


def design(frame: pd.DataFrame, **changes: object) -> Design:
    return Design(frame, **{"strata": "stratum", "psu": "village", "weights": "w"} | changes)


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_means_do_not_depend_on_the_unit_of_the_weights(seed: int, times: float) -> None:
    frame = sample(seed)
    scaled = design(frame.assign(w=frame["w"] * times)).mean("y", by="group")
    plain = design(frame).mean("y", by="group")
    np.testing.assert_allclose(scaled[["estimate", "se"]], plain[["estimate", "se"]], rtol=1e-9)


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, 10_000))
def test_means_do_not_depend_on_the_order_of_the_rows(seed: int) -> None:
    frame = sample(seed)
    mixed = design(frame.sample(frac=1, random_state=seed)).mean("y", by="group")
    np.testing.assert_allclose(mixed[["estimate", "se"]], design(frame).mean("y", by="group")[["estimate", "se"]])


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, 10_000))
def test_jackknife_and_half_samples_of_a_total_equal_taylor(seed: int) -> None:
    frame = sample(seed, units=2)
    taylor = design(frame).total("y")["se"][0]
    assert design(frame).jackknife().total("y")["se"][0] == pytest.approx(taylor)
    assert design(frame).half_samples().total("y")["se"][0] == pytest.approx(taylor)
    assert design(frame).half_samples(rho=0.3).total("y")["se"][0] == pytest.approx(taylor)


def test_the_bootstrap_repeats_with_its_seed_and_comes_near_taylor() -> None:
    frame = sample(1, units=8)
    first, again = (design(frame).bootstrap(2000, seed=7).total("y")["se"][0] for _ in range(2))
    assert first == again
    assert first == pytest.approx(design(frame).total("y")["se"][0], rel=0.06)


def test_a_domain_keeps_the_sampling_units_that_have_no_member() -> None:
    frame = sample(2)
    frame["group"] = np.where(frame["village"] == 0, "a", "b")
    result = design(frame).total("y", by="group")
    alone = frame[frame["group"] == "a"]
    total = (alone["w"] * alone["y"]).sum()
    assert result["se"][0] == pytest.approx(total)  # 4/3 ((T - T/4)² + 3 (T/4)²) = T²
    assert result["n"].tolist() == [5, 55]


def test_domain_estimates_carry_their_covariance() -> None:
    result = estimates.mean(design(sample(3)), "y", "group")
    difference = estimates.contrast(result, [1, -1])
    a, b = result.covariance.diagonal()
    assert difference.table["se"][0] ** 2 == pytest.approx(a + b - 2 * result.covariance[0, 1])


def test_a_variance_counts_missing_answers_as_r_does() -> None:
    schools = pd.read_csv(Path(__file__).parents[1] / "reference/data/apistrat.csv")
    whole = Design(schools, strata="stype", weights="pw")
    # R: svyvar(~acs.k3, design, na.rm=TRUE), 103 of 200 missing; and as.svrepdesign(design).
    for sample, estimate, se in ((whole, 1.485373514, 0.31514), (whole.jackknife(), 1.493341924, 0.32023)):
        found = estimates.variance(sample, "acs.k3").table
        assert (found["estimate"][0], found["se"][0]) == pytest.approx((estimate, se), rel=2e-5)


def test_a_lone_unit_is_refused_by_name() -> None:
    frame = sample(4).query("stratum != 1 or village == 4")
    with pytest.raises(DesignError, match="Only one sampling unit in stratum 1"):
        design(frame).mean("y")


def test_a_stratum_drawn_as_a_whole_has_no_replicates() -> None:
    frame = sample(6).assign(villages=lambda rows: np.where(rows["stratum"] == 1, 4, 9))
    design = Design(frame, strata="stratum", psu="village", fpc="villages").jackknife()
    assert design.replicates.factors.shape == (60, 8), "4 villages in each of the other two strata"
    assert (design.df, Design(frame, strata="stratum", psu="village", fpc="villages").df) == (6, 9)  # R: degf()


def test_replicates_that_leave_out_a_whole_domain_are_left_out() -> None:
    frame = sample(7)
    few = (frame["village"] < 2).to_numpy() & (frame["group"] == "a").to_numpy()
    found = estimates.mean(design(frame).bootstrap(40, seed=1), "y", where=few).table["se"][0]
    assert 0 < found < 5
    by_village = estimates.mean(design(frame).jackknife(), "y", "village").table["se"]
    assert by_village.to_numpy() == pytest.approx(0, abs=1e-12), "R: one sampling unit alone has no spread"


@pytest.mark.parametrize("lonely", LONELY_RULES)
def test_a_lone_unit_outside_the_domain_is_no_matter(lonely: str) -> None:
    frame = sample(5)
    frame = frame[(frame["stratum"] != 2) | (frame["village"] == 8)]
    inside = (frame["stratum"] < 2).to_numpy()
    found = estimates.mean(design(frame, lonely=lonely), "y", where=inside).table["se"][0]
    assert found == pytest.approx(design(frame[inside]).mean("y")["se"][0])
    by_stratum = estimates.mean(design(frame, lonely="average"), "y", "stratum").table["se"]
    assert by_stratum.isna().tolist() == [False, False, True], "one unit alone: nothing is known of its error"
    with pytest.raises(DesignError, match="Only one sampling unit in stratum 2"):
        design(frame).mean("y")


def test_labels_that_repeat_between_strata_need_nesting() -> None:
    frame = sample(5)
    repeated = frame.assign(village=frame["village"] % 4)
    with pytest.raises(DesignError, match="nest=True"):
        design(repeated)
    assert design(repeated, nest=True).mean("y").equals(design(frame).mean("y"))


def test_a_population_smaller_than_the_sample_is_refused() -> None:
    with pytest.raises(DesignError, match="smaller than the sample"):
        design(sample(6).assign(N=2), fpc="N")


def test_a_population_belongs_to_a_stratum_and_to_each_stage() -> None:
    """R 4.1.1 of survey: «fpc varies within strata: stratum 1 at stage 1», «non-conformable arrays»."""
    frame = sample(6).assign(N=9, M=8, chance=0.5, person=range(60))
    varying = np.where(frame["village"] == 5, 7, 9)
    two = {"psu": ["village", "person"]}
    for options, words in (
        (
            {"fpc": varying},
            "fpc: fpc varies within stratum 1 in 5 of 60 rows, first in row 25",
        ),
        ({"fpc": varying / 18}, "varies within stratum 1"),
        ({"fpc": ["N", np.arange(60) // 4 + 9], **two}, "varies within village 0 in 1 of 60 rows, first in row 4"),
        ({"fpc": np.arange(60) / 90 + 0.1, "pps": "brewer"}, "varies within village 0 in 4 of 60 rows"),
        ({"fpc": "N", **two}, "Stages of psu: 2, of fpc: 1. Give the population of each stage"),
        ({"fpc": ["N", "M"]}, "Stages of psu: 1, of fpc: 2."),
    ):
        with pytest.raises(DesignError) as fault:
            design(frame, **options)
        assert words in str(fault.value)
    assert design(frame, fpc=["N", "M"], **two).df == 9
    lone = frame[frame["village"].ne(3) | frame["person"].eq(15)]
    with pytest.raises(DesignError, match="Only one sampling unit in stratum 3: "):
        design(lone, fpc=["N", "M"], **two).mean("y")


def test_answers_that_are_all_alike_have_no_design_effect() -> None:
    """R: NaN, svyby(~third, ~group, design, svymean, deff=TRUE)."""
    frame = sample(10).assign(third=1 / 3, double=lambda table: table["y"] * 2, large=1e9 / 7)
    for found in (
        design(frame).mean(["third", "large"], by="group"),
        design(frame).mean(["third", "large"], by="group", deff="with"),
        design(frame).total("third"),
        design(frame).ratio("double", "y", by="group"),
        design(frame).jackknife().mean("third", by="group"),
    ):
        assert found["deff"].isna().all(), found
        assert found["se"].to_numpy() / found["estimate"].to_numpy() == pytest.approx(0, abs=0.2)
    assert (design(frame.assign(y=frame["y"] * 1e-9 + 1)).mean("y")["deff"] > 0).all(), "little spread is spread"


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from(["remove", "adjust", "average"]), st.integers(1, 3))
@example(3060, "average", 1)  # one group has nobody in the stratum of the lone unit
def test_the_errors_of_many_domains_are_those_of_their_covariance(seed: int, lonely: str, stages: int) -> None:
    frame = sample(seed, strata=4, units=3, rows=6).assign(
        household=lambda table: np.arange(len(table)) // 2, N=9, M=30
    )
    frame = frame[(frame["stratum"] != 1) | (frame["village"] == 3)]
    frame["y2"] = np.where(frame["y"] > 7, np.nan, frame["y"] ** 2)
    options = {"psu": ["village", "household"][:stages], "fpc": ["N", "M"][:stages] if stages < 3 else None}
    result = estimates.mean(design(frame, lonely=lonely, **options), ["y", "y2"], "group")
    np.testing.assert_allclose(result.table["se"] ** 2, np.diag(result.covariance), rtol=1e-9)


def test_many_questions_in_many_domains_need_no_matrix_of_rows() -> None:
    random = np.random.default_rng(7)
    n = 20_000
    frame = pd.DataFrame({"village": random.integers(0, 400, n), "w": random.uniform(1, 3, n)})
    frame = frame.assign(stratum=frame["village"] // 20, unit=frame["village"] // 4)
    for item in range(30):
        frame[f"q{item}"] = random.choice([1, 0.75, 0.5, 0.25], n)
    items = [f"q{item}" for item in range(30)]
    assert len(design(frame).mean(items, by="unit")) == 3000


def test_scores_can_have_limits_that_stay_on_their_scale() -> None:
    frame = sample(8).assign(score=lambda table: np.where(table["group"] == "a", 1.0, 0.75))
    found = design(frame).mean("score", by="group", interval="beta")
    assert found["ci_high"].tolist()[0] == 1
    assert (found["ci_high"] - found["ci_low"] > 0.01).all()
    with pytest.raises(DesignError, match="between 0 and 1"):
        design(frame).mean("y", interval="beta")


@pytest.mark.parametrize("kind", ["mean", "total"])
def test_replicates_of_many_domains_are_those_of_each_alone(kind: str) -> None:
    frame = sample(9)
    frame.loc[::7, "y"] = np.nan
    replicated = design(frame).bootstrap(60, seed=3)
    together = getattr(estimates, kind)(replicated, "y", "group")
    for row, name in enumerate(("a", "b")):
        alone = getattr(estimates, kind)(replicated, "y", where=(frame["group"] == name).to_numpy())
        assert together.table["se"][row] == pytest.approx(alone.table["se"][0], rel=1e-12)
        assert together.covariance[row, row] == pytest.approx(alone.covariance[0, 0], rel=1e-12)
