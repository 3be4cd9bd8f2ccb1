"""Nothing that a round keeps back can be computed from all that it gives out; a naive publication is broken."""

import re
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import survey_app
from analysis.component_score import SIPAS, SURVEY, Criterion
from analysis.scoring_rules import PRESETS, Settings
from survey_app.access import Role
from survey_app.scores.figures import overview
from survey_app.scores.inputs import Leaf, ScoreInputs, compute
from survey_app.scores.models import ScoreRun
from survey_app.scores.protection import _alone, _beside_in_leaf, _View, shown_places
from survey_app.scores.publication import ALL, WORDS, Publication, Published, Why, breakdown, published, published_run
from survey_app.scores.rules import store_run
from survey_app.scores.workbook import workbook_bytes
from tests.make import make_user
from tests.scores.attacker import crowds_told, findings, read_lines, read_trace, read_workbook
from tests.scores.opened_round import make_opened_round, rate_second_unit, read_csv, write_csv
from tests.scores.test_workbook import FACTS

REASONS = {words % {"k": 5, "fewest": 10}: why for why, words in WORDS.items()}
LEAVES = (
    Leaf(Criterion("1.1", Decimal(1), SURVEY, ("A", "B"), ("q1",)), "Chỉ đạo", "I", "Chỉ đạo, điều hành"),
    Leaf(Criterion("1.2", Decimal("0.5"), SURVEY, ("A",), ("q2",)), "Kế hoạch", "I", "Chỉ đạo, điều hành"),
    Leaf(Criterion("2.1", Decimal("1.25"), SURVEY, ("A", "B", "C"), ("q3",)), "Thái độ", "II", "Công vụ"),
    Leaf(Criterion("8.1", Decimal(10), SIPAS, ("B", "C"), ("s1", "s2")), "Hài lòng", "VIII", "Tác động"),
)


def small_round(seed: int, units: int, settings: Settings) -> ScoreInputs:
    """A round with tiny groups: many lines of under five, some of one mind."""
    random = np.random.default_rng(seed)
    counts = {}
    for unit in range(units):
        of_unit = {}
        for group in "ABC":
            size = int(random.integers(1, 15)) if random.random() < 0.5 else int(random.integers(8, 40))
            for leaf in LEAVES:
                for item in leaf.criterion.items if group in leaf.criterion.groups else ():
                    levels = len(settings.coefficients) if leaf.criterion.scored_by == SURVEY else 5
                    alike = random.random() < 0.25
                    weights = random.dirichlet([0.1 if alike else 1.5] * levels)
                    of_unit |= _answers(random, group, item, size, weights, alike=alike)
        counts[f"{unit:03}"] = of_unit
    return ScoreInputs(settings, LEAVES, counts, dict.fromkeys("ABC", 30), 5)


def _answers(random, group, item, size, weights, *, alike):
    names = [*map(str, range(1, len(weights) + 1)), "KB", ""]
    shares = [*(0.98 * weights), 0.01, 0.01] if alike else [*(0.8 * weights), 0.1, 0.1]
    return {(group, item, name): int(n) for name, n in zip(names, random.multinomial(size, shares), strict=True) if n}


def without_secondary(found: Published) -> Published:
    """The naive publication: every line judged by itself, nothing kept back beside it."""
    hidden = {}
    for unit in [None, *(found.units if len(found.units) > 1 else [])]:
        leaves = {s.criterion.code: tuple(breakdown(s, found.inputs.settings)) for s in found.scores_of(unit)}
        hidden |= _alone(_View(unit or ALL, leaves), 5, 10)
    return Published(found.scores, Publication(5, 10, hidden, frozenset()))


def before_points(found: Published) -> Published:
    """The rule of earlier programs: one line goes beside a single one, and points are always given."""
    view = _View(ALL, {s.criterion.code: tuple(breakdown(s, found.inputs.settings)) for s in found.scores_of(None)})
    hidden = _alone(view, 5, 10)
    return Published(found.scores, Publication(5, 10, hidden | _beside_in_leaf(view, hidden), frozenset()))


def crowded_round(seed: int, larger: tuple[int, int] = (60, 30)) -> ScoreInputs:
    """Groups of six to twelve and two others, nearly all content: many small groups of one mind."""
    random = np.random.default_rng(seed)
    leaves = tuple(
        Leaf(Criterion(f"{area}.{number}", Decimal(points), SURVEY, tuple(groups), (f"q{area}{number}",)), "", area, "")
        for area, number, points, groups in (
            ("I", 1, "0.75", "AB"), ("I", 2, "1.5", "ABF"), ("II", 1, "0.5", "C"), ("II", 2, "1", "EF"),
            ("III", 1, "1.25", "ABCD"), ("III", 2, "0.75", "DE"), ("IV", 1, "0.5", "EF"),
        )
    )  # fmt: skip
    sizes = {group: int(random.integers(6, 13)) for group in "ABCD"} | dict(zip("EF", larger, strict=True))
    counts = {
        (group, leaf.criterion.items[0], str(level)): int(count)
        for leaf in leaves
        for group in leaf.criterion.groups
        for level, count in enumerate(random.multinomial(sizes[group], np.array([0, 1, 2, 12, 25]) / 40), 1)
    }
    return ScoreInputs(Settings(), leaves, {"001": counts}, sizes, 5)


def all_at_the_top(inputs: ScoreInputs, items: tuple[str, ...]) -> ScoreInputs:
    """The same round, where everybody chose level 5 of these questions."""
    counts = dict(inputs.counts["001"])
    for group, item in {key[:2] for key in counts if key[1] in items}:
        n = sum(counts.pop((group, item, str(level)), 0) for level in range(1, 6))
        counts[group, item, "5"] = n
    return replace(inputs, counts={"001": counts})


RULES = [
    Settings(),
    Settings(dont_know="zero"),
    Settings(coefficients=PRESETS["four_levels"], sipas_groups="equal"),
    Settings(missing_group="zero", sipas_method="mean01", group_combination="pooled"),
    Settings(
        dont_know="middle",
        group_weights=tuple((group, Decimal(share)) for group, share in zip("ABC", (50, 30, 20), strict=True)),
    ),
]


@pytest.mark.parametrize("seed", range(10))
def test_small_rounds_give_nothing_away(seed):
    found = published(compute(small_round(seed, 1 + seed % 3, RULES[seed % len(RULES)])))
    assert findings(found, read_lines(found)) == []


@pytest.mark.parametrize("seed", range(3))
def test_units_that_not_all_groups_rate_give_nothing_away(seed):
    """Pooled groups have a line of their own where only one of them rates the unit; the sum of all has it too."""
    inputs = small_round(seed, 3, Settings(missing_group="zero"))
    counts = dict(inputs.counts)
    counts["001"] = {key: count for key, count in counts["001"].items() if key[0] != "C"}
    asked = {"001": {"2.1": ("A", "B"), "8.1": ("B",)}}
    found = published(compute(replace(inputs, counts=counts, asked=asked)))
    assert findings(found, read_lines(found)) == []


def test_the_same_attack_breaks_a_publication_that_judges_each_line_by_itself():
    broken = 0
    for seed in range(4):
        found = without_secondary(published(compute(small_round(seed, 1 + seed % 4, Settings()))))
        broken += bool(findings(found, read_lines(found)))
    assert broken >= 3


CROWDED = (2, 3, 5, 7, 8, 11)


SMALL_ONLY = (8, 51, 57, 66, 79, 102)  # rounded each by itself, points of two leaves told a line in these


@pytest.mark.parametrize(
    "inputs",
    [*(crowded_round(seed) for seed in CROWDED), *(crowded_round(n, (6 + n % 5, 7 + n % 4)) for n in SMALL_ONLY)],
    ids=map(str, (*CROWDED, *SMALL_ONLY)),
)
def test_points_do_not_tell_what_a_small_group_of_one_mind_chose(inputs):
    found = published(compute(inputs))
    known = read_lines(found)
    assert overview(found).total == found.scores.total, "the official result is always given"
    assert crowds_told(found, known) == []
    assert findings(found, known) == []
    assert len(found.publication.leaves) < len(found.inputs.leaves)


def test_the_same_attack_breaks_points_that_are_always_given():
    for seed in CROWDED:
        found = before_points(published(compute(crowded_round(seed))))
        assert crowds_told(found, read_lines(found)), seed


def test_points_at_the_maximum_are_kept_back_with_another_leaf_that_hides_them_in_the_total():
    """Two groups, and one alone, that all chose the best level: neither their points nor the rest of the total."""
    inputs = all_at_the_top(crowded_round(1), ("qI1", "qII1"))
    found = published(compute(inputs))
    shown = overview(found)
    points = {line.leaf.criterion.code: line.points for line in shown.leaves}
    assert points["I.1"] is points["II.1"] is None
    assert {found.why(None, group, "qI1") for group in "AB"} == {Why.HIGH}
    assert [area.code for area in shown.areas if area.points is None] == sorted(
        {code.split(".")[0] for code, one in points.items() if one is None}
    )
    assert crowds_told(found, read_lines(found)) == []
    document = found.document()
    assert (document["leaves"]["I.1"]["score"], document["leaves"]["I.1"]["exact"]) == (None, None)
    assert Decimal(document["survey_total"]) == shown.total == found.scores.total
    assert crowds_told(before_points(found), read_lines(before_points(found)))


def test_points_that_leave_one_mean_are_kept_back():
    """Four at level 4 and one at 5 have the points of four at 5 and one at 1, so not the level but the mean is told."""
    inputs = crowded_round(1)
    counts = {key: n for key, n in inputs.counts["001"].items() if key[1] != "qII1"}
    counts |= {("C", "qII1", "4"): 4, ("C", "qII1", "5"): 1}
    found = published(compute(replace(inputs, counts={"001": counts})))
    assert found.why(None, "C", "qII1") is Why.HIGH
    assert not found.points_shown(None, "II.1")
    assert found.points_shown(None, "III.1")


def test_where_the_total_alone_tells_nothing_more_is_kept_back():
    inputs = crowded_round(1)
    every = tuple(leaf.criterion.items[0] for leaf in inputs.leaves)
    found = published(compute(all_at_the_top(inputs, every)))
    assert overview(found).total == sum(leaf.criterion.max_points for leaf in inputs.leaves)
    assert not found.publication.leaves
    alone = published(compute(replace(all_at_the_top(inputs, every), leaves=inputs.leaves[:1])))
    assert not alone.publication.leaves


def test_leaves_kept_back_by_an_earlier_program_are_read():
    stored = {"k": 5, "fewest": 10, "lines": [], "leaves": ["1.1"]}
    assert Publication.from_json(stored).leaves == {(ALL, "1.1")}


def test_the_workbook_tells_no_more_than_the_lines():
    for seed in range(3):
        found = published(compute(small_round(seed, 1 + seed, Settings())))
        book = read_workbook(workbook_bytes(found, FACTS), REASONS)
        lines = read_lines(found)
        assert book.lines == lines.lines
        assert book.points == lines.points
        assert book.total == lines.total


def test_pages_and_workbook_of_an_opened_round_give_nothing_away(database, samples, signed_in):
    """Two rated units, the second with few answers, read from what was really sent out."""
    with database.writing() as session:
        survey_round = make_opened_round(session, samples)
        rows = [row for row in read_csv(samples / "answers-edge.csv") if row["group"] in "BCEG"]
        rate_second_unit(session, survey_round, rows)
        store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        run = session.query(ScoreRun).one()
        session.expunge(run)
    found = published_run(run)
    client = signed_in(Role.LEADER, unit=survey_round.operator_unit)
    address = f"/rounds/{survey_round.code}/scores"
    known = read_workbook(client.get(f"{address}.xlsx").data, REASONS)
    wanted = read_lines(found)
    assert known.lines == wanted.lines
    for unit in found.units:
        bars = client.get(f"{address}/questions?unit={unit}").get_data(as_text=True).count('class="levels"')
        lines = [line for name, line in wanted.lines.items() if name[0] == unit]
        # No bar of what is kept back; each is drawn twice, for a screen and for a phone.
        assert bars == 2 * sum(line.levels is not None for line in lines)
        for leaf in ("1.7.1", "6.4.1", "7.6.3", "8.1"):
            item = None if leaf == "8.1" else f"q_{leaf.replace('.', '_')}"
            page = client.get(f"{address}/{leaf}?unit={unit}").get_data(as_text=True)
            for name, line in read_trace(page, unit, item, REASONS).items():
                assert line == wanted.lines[name], name
    assert {why for name, why in found.publication.lines.items()} >= {Why.FEW, Why.LEVELS, Why.BESIDE}
    assert findings(found, wanted) == []


def test_pages_and_workbook_keep_points_back_that_would_tell(database, samples, signed_in, tmp_path):
    """Twelve of A and seven of B, who all chose the best level of one criterion."""
    rows = read_csv(samples / "answers-simulated.csv")
    few = [row for group, n in (("A", 12), ("B", 7)) for row in [one for one in rows if one["group"] == group][:n]]
    rows = [*(row for row in rows if row["group"] not in "AB"), *({**row, "q_4_4_2": "5"} for row in few)]
    with database.writing() as session:
        survey_round = make_opened_round(session, samples, write_csv(tmp_path / "answers.csv", rows))
        store_run(session, survey_round, make_user(session, Role.OPERATOR, survey_round.operator_unit))
        run = session.query(ScoreRun).one()
        session.expunge(run)
    found = published_run(run)
    client = signed_in(Role.LEADER, unit=survey_round.operator_unit)
    address = f"/rounds/{survey_round.code}/scores"
    known = read_workbook(client.get(f"{address}.xlsx").data, REASONS)
    assert (ALL, "4.4.2") not in known.points
    assert known.total == found.scores.total
    assert known.lines == read_lines(found).lines
    assert crowds_told(found, read_lines(found)) == []
    page = client.get(address).get_data(as_text=True)
    assert page.count('<span class="quiet">giữ kín</span>') == len(found.publication.leaves) >= 2
    assert "Vì sao không nêu điểm của 4.4.2?" in client.get(f"{address}/4.4.2").get_data(as_text=True)


def test_only_one_hidden_part_keeps_the_sum_back_and_the_points_that_rest_on_it():
    counts = {"001": {("A", "q2", "5"): 20, ("A", "q2", "3"): 20}, "002": {("A", "q2", "1"): 3}}
    found = published(compute(ScoreInputs(Settings(), LEAVES[:2], counts, {"A": 43}, 5)))
    assert (found.why("002", "A", "q2"), found.why(None, "A", "q2")) == (Why.FEW, Why.BESIDE)
    assert not found.points_shown(None, "1.2")
    assert found.points_shown("001", "1.2")
    # The other leaf can be computed from its lines, so the total would give this one's points.
    assert (found.total_shown(None), found.total_shown("002")) == (False, True)
    assert (found.document()["survey_total"], overview(found).total) == (None, None)


def test_several_small_units_do_not_make_a_sum_since_the_same_few_may_have_rated_them_all():
    few = {("A", "q2", "1"): 1, ("A", "q2", "3"): 1, ("A", "q2", "5"): 1}
    counts = {f"10{n}": few for n in range(9)}
    found = published(compute(ScoreInputs(Settings(), LEAVES[:2], counts, {"A": 27}, 5)))
    assert found.why(None, "A", "q2") is Why.BESIDE


def test_what_is_kept_back_is_stored_with_the_run_and_read_again():
    publication = published(compute(small_round(3, 3, Settings()))).publication
    assert Publication.from_json(publication.to_json()) == publication
    assert publication.lines


@pytest.mark.parametrize(
    ("forms", "alike", "rest", "shown"),
    [
        ([30, 30, 30], [], 0, [True, True, True]),
        ([6, 30, 40], [], 0, [False, False, True]),  # the smallest other one goes, too
        ([6, 6, 30], [], 0, [False, False, True]),
        ([30, 40, 50], [], 4, [False, True, True]),  # four in no place would follow from the whole
        ([12, 30, 40], [0], 0, [False, False, True]),
        ([3, 4, 0], [], 0, [False, False, False]),
    ],
)
def test_places_are_kept_back_until_none_follows_from_the_whole(forms, alike, rest, shown):
    assert shown_places(forms, [number in alike for number in range(len(forms))], rest, 10) == shown


def test_no_other_part_of_the_program_reads_answers():
    """A new page or file that shows answers has to take them from `publication.py`."""
    packages = Path(survey_app.__file__).parent
    readers = {
        str(path.relative_to(packages))
        for path in packages.rglob("*.py")
        if re.search(r"\b(AnswerCount|Ballot|answer_counts|opened_forms)\b", path.read_text("utf-8"))
    }
    opening = {f"answers/{name}.py" for name in ("models", "opening", "cleaning", "raters")}
    scoring = {f"scores/{name}.py" for name in ("queries", "rules", "precision")}
    verifying = {"backups/verification.py"}  # says only whether counts and ballots fit each other
    assert readers == opening | scoring | verifying
    joining = {
        str(path.relative_to(packages))
        for path in packages.rglob("*.py")
        if re.search(r"\braters_of_ballots\b", path.read_text("utf-8"))
    }
    assert joining == {"answers/raters.py", "scores/queries.py"}, "which ballots are of one person is for sums only"
    shown_by = {"pages", "workbook", "comparison", "group_comparison", "step", "trace", "figures", "commands"}
    for name in shown_by:
        text = (packages / "scores" / f"{name}.py").read_text("utf-8")
        assert not re.search(r"\bcompute\(ScoreInputs|scores\.document\(|import .*\bcompute$", text, re.MULTILINE), name


def test_a_province_is_guarded_in_time():
    """59 rated units, 22 criteria, 3 groups: within a few seconds."""
    random = np.random.default_rng(5)
    leaves = tuple(
        Leaf(Criterion(f"{n}.1", Decimal(1), SURVEY, ("A", "B", "C"), (f"q{n}",)), "Tiêu chí", str(n), "Lĩnh vực")
        for n in range(22)
    )
    counts = {
        f"{unit:03}": {
            key: n
            for leaf in leaves
            for group, size in zip("ABC", random.integers(3, 60, 3), strict=True)
            for key, n in _answers(random, group, leaf.criterion.items[0], size, np.full(5, 0.2), alike=False).items()
        }
        for unit in range(59)
    }
    scores = compute(ScoreInputs(Settings(), leaves, counts, {"A": 1, "B": 1, "C": 1}, 5))
    begin = time.process_time()
    found = published(scores)
    assert time.process_time() - begin < 4
    assert len(found.publication.lines) > 100
