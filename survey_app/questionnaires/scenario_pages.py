"""Test scenarios of a questionnaire: saved from the end of the preview, accepted anew, deleted."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..web import me, writing
from .matrix import written_out
from .pages import bp, find_pair
from .preview_pages import answers_so_far
from .queries import bodies_of_group, definition_of, loaded_version
from .scenario_units import marks_of, with_units
from .scenarios import accept_scenario, delete_scenario, save_scenario


@bp.post("/rounds/<code>/questionnaires/<group_code>/scenarios")
@requires("questionnaires.manage")
def add_scenario(code: str, group_code: str) -> Any:
    """The answers of the preview, with the path and the levels that they lead to now."""
    try:
        with writing() as session:
            survey_round, group = find_pair(session, code, group_code)
            version = loaded_version(session, group.id)
            definition, bodies = definition_of(version), bodies_of_group(session, group)
            given = answers_so_far(written_out(definition, bodies))
            answers = with_units(definition, given, marks_of(bodies))
            name = request.form.get("scenario", "")
            made = save_scenario(session, survey_round, group, definition, name, answers, me())
            flash(_("Đã lưu kịch bản «%(name)s».", name=made.name), "ok")
    except Invalid as fault:
        flash(next(iter(fault.faults.values())), "err")
    return _back(code, group_code)


@bp.post("/rounds/<code>/questionnaires/<group_code>/scenarios/<int:scenario_id>/accept")
@requires("questionnaires.manage")
def accept(code: str, group_code: str, scenario_id: int) -> Any:
    """What the scenario leads to now is right."""
    with writing() as session:
        survey_round, group = find_pair(session, code, group_code)
        version = loaded_version(session, group.id)
        made = accept_scenario(session, survey_round, group, scenario_id, definition_of(version), me())
        flash(_("Kịch bản «%(name)s» nay chờ kết quả mới.", name=made.name), "ok")
    return _back(code, group_code)


@bp.post("/rounds/<code>/questionnaires/<group_code>/scenarios/<int:scenario_id>/delete")
@requires("questionnaires.manage")
def remove_scenario(code: str, group_code: str, scenario_id: int) -> Any:
    with writing() as session:
        survey_round, group = find_pair(session, code, group_code)
        name = delete_scenario(session, survey_round, group, scenario_id, me())
    flash(_("Đã xóa kịch bản «%(name)s».", name=name), "ok")
    return _back(code, group_code)


def _back(code: str, group_code: str) -> Any:
    return redirect(url_for(".questionnaire", code=code, group_code=group_code) + "#scenarios")
