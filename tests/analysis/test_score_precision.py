"""Intervals of points: the sum is the exact point, covariances count, intervals cover, degenerate samples."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.component_score import SIPAS, SURVEY, Criterion, score_leaves
from analysis.design import Design
from analysis.score_precision import CELL, GROUP, RATER, covariance_between, precision, terms_of
from analysis.scoring_rules import PRESETS, Settings

A = Criterion("1.1", 2, SURVEY, ("A", "B"), ("q_1", "q_2"))
SIPAS_LEAF = Criterion("8.1", 10, SIPAS, ("A", "B"), ("q_1", "q_2", "q_3"))
RULES = (
    Settings(),
    Settings(dont_know="zero", group_combination="pooled"),
    Settings(dont_know="middle", sipas_groups="equal", sipas_method="mean5"),
    Settings(missing_group="zero", sipas_groups="equal"),
)


def scored(answers: pd.DataFrame, rules: Settings, *leaves: Criterion):
    counts = {}
    items = [name for name in answers.columns if name.startswith("q_")]
    for _, row in answers.iterrows():
        for item in items:
            if row[item] is not None:
                counts[row[GROUP], item, row[item]] = counts.get((row[GROUP], item, row[item]), 0) + 1
    return score_leaves(leaves, counts, rules)


def forms(rows, items=("q_1", "q_2", "q_3")) -> pd.DataFrame:
    """Each of another person."""
    return pd.DataFrame(rows, columns=[CELL, GROUP, *items], dtype=object).assign(**{RATER: range(len(rows))})


LEVELS = st.sampled_from(["1", "2", "3", "4", "5", "KB", ""])


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 3), st.sampled_from("AB"), LEVELS, LEVELS, LEVELS), min_size=8, max_size=60),
    rules=st.sampled_from(RULES),
)
def test_the_terms_add_up_to_the_exact_points(rows, rules):
    answers = forms(rows)
    leaves = scored(answers, rules, A, SIPAS_LEAF)
    found, sums = precision(leaves, [[0, 1]], answers, rules)
    for leaf, interval in zip(leaves, found, strict=True):
        if leaf.exact is None or not terms_of(leaf, rules):
            assert interval is None
        elif interval is not None:
            assert interval.estimate == pytest.approx(float(leaf.exact), abs=1e-9)
            assert -1e-9 <= interval.low <= interval.estimate + 1e-9
            assert interval.estimate - 1e-9 <= interval.high <= float(leaf.criterion.max_points) + 1e-9
    if all(found):
        assert sums[0].estimate == pytest.approx(sum(one.estimate for one in found))


def test_one_question_of_one_cell_has_the_textbook_error():
    levels = ["5"] * 30 + ["4"] * 20 + ["2"] * 10
    answers = forms([(1, "A", level) for level in levels], ["q_1"])
    leaf = Criterion("1.1", 2, SURVEY, ("A",), ("q_1",))
    found, _ = precision(scored(answers, Settings(), leaf), [], answers, Settings())
    values = np.array([{"5": 1, "4": 0.75, "2": 0.25}[level] for level in levels])
    assert found[0].se == pytest.approx(2 * values.std(ddof=1) / math.sqrt(60))
    assert found[0].n == 60


def test_two_criteria_that_one_person_answers_alike_vary_together():
    levels = list(np.random.default_rng(1).choice(["3", "4", "5"], 80))
    answers = forms([(1, "A", level, level, None) for level in levels])
    leaves = scored(
        answers, Settings(), Criterion("1", 1, SURVEY, ("A",), ("q_1",)), Criterion("2", 1, SURVEY, ("A",), ("q_2",))
    )
    (one, other), (together,) = precision(leaves, [[0, 1]], answers, Settings())
    assert together.se == pytest.approx(one.se + other.se)


def test_independent_groups_add_their_variances():
    rng = np.random.default_rng(2)
    rows = [(1, "A", level, None, None) for level in rng.choice(["2", "4", "5"], 70)]
    rows += [(2, "B", level, None, None) for level in rng.choice(["1", "4", "5"], 50)]
    answers = forms(rows)
    leaves = scored(answers, Settings(), *(Criterion(g, 1, SURVEY, tuple(g), ("q_1",)) for g in ("A", "B", "AB")))
    (one, other, both), _ = precision(leaves, [], answers, Settings())
    assert both.se == pytest.approx(math.hypot(one.se, other.se) / 2)


def test_a_small_group_that_makes_most_of_the_error_gives_the_degrees_of_freedom():
    """R: t.test(a, b, var.equal=FALSE)$parameter, of a mean of two groups with equal weights."""
    few, many = ["1", "5", "1", "5", "2", "5"], ["4", "5"] * 60
    answers = forms([(1, "A", level) for level in few] + [(2, "B", level) for level in many], ["q_1"])
    leaf = Criterion("1", 1, SURVEY, ("A", "B"), ("q_1",))
    (found,), _ = precision(scored(answers, Settings(), leaf), [], answers, Settings())
    one, other = (np.array([int(level) for level in levels]) for levels in (few, many))
    assert found.df == pytest.approx(stats.ttest_ind(one, other, equal_var=False).df)
    assert found.df < 6, "not the 124 of all persons less the two cells"


def test_answers_that_all_agree_do_not_make_certainty():
    answers = forms([(1, "A", "5", "5", None)] * 8)
    leaf = Criterion("1", 1, SURVEY, ("A",), ("q_1", "q_2"))
    (found,), _ = precision(scored(answers, Settings(), leaf), [], answers, Settings())
    assert found.se == 0
    assert found.df == 7
    assert found.high == 1
    assert 0.5 < found.low < 0.8


@pytest.mark.parametrize("fives", [24, 23])
def test_a_sum_is_bound_by_the_criteria_that_have_points(fives):
    answers = forms([(1, "A", "5" if row < fives else "4", None) for row in range(24)], ["q_1", "q_2"])
    asked, not_asked = Criterion("1", 1, SURVEY, ("A",), ("q_1",)), Criterion("2", 10, SURVEY, ("B",), ("q_2",))
    (leaf, nothing), (area, total) = precision(
        scored(answers, Settings(), asked, not_asked), [[1], [0, 1]], answers, Settings()
    )
    assert nothing is area is None
    assert total == leaf
    assert total.low <= total.estimate <= total.high <= 1


def test_no_forms_no_interval():
    answers = forms([(1, "A", "5", "5", None)])
    leaf = Criterion("1", 1, SURVEY, ("A",), ("q_1",))
    leaves = scored(answers, Settings(n_min=1), leaf)
    assert precision(leaves, [[0]], answers, Settings(n_min=1)) == ([None], [None])


def test_intervals_cover_as_often_as_they_say():
    """Mostly content people, as in real rounds: the beta interval holds where the plain one covers about half."""
    rng = np.random.default_rng(20211224)
    shares, values = np.array([0.02, 0.08, 0.5, 0.4]), np.array([0.25, 0.5, 0.75, 1.0])
    truth = float(shares @ values)
    leaf = Criterion("1", 1, SURVEY, ("A",), ("q_1",))
    rounds, covered = 400, 0
    for _ in range(rounds):
        levels = rng.choice(["2", "3", "4", "5"], 20, p=shares)
        answers = forms([(1, "A", level) for level in levels], ["q_1"])
        (found,), _ = precision(scored(answers, Settings(), leaf), [], answers, Settings())
        covered += found.low <= truth <= found.high
    assert covered / rounds > 0.93


def test_presets_are_what_the_values_come_from():
    answers = forms([(1, "A", level, None, None) for level in ("1", "5", "4", "4")])
    leaf = Criterion("8", 10, SIPAS, ("A",), ("q_1",))
    rules = Settings(n_min=1, sipas_method="t2b")
    (found,), _ = precision(scored(answers, rules, leaf), [], answers, rules)
    assert PRESETS["t2b"] == (0, 0, 0, 1, 1)
    assert found.estimate == 7.5


UNITS, PERSONS = 4, 24


def ratings(rng: np.random.Generator, left_out: float = 0.0) -> pd.DataFrame:
    """Forms of persons in three cells about four units each; who is generous is so to all units."""
    rows = []
    for person in range(PERSONS):
        kind = rng.integers(-1, 2)
        for unit in range(UNITS):
            if rng.random() < left_out:
                continue
            levels = [str(np.clip(3 + kind + unit % 2 + rng.integers(-1, 2), 1, 5)) for _ in range(2)]
            rows.append((person % 3, "A" if person % 3 else "B", *levels, unit, person))
    return pd.DataFrame(rows, columns=[CELL, GROUP, "q_1", "q_2", "unit", RATER]).astype({"q_1": object, "q_2": object})


def units_of(answers: pd.DataFrame, rules: Settings):
    """(leaves, forms) of every unit."""
    leaves = (A, Criterion("1.2", 1, SURVEY, ("A",), ("q_2",)))
    parts = [forms for _, forms in answers.groupby("unit")]
    return [(scored(forms, rules, *leaves), forms) for forms in parts]


@pytest.mark.parametrize("rules", RULES)
def test_units_that_one_person_rated_vary_together_as_their_sampling_units_say(rules):
    answers = ratings(np.random.default_rng(4))
    parts = units_of(answers, rules)
    found = covariance_between(parts, rules)
    # Directly: one column a unit, one row a person with all that the ratings add to the total of the unit.
    rows = {}
    for unit, (leaves, forms) in enumerate(parts):
        value = {str(n): float(each) for n, each in enumerate(rules.coefficients, start=1)}
        for leaf in leaves:
            for term in terms_of(leaf, rules):
                counts = forms[GROUP].isin(term.groups)
                values = forms.loc[counts, term.item].map(value)
                for rater, each in zip(forms.loc[counts, RATER], values, strict=True):
                    rows[rater, unit] = rows.get((rater, unit), 0) + term.factor * (each - values.mean()) / len(values)
    persons = answers.drop_duplicates(RATER)
    z = np.array([[rows.get((person, unit), 0) for unit in range(UNITS)] for person in persons[RATER]])
    direct = Design(persons, strata=CELL).covariance_of_scores(z)
    np.testing.assert_allclose(found, direct, atol=1e-15)
    assert found[0, 1] > 0.2 * found[0, 0], "the generous are so to all"
    together = [precision(leaves, [[0, 1]], forms, rules)[1][0] for leaves, forms in parts]
    np.testing.assert_allclose(np.sqrt(np.diag(found)), [one.se for one in together])


def test_units_without_a_common_rater_do_not_vary_together_and_a_left_out_unit_breaks_nothing():
    answers = ratings(np.random.default_rng(5), left_out=0.3)
    joined = covariance_between(units_of(answers, Settings()), Settings())
    assert np.linalg.eigvalsh(joined).min() > -1e-12
    single = covariance_between(units_of(answers.assign(**{RATER: range(len(answers))}), Settings()), Settings())
    np.testing.assert_allclose(single, np.diag(np.diag(joined)))


def test_many_forms_of_few_persons_say_less_than_as_many_persons():
    answers = ratings(np.random.default_rng(6))
    leaves = scored(answers, Settings(), A)
    (joined,), _ = precision(leaves, [], answers, Settings())
    (single,), _ = precision(leaves, [], answers.assign(**{RATER: range(len(answers))}), Settings())
    assert joined.estimate == single.estimate
    assert joined.se > 1.3 * single.se
    alike = answers.assign(q_1="5", q_2="5")
    leaves = scored(alike, Settings(), A)
    (joined,), _ = precision(leaves, [], alike, Settings())
    assert 1 - (joined.low / 2) == pytest.approx(1 - 0.025 ** (1 / PERSONS)), "24 persons, not 96 forms"
