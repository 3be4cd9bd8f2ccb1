"""Settings pages of the groups of a round: who is asked, how many in each unit, and how answers are kept."""

import re
from collections.abc import Sequence
from dataclasses import fields

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from ..access import requires
from ..errors import Invalid, Missing
from ..text import clean
from ..units.models import Unit
from ..web import me, reading, writing
from ..workbook import Rejected
from .blueprint import bp
from .group_rules import (
    SHIPPED_QUOTAS,
    GroupEntry,
    ListRules,
    RoomRule,
    copy_quotas,
    import_quotas,
    set_groups,
    set_list_rules,
    set_modes,
    set_quotas,
    set_room_of_group,
)
from .levels import LIST_TYPE_NAMES
from .models import Quota, Round
from .personal_data import USUAL_READING
from .queries import earlier_rounds_with_quotas, find_round, groups_of, has_cells, units_of_territory
from .quota_file import LARGEST_QUOTA, Room
from .settings_frame import frame, read_only, settings_to_change, to_next

_BLANK_ROWS = 2
_MOST_GROUPS = 40


@bp.get("/rounds/<code>/settings/groups")
@requires("rounds.read")
def groups(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    if (answer := read_only(survey_round)) is not None:
        return answer
    entries = [GroupEntry(g.code, g.name, g.list_type, g.self_rating) for g in groups_of(reading(), survey_round)]
    return _groups_page(survey_round, entries, {})


def _groups_page(survey_round: Round, entries: Sequence[GroupEntry], faults: dict[str, str]) -> ResponseReturnValue:
    blank = [GroupEntry("", "", "officials")] * _BLANK_ROWS
    return frame(
        survey_round,
        "groups",
        "rounds/groups.html",
        422 if faults else 200,
        entries=[*entries, *blank],
        list_types=LIST_TYPE_NAMES,
        fault_of=faults,
        faults=[(sentence, name) for name, sentence in faults.items()],
    )


@bp.post("/rounds/<code>/settings/groups")
@requires("rounds.manage")
def save_groups(code: str) -> ResponseReturnValue:
    entries = _entries(request.form)
    try:
        with writing() as session:
            survey_round = settings_to_change(session, code, "groups")
            set_groups(session, survey_round, entries, me())
    except Invalid as fault:
        return _groups_page(find_round(reading(), code, me()), entries, fault.faults)
    return to_next(survey_round, "groups")


def _entries(form: MultiDict[str, str]) -> list[GroupEntry]:
    """The rows of the form that hold something and are not marked to be left out."""
    entries = []
    for number in range(_MOST_GROUPS):
        code, name = clean(form.get(f"code_{number}", "")).upper(), clean(form.get(f"name_{number}", ""))
        if (code or name) and not form.get(f"drop_{number}"):
            list_type = form.get(f"list_type_{number}", "")
            entries.append(GroupEntry(code, name, list_type, bool(form.get(f"self_rating_{number}"))))
    return entries


@bp.get("/rounds/<code>/settings/quotas")
@requires("rounds.read")
def quotas(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    return read_only(survey_round) or _quotas_page(code)


def _quotas_page(
    code: str, faults: list[tuple[str, str]] | None = None, typed: dict[str, str] | None = None
) -> ResponseReturnValue:
    session = reading()
    survey_round = find_round(session, code, me())
    found = groups_of(session, survey_round)
    values = {f"q_{q.unit_id}_{group.code}": _cell_text(q) for group in found for q in group.quotas}
    values = typed if typed is not None else values
    asked = {int(name.split("_")[1]) for name, value in values.items() if value and _CELL.fullmatch(name)}
    units = units_of_territory(session, survey_round.operator_unit, survey_round.as_of)
    show_all = bool(request.values.get("all"))
    return frame(
        survey_round,
        "quotas",
        "rounds/quotas.html",
        422 if faults else 200,
        groups=found,
        units=[unit for unit in units if show_all or unit.id in asked],
        all_units=len(units),
        show_all=show_all,
        values=values,
        faults=[(_place(name, units, sentence), name) for sentence, name in faults or []],
        wrong={name for _sentence, name in faults or []},
        earlier=earlier_rounds_with_quotas(session, survey_round, me()),
    )


_CELL = re.compile(r"q_(\d+)_([A-Z]\d{0,2})")
_FIGURES = re.compile(r"(?:(\d{1,6})\s*[-–/]\s*)?(\d{1,6})(?:\s*[-–/]\s*(\d{1,6}))?", re.ASCII)


def _place(name: str, units: Sequence[Unit], sentence: str) -> str:
    """The sentence with the unit and group whose cell it is about: the grid has a hundred rows."""
    cell = _CELL.fullmatch(name)
    unit = next((one.name for one in units if cell and one.id == int(cell[1])), "")
    return f"{unit}, {_('nhóm %(code)s', code=cell[2])}: {sentence}" if cell and unit else sentence


def _cell_text(quota: Quota) -> str:
    """«20», or «15–20–22»: at least, target, at most."""
    if quota.minimum is None and quota.maximum is None:
        return str(quota.target)
    return f"{quota.least}–{quota.target}–{quota.most}"


def _figures(text: str) -> tuple[int, Room] | None:
    """What `_cell_text` wrote, also with hyphens; None for anything else, as for two figures."""
    parts = _FIGURES.fullmatch(text)
    if parts is None or (parts[1] is None) != (parts[3] is None):
        return None
    target = int(parts[2])
    if max(target, int(parts[3] or 0)) > LARGEST_QUOTA:
        return None
    least, most = int(parts[1] or target), int(parts[3] or target)
    return target, Room(None if least == target else least, None if most == target else most)


@bp.post("/rounds/<code>/settings/quotas")
@requires("rounds.manage")
def save_quotas(code: str) -> ResponseReturnValue:
    """The grid as typed."""
    typed = {name: value.strip() for name, value in request.form.items() if _CELL.fullmatch(name)}
    faults: list[tuple[str, str]] = []
    targets: dict[tuple[int, str], int] = {}
    rooms: dict[tuple[int, str], Room] = {}
    for name, value in typed.items():
        parts = _CELL.fullmatch(name)
        if parts is None or not value:
            continue
        figures = _figures(value)
        if figures is None:
            sentence = _("«%(value)s» không phải số người. Điền một số, hoặc ít nhất–chỉ tiêu–nhiều nhất.", value=value)
            faults.append((sentence, name))
        else:
            targets[int(parts[1]), parts[2]], rooms[int(parts[1]), parts[2]] = figures
    if faults:
        return _quotas_page(code, faults, typed)
    try:
        with writing() as session:
            survey_round = settings_to_change(session, code, "quotas")
            set_quotas(session, survey_round, targets, me(), rooms)
    except Invalid as fault:
        return _quotas_page(code, [(sentence, name) for name, sentence in fault.faults.items()], typed)
    if "stay" in request.form:
        flash(_("Đã lưu chỉ tiêu."), "ok")
        return redirect(url_for(".quotas", code=code, all=request.args.get("all")), 303)
    return to_next(survey_round, "quotas")


@bp.post("/rounds/<code>/settings/quotas/room")
@requires("rounds.manage")
def save_room(code: str) -> ResponseReturnValue:
    """Room of all quotas of a group, as per cent of the target."""
    rule = RoomRule(_percent("least"), _percent("most"))
    try:
        with writing() as session:
            group = request.form.get("group", "")
            count = set_room_of_group(session, find_round(session, code, me()), group, rule, me())
    except Invalid as fault:
        return _quotas_page(code, [(sentence, name) for name, sentence in fault.faults.items()])
    flash(_("Đã đặt ít nhất, nhiều nhất cho %(n)d đơn vị của nhóm %(group)s.", n=count, group=group), "ok")
    return redirect(url_for(".quotas", code=code), 303)


def _percent(name: str) -> int:
    text = request.form.get(name, "").strip().rstrip("%").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1


@bp.post("/rounds/<code>/settings/list-rules")
@requires("rounds.manage")
def save_list_rules(code: str) -> ResponseReturnValue:
    rules = ListRules(*(request.form.get(field.name) == "yes" for field in fields(ListRules)))
    with writing() as session:
        set_list_rules(session, find_round(session, code, me()), rules, me())
    flash(_("Đã lưu cách nộp danh sách."), "ok")
    return redirect(url_for(".quotas", code=code), 303)


@bp.post("/rounds/<code>/settings/quotas/file")
@requires("rounds.manage")
def load_quotas(code: str) -> ResponseReturnValue:
    """Quotas from an uploaded file, from the shipped example or from an earlier round."""
    try:
        with writing() as session:
            faults = _load(session, find_round(session, code, me()))
    except Rejected as fault:
        faults = [(fault.message, "file")]
    if faults:
        return _quotas_page(code, faults)
    flash(_("Đã giao chỉ tiêu. Xem lại bảng dưới đây."), "ok")
    return redirect(url_for(".quotas", code=code), 303)


def _load(session: Session, survey_round: Round) -> list[tuple[str, str]]:
    file = request.files.get("file")
    if source := request.form.get("source"):
        earlier = {r.code: r for r in earlier_rounds_with_quotas(session, survey_round, me())}
        if source not in earlier:
            raise Missing
        if lost := copy_quotas(session, survey_round, earlier[source], me()):
            words = _("Không còn đơn vị: %(names)s. Giao chỉ tiêu cho đơn vị thay thế.", names=", ".join(lost))
            flash(words, "warn")
        return []
    if request.form.get("shipped"):
        content, name = SHIPPED_QUOTAS.read_bytes(), SHIPPED_QUOTAS.name
    elif file is not None and file.filename:
        content, name = file.read(), file.filename
    else:
        return [(_("Chọn tệp chỉ tiêu (.xlsx hoặc .csv)."), "file")]
    read = import_quotas(session, survey_round, content, name, me())
    return [(fault.text, "file") for fault in read.faults]


@bp.get("/rounds/<code>/settings/modes")
@requires("rounds.read")
def modes(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    if (answer := read_only(survey_round)) is not None:
        return answer
    values = {
        "k_min": str(survey_round.k_min),
        "key_mode": survey_round.key_mode,
        "help_phone": survey_round.help_phone,
        "help_hours": survey_round.help_hours,
        "reading_purpose": survey_round.reading_purpose,
    }
    values |= {f"mode_{group.code}": group.mode for group in groups_of(reading(), survey_round)}
    return _modes_page(survey_round, values, {})


def _modes_page(survey_round: Round, values: dict[str, str], faults: dict[str, str]) -> ResponseReturnValue:
    return frame(
        survey_round,
        "modes",
        "rounds/modes.html",
        422 if faults else 200,
        groups=groups_of(reading(), survey_round),
        settled=has_cells(reading(), survey_round),
        usual_reading=USUAL_READING,
        values=values,
        fault_of=faults,
        faults=[(sentence, name) for name, sentence in faults.items()],
    )


@bp.post("/rounds/<code>/settings/modes")
@requires("rounds.manage")
def save_modes(code: str) -> ResponseReturnValue:
    values = request.form.to_dict()
    k_text = values.get("k_min", "").strip()
    try:
        with writing() as session:
            survey_round = settings_to_change(session, code, "modes")
            set_modes(
                session,
                survey_round,
                {name.removeprefix("mode_"): value for name, value in values.items() if name.startswith("mode_")},
                int(k_text) if k_text.isascii() and k_text.isdigit() else 0,
                values.get("key_mode", ""),
                values.get("help_phone", "").strip(),
                values.get("help_hours", "").strip(),
                me(),
                values.get("reading_purpose", survey_round.reading_purpose),
            )
    except Invalid as fault:
        return _modes_page(find_round(reading(), code, me()), values, fault.faults)
    return to_next(survey_round, "modes")
