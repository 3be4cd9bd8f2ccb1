"""The table of counts gives what the answers give, to twelve digits, whatever the sample and the scoring."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import estimates, summary_table, table_estimates
from analysis.design import Design
from analysis.summary_table import SummaryTable
from analysis.taylor import DesignError

LEVELS = ("1", "2", "3", "4", "KB")
POINTS = {"1": 1.0, "2": 0.75, "3": 0.5, "4": 0.25}
EXACT = {"rtol": 1e-12, "atol": 1e-13}


def answers(seed: int, strata: int = 3, units: int = 4, rows: int = 9) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = strata * units * rows
    frame = pd.DataFrame({
        "stratum": np.repeat(np.arange(strata), units * rows), "village": np.repeat(np.arange(strata * units), rows),
        "w": random.uniform(1, 9, n), "N": 40, "unit": random.choice(["a", "b", "c"], n),
        "group": random.choice(["citizen", "business"], n),
    })  # fmt: skip
    for item in ("q1", "q2"):
        frame[item] = random.choice([*LEVELS, None], n)
    return frame


def table_of(frame: pd.DataFrame, **changes: object) -> SummaryTable:
    options = {"levels": LEVELS, "by": ["unit", "group"], "strata": "stratum", "psu": "village", "weights": "w"}
    return summary_table.from_rows(frame, ["q1", "q2"], **options | changes)


def from_the_rows(frame: pd.DataFrame, points: dict, by: list[str], **design: object) -> pd.DataFrame:
    scored = frame.assign(**{item: frame[item].map(points) for item in ("q1", "q2")})
    sample = Design(scored, **{"strata": "stratum", "psu": "village", "weights": "w"} | design)
    table = estimates.mean(sample, ["q1", "q2"], by or None).table.rename(columns={"variable": "item"})
    return table.sort_values([*by, "item"], ignore_index=True)


def assert_same(from_table: pd.DataFrame, from_rows: pd.DataFrame) -> None:
    assert from_table["n"].tolist() == from_rows["n"].tolist()
    assert from_table["df"].tolist() == from_rows["df"].tolist()
    for column in ("estimate", "se", "ci_low", "ci_high"):
        np.testing.assert_allclose(from_table[column], from_rows[column], **EXACT, err_msg=column)
    np.testing.assert_allclose(from_table["deff"], from_rows["deff"], rtol=1e-10, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000), st.sampled_from([[], ["unit"], ["unit", "group"]]), st.booleans(), st.booleans())
def test_estimates_from_the_table_are_those_from_the_answers(seed: int, by: list, zero: bool, finite: bool) -> None:
    frame = answers(seed)
    points = POINTS | ({"KB": 0.0} if zero else {})
    fpc = {"fpc": "N"} if finite else {}
    found = table_estimates.means(table_of(frame, **fpc), points, by)
    assert_same(found, from_the_rows(frame, points, by, **fpc))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 100_000), st.booleans())
def test_a_sample_of_persons_needs_no_list_of_persons(seed: int, finite: bool) -> None:
    frame = answers(seed).assign(N=400)
    fpc = {"fpc": "N"} if finite else {}
    table = table_of(frame, psu=None, **fpc)
    assert len(table.rows) <= 3 * 3 * 2
    assert_same(table_estimates.means(table, POINTS, ["unit"]), from_the_rows(frame, POINTS, ["unit"], psu=None, **fpc))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 100_000), st.booleans())
def test_a_group_by_of_the_database_gives_the_same_table(seed: int, persons: bool) -> None:
    frame = answers(seed)
    keys = ["stratum", *([] if persons else ["psu"]), "unit", "group", "item", "level"]
    long = frame.rename(columns={"village": "psu"}).melt(
        ["stratum", "psu", "w", "unit", "group"], ["q1", "q2"], "item", "level"
    )
    long = long.dropna(subset="level").assign(square=lambda table: table["w"] ** 2)
    counts = long.groupby(keys).agg(m=("w", "size"), s1=("w", "sum"), s2=("square", "sum")).reset_index()
    units = frame.rename(columns={"village": "psu"})[["stratum", "psu"]].drop_duplicates()
    if persons:
        units = frame.groupby("stratum").size().reset_index(name="sampled")
    table = summary_table.from_counts(counts, units, levels=LEVELS, by=["unit", "group"])
    direct = table_of(frame, psu=None) if persons else table_of(frame)
    for by in ([], ["unit"]):
        assert_same(table_estimates.means(table, POINTS, by), table_estimates.means(direct, POINTS, by))


def test_sampling_units_without_an_answer_keep_their_place() -> None:
    frame = answers(1)
    frame.loc[frame["village"] == 0, ["q1", "q2"]] = None
    assert_same(table_estimates.means(table_of(frame), POINTS, ["unit"]), from_the_rows(frame, POINTS, ["unit"]))


def test_shares_of_the_levels_add_up_to_one() -> None:
    found = table_estimates.shares(table_of(answers(2)), LEVELS[:4], ["unit"])
    np.testing.assert_allclose(found.groupby(["unit", "item"])["estimate"].sum(), 1)


def test_equal_weights_are_counted_once_with_the_same_result() -> None:
    frame = answers(3).assign(w=lambda table: 1.0 + table["village"])
    assert_same(table_estimates.means(table_of(frame), POINTS, ["unit"]), from_the_rows(frame, POINTS, ["unit"]))


def test_the_bootstrap_from_totals_comes_near_the_linearised_error() -> None:
    table = table_of(answers(4, units=30))
    replicates = table_estimates.bootstrap_means(table, POINTS, ["unit"], count=1000, seed=5)
    expected = table_estimates.means(table, POINTS, ["unit"])["se"].to_numpy()
    np.testing.assert_allclose(replicates.std(axis=0).ravel(), expected, rtol=0.12)
    np.testing.assert_array_equal(
        replicates, table_estimates.bootstrap_means(table, POINTS, ["unit"], count=1000, seed=5)
    )


def test_a_cell_of_calibration_carries_its_factor() -> None:
    frame = answers(5)
    factors = {"citizen": 1.5, "business": 0.5}
    changed = frame.assign(w=frame["w"] * frame["group"].map(factors))
    moved = summary_table.reweighted(table_of(frame), "group", factors)
    assert_same(table_estimates.means(moved, POINTS, ["unit"]), from_the_rows(changed, POINTS, ["unit"]))


def test_beta_limits_stay_on_the_scale_and_are_never_of_width_zero() -> None:
    frame = answers(6)
    frame.loc[frame["unit"] == "a", ["q1", "q2"]] = "1"
    found = table_estimates.means(table_of(frame), POINTS, ["unit"], interval="beta")
    assert found["ci_low"].between(0, 1).all()
    assert found["ci_high"].between(0, 1).all()
    assert (found["ci_high"] - found["ci_low"] > 0.01).all()
    assert (found["estimate"] == 1).sum() == 2


@pytest.mark.parametrize("points", [{"5": 1.0}, {"1": 1.0, "none": 0.0}])
def test_a_level_that_the_table_does_not_have_is_refused(points: dict) -> None:
    with pytest.raises(DesignError, match="no level"):
        table_estimates.means(table_of(answers(7)), points)


def test_a_lone_sampling_unit_is_refused() -> None:
    frame = answers(8).query("stratum != 1 or village == 4")
    with pytest.raises(DesignError, match="only one sampling unit"):
        table_estimates.means(table_of(frame), POINTS)


def test_a_population_that_varies_within_a_stratum_is_refused() -> None:
    frame = answers(1)
    with pytest.raises(DesignError, match="fpc: N varies within stratum 1 in "):
        table_of(frame.assign(N=np.where(frame["village"] == frame["village"].max() // 2, 39, 40)), fpc="N")
    with pytest.raises(DesignError, match="strata: stratum is missing in 1 of"):
        table_of(frame.assign(stratum=frame["stratum"].where(frame.index > 0)))


def test_answers_that_are_all_alike_have_no_design_effect() -> None:
    found = table_estimates.means(table_of(answers(2)), dict.fromkeys(POINTS, 1 / 3), ["unit"])
    assert found["deff"].isna().all()
