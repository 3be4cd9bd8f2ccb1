"""Pages that add a whole list to the locked roster: typed into a table, or read from a file into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ..access import has_right, requires
from ..audit import Action
from ..errors import Invalid, Missing
from ..roster.models import ChangeKind, UnitList
from ..roster.queries import SEEN_BY_THE_OFFICE, cards, catalogue_of, quota_of
from ..roster.rules import list_for
from ..roster.template_file import template_workbook
from ..roster.typed_lists import MOST_ROWS
from ..rounds.queries import find_round
from ..view_log import log_view
from ..web import me, reading, writing
from ..workbook import Rejected
from . import queries, rules
from .checking import check_list, is_on_roster
from .list_files import rows_of_file, rows_of_unit
from .pages import SENSITIVE, XLSX, bp, columns_of

_MORE_ROWS, _MOST_BLANK = 5, 20
FRAME_KEY = "frame_key"  # of a person drawn from a frame: goes along unseen


@dataclass(frozen=True)
class _Table:
    """What the page shows: rows by field, faults by (row, field), and what the reader or the checks have to say."""

    rows: Sequence[Mapping[str, str]] = ()
    faults: Mapping[tuple[int, str], str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    reason_fault: str = ""
    file_fault: str = ""
    more: int = 0


@bp.post("/rounds/<code>/changes/missing")
@requires("changes.propose")
def open_missing(code: str) -> ResponseReturnValue:
    """To a list that was missing at the lock; the list is made when the unit never began one."""
    with writing() as session:
        survey_round = find_round(session, code, me())
        unit_id = request.form.get("unit", 0, type=int)
        card = queries.find_missing_list(session, survey_round, unit_id, request.form.get("group", ""), me())
        list_id = list_for(session, survey_round, card.unit, card.group).id
    return redirect(url_for(".people", code=code, list_id=list_id), 303)


@bp.get("/rounds/<code>/changes/lists/<int:list_id>/whole")
@requires("changes.propose")
def whole(code: str, list_id: int) -> ResponseReturnValue:
    """An empty table; with `?from=unit` the persons the unit had on its list when the roster was locked."""
    found = queries.find_list_to_change(reading(), code, list_id, me())
    rows = rows_of_unit(reading(), found) if request.args.get("from") == "unit" and _unit_has_rows(found) else []
    return _whole_page(found, _checked(found, rows) if rows else _Table())


def _unit_has_rows(found: UnitList) -> bool:
    """The office sees what was handed in to it, the unit also its own unfinished list."""
    seen = found.state in SEEN_BY_THE_OFFICE or not has_right(me(), "changes.decide")
    return not is_on_roster(found) and seen and bool(found.persons)


def _checked(found: UnitList, rows: Sequence[Mapping[str, str]], notes: Sequence[str] = ()) -> _Table:
    taken = (*columns_of(found), FRAME_KEY)
    kept = [{name: text for name, text in row.items() if name in taken} for row in rows]
    checked = check_list(reading(), found, kept)
    told = [*notes, *checked.warnings]
    if SENSITIVE not in taken and any(SENSITIVE in row for row in rows):
        told.append(_("Dân tộc không vào bảng: tài khoản này chưa được cấp quyền."))
    return _Table(kept, checked.faults, told)


def _whole_page(found: UnitList, table: _Table) -> ResponseReturnValue:
    rules.refuse_unless_changeable(found.round, ChangeKind.ADD_LIST)
    columns = columns_of(found)
    quota = quota_of(reading(), found)
    room = max(quota.most - (len(found.persons) if is_on_roster(found) else 0), 0)
    blank = max(min(room - len(table.rows), _MOST_BLANK), 0 if table.rows else 1) + table.more
    lines = [_line(row, name, words) for (row, name), words in sorted(table.faults.items())]
    if table.reason_fault:
        lines.append((table.reason_fault, "f-reason"))
    if table.file_fault:
        lines.append((table.file_fault, "file"))
    page = render_template(
        "roster_changes/whole.html",
        survey_round=found.round,
        unit_list=found,
        columns=columns,
        rows=table.rows,
        blank=range(len(table.rows) + 1, min(len(table.rows) + blank, MOST_ROWS) + 1),
        faults=table.faults,
        fault_lines=lines,
        notes=table.notes,
        reason=request.form.get("reason", ""),
        reason_fault=table.reason_fault,
        file_fault=table.file_fault,
        target=quota.target,
        room=room,
        unit_has_rows=len(found.persons) if _unit_has_rows(found) and not table.rows else 0,
    )
    if table.rows:
        log_view(
            Action.LIST_VIEWED, round=found.round.code, unit=found.unit.name, group=found.group.code,
            persons=len(table.rows),
        )  # fmt: skip
    return page, 422 if lines else 200


def _line(row: int, name: str, words: str) -> tuple[str, str]:
    if not row:
        return words, ""
    return _("Dòng %(row)d: %(words)s", row=row, words=words), f"r{row}-{name}"


@bp.post("/rounds/<code>/changes/lists/<int:list_id>/whole")
@requires("changes.propose")
def propose_whole(code: str, list_id: int) -> ResponseReturnValue:
    """A file into the table, more empty rows, or the request itself."""
    found = queries.find_list_to_change(reading(), code, list_id, me())
    if "read" in request.form:
        return _whole_page(found, _from_file(found))
    rows = _typed_rows(columns_of(found))
    if "more" in request.form:
        return _whole_page(found, _Table(rows, more=_MORE_ROWS))
    try:
        with writing() as session:
            held = queries.find_list_to_change(session, code, list_id, me())
            change_id = rules.propose_list(session, held, me(), request.form.get("reason", ""), rows).id
    except Invalid as fault:
        if not rows:
            return _whole_page(found, _Table(faults={(0, ""): fault.faults[""]}))
        table = _checked(found, rows)
        faults = table.faults or ({(0, ""): fault.faults[""]} if "" in fault.faults else {})
        return _whole_page(found, _Table(rows, faults, table.notes, fault.faults.get("reason", "")))
    flash(_("Đã gửi đề nghị. Người khác của cơ quan tổ chức duyệt thì danh sách mới thay đổi."), "ok")
    return redirect(url_for(".show", code=code, change_id=change_id), 303)


def _from_file(found: UnitList) -> _Table:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _Table(file_fault=_("Chưa chọn tệp. Chọn tệp danh sách rồi đọc lại."))
    try:
        read = rows_of_file(reading(), found, sent.read(), sent.filename)
    except Rejected as fault:
        return _Table(file_fault=fault.message)
    except Invalid as fault:
        return _Table(file_fault=fault.faults["file"])
    if len(read.rows) > MOST_ROWS:
        words = _("Tệp có %(n)d người; một đề nghị nhiều nhất %(most)d.", n=len(read.rows), most=MOST_ROWS)
        return _Table(file_fault=words)
    return _checked(found, read.rows, read.notes)


def _typed_rows(columns: Mapping[str, object]) -> list[dict[str, str]]:
    """The rows of the table that hold something, in their order."""
    rows = []
    for number in range(1, MOST_ROWS + 1):
        texts = {name: request.form.get(f"r{number}-{name}", "").strip() for name in (*columns, FRAME_KEY)}
        if row := {name: text for name, text in texts.items() if text}:
            rows.append(row)
    return rows


@bp.get("/rounds/<code>/changes/lists/<int:list_id>/template.xlsx")
@requires("changes.propose")
def whole_template(code: str, list_id: int) -> ResponseReturnValue:
    """The template of this one list."""
    session = reading()
    found = queries.find_list_to_change(session, code, list_id, me())
    asked = [card for card in cards(session, found.round, found.unit) if card.group.id == found.group_id]
    if not asked:
        raise Missing
    content = template_workbook(found.round, found.unit, asked, catalogue_of(session, found.round))
    name = f"mau-danh-sach-{found.unit.code}-{found.group.code}.xlsx"
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)
