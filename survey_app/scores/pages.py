"""Pages of the survey points: total, areas and criteria, the trace of each, runs, workbook."""

import io
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from ..access import requires
from ..audit import Action, record
from ..errors import Missing
from ..questionnaires.definition import text_in
from ..rounds.models import Round
from ..rounds.queries import find_round
from ..steps import register_step
from ..web import me, reading, writing
from .figures import LeafLine, overview
from .inputs import ScoreInputs, compute
from .models import ScoreRun
from .queries import find_run, latest_run, published_definitions, rated_units_of, runs_of
from .rule_words import rule_words
from .rules import compare_run, store_run
from .step import step_state
from .trace import trace
from .workbook import RunFacts, workbook_bytes

bp = Blueprint("scores", __name__, template_folder="templates")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/rounds/<code>/scores")
@requires("scores.read")
def scores(code: str):
    survey_round = find_round(reading(), code, me())
    run = _chosen_run(survey_round)
    facts: dict[str, Any] = {"survey_round": survey_round, "run": run}
    if run is None:
        return render_template("scores/scores.html", **facts)
    found = compute(ScoreInputs.from_json(run.inputs))
    names = {rated.unit.code: rated.unit.name for rated in rated_units_of(reading(), survey_round.id)}
    unit = _chosen_unit(found.units)
    facts |= {
        "scores": found,
        "unit": unit,
        "names": names,
        "overview": overview(found, unit) if unit or len(found.units) < 2 else None,
        "units": run.result.get("units"),
        "runs": runs_of(reading(), survey_round.id),
        "rule": rule_words(found.inputs.settings),
    }
    return render_template("scores/scores.html", **facts)


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
    elif not found.same_inputs:
        flash(
            _("Lần tính %(n)s đúng với dữ liệu đã lưu, nhưng dữ liệu của đợt nay đã khác. Bấm Tính điểm.", n=number),
            "warn",
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
    found = compute(ScoreInputs.from_json(run.inputs))
    unit = _chosen_unit(found.units)
    shown = overview(found, unit)
    area, line = _find_leaf(shown, leaf)
    return render_template(
        "scores/trace.html",
        survey_round=survey_round,
        run=run,
        overview=shown,
        area=area,
        line=line,
        trace=trace(found, line, unit),
        wording=_wording(survey_round, line),
        settings=found.inputs.settings,
        k_min=found.inputs.k_min,
        rule=rule_words(found.inputs.settings),
        unit=unit,
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
        facts = RunFacts(
            round_title=survey_round.title,
            operator=survey_round.operator_unit.name,
            number=run.number,
            made_at=run.made_at,
            made_by=run.made_by_name,
            sha256=run.inputs_sha256,
            program_version=run.program_version,
            unit_names=names,
            mark=survey_round.mark,
        )
        content = workbook_bytes(compute(ScoreInputs.from_json(run.inputs)), facts)
    name = f"diem-dieu-tra-{code}-lan-{run.number}.xlsx"
    return send_file(io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


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
    unit = request.args.get("unit")
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
