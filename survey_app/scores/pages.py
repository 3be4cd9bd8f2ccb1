"""Pages of the survey points: total, areas and criteria, the trace of each, runs, workbook."""

import io
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from analysis.component_score import SIPAS
from analysis.scoring_rules import PRESETS

from ..access import requires
from ..audit import Action, record
from ..errors import Missing, Refused
from ..questionnaires.definition import text_in
from ..questionnaires.queries import corrections
from ..rounds.models import Round
from ..rounds.queries import find_round, groups_of
from ..steps import register_step
from ..version import VERSION
from ..web import me, reading, settings, writing
from .comparison import (
    BAND_NAMES,
    CLASS_NAMES,
    limits_of,
    not_in_places,
    places_of,
    rater_lines,
    standing_of,
    told_apart,
    unit_lists_of,
)
from .comparison import Comparison as UnitComparison
from .figures import LeafLine, areas_of_units, groups_by_class, overview, units_by_class
from .group_comparison import compare_groups
from .inputs import data_code
from .models import ScoreRun
from .publication import Published, published_run
from .queries import earlier_run, find_run, latest_run, published_definitions, rated_units_of, runs_of
from .rule_words import rule_words
from .rules import compare_run, store_run
from .step import step_state
from .trace import level_lines, trace
from .workbook import RunFacts, RunIntervals, workbook_bytes
from .year_comparison import UNTESTED_WORDS, UnitYears, Year, YearComparison, compare_unit, compare_units

bp = Blueprint("scores", __name__, template_folder="templates")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.app_template_filter("code_of_data")
def code_of_data(run: ScoreRun) -> str:
    """The code of a run's data, as pages and workbook show it."""
    return data_code(run.inputs_sha256, settings().keys.pepper)


@bp.app_template_test("of_earlier_program")
def is_of_earlier_program(run: ScoreRun) -> bool:
    """Whether another version of the program made this run, whose limits and ranks may differ from those of today."""
    return run.program_version != VERSION


@bp.get("/rounds/<code>/scores")
@requires("scores.read")
def scores(code: str):
    survey_round = find_round(reading(), code, me())
    run = _chosen_run(survey_round)
    facts: dict[str, Any] = {"survey_round": survey_round, "run": run}
    if run is None:
        return render_template("scores/scores.html", **facts)
    found = published_run(run)
    unit = _chosen_unit(found.units)
    shown = overview(found, unit)
    facts |= _unit_facts(survey_round, found, unit)
    facts |= {
        "scores": found,
        "overview": shown if unit or len(found.units) < 2 else None,
        "unit_lists": _unit_lists(run, found, facts["names"]),
        "areas_of_units": {} if unit else {CLASS_NAMES.get(each, ""): areas for each, areas in areas_of_units(found)},
        "runs": runs_of(reading(), survey_round.id),
        "rule": rule_words(found.inputs.settings),
        "band_names": BAND_NAMES,
        "limits": limits_of(run, shown, unit),
        "told_apart": told_apart(run),
    }
    facts["standing"] = standing_of(facts["unit_lists"], unit)
    return render_template("scores/scores.html", **facts)


def _unit_facts(survey_round: Round, found: Published, unit: str | None) -> dict[str, Any]:
    """The rated unit that is looked at, and the names of all to choose from (by code), in Vietnamese order."""
    rated = sorted(rated_units_of(reading(), survey_round.id), key=lambda one: (one.unit.order_key, one.id))
    names = {one.unit.code: one.unit.name for one in rated}
    return {"unit": unit, "names": names, "unit_choices": names if len(found.units) > 1 else {}}


def _unit_lists(run: ScoreRun, found: Published, names: dict[str, str]) -> list[tuple[str, UnitComparison]]:
    shown = {unit: overview(found, unit) for unit in found.units} if len(found.units) > 1 else {}
    return unit_lists_of(run, names, shown)


@bp.get("/rounds/<code>/scores/places")
@requires("scores.read")
def places(code: str):
    """Units and places beside each other, in bands, and beside the one in `?with=`: which differences are real."""
    survey_round, run, found = _run_page(code)
    facts = _unit_facts(survey_round, found, _chosen_unit(found.units))
    return render_template(
        "scores/places.html",
        survey_round=survey_round,
        run=run,
        unit_lists=_unit_lists(run, found, facts["names"]),
        raters=rater_lines(run),
        own=run.result.get("self_rating", {}),
        places=places_of(run),
        not_in_places=not_in_places(run),
        chosen=request.args.get("with", ""),
        group_names={group.code: group.name for group in groups_of(reading(), survey_round)},
        band_names=BAND_NAMES,
        fewest=found.publication.fewest,
        rule=rule_words(found.inputs.settings),
        **facts,
    )


@bp.get("/rounds/<code>/scores/groups")
@requires("scores.read")
def groups(code: str):
    """How each group sees each criterion, and which groups differ for sure."""
    survey_round, run, found = _run_page(code)
    unit = _chosen_unit(found.units)
    known = unit is not None or len(found.units) < 2
    return render_template(
        "scores/groups.html",
        survey_round=survey_round,
        run=run,
        compared=compare_groups(found, overview(found, unit), unit) if known else None,
        group_names={group.code: group.name for group in groups_of(reading(), survey_round)},
        settings=found.inputs.settings,
        sipas_leaves=[leaf for leaf in found.inputs.leaves if leaf.criterion.scored_by == SIPAS],
        publication=found.publication,
        rule=rule_words(found.inputs.settings),
        **_unit_facts(survey_round, found, unit),
    )


@bp.get("/rounds/<code>/scores/questions")
@requires("scores.read")
def questions(code: str):
    """How each group answered each question, as bars of levels."""
    survey_round, run, found = _run_page(code)
    unit = _chosen_unit(found.units)
    shown = overview(found, unit)
    wording = {line.leaf.criterion.code: _wording(survey_round, line) for line in shown.leaves}
    return render_template(
        "scores/questions.html",
        survey_round=survey_round,
        run=run,
        not_asked=shown.not_asked,
        mixed=[] if unit else [code for code in wording if len(units_by_class(found, code)) > 1],
        areas=[(area, [(line, level_lines(found, line, unit)) for line in area.leaves]) for area in shown.areas],
        wording=wording,
        level_words=_level_words(survey_round),
        group_names={group.code: group.name for group in groups_of(reading(), survey_round)},
        settings=found.inputs.settings,
        publication=found.publication,
        rule=rule_words(found.inputs.settings),
        **_unit_facts(survey_round, found, unit),
    )


@bp.get("/rounds/<code>/scores/years")
@requires("scores.read")
def years(code: str):
    """This year beside the round before: criteria, or rated units where there are several. Which changes are real?"""
    survey_round, run, found = _run_page(code)
    before = earlier_run(reading(), survey_round)
    unit = _chosen_unit(found.units)
    facts = _unit_facts(survey_round, found, unit)
    facts |= {"survey_round": survey_round, "run": run, "before": before}
    if before is not None:
        earlier = Year(before, published_run(before))
        now = Year(run, found)
        several = len(found.units) > 1
        facts |= {
            "earlier_round": before.round,
            "raters": rater_lines(run),
            "unit_years": compare_units(now, earlier, facts["names"]) if several and unit is None else [],
            "years": _years_of(now, earlier, unit) if unit or not several else None,
            "same_rules": earlier.found.inputs.settings == found.inputs.settings,
            "untested_words": UNTESTED_WORDS,
            "rule": rule_words(found.inputs.settings),
            "earlier_rule": rule_words(earlier.found.inputs.settings),
        }
    return render_template("scores/years.html", **facts)


def _years_of(now: Year, earlier: Year, unit: str | None) -> UnitYears:
    """Of one rated unit, or of the only one; nothing where the earlier round did not rate it."""
    if unit is not None and unit not in earlier.found.units:
        return UnitYears(None, YearComparison((), ()), YearComparison((), ()))
    return compare_unit(now, earlier, unit)


@bp.get("/rounds/<code>/scores/method")
@requires("scores.read")
def method(code: str):
    """How the points of this round are computed, in plain words from the rules in force."""
    survey_round, run, found = _run_page(code)
    return render_template(
        "scores/method.html",
        survey_round=survey_round,
        run=run,
        found=found,
        inputs=found.inputs,
        publication=found.publication,
        settings=found.inputs.settings,
        sipas_leaves=[leaf for leaf in found.inputs.leaves if leaf.criterion.scored_by == SIPAS],
        sipas_coefficients=PRESETS[found.inputs.settings.sipas_method],
        group_names={group.code: group.name for group in groups_of(reading(), survey_round)},
        rule=rule_words(found.inputs.settings),
        corrections=corrections(reading(), survey_round),
        groups_of_units=groups_by_class(found),
        class_names=CLASS_NAMES,
        raters=rater_lines(run),
        rates_units=len(found.units) > 1,
        **_unit_facts(survey_round, found, _chosen_unit(found.units)),
    )


def _run_page(code: str) -> tuple[Round, ScoreRun, Published]:
    """The round, the run that is looked at and what may be shown of it; raises Refused before the first run."""
    survey_round = find_round(reading(), code, me())
    run = _chosen_run(survey_round)
    if run is None:
        raise Refused(_("Chưa tính điểm lần nào nên chưa có kết quả để xem."))
    return survey_round, run, published_run(run)


def _level_words(survey_round: Round) -> dict[str, list[str]]:
    """Question -> the words of its levels, level 1 first, as they were offered."""
    words: dict[str, dict[int, str]] = {}
    for definition in published_definitions(reading(), survey_round.id).values():
        for question in definition.questions():
            for choice in question.choices:
                if choice.level is not None:
                    words.setdefault(question.name, {})[choice.level] = text_in(choice.label, "vi")
    return {name: [found[level] for level in sorted(found)] for name, found in words.items()}


@bp.post("/rounds/<code>/scores")
@requires("scores.compute")
def compute_scores(code: str):
    with writing() as session:
        run = store_run(session, find_round(session, code, me()), by=me())
        flash(_("Đã tính điểm, lần %(number)s.", number=run.number), "ok")
    return redirect(url_for("scores.scores", code=code))


@bp.post("/rounds/<code>/scores/<int:number>/compare")
@requires("scores.read")
def compare(code: str, number: int):
    survey_round = find_round(reading(), code, me())
    found = compare_run(reading(), survey_round, find_run(reading(), survey_round.id, number))
    if not found.same_result:
        flash(_("Lần tính %(n)s: tính lại không ra kết quả đã lưu. Không dùng lần này; báo quản trị.", n=number), "err")
    elif not found.same_inputs or found.same_precision is False:
        flash(
            _("Lần tính %(n)s đúng với dữ liệu đã lưu, nhưng dữ liệu của đợt nay đã khác. Bấm Tính điểm.", n=number),
            "warn",
        )
    elif found.same_precision is None:
        flash(
            _(
                "Lần tính %(n)s: tính lại ra đúng điểm đã lưu. Khoảng tin cậy không tính lại được vì đã xóa phiếu "
                "có danh tính; dùng khoảng đã lưu.",
                n=number,
            ),
            "ok",
        )
    else:
        flash(_("Lần tính %(n)s: tính lại ra đúng kết quả đã lưu, dữ liệu và quy tắc không đổi.", n=number), "ok")
    return redirect(url_for("scores.scores", code=code, run=number))


@bp.get("/rounds/<code>/scores/<leaf>")
@requires("scores.read")
def leaf_trace(code: str, leaf: str):
    survey_round = find_round(reading(), code, me())
    run = _chosen_run(survey_round)
    if run is None:
        raise Missing
    found = published_run(run)
    unit = _chosen_unit(found.units)
    shown = overview(found, unit)
    area, line = _find_leaf(shown, leaf)
    classes = units_by_class(found, leaf)
    facts = _unit_facts(survey_round, found, unit)
    asked = {each for units in classes.values() for each in units}
    facts["unit_choices"] = {each: name for each, name in facts["unit_choices"].items() if each in asked}
    if unit is None and len(classes) > 1:
        return render_template("scores/trace_choice.html", survey_round=survey_round, run=run, line=line, **facts)
    return render_template(
        "scores/trace.html",
        survey_round=survey_round,
        run=run,
        overview=shown,
        class_name=CLASS_NAMES.get(next(iter(classes), ""), ""),
        area=area,
        line=line,
        limits=limits_of(run, shown, unit)[2].get(leaf),
        trace=trace(found, line, unit),
        wording=_wording(survey_round, line),
        settings=found.inputs.settings,
        publication=found.publication,
        rule=rule_words(found.inputs.settings),
        **facts,
    )


@bp.get("/rounds/<code>/scores.xlsx")
@requires("scores.read")
def workbook(code: str):
    with writing() as session:
        survey_round = find_round(session, code, me())
        run = _find_chosen(session, survey_round)
        if run is None:
            raise Missing
        names = {rated.unit.code: rated.unit.name for rated in rated_units_of(session, survey_round.id)}
        record(session, Action.SCORES_EXPORTED, me(), round=code, number=run.number)
        found = published_run(run)
        facts = RunFacts(
            round_title=survey_round.title,
            operator=survey_round.operator_unit.name,
            number=run.number,
            made_at=run.made_at,
            made_by=run.made_by_name,
            data_code=code_of_data(run),
            program_version=run.program_version,
            unit_names=names,
            mark=survey_round.mark,
            intervals=_run_intervals(run, found, names),
        )
        content = workbook_bytes(found, facts)
    name = f"diem-dieu-tra-{code}-lan-{run.number}.xlsx"
    return send_file(io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


def _run_intervals(run: ScoreRun, found: Published, names: dict[str, str]) -> RunIntervals:
    of_units = {unit: limits_of(run, overview(found, unit), unit) for unit in found.units}
    return RunIntervals(
        limits_of(run, overview(found)),
        places_of(run),
        _unit_lists(run, found, names),
        of_units,
        rater_lines(run),
        not_in_places(run),
    )


def _chosen_run(survey_round: Round) -> ScoreRun | None:
    return _find_chosen(reading(), survey_round)


def _find_chosen(session: Any, survey_round: Round) -> ScoreRun | None:
    """The run with the number in `?run=`, the newest without it; none before the first run."""
    number = request.args.get("run")
    if number is None:
        return latest_run(session, survey_round.id)
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise Missing
    return find_run(session, survey_round.id, int(number))


def _chosen_unit(units: Any) -> str | None:
    unit = request.args.get("unit") or None  # the chooser sends "" for all of them
    if unit is not None and unit not in units:
        raise Missing
    return unit


def _find_leaf(shown: Any, code: str) -> Any:
    for area in shown.areas:
        for line in area.leaves:
            if line.leaf.criterion.code == code:
                return area, line
    raise Missing


def _wording(survey_round: Round, line: LeafLine) -> dict[str, str]:
    """Question name → its words as they were asked, in Vietnamese."""
    wording: dict[str, str] = {}
    for definition in published_definitions(reading(), survey_round.id).values():
        for question in definition.questions():
            if question.criterion == line.leaf.criterion.code:
                wording.setdefault(question.name, text_in(question.label, "vi"))
    return wording


register_step(6, step_state)
