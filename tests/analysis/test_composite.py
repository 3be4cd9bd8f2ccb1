"""The index: its error holds the covariances, both rules for no opinion agree, changes and what-if add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import composite, estimates, summary_table, table_estimates
from analysis.design import Design
from analysis.taylor import DesignError

POINTS = {"q1": 2.0, "q2": 1.5}
WEIGHTS = {"citizen": 0.6, "business": 0.4}


def frame_of(seed: int, units: int = 3, villages: int = 4, persons: int = 12) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = units * villages * persons
    likes = np.repeat(random.normal(0, 0.3, units * villages), persons) + random.normal(0, 0.3, n)
    frame = pd.DataFrame({
        "unit": np.repeat([f"u{i}" for i in range(units)], villages * persons),
        "village": np.repeat(np.arange(units * villages), persons), "w": random.uniform(1, 5, n),
        "group": random.choice(["citizen", "business"], n), "year": np.tile([2021, 2022], n // 2),
    })  # fmt: skip
    for item in POINTS:
        level = np.clip(np.round((likes + random.normal(0, 0.2, n) + 1) * 2), 1, 4)
        frame[f"{item}_level"] = np.where(random.uniform(size=n) < 0.1, "KB", level.astype(int).astype(str))
        frame[item] = frame[f"{item}_level"].map({"1": 1.0, "2": 0.75, "3": 0.5, "4": 0.25})
    return frame


def design_of(frame: pd.DataFrame) -> Design:
    return Design(frame, strata="unit", psu="village", weights="w")


def test_questions_of_one_person_make_the_error_larger_than_their_sum_of_squares() -> None:
    design = design_of(frame_of(1))
    whole = composite.index(design, POINTS, by="unit")
    single = estimates.mean(design, list(POINTS), "unit").table.pivot(index="unit", columns="variable", values="se")
    apart = np.sqrt(sum((most * single[item]) ** 2 for item, most in POINTS.items()))
    assert (whole.table["se"].to_numpy() > apart.to_numpy()).all()
    np.testing.assert_allclose(
        whole.table["estimate"],
        sum(most * design.mean(item, by="unit")["estimate"] for item, most in POINTS.items()),
    )


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_the_index_is_the_contrast_of_the_means(seed: int) -> None:
    design = design_of(frame_of(seed))
    means = estimates.mean(design, list(POINTS), "group")
    factors = [POINTS[row.variable] * WEIGHTS[row.group] for row in means.table.itertuples()]
    expected = estimates.contrast(means, factors).table
    found = composite.index(design, POINTS, group="group", group_weights=WEIGHTS).table
    np.testing.assert_allclose(found[["estimate", "se"]], expected[["estimate", "se"]], rtol=1e-10)
    replicated = composite.index(design.jackknife(), POINTS, group="group", group_weights=WEIGHTS).table
    assert replicated["estimate"][0] == pytest.approx(expected["estimate"][0])
    assert replicated["se"][0] == pytest.approx(expected["se"][0], rel=0.5)


def test_the_summary_table_gives_the_same_index() -> None:
    frame = frame_of(3)
    levels = frame.assign(q1=frame["q1_level"], q2=frame["q2_level"])
    table = summary_table.from_rows(
        levels, ["q1", "q2"], levels=("1", "2", "3", "4", "KB"), by=["group"], strata="unit", psu="village", weights="w"
    )
    coefficients = {"1": 1.0, "2": 0.75, "3": 0.5, "4": 0.25}
    weights = np.outer([WEIGHTS["business"], WEIGHTS["citizen"]], list(POINTS.values()))
    value, scores = table_estimates.unit_scores(table, coefficients, weights)
    expected = composite.index(design_of(frame), POINTS, group="group", group_weights=WEIGHTS).table
    assert value == pytest.approx(expected["estimate"][0], rel=1e-12)
    assert table_estimates.variance_of_unit_scores(table, scores) ** 0.5 == pytest.approx(expected["se"][0], rel=1e-12)


def test_a_group_without_an_answer_is_flagged_or_leaves_no_index() -> None:
    frame = frame_of(4)
    frame.loc[(frame["unit"] == "u1") & (frame["group"] == "business"), list(POINTS)] = np.nan
    options = {"by": "unit", "group": "group", "group_weights": WEIGHTS}
    flagged = composite.index(design_of(frame), POINTS, **options).table
    assert flagged["renormalised"].tolist() == [False, True, False]
    citizens = composite.index(
        design_of(frame), POINTS, by="unit", where=(frame["group"] == "citizen").to_numpy()
    ).table
    assert flagged["estimate"][1] == pytest.approx(citizens["estimate"][1])
    without = composite.index(design_of(frame), POINTS, missing_group="none", **options).table
    assert without["estimate"].isna().tolist() == [False, True, False]
    assert without["ci_low"].isna().tolist() == [False, True, False]


def test_equal_answers_never_give_a_width_of_zero() -> None:
    frame = frame_of(5)
    frame.loc[frame["unit"] == "u2", list(POINTS)] = 1.0
    row = composite.index(design_of(frame), POINTS, by="unit").table.iloc[2]
    assert row["estimate"] == pytest.approx(sum(POINTS.values()))
    assert row["ci_low"] < row["estimate"] - 0.01
    assert row["ci_high"] == pytest.approx(sum(POINTS.values()))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10_000))
def test_both_rules_for_no_opinion_differ_by_its_share(seed: int) -> None:
    frame = frame_of(seed)
    unknown = (frame["q1_level"] == "KB").to_numpy()
    found = composite.unknown_rules(design_of(frame), frame["q1"].to_numpy(), unknown, by="unit")
    np.testing.assert_allclose(found["zero"], (1 - found["unknown"]) * found["excluded"], rtol=1e-12)
    np.testing.assert_allclose(found["highest"], found["zero"] + found["unknown"], rtol=1e-12)
    assert (found["lowest"] <= found["excluded"] + 1e-12).all()
    assert (found["excluded"] <= found["highest"] + 1e-12).all()


def test_an_answer_with_and_without_opinion_is_refused() -> None:
    frame = frame_of(6)
    with pytest.raises(DesignError, match="without opinion"):
        composite.unknown_rules(design_of(frame), frame["q1"].fillna(0).to_numpy(), np.ones(len(frame), dtype=bool))


def test_years_in_the_same_villages_are_compared_more_sharply_than_independent_ones() -> None:
    frame = frame_of(7, villages=30)
    paired = composite.paired_changes(design_of(frame), POINTS, "year", (2021, 2022), "unit", adjust="bh")
    one, other = (
        composite.index(design_of(frame), POINTS, by="unit", where=(frame["year"] == year).to_numpy())
        for year in (2021, 2022)
    )
    apart = composite.changes(one, other, df=87)
    np.testing.assert_allclose(paired["change"], apart["change"])
    assert (paired["se"] < apart["se"]).all()
    assert (apart["p_adjusted"] >= apart["p_value"]).all()


def test_weights_of_groups_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(DesignError, match="add up to 1"):
        composite.index(design_of(frame_of(8)), POINTS, group="group", group_weights={"citizen": 0.5})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points": {"w": 2.0}}, "w is outside 0 and 1 in 144 of 144 rows"),
        ({"points": {"q9": 2.0}}, "points names q9, which is no column"),
        ({"points": {"group": 2.0}}, "group holds text"),
        ({"points": {"q1": -2.0}}, "maximum points, above 0"),
        ({"by": "district"}, "by names district"),
        ({"group": "party", "group_weights": WEIGHTS}, "group names party"),
        ({"group": "group", "group_weights": {"citizen": 1.0}}, "group names no group with a weight (citizen) in"),
        ({"group": "group", "group_weights": {"citizen": 1.5, "business": -0.5}}, "must be 0 or more"),
        ({"missing_group": "zero"}, "missing_group='zero'"),
        ({"where": [True]}, "True or False for each of the 144 rows"),
    ],
)
def test_an_index_that_cannot_be_is_refused(changes: dict, words: str) -> None:
    with pytest.raises(DesignError) as fault:
        composite.index(design_of(frame_of(8)), **{"points": POINTS} | changes)
    assert words in str(fault.value)


def test_limits_of_an_index_are_those_of_the_questions_that_have_answers() -> None:
    frame = frame_of(9).assign(q2=lambda table: table["q2"].where(table["unit"] != "u0"), q1=1.0)
    found = composite.index(design_of(frame), POINTS, by="unit").table
    assert found["renormalised"].tolist() == [True, False, False]
    assert found.loc[0, ["estimate", "ci_high"]].tolist() == pytest.approx([2, 2])
    assert found["ci_low"][0] < 2


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda sample: composite.paired_changes(sample, POINTS, "year", (2021, 2031), "unit"),
            "without a row: [2031]",
        ),
        (lambda sample: composite.unknown_rules(sample, "w", "year"), "w is outside 0 and 1"),
        (lambda sample: composite.unknown_rules(sample, "q1", "year"), "unknown: year is neither 0 nor 1"),
        (lambda _: composite.schemes_compared([[1, 2]], {"short": [1]}), "short has 1 coefficients for 2 levels"),
        (lambda _: composite.points_if_moved([[1, 2]], [1, 0], 0, 2, 0.5), "source and target"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_refused(ask, words: str) -> None:
    with pytest.raises(DesignError) as fault:
        ask(design_of(frame_of(8)))
    assert words in str(fault.value)


def test_other_coefficients_can_turn_the_order_round() -> None:
    levels = np.array([[50.0, 0, 0, 50], [0, 60, 40, 0]])
    found = composite.schemes_compared(levels, {"even": [1, 0.75, 0.5, 0.25], "top": [1, 0, 0, 0]}, most=2)
    assert found["even"].tolist() == [1.25, 1.3]
    assert found["even_rank"].tolist() == [2, 1]
    assert found["top_rank"].tolist() == [1, 2]


def test_points_gained_by_moving_answers_are_exact() -> None:
    levels = np.array([[10.0, 20, 60, 10]])
    gain = composite.points_if_moved(levels, [1, 0.75, 0.5, 0.25], source=2, target=1, share=0.5, factor=2)
    moved = np.array([[10.0, 50, 30, 10]])
    schemes = {"now": [1, 0.75, 0.5, 0.25]}
    before, after = (composite.schemes_compared(each, schemes, most=2)["now"][0] for each in (levels, moved))
    assert gain[0] == pytest.approx(after - before)
    with pytest.raises(DesignError, match="between 0 and 1"):
        composite.points_if_moved(levels, [1, 0.75, 0.5, 0.25], 2, 1, 1.5)
