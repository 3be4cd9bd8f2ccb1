"""Pages of a unit's own lists: cards, template, upload, check page, confirmation."""

from collections.abc import Callable
from io import BytesIO
from pathlib import PurePath
from typing import Any

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session, undefer

from ..access import requires
from ..errors import Invalid, Missing, Refused
from ..rounds.models import Round
from ..rounds.queries import find_round
from ..web import me, reading, writing
from ..workbook import Rejected
from .check_view import check_view, row_sentence, summary_lines
from .column_choices import remember_columns
from .column_names import USUAL_LABELS
from .columns import text_of
from .drafts import Draft, correct, draft_from_json
from .fault_file import fault_workbook
from .models import Upload
from .normalise import phone_number
from .pages import bp
from .problems import full_message
from .queries import cards, catalogue_of, find_upload, open_drafts, own_unit, rounds_of_unit
from .rules import check_upload, discard_upload, receive_upload, save_draft, submit_list
from .template_file import template_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TABS = ("look", "all", "columns")


@bp.get("/lists")
@requires("lists.own")
def my_lists() -> ResponseReturnValue:
    """To the lists of the one round that asks, or a choice of rounds."""
    rounds = rounds_of_unit(reading(), own_unit(me()))
    if len(rounds) == 1:
        return redirect(url_for(".mine", code=rounds[0].code))
    return render_template("roster/my_rounds.html", rounds=rounds)


@bp.get("/rounds/<code>/lists/mine")
@requires("lists.own")
def mine(code: str) -> ResponseReturnValue:
    return _mine_page(find_round(reading(), code, me()))


def _mine_page(survey_round: Round, fault: str = "", status: int = 200) -> ResponseReturnValue:
    unit = own_unit(me())
    page = render_template(
        "roster/mine.html",
        survey_round=survey_round,
        unit=unit,
        cards=cards(reading(), survey_round, unit),
        drafts=open_drafts(reading(), survey_round, unit),
        fault=fault,
    )
    return page, status


@bp.get("/rounds/<code>/lists/template.xlsx")
@requires("lists.own")
def template(code: str) -> ResponseReturnValue:
    """The template of one group (?group=E) or of all groups of the unit."""
    survey_round, unit = find_round(reading(), code, me()), own_unit(me())
    group = request.args.get("group")
    asked = [card for card in cards(reading(), survey_round, unit) if group in (None, card.group.code)]
    if not asked:
        raise Missing
    content = template_workbook(survey_round, unit, asked, catalogue_of(reading(), survey_round))
    return _file(content, f"mau-danh-sach-{unit.code}{f'-{group}' if group else ''}.xlsx")


def _file(content: bytes, name: str) -> Response:
    return send_file(BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


@bp.post("/rounds/<code>/lists/uploads")
@requires("lists.own")
def upload(code: str) -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _mine_page(find_round(reading(), code, me()), _("Chưa chọn tệp. Chọn tệp danh sách rồi tải lên."), 422)
    name = PurePath(sent.filename.replace("\\", "/")).name
    try:
        with writing() as session:
            survey_round = find_round(session, code, me())
            group = request.form.get("group") or None
            draft = receive_upload(session, survey_round, own_unit(me()), sent.read(), name, me(), group)
            upload_id = draft.id
    except (Rejected, Refused) as fault:
        return _mine_page(find_round(reading(), code, me()), f"{name}: {fault.message}", 422)
    return redirect(url_for(".check", code=code, upload_id=upload_id), 303)


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>")
@requires("lists.own")
def check(code: str, upload_id: int) -> ResponseReturnValue:
    """Step 2: every fault by row and column with its remedy."""
    found = find_upload(reading(), code, upload_id, me())
    checked = check_upload(reading(), found)
    show = request.args.get("show", "")
    if show not in _TABS:
        show = "look" if any(problem.row for problem in checked.reading.problems) else "all"
    view = check_view(checked, show, request.args.get("page", 1, type=int))
    return render_template(
        "roster/check.html",
        survey_round=found.round,
        upload=found,
        checked=checked,
        view=view,
        show=show,
        page_url=lambda number: url_for(".check", code=code, upload_id=upload_id, show=show, page=number),
        faults=checked.blocking,
        summary=summary_lines(checked),
        to_look=sum(1 for row in view.rows if row.problems or row.edited),
        cards={card.group.code: card for card in cards(reading(), found.round, found.unit)},
        row_sentence=row_sentence,
        full_message=full_message,
        labels=USUAL_LABELS,
        samples=_samples(checked.draft),
    )


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
        found = find_upload(session, code, upload_id, me())
        draft = draft_from_json(found.reading)
        _apply(draft, request.form)
        _choose_columns(session, found, draft, request.form)
        save_draft(found, draft)
    show = request.form.get("show") if request.form.get("show") in _TABS else None
    return redirect(url_for(".check", code=code, upload_id=upload_id, show=show), 303)


def _apply(draft: Draft, form: Any) -> None:
    for name, value in form.items():
        kind, _dash, rest = name.partition("-")
        parts = rest.split("-", 2)
        if kind == "cell" and len(parts) == 3 and parts[0].isdecimal() and parts[1].isdecimal():
            correct(draft, int(parts[0]), int(parts[1]), parts[2], value[:500])
    actions: dict[str, Callable[[tuple[int, int]], None]] = {
        "drop": draft.dropped.add,
        "restore": draft.dropped.discard,
        "new_phone": lambda key: _use_new_phone(draft, key),
    }
    for action, act in actions.items():
        if key := _key(form.get(action, "")):
            act(key)
    if "new_phones" in form:
        for number, table_ in enumerate(draft.tables):
            for row in table_.rows:
                _use_new_phone(draft, (number, row.row))


def _choose_columns(session: Session, found: Upload, draft: Draft, form: Any) -> None:
    if not form.get("columns", "").isdecimal() or int(form["columns"]) >= len(draft.tables):
        return
    table = int(form["columns"])
    known = {column.field for column in draft.tables[table].columns} | set(USUAL_LABELS)
    chosen = {
        int(name.rsplit("-", 1)[1]): value if value in known else None
        for name, value in form.items()
        if name.startswith(f"column-{table}-") and name.rsplit("-", 1)[1].isdecimal()
    }
    remember_columns(session, found.unit, draft, table, chosen, me())


def _key(text: str) -> tuple[int, int] | None:
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
    found = find_upload(reading(), code, upload_id, me())
    name = f"{PurePath(found.file_name).stem}-ghi-chu-loi.xlsx"
    return _file(fault_workbook(check_upload(reading(), found), found.file_name), name)


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>/original")
@requires("lists.own")
def original(code: str, upload_id: int) -> ResponseReturnValue:
    """The file as it was sent."""
    found = find_upload(reading(), code, upload_id, me())
    content = reading().get_one(Upload, found.id, options=[undefer(Upload.content)], populate_existing=True).content
    if content is None:
        raise Missing
    return send_file(
        BytesIO(content), mimetype="application/octet-stream", as_attachment=True, download_name=found.file_name
    )


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>/confirm")
@requires("lists.own")
def confirm(code: str, upload_id: int) -> ResponseReturnValue:
    """Step 3: what is about to be handed in, and the declaration."""
    found = find_upload(reading(), code, upload_id, me())
    if check_upload(reading(), found).blocking:
        return redirect(url_for(".check", code=code, upload_id=upload_id))
    return _confirm_page(found, {})


def _confirm_page(found: Upload, faults: dict[str, str]) -> ResponseReturnValue:
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
        full_message=full_message,
    )
    return page, 422 if faults else 200


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>/confirm")
@requires("lists.own")
def submit(code: str, upload_id: int) -> ResponseReturnValue:
    try:
        with writing() as session:
            found = find_upload(session, code, upload_id, me())
            declared = request.form.get("declared") == "yes"
            lists = submit_list(session, found, me(), declared, request.form.get("short_reason", ""))
            groups = ", ".join(one.group.code for one in lists)
    except Invalid as fault:
        return _confirm_page(find_upload(reading(), code, upload_id, me()), fault.faults)
    flash(
        _("Đã nộp danh sách nhóm %(groups)s. Cơ quan tổ chức sẽ kiểm tra và trả lời ở trang này.", groups=groups), "ok"
    )
    return redirect(url_for(".mine", code=code), 303)


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>/discard")
@requires("lists.own")
def discard(code: str, upload_id: int) -> ResponseReturnValue:
    with writing() as session:
        discard_upload(session, find_upload(session, code, upload_id, me()))
    flash(_("Đã bỏ bản nháp."), "ok")
    return redirect(url_for(".mine", code=code), 303)
