"""Pages of a unit's draft: check page with corrections, conflict, confirmation."""

from collections.abc import Callable
from io import BytesIO
from pathlib import PurePath
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ..access import has_right, requires
from ..audit import Action
from ..errors import Conflict, Invalid, Missing
from ..text import moment_text
from ..view_log import log_view
from ..web import me, reading, writing, xlsx_file
from .check_view import check_view, good_rows, row_mark, row_sentence, suggested, summary_lines
from .column_choices import remember_columns
from .column_names import USUAL_LABELS
from .columns import text_of
from .drafts import Clash, Draft, Edit, apply_edits, correct, draft_as_json, draft_from_json
from .fault_file import fault_workbook
from .head_rules import heads_of
from .last_year import standings, still_there
from .models import ListState, RowComment, Upload
from .normalise import phone_number
from .pages import bp
from .problems import full_message
from .queries import ListCard, cards, find_upload
from .row_comments import place_comments
from .rules import DraftCheck, check_upload, discard_upload, refuse_if_changed, save_draft, submit_list
from .typed_lists import holds_returned_list, typed_table

_TABS = ("look", "all", "columns")


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>")
@requires("lists.own")
def check(code: str, upload_id: int) -> ResponseReturnValue:
    """Step 2: every fault by row and column with its remedy."""
    found = find_upload(reading(), code, upload_id, me())
    checked = check_upload(reading(), found)
    show = request.args.get("show", "")
    if show not in _TABS:
        show = _first_tab(checked)
    asked = {card.group.code: card for card in cards(reading(), found.round, found.unit)}
    said, loose = _comments(checked, found, asked)
    view = check_view(checked, show, request.args.get("page", 1, type=int), said)
    page = render_template(
        "roster/check.html",
        survey_round=found.round,
        upload=found,
        checked=checked,
        view=view,
        show=show,
        page_url=lambda number: url_for(".check", code=code, upload_id=upload_id, show=show, page=number),
        faults=checked.blocking,
        summary=summary_lines(checked, view),
        to_look=len(view.to_look),
        cards=asked,
        said_of=said,
        loose_comments=loose,
        row_sentence=row_sentence,
        suggested=suggested,
        full_message=full_message,
        labels=USUAL_LABELS,
        samples=_samples(checked.draft),
        good=good_rows(checked)[0],
        typed=typed_table(checked.draft) is not None,
    )
    log_draft(Action.DRAFT_VIEWED, found, checked)
    return page


def _first_tab(checked: DraftCheck) -> str:
    """Columns where most are not known yet, else what needs a look, else all rows."""
    missing = sum(1 for problem in checked.blocking if problem.kind == "missing_column")
    if missing > 2:
        return "columns"
    return "look" if any(problem.row for problem in checked.reading.problems) else "all"


def log_draft(action: Action, found: Upload, checked: DraftCheck) -> None:
    """A draft was shown or a file of it given out: says so to the audit log."""
    log_view(action, round=found.round.code, unit=found.unit.name, draft=found.id, persons=len(checked.reading.persons))


def _comments(
    checked: DraftCheck, found: Upload, asked: dict[str, ListCard]
) -> tuple[dict[str, list[RowComment]], list[RowComment]]:
    """What the office said of rows: by key of the row, and what belongs to no row of this draft."""
    keys = {
        (table.sheet, row.row): f"{number}-{row.row}"
        for number, table in enumerate(checked.draft.tables)
        for row in table.rows
    }
    said: dict[str, list[RowComment]] = {}
    loose: list[RowComment] = []
    for code in sorted({person.group for person in checked.reading.persons}):
        persons = [person for person in checked.reading.persons if person.group == code]
        comments = asked[code].row_comments if code in asked else []
        rows = [(person.row, person.business or person.name or "") for person in persons]
        placed = place_comments(comments, rows, holds_returned_list(found))
        loose += placed.loose
        for person in persons:
            if person.row in placed.by_row:
                said[keys[person.sheet, person.row]] = placed.by_row[person.row]
    return said, loose


def _samples(draft: Draft) -> list[list[tuple[Any, list[str]]]]:
    """For each table its columns with three sample values."""
    result = []
    for table in draft.tables:
        columns = []
        for column in table.columns:
            texts = [text_of(row.raw[column.index - 1]) for row in table.rows if column.index <= len(row.raw)]
            columns.append((column, [text for text in texts if text][:3]))
        result.append(columns)
    return result


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>")
@requires("lists.own")
def correct_draft(code: str, upload_id: int) -> ResponseReturnValue:
    """Save corrections, dropped rows and chosen columns, then check again."""
    with writing() as session:
        found = find_upload(session, code, upload_id, me(), to_change=True)
        draft = draft_from_json(found.reading)
        before, marks = draft_as_json(draft), row_marks(draft)
        edits = edits_in(request.form)
        clashes = apply_edits(draft, edits)
        if clashes:
            return ({}, 409) if _wants_json() else conflict_page(found, clashes)
        if lost := edited_while_dropped(draft, edits):
            if _wants_json():
                return {}, 409
            _say_dropped(lost)
        _apply(session, found, draft, request.form, marks)
        _choose_columns(session, found, draft, request.form)
        if draft_as_json(draft) != before:
            save_draft(found, draft, me())
        saved_at = found.changed_at
        checked = check_upload(session, found, draft) if {"keep_good", "go"} & set(request.form) else None
    if _wants_json():
        words = _("Bản nháp đã lưu lúc %(moment)s. Đóng trình duyệt cũng không mất.", moment=moment_text(saved_at))
        return {"saved": words, "seen": {f"{table}-{row}": mark for (table, row), mark in row_marks(draft).items()}}
    if checked is not None and "keep_good" in request.form:
        good = good_rows(checked)
        flash(
            _(
                "Đã lưu %(good)d dòng đạt, còn %(bad)d dòng để sửa sau: tải tệp đã sửa lên, hoặc sửa trên trang.",
                good=good[0],
                bad=good[1],
            ),
            "ok",
        )
        return redirect(url_for(".mine", code=code, into=upload_id), 303)
    if checked is not None and (where := _next_page(found, checked)):
        return redirect(where, 303)
    show = request.form.get("tab", request.form.get("show"))
    show = show if show in _TABS else None
    page = request.form.get("page", type=int) if "tab" not in request.form else None
    return redirect(url_for(".check", code=code, upload_id=upload_id, show=show, page=page), 303)


def _wants_json() -> bool:
    """Whether the script of the page saves while one types."""
    return request.accept_mimetypes.best == "application/json"


def _next_page(found: Upload, checked: DraftCheck) -> str:
    """Where a button of the form leads once its cells are saved; back to the page when faults stop it."""
    code = found.round.code
    pages = {
        "faults": url_for(".faults_file", code=code, upload_id=found.id),
        "upload": url_for(".mine", code=code, into=found.id, _anchor="file"),
        "confirm": "" if checked.blocking else url_for(".confirm", code=code, upload_id=found.id),
    }
    return pages.get(request.form["go"], "")


def row_marks(draft: Draft) -> dict[tuple[int, int], str]:
    """What every row holds now, as short marks."""
    return {(number, row.row): row_mark(row) for number, table in enumerate(draft.tables) for row in table.rows}


def edited_while_dropped(draft: Draft, edits: list[Edit]) -> list[int]:
    """Rows that were dropped while somebody typed into them: what was typed is kept in the dropped row."""
    rows = {edit.row for edit in edits if edit.text.strip() != edit.was and (edit.table, edit.row) in draft.dropped}
    return sorted(rows)


def _say_dropped(rows: list[int]) -> None:
    words = ", ".join(map(str, rows))
    flash(
        _(
            "Dòng %(rows)s đã được người khác bỏ khi quý vị đang sửa. Nội dung vừa nhập còn ở phần «Đã bỏ»: "
            "bấm «Khôi phục dòng» nếu cần giữ.",
            rows=words,
        ),
        "warn",
    )


def edits_in(form: Any) -> list[Edit]:
    """The cells of a form: «cell-TABLE-ROW-FIELD» with what stood there as «was-cell-…»."""
    edits = []
    for name, value in form.items():
        kind, _dash, rest = name.partition("-")
        parts = rest.split("-", 2)
        if kind == "cell" and len(parts) == 3 and parts[0].isdecimal() and parts[1].isdecimal():
            edits.append(Edit(int(parts[0]), int(parts[1]), parts[2], value[:500], form.get(f"was-{name}")))
    return edits


def conflict_page(found: Upload, clashes: list[Clash]) -> ResponseReturnValue:
    """Two people changed the same cells: nothing is written until somebody says which value is right."""
    clashing = {f"cell-{one.edit.table}-{one.edit.row}-{one.edit.field}": one for one in clashes}
    others = [
        (name, value)
        for name, value in request.form.items()
        if name != "csrf_token" and name not in clashing and name.removeprefix("was-") not in clashing
    ]
    page = render_template(
        "roster/conflict.html", survey_round=found.round, upload=found, clashes=clashing, others=others
    )
    return page, 409


def _apply(session: Session, found: Upload, draft: Draft, form: Any, marks: dict[tuple[int, int], str]) -> None:
    """Act on the button that was pressed; `marks` are those of the rows before this form."""

    def drop(key: tuple[int, int]) -> None:
        seen = form.get(f"seen-{key[0]}-{key[1]}")
        if seen is not None and seen != marks.get(key):
            who = found.changed_by_name or _("Người khác")
            words = _("%(who)s vừa sửa dòng %(row)s nên dòng này chưa bị bỏ. Xem lại rồi bấm bỏ nếu vẫn muốn.",
                      who=who, row=key[1])  # fmt: skip
            flash(words, "warn")
            return
        draft.dropped.add(key)

    actions: dict[str, Callable[[tuple[int, int]], None]] = {
        "drop": drop,
        "restore": draft.dropped.discard,
        "confirm": lambda key: still_there(draft, [key]),
        "new_phone": lambda key: _use_new_phone(draft, key),
    }
    for action, act in actions.items():
        if key := row_key(form.get(action, "")):
            act(key)
    if "suggested" in form:
        _use_suggestion(check_upload(session, found, draft), form["suggested"])
    if "confirm_all" in form:
        still_there(draft, standings(draft).keys() - draft.dropped)
    if "new_phones" in form:
        for number, table_ in enumerate(draft.tables):
            for row in table_.rows:
                _use_new_phone(draft, (number, row.row))


def _use_suggestion(checked: DraftCheck, wanted: str) -> None:
    """Put the catalogue's value into the cell «TABLE-ROW-FIELD»."""
    for problem in checked.reading.problems:
        for number, table in enumerate(checked.draft.tables):
            if problem.sheet == table.sheet and wanted == f"{number}-{problem.row}-{problem.field}":
                column = next((one for one in table.columns if one.letter == problem.col), None)
                if (text := suggested(problem)) and column and column.field and problem.row:
                    correct(checked.draft, number, problem.row, column.field, text)


def _choose_columns(session: Session, found: Upload, draft: Draft, form: Any) -> None:
    if not form.get("columns", "").isdecimal() or int(form["columns"]) >= len(draft.tables):
        return
    refuse_if_changed(found, form.get("version", type=int))
    table = int(form["columns"])
    known = {column.field for column in draft.tables[table].columns} | set(USUAL_LABELS)
    chosen = {
        int(name.rsplit("-", 1)[1]): value if value in known else None
        for name, value in form.items()
        if name.startswith(f"column-{table}-") and name.rsplit("-", 1)[1].isdecimal()
    }
    for loser, winner in remember_columns(session, found.unit, draft, table, chosen, me()):
        flash(
            _(
                "Cột «%(loser)s» nay bỏ qua, vì cột «%(winner)s» được chọn là «%(field)s». Mỗi mục chỉ lấy từ một cột.",
                loser=loser.label,
                winner=winner.label,
                field=_(USUAL_LABELS.get(winner.field or "", winner.label)),
            ),
            "warn",
        )


def row_key(text: str) -> tuple[int, int] | None:
    table, _dash, row = text.partition("-")
    return (int(table), int(row)) if table.isdecimal() and row.isdecimal() else None


def _use_new_phone(draft: Draft, key: tuple[int, int]) -> None:
    if key[0] >= len(draft.tables):
        return
    for row in draft.tables[key[0]].rows:
        phone = phone_number(row.cells["phone"]) if row.row == key[1] and "phone" in row.cells else None
        if phone and phone.old and phone.number:
            correct(draft, key[0], key[1], "phone", phone.number)


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>/faults.xlsx")
@requires("lists.own")
def faults_file(code: str, upload_id: int) -> ResponseReturnValue:
    """The officer's own workbook with a comment on each bad cell."""
    found = find_upload(reading(), code, upload_id, me())
    name = f"{PurePath(found.file_name).stem}-ghi-chu-loi.xlsx"
    checked = check_upload(reading(), found)
    file = xlsx_file(fault_workbook(checked, found.file_name, _content_of(found), found.round.mark), name)
    log_draft(Action.DRAFT_EXPORTED, found, checked)
    return file


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>/original")
@requires("lists.own")
def original(code: str, upload_id: int) -> ResponseReturnValue:
    """The file as it was sent."""
    found = find_upload(reading(), code, upload_id, me())
    content = _content_of(found)
    if content is None:
        raise Missing
    log_draft(Action.DRAFT_EXPORTED, found, check_upload(reading(), found))
    return send_file(
        BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=found.file_name
    )


def _content_of(found: Upload) -> bytes | None:
    return reading().get_one(Upload, found.id, options=[undefer(Upload.content)], populate_existing=True).content


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>/confirm")
@requires("lists.own")
def confirm(code: str, upload_id: int) -> ResponseReturnValue:
    """Step 3: what is about to be handed in, and the declaration."""
    found = find_upload(reading(), code, upload_id, me())
    if check_upload(reading(), found).blocking:
        return redirect(url_for(".check", code=code, upload_id=upload_id))
    return _confirm_page(found, {})


def _confirm_page(found: Upload, faults: dict[str, str], status: int = 422) -> ResponseReturnValue:
    checked = check_upload(reading(), found)
    all_cards = {card.group.code: card for card in cards(reading(), found.round, found.unit)}
    counts: dict[str, int] = {}
    for person in checked.reading.persons:
        counts[person.group] = counts.get(person.group, 0) + 1
    page = render_template(
        "roster/confirm.html",
        survey_round=found.round,
        upload=found,
        checked=checked,
        cards=all_cards,
        counts=sorted(counts.items()),
        warnings=sum(1 for problem in checked.reading.problems if problem.row),
        faults=faults,
        fault_lines=[(sentence, name) for name, sentence in faults.items()],
        reason=request.form.get("short_reason", ""),
        waits_for_head=found.round.head_confirms and not has_right(me(), "lists.confirm"),
        heads=heads_of(reading(), found.unit_id),
        typed=typed_table(checked.draft) is not None,
        has_original=reading().scalar(select(Upload.content.is_not(None)).where(Upload.id == found.id)),
        full_message=full_message,
    )
    return page, status if faults else 200


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>/confirm")
@requires("lists.own")
def submit(code: str, upload_id: int) -> ResponseReturnValue:
    try:
        with writing() as session:
            found = find_upload(session, code, upload_id, me(), to_change=True)
            declared, reason = request.form.get("declared") == "yes", request.form.get("short_reason", "")
            lists = submit_list(session, found, me(), declared, reason, request.form.get("version", type=int))
            groups = ", ".join(one.group.code for one in lists)
            waits = lists[0].state == ListState.AWAITING_HEAD
    except Invalid as fault:
        return _confirm_page(find_upload(reading(), code, upload_id, me()), fault.faults)
    except Conflict as fault:
        return _confirm_page(find_upload(reading(), code, upload_id, me()), {"": fault.message}, 409)
    if waits:
        words = _(
            "Đã gửi thủ trưởng danh sách nhóm %(groups)s. Danh sách được nộp khi thủ trưởng xác nhận.", groups=groups
        )
    else:
        words = _(
            "Đã nộp danh sách nhóm %(groups)s. Cơ quan tổ chức sẽ kiểm tra và trả lời ở trang này.", groups=groups
        )
    flash(words, "ok")
    return redirect(url_for(".mine", code=code), 303)


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>/discard")
@requires("lists.own")
def ask_to_discard(code: str, upload_id: int) -> ResponseReturnValue:
    """What is lost, before it is."""
    found = find_upload(reading(), code, upload_id, me())
    rows = draft_from_json(found.reading).rows
    return render_template("roster/discard.html", survey_round=found.round, upload=found, rows=rows)


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>/discard")
@requires("lists.own")
def discard(code: str, upload_id: int) -> ResponseReturnValue:
    with writing() as session:
        found = find_upload(session, code, upload_id, me(), to_change=True)
        discard_upload(session, found, request.form.get("version", type=int))
    flash(_("Đã bỏ bản nháp."), "ok")
    return redirect(url_for(".mine", code=code), 303)
