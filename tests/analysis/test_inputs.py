"""What cannot be is refused at the border with column, number of rows and cure; names, lists and series are read."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from analysis import (
    comparisons,
    contingency,
    estimates,
    inputs,
    proportion,
    quantiles,
    ranks,
    regression,
    response_quality,
    scales,
    small_areas,
    weight_diagnostics,
)
from analysis.design import Design
from analysis.replicates import Replicates
from analysis.taylor import DesignError

FRAME = pd.DataFrame({
    "stratum": np.repeat(["north", "south"], 12), "village": np.repeat(np.arange(8), 3), "w": np.tile([1.0, 2.0], 12),
    "y": np.arange(24) % 7 + 1.0, "sex": np.tile(["F", "M", "M"], 8), "content": np.tile([True, False], 12), "N": 9,
})  # fmt: skip


def design(frame: pd.DataFrame = FRAME, **changes: object) -> Design:
    return Design(frame, **{"strata": "stratum", "psu": "village", "weights": "w"} | changes)


def with_value(column: str, value: object, rows: int = 2) -> pd.DataFrame:
    return FRAME.assign(**{column: [value] * rows + FRAME[column].tolist()[rows:]})


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (with_value("w", np.nan), {}, "weights: w is missing in 2 of 24 rows, first in row 0"),
        (with_value("w", -1.0, 3), {}, "weights: w is negative in 3 of 24 rows"),
        (with_value("w", np.inf, 1), {}, "weights: w is infinite in 1 of 24 rows"),
        (FRAME.assign(w=0.0), {}, "weights: w is 0 in all 24 rows"),
        (FRAME.assign(w="2"), {}, "weights: w holds text such as '2'"),
        (FRAME, {"weights": "weight"}, "weights names weight, which is no column. The columns: stratum, village"),
        (with_value("stratum", None), {}, "strata: stratum is missing in 2 of 24 rows"),
        (FRAME, {"strata": "region"}, "strata names region"),
        (with_value("village", np.nan), {}, "psu: village is missing in 2 of 24 rows"),
        (FRAME, {"psu": "hamlet"}, "psu names hamlet"),
        (with_value("N", np.nan), {"fpc": "N"}, "fpc: N is missing in 2 of 24 rows"),
        (FRAME.assign(N="nine"), {"fpc": "N"}, "fpc: N holds text"),
        (FRAME[:0], {}, "no row"),
        (FRAME.to_dict("list"), {}, "frame is a dict: give a table"),
        (FRAME, {"weights": [1, 2, 3]}, "weights has 3 values, not 24"),
        (FRAME, {"weights": {"F": 1}}, "weights is of type dict: give an array, list or series"),
        (FRAME, {"weights": FRAME["w"][:9]}, "weights: the index of the series is not that of the frame: 15 of its 24"),
        (FRAME, {"strata": ["stratum", "stratum"]}, "strata has two columns called stratum"),
        (FRAME, {"lonely": "drop"}, "lonely='drop': use one of fail"),
        (FRAME, {"replicates": Replicates(np.ones((5, 2)), 1, np.ones(2))}, "do not fit 24 rows"),
        (FRAME, {"replicates": Replicates(np.full((24, 2), np.nan), 1, np.ones(2))}, "factor is missing"),
    ],
)
def test_a_sample_that_cannot_be_is_refused(frame: pd.DataFrame, options: dict, words: str) -> None:
    with pytest.raises(DesignError) as fault:
        design(frame, **options)
    assert words in str(fault.value)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda sample: sample.mean("nope"), "names nope, which is no column"),
        (lambda sample: sample.mean("y", by="nope"), "by names nope"),
        (lambda sample: sample.mean([]), "No variable"),
        (lambda sample: sample.mean("y", where=FRAME["w"]), "True or False for each of the 24 rows"),
        (lambda sample: sample.mean("y", where=[True]), "True or False for each of the 24 rows"),
        (lambda sample: sample.mean("y", level=95), "level=95"),
        (lambda sample: sample.mean("y", deff="srs"), "deff='srs': use one of without, with"),
        (lambda sample: sample.mean("y", interval="z"), "interval='z'"),
        (lambda sample: sample.ratio("y", "sex"), "sex holds text such as 'F'"),
        (lambda sample: sample.contrast("y", [1, 0, -1], by="sex"), "3 coefficients: give one for each of 2"),
        (lambda sample: sample.contrast("y", [1, np.nan], by="sex"), "contrast is missing in 1 of 2"),
        (
            lambda sample: sample.contrast("y", {"F": 1, "M": -1}, by="sex"),
            "in the order of the rows: F y; M y.",
        ),
        (lambda sample: sample.mean(FRAME["y"].tolist()), "names 1.0, 2.0, 3.0, … (24 in all), which is no column"),
        (lambda sample: sample.mean("y", by=FRAME["sex"].tolist()), "by names F, M, M, … (24 in all)"),
        (lambda sample: sample.mean("y", by={"sex": 1}), "by names a dict, which is no column"),
        (lambda sample: sample.mean(np.ones(3)), "variable: give a column, or a value for each of the 24 rows"),
        (lambda sample: sample.proportion("y"), "event: y is neither 0 nor 1 in 20 of 24 rows"),
        (
            lambda sample: sample.proportion("sex"),
            "event: sex holds text such as 'F', not 0 and 1: give a condition",
        ),
        (lambda sample: sample.proportion("content", method="exact"), "method='exact'"),
        (lambda sample: sample.proportion([True]), "event: give a column, or a value for each of the 24 rows"),
        (lambda sample: sample.proportion("content", where=FRAME["w"] > 5), "No row is in the domain"),
        (lambda sample: sample.quantile("sex"), "sex holds text"),
        (lambda sample: sample.quantile("y", 50), "p: shares between 0 and 1"),
        (lambda sample: sample.quantile("y", rule="hf10"), "rule='hf10'"),
        (lambda sample: sample.t_test("y", "village"), "8 kinds (0, 1, 2"),
        (lambda sample: sample.t_test("y", "sex", where=FRAME["sex"] == "F"), "answers by group: F 8"),
        (lambda sample: sample.rank_test("y", "nope"), "groups names nope"),
        (lambda sample: sample.rank_test("y", "sex", test="sign"), "test='sign'"),
        (lambda sample: sample.crosstab("sex", "nope"), "names nope"),
        (lambda sample: contingency.goodness_of_fit(sample, "sex", [0.5, 0]), "a share above 0"),
        (lambda sample: contingency.independence(sample, "sex", "content", "G"), "statistic='G'"),
        (lambda sample: regression.fit(sample, "nope ~ y"), "The formula names nope"),
        (lambda sample: regression.fit(sample, "sex ~ y"), "sex holds text"),
        (lambda sample: regression.fit(sample, "y ~ sex", where=[1] * 24), "True or False"),
        (lambda sample: weight_diagnostics.kish_design_effect([1, None]), "weights is missing in 1 of 2 rows"),
        (lambda sample: weight_diagnostics.effective_size([1, -1]), "weights is negative in 1 of 2 rows"),
        (lambda sample: weight_diagnostics.summary([0, 0]), "weights is 0 in all 2 rows"),
        (lambda sample: response_quality.run_lengths(["tốt"]), "items has 1 dimensions"),
        (lambda sample: estimates.variance(sample, "y", where=[1] * 24), "True or False"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(ask, words: str) -> None:
    with pytest.raises(DesignError) as fault:
        ask(design())
    assert words in str(fault.value)


def test_a_question_without_any_answer_has_no_estimate() -> None:
    sample = design(FRAME.assign(silent=np.nan, half=np.where(FRAME["sex"] == "F", FRAME["y"], np.nan)))
    with pytest.raises(DesignError, match="silent has no answer in the 24 rows"):
        sample.mean("silent")
    found = sample.mean("half", by="sex")
    assert found["n"].tolist() == [8, 0]
    event = np.where(FRAME["sex"] == "F", FRAME["content"], np.nan)
    for row in (found, sample.proportion(event, by="sex"), sample.quantile("half", 0.5, by="sex")):
        assert row["estimate"].notna().tolist() == [True, False]
        assert row.loc[1, ["estimate", "se", "ci_low", "ci_high"]].isna().all()


def test_names_values_and_lists_give_the_same() -> None:
    sample = design()
    event, groups = FRAME["content"], (FRAME["sex"] == "M").astype(float)
    for given in ("content", event, event.to_numpy(dtype=float), event.tolist()):
        pd.testing.assert_frame_equal(sample.proportion(given), proportion.proportion(sample, "content"))
    by_name = comparisons.two_sample_t(sample, "y", "sex")
    assert by_name.contrast == "M - F"
    by_value = comparisons.two_sample_t(sample, FRAME["y"].tolist(), groups.to_numpy())
    assert by_value.contrast == "1 - 0"
    assert by_name.table.drop(columns="contrast").equals(by_value.table.drop(columns="contrast"))
    assert sample.quantile("y", 0.5).equals(quantiles.quantile(sample, "y", [0.5]))
    longest = response_quality.run_lengths(pd.DataFrame([[3, 3, 4]]))[0]
    assert longest.tolist() == response_quality.run_lengths([[3, 3, 4]])[0].tolist() == [2]
    assert weight_diagnostics.effective_size([1, 1, 1]) == 3
    assert inputs.vector([Decimal("0.5"), None], "share").tolist()[0] == 0.5


def test_a_series_is_matched_by_its_index() -> None:
    plain, mixed = design(), design(FRAME.sort_values(["y", "sex"], ascending=False))
    women, sex, y = FRAME["sex"] == "F", FRAME["sex"], FRAME["y"]
    assert not mixed.frame.index.equals(FRAME.index)
    for ask in (
        lambda sample: sample.mean("y", where=women),
        lambda sample: sample.mean(y >= 4, by=sex),
        lambda sample: sample.total(["y", FRAME["content"]], by=[sex, "stratum"]),
        lambda sample: sample.ratio(y, FRAME["w"], by=sex),
        lambda sample: sample.proportion(FRAME["content"], by=sex),
        lambda sample: sample.quantile(y, 0.5, by=sex),
        lambda sample: sample.t_test(y, sex),
        lambda sample: sample.rank_test(y + FRAME.index / 100, women),
        lambda sample: sample.crosstab(sex, FRAME["content"]),
        lambda sample: regression.fit(sample, "y ~ sex", where=women | (y > 2)).table,
    ):
        pd.testing.assert_frame_equal(ask(mixed), ask(plain))
    given = Design(mixed.frame, strata=FRAME["stratum"], psu=FRAME["village"], weights=FRAME["w"], fpc=FRAME["N"])
    assert given.mean("y").equals(design(mixed.frame, fpc="N").mean("y"))
    by_position = mixed.mean("y", where=(mixed.frame["sex"] == "F").to_numpy())
    assert by_position.equals(mixed.mean("y", where=women))
    twice = pd.concat([FRAME, FRAME])
    with pytest.raises(DesignError, match="row labels repeat"):
        design(twice).mean("y", where=twice["sex"].sort_values() == "F")
    assert design(twice).mean("y", where=twice["sex"] == "F")["n"].tolist() == [16]
    with pytest.raises(DesignError, match="groups: the index of the series is not that of the frame"):
        design(FRAME[12:]).t_test("y", FRAME["sex"][:12])


def test_series_of_units_are_matched_to_each_other() -> None:
    random = np.random.default_rng(1)
    units = pd.DataFrame({"y": random.normal(5, 1, 9), "se": random.uniform(0.1, 0.5, 9), "one": 1.0, "x": range(9)})
    mixed = units.sort_values("y")
    whole = small_areas.fay_herriot(units["y"], units["se"] ** 2, units[["one", "x"]])
    assert whole.table.equals(small_areas.fay_herriot(units["y"], mixed["se"] ** 2, mixed[["one", "x"]]).table)
    expected = ranks.expected_ranks(units["y"], units["se"])
    assert (ranks.expected_ranks(units["y"], mixed["se"]) == expected).all()
    assert (ranks.expected_ranks(units["y"], mixed["se"].tolist()) != expected).any(), "a list goes by position"
    items = pd.DataFrame(random.integers(1, 6, (24, 3)))
    assert scales.weighted_alpha(items, FRAME["w"][::-1]) == scales.weighted_alpha(items, FRAME["w"].to_numpy())
    with pytest.raises(DesignError, match="weights: the index of the series is not that of items"):
        scales.weighted_alpha(items, FRAME["w"][:9])


def test_values_for_each_row_take_the_place_of_a_column() -> None:
    sample = design()
    for variable, by in (
        (FRAME["y"], FRAME["sex"]),
        ("y", [FRAME["sex"]]),
        (FRAME.columns[3:4], FRAME[["sex"]].keys()),
    ):
        pd.testing.assert_frame_equal(sample.mean(variable, by=by), sample.mean("y", by="sex"))
    unnamed = sample.mean(FRAME["y"].to_numpy(), by=FRAME["sex"].to_numpy())
    assert list(unnamed)[:2] == ["by", "variable"]
    assert unnamed["estimate"].tolist() == sample.mean("y", by="sex")["estimate"].tolist()
    assert design(weights=FRAME["w"].tolist()).mean("y").equals(sample.mean("y"))


def test_domains_of_shares_and_quantiles_are_rows() -> None:
    sample, women = design(), (FRAME["sex"] == "F").to_numpy()
    alone = {"F": women, "M": ~women}
    shares, medians = sample.proportion("content", by="sex"), sample.quantile("y", [0.25, 0.5], by="sex")
    assert shares["sex"].tolist() == ["F", "M"]
    assert medians[["sex", "p"]].to_numpy().tolist() == [["F", 0.25], ["F", 0.5], ["M", 0.25], ["M", 0.5]]
    for label, members in alone.items():
        one = shares[shares["sex"] == label].drop(columns="sex").reset_index(drop=True)
        assert one.equals(sample.proportion("content", where=members))
        one = medians[medians["sex"] == label].drop(columns="sex").reset_index(drop=True)
        assert one.equals(sample.quantile("y", [0.25, 0.5], where=members))


def test_a_contrast_has_the_degrees_of_freedom_of_its_estimates() -> None:
    sample = design()
    found = sample.contrast("y", [-1, 1], by="sex")
    assert found["df"].tolist() == [6]
    tested = sample.t_test("y", "sex")
    assert found["estimate"][0] == pytest.approx(tested["estimate"][0])
    assert found["se"][0] == pytest.approx(tested["se"][0])
