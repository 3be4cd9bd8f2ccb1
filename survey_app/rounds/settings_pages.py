"""The settings of a round as a row of short pages: made one after another, changed until the round opens."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import requires
from ..errors import Invalid
from ..text import date_text
from ..units.models import Unit
from ..units.queries import day_to_look_at
from ..web import me, reading, writing
from ..web import settings as site_settings
from ..workbook import Rejected
from .blueprint import bp
from .criteria_set import CriteriaReading
from .forms import BasicsForm, DatesForm, NewRoundForm, day_after, put_faults
from .group_rules import import_criteria, shipped_criteria
from .levels import LEVELS, level_name, suggested_code
from .queries import candidates_to_rate, criteria_of, find_round, groups_of, operating_units, rated_units
from .readiness import start_lists
from .rules import (
    Basics,
    Dates,
    change_basics,
    create_round,
    set_dates,
    set_scoring,
    title_for_year,
    usual_title,
)
from .scoring_rules import SETTINGS, form_from_rules, rules_from_form
from .settings_frame import frame, read_only, settings_to_change, summary, to_next
from .training import purge_day


def _set_choices(form: BasicsForm) -> list[Unit]:
    units = operating_units(reading(), me())
    form.operator_unit_id.choices = [(unit.id, _unit_words(unit)) for unit in units]
    form.level.choices = [(level, _(words)) for level, (words, _kinds) in LEVELS.items()]
    return units


def _unit_words(unit: Unit) -> str:
    if unit.valid_to is None:
        return unit.name
    return str(_("%(name)s (đến %(day)s)", name=unit.name, day=date_text(unit.valid_to)))


def _basics(form: BasicsForm) -> Basics:
    assert form.as_of.data is not None  # the form requires it
    year = form.year.data or 0
    return Basics(
        title=title_for_year(form.title.data or "", year),
        year=year,
        level=form.level.data or "",
        as_of=form.as_of.data,
        operator_unit_id=form.operator_unit_id.data or 0,
    )


@bp.get("/rounds/new")
@requires("rounds.manage")
def new() -> ResponseReturnValue:
    form = NewRoundForm()
    units = _set_choices(form)
    own = next((unit for unit in units if unit.id == me().unit_id), units[0] if units else None)
    day = day_to_look_at(own)  # a body that has ended is looked at on its last day
    form.title.data = usual_title(day.year)
    form.year.data, form.as_of.data = day.year, day
    if own is not None:
        form.operator_unit_id.data = own.id
        form.level.data = own.kind if own.kind in LEVELS else None
    return _new_page(form, units)


def _new_page(form: NewRoundForm, units: list[Unit], status: int = 200) -> ResponseReturnValue:
    hint = _(
        "Không tính vào kết quả các năm; giấy và tệp đều ghi «Tập huấn»; tự xóa hết sau %(n)d ngày.",
        n=site_settings().training_days,
    )
    page = render_template("rounds/new.html", form=form, units=units, faults=status != 200, training_hint=hint)
    return page, status


@bp.post("/rounds/new")
@requires("rounds.manage")
def create() -> ResponseReturnValue:
    form = NewRoundForm()
    units = _set_choices(form)
    if form.validate():
        unit = next((u for u in units if u.id == form.operator_unit_id.data), None)
        code = (form.code.data or "").strip() or suggested_code(unit.name if unit else "", form.year.data or 0)
        try:
            with writing() as session:
                purge_on = purge_day(site_settings().training_days) if form.training.data else None
                survey_round = create_round(session, code, _basics(form), me(), purge_on=purge_on)
                rated = len(rated_units(session, survey_round))
        except Invalid as fault:
            put_faults(form, fault.faults)
        else:
            words = _("Đã tạo đợt %(code)s, %(n)d đơn vị được đánh giá.", code=survey_round.code, n=rated)
            flash(words + " " + _("Những gì đã điền được giữ lại; làm tiếp lúc nào cũng được."), "ok")
            return redirect(url_for(".criteria", code=survey_round.code), 303)
    return _new_page(form, units, 422)


@bp.get("/rounds/<code>/settings")
@requires("rounds.read")
def settings(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    return redirect(url_for(".review" if survey_round.lists_started_at else ".basics", code=code))


@bp.get("/rounds/<code>/settings/basics")
@requires("rounds.read")
def basics(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    if (answer := read_only(survey_round)) is not None:
        return answer
    form = BasicsForm(obj=survey_round)
    form.rated.data = [unit.id for unit in rated_units(reading(), survey_round)]
    return _basics_page(code, form)


def _basics_page(code: str, form: BasicsForm, status: int = 200) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    _set_choices(form)
    candidates = candidates_to_rate(reading(), survey_round.operator_unit, survey_round.level, survey_round.as_of)
    chosen = set(form.rated.data or ())
    values = {"form": form, "candidates": candidates, "chosen": chosen, "level_name": level_name}
    values["faults"] = status != 200  # the title says so
    return frame(survey_round, "basics", "rounds/basics.html", status, **values)


@bp.post("/rounds/<code>/settings/basics")
@requires("rounds.manage")
def save_basics(code: str) -> ResponseReturnValue:
    form = BasicsForm()
    _set_choices(form)
    if form.validate():
        try:
            with writing() as session:
                survey_round = settings_to_change(session, code, "basics")
                change_basics(session, survey_round, _basics(form), form.rated.data or [], me())
        except Invalid as fault:
            put_faults(form, fault.faults)
        else:
            return to_next(survey_round, "basics")
    return _basics_page(code, form, 422)


@bp.get("/rounds/<code>/settings/criteria")
@requires("rounds.read")
def criteria(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    return read_only(survey_round) or _criteria_page(code)


def _criteria_page(code: str, faults: list[tuple[str, str]] | None = None) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    values = {"criteria": criteria_of(reading(), survey_round), "faults": faults or []}
    return frame(survey_round, "criteria", "rounds/criteria.html", 422 if faults else 200, **values)


@bp.post("/rounds/<code>/settings/criteria")
@requires("rounds.manage")
def save_criteria(code: str) -> ResponseReturnValue:
    file = request.files.get("file")
    if request.form.get("shipped"):
        shipped = shipped_criteria(find_round(reading(), code, me()).level)
        content, name = shipped.read_bytes(), shipped.name
    elif file is not None and file.filename:
        content, name = file.read(), file.filename
    else:
        return _criteria_page(code, [(_("Chọn tệp bộ tiêu chí (.xlsx hoặc .csv)."), "file")])
    try:
        with writing() as session:
            read = import_criteria(session, find_round(session, code, me()), content, name, me())
    except Rejected as fault:
        return _criteria_page(code, [(fault.message, "file")])
    if read.faults:
        return _criteria_page(code, [(fault.text, "file") for fault in read.faults])
    _tell(read)
    return redirect(url_for(".criteria", code=code), 303)


def _tell(read: CriteriaReading) -> None:
    flash(_("Đã nạp %(n)d tiêu chí của %(areas)d lĩnh vực.", n=len(read.leaves), areas=len(read.areas)), "ok")
    for note in read.notes:
        flash(note, "warn")


@bp.get("/rounds/<code>/settings/dates")
@requires("rounds.read")
def dates(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    if (answer := read_only(survey_round)) is not None:
        return answer
    form = DatesForm(obj=survey_round)
    if survey_round.age_on is None:
        form.age_on.data = day_after(survey_round.period_to)
    return frame(survey_round, "dates", "rounds/dates.html", form=form)


@bp.post("/rounds/<code>/settings/dates")
@requires("rounds.manage")
def save_dates(code: str) -> ResponseReturnValue:
    form = DatesForm()
    if form.validate():
        values = {name: value for name, value in form.data.items() if name != "csrf_token"}
        values["grace_hours"] = values["grace_hours"] or 0
        values["age_on"] = values["age_on"] or day_after(values["period_to"])
        try:
            with writing() as session:
                survey_round = settings_to_change(session, code, "dates")
                set_dates(session, survey_round, Dates(**values), me())
        except Invalid as fault:
            put_faults(form, fault.faults)
        else:
            return to_next(survey_round, "dates")
    return frame(find_round(reading(), code, me()), "dates", "rounds/dates.html", 422, form=form, faults=True)


@bp.get("/rounds/<code>/settings/scoring")
@requires("rounds.read")
def scoring(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    return read_only(survey_round) or _scoring_page(code, form_from_rules(survey_round.rules), {})


def _scoring_page(code: str, values: dict[str, str], faults: dict[str, str]) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    return frame(
        survey_round,
        "scoring",
        "rounds/scoring.html",
        422 if faults else 200,
        settings=SETTINGS,
        values=values,
        fault_of=faults,
        faults=[(sentence, name) for name, sentence in faults.items()],
        groups=groups_of(reading(), survey_round),
    )


@bp.post("/rounds/<code>/settings/scoring")
@requires("rounds.manage")
def save_scoring(code: str) -> ResponseReturnValue:
    values = request.form.to_dict()
    try:
        with writing() as session:
            survey_round = settings_to_change(session, code, "scoring")
            rules = rules_from_form(values, [group.code for group in groups_of(session, survey_round)])
            set_scoring(session, survey_round, rules, me())
    except Invalid as fault:
        return _scoring_page(code, values, fault.faults)
    return to_next(survey_round, "scoring")


@bp.get("/rounds/<code>/settings/review")
@requires("rounds.read")
def review(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    return read_only(survey_round) or summary(survey_round)


@bp.post("/rounds/<code>/settings/review")
@requires("rounds.manage")
def finish(code: str) -> ResponseReturnValue:
    try:
        with writing() as session:
            start_lists(session, find_round(session, code, me()), me())
    except Invalid as fault:
        survey_round = find_round(reading(), code, me())
        return summary(survey_round, faults=tuple(fault.faults.values()))
    flash(_("Đã tạo đợt. Các đơn vị thấy đợt này và nộp danh sách được."), "ok")
    return redirect(url_for(".show", code=code), 303)
