"""Pages of lists without a file: begin one, and the table to type or paste into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from ..access import requires
from ..audit import Action
from ..errors import Missing
from ..look import badge
from ..rounds.queries import find_round
from ..text import moment_text
from ..web import me, reading, writing
from .check_view import row_sentence, suggested
from .column_names import field_of
from .columns import DataRow, Table, text_of
from .draft_pages import conflict_page, edited_while_dropped, edits_in, log_draft, row_key
from .drafts import Clash, Draft, apply_edits, draft_as_json, draft_from_json, worst
from .last_year import (
    NOT_CONFIRMED,
    OF_ONE_YEAR,
    Key,
    Standing,
    ask_again,
    counts,
    standings,
    still_there,
    untouched,
)
from .models import Upload
from .pages import bp
from .persons import required_fields
from .problems import Problem
from .queries import cards, catalogue_of, find_upload, own_unit
from .row_comments import open_comments, place_comments
from .rules import DraftCheck, check_upload, save_draft
from .typed_lists import (
    MOST_ROWS,
    Source,
    add_rows,
    blank_rows,
    holds_returned_list,
    start_typed_list,
    typed_columns,
    typed_table,
)

_MORE = 5
_MOST_BLANK = 60


@bp.post("/rounds/<code>/lists/typed")
@requires("lists.own")
def start_typed(code: str) -> ResponseReturnValue:
    """A list without a file: empty, from the unit's list of an earlier year, or from the one that came back."""
    with writing() as session:
        survey_round, group = find_round(session, code, me()), request.form.get("group", "")
        wish = request.form.get("source", "")
        source = Source(wish) if wish in set(Source) else Source.EMPTY
        upload = start_typed_list(session, survey_round, own_unit(me()), group, me(), source)
        session.flush()
        upload_id = upload.id
    return redirect(url_for(".grid", code=code, upload_id=upload_id), 303)


@bp.get("/rounds/<code>/lists/uploads/<int:upload_id>/grid")
@requires("lists.own")
def grid(code: str, upload_id: int) -> ResponseReturnValue:
    found = find_upload(reading(), code, upload_id, me())
    checked = check_upload(reading(), found)
    number, table = _typed(checked)
    group = found.group_code or ""
    card = next((one for one in cards(reading(), found.round, found.unit) if one.group.code == group), None)
    kept = [row for row in table.rows if (number, row.row) not in checked.draft.dropped]
    target = card.target if card else 0
    blank = max(target - len(kept), 1) + max(0, request.args.get("more", 0, type=int))
    problems, to_fill = _by_row(checked, number)
    stands = standings(checked.draft)
    page = render_template(
        "roster/grid.html",
        survey_round=found.round,
        upload=found,
        number=number,
        columns=[(column, column.field or "") for column in table.columns if column.field],
        rows=[(row, _texts(table, row), problems.get(row.row, [])) for row in kept],
        stands={row: standing for (one, row), standing in stands.items() if one == number},
        standing=_standing_words(stands),
        open_ones=counts(stands)[Standing.OPEN],
        blank=range(min(blank, _MOST_BLANK, MOST_ROWS - len(kept))),
        plans=typed_columns(group, found.unit, catalogue_of(reading(), found.round)),
        required=required_fields(group),
        card=card,
        kept=len(kept),
        stored=len(table.rows),
        dropped=sum((number, row.row) in checked.draft.dropped and not row.is_blank for row in table.rows),
        known=max((row.row for row in table.rows), default=0),
        comments=place_comments(
            open_comments(card.unit_list if card else None),
            [(row.row, text_of(row.cells.get("business")) or text_of(row.cells.get("name"))) for row in kept],
            holds_returned_list(found),
        ),
        to_fill=to_fill,
        of_one_year=OF_ONE_YEAR,
        general=[one for one in checked.reading.problems if one.row is None],
        row_sentence=row_sentence,
        worst=worst,
        result=_result,
    )
    log_draft(Action.DRAFT_VIEWED, found, checked)
    return page


def _typed(checked: DraftCheck) -> tuple[int, Table]:
    number = typed_table(checked.draft)
    if number is None:
        raise Missing
    return number, checked.draft.tables[number]


def _texts(table: Table, row: DataRow) -> dict[str, str]:
    return {
        column.field: text_of(row.raw[column.index - 1]) if column.index <= len(row.raw) else ""
        for column in table.columns
        if column.field
    }


def _by_row(checked: DraftCheck, number: int) -> tuple[dict[int, list[Problem]], set[int]]:
    """The faults to show by row, and the rows of last year's persons that wait for the dossier of this year.

    Of these what is missing is not shown as a fault before somebody has begun to write it.
    """
    table = checked.draft.tables[number]
    new = {row for one, row in untouched(checked.draft) if one == number}
    found: dict[int, list[Problem]] = {}
    to_fill = set()
    for problem in checked.reading.problems:
        if not problem.row or problem.sheet != table.sheet or problem.kind == NOT_CONFIRMED:
            continue  # what waits for a word is shown by the table itself
        if problem.kind == "missing_value" and problem.field in OF_ONE_YEAR and problem.row in new:
            to_fill.add(problem.row)
        else:
            found.setdefault(problem.row, []).append(problem)
    return found, to_fill


def _standing_words(stands: Mapping[Key, Standing]) -> str:
    """«Vẫn còn 3, đã đổi 1, không còn 2, chưa xác nhận 6»; empty for a list that was not begun from last year's."""
    if not stands:
        return ""
    found = counts(stands)
    words = _(
        "Người của năm trước: vẫn còn %(still)d, đã đổi %(changed)d, không còn %(gone)d, chưa xác nhận %(open)d.",
        **{str(one): found[one] for one in Standing},
    )
    return str(words)


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>/grid")
@requires("lists.own")
def save_grid(code: str, upload_id: int) -> ResponseReturnValue:
    """Save cells and new rows; then stay in the table, or go on to the check page."""
    with writing() as session:
        found = find_upload(session, code, upload_id, me(), to_change=True)
        saved = _save(found)
        if saved.clashes:
            return conflict_page(found, saved.clashes)
    if words := _brought_back_words(saved.brought_back):
        flash(words, "warn")
    if "go" in request.form:
        return redirect(url_for(".check", code=code, upload_id=upload_id), 303)
    flash(_("Đã lưu bản nháp."), "ok")
    more = _MORE if "add" in request.form else None
    return redirect(url_for(".grid", code=code, upload_id=upload_id, more=more), 303)


@dataclass
class _Saved:
    """What became of a form: the draft as stored now, numbers of new rows, cells that another changed meanwhile."""

    draft: Draft
    number: int
    placed: dict[int, int] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    brought_back: list[int] = field(default_factory=list)  # rows that a colleague had dropped meanwhile


def _save(found: Upload) -> _Saved:
    """Put the cells, new rows, dropped and restored rows of the form into the draft; all of it or, on a clash, none."""
    draft = draft_from_json(found.reading)
    before = draft_as_json(draft)
    number = typed_table(draft)
    if number is None:
        raise Missing
    blank = blank_rows(draft, number)
    edits = edits_in(request.form)
    if clashes := apply_edits(draft, edits):
        return _Saved(draft, number, clashes=clashes)
    # A row that a colleague dropped while somebody types into it comes back: what is typed is never lost unseen.
    wanted = {(number, row) for row in edited_while_dropped(draft, edits)} - blank - _keys("drop")
    draft.dropped -= wanted
    placed = add_rows(draft, number, _new_rows(request.form), request.form.get("known", type=int))
    draft.dropped -= blank - blank_rows(draft, number)
    draft.dropped |= _keys("drop")
    draft.dropped -= _keys("restore")
    draft.dropped |= blank_rows(draft, number)
    still_there(draft, standings(draft).keys() - draft.dropped if "confirm_all" in request.form else _keys("confirm"))
    ask_again(draft, _keys("ask_again"))
    if draft_as_json(draft) != before:
        save_draft(found, draft, me())
    return _Saved(draft, number, placed, brought_back=sorted(row for _table, row in wanted))


def _brought_back_words(rows: list[int]) -> str:
    """What is said of rows that came back; empty for none."""
    if not rows:
        return ""
    words = _(
        "Dòng %(rows)s vừa được người khác bỏ. Vì quý vị đang nhập ở đó nên dòng được giữ lại; bỏ lại nếu không cần.",
        rows=", ".join(map(str, rows)),
    )
    return str(words)


def _keys(name: str) -> set[tuple[int, int]]:
    return {key for text in request.form.getlist(name) if (key := row_key(text))}


@bp.post("/rounds/<code>/lists/uploads/<int:upload_id>/grid.json")
@requires("lists.own")
def save_grid_live(code: str, upload_id: int) -> ResponseReturnValue:
    """Save what was typed so far and say at once what is wrong with it: the checks are those of a file."""
    with writing() as session:
        found = find_upload(session, code, upload_id, me(), to_change=True)
        saved = _save(found)
        who = found.changed_by_name or _("Người khác")
    if saved.clashes:
        cells = [
            {"name": f"cell-{one.edit.table}-{one.edit.row}-{one.edit.field}", "theirs": one.theirs}
            for one in saved.clashes
        ]
        return {"who": who, "clashes": cells}, 409
    found = find_upload(reading(), code, upload_id, me())
    checked = check_upload(reading(), found, saved.draft)
    table = checked.draft.tables[saved.number]
    problems, to_fill = _by_row(checked, saved.number)
    stands = standings(checked.draft)
    kept = [row.row for row in table.rows if (saved.number, row.row) not in checked.draft.dropped]
    answer = {
        "saved": _("Đã lưu lúc %(moment)s.", moment=moment_text(found.changed_at or found.uploaded_at)),
        "table": saved.number,
        "placed": saved.placed,
        "kept": len(kept),
        "known": max((row.row for row in table.rows), default=0),
        "rows": {
            row: _told(table, problems.get(row, []), stands.get((saved.number, row)), row in to_fill) for row in kept
        },
        "standing": _standing_words(stands),
        "open": counts(stands)[Standing.OPEN],
        "general": [
            *filter(None, [_brought_back_words(saved.brought_back)]),
            *(row_sentence(one) for one in checked.reading.problems if one.row is None),
        ],
    }
    log_draft(Action.DRAFT_VIEWED, found, checked)
    return answer


def _told(table: Table, problems: list[Problem], standing: Standing | None, to_fill: bool) -> dict[str, Any]:
    """What the page shows of a row: its state, the sentences, faulty cells, and what one press would put there."""
    fields = {column.letter: column.field for column in table.columns}
    return {
        "state": worst(problems),
        "badge": str(_result(problems, standing, to_fill)),
        "stands": str(badge("standing", standing)) if standing else "",
        "confirm": _("Vẫn còn") if standing is Standing.OPEN else "",
        "drop": _("Không còn") if standing else _("Bỏ dòng này"),
        "told": [
            {
                "blocks": one.blocks,
                "missing": one.kind in ("missing_value", "missing_name"),
                "words": row_sentence(one),
                "field": fields.get(one.col or "", "") or one.field or "",
                "offer": _offer(one),
            }
            for one in problems
        ],
    }


def _result(problems: list[Problem], standing: Standing | None, to_fill: bool) -> Markup:
    """What the check says of a row; nothing good while a person of last year waits for a word or for a dossier."""
    if problems or not (to_fill or standing is Standing.OPEN):
        return badge("row", worst(problems))
    return Markup('<span class="quiet">{}</span>').format(_("chưa đủ")) if to_fill else Markup("")


def _offer(problem: Problem) -> dict[str, str] | None:
    """A better value for the cell, with the words of its button."""
    if problem.kind == "phone_old_prefix":
        return {"text": str(problem.details["new"]), "words": _("Dùng số mới")}
    if suggestion := suggested(problem):
        return {"text": suggestion, "words": _("Dùng «%(text)s»", text=suggestion)}
    return None


@bp.post("/rounds/<code>/lists/headings.json")
@requires("lists.own")
def name_headings(code: str) -> ResponseReturnValue:
    """Which fields the headings of a pasted block mean; empty where none is recognised. Stores nothing."""
    find_round(reading(), code, me())
    names = [text[:200] for text in request.form.getlist("heading")[:60]]
    return {"fields": [field_of(text) or "" for text in names]}


def _new_rows(form: Any) -> dict[int, dict[str, str]]:
    """Rows named «new-NUMBER-FIELD», by their numbers."""
    rows: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        kind, _dash, rest = name.partition("-")
        row, _dash, field = rest.partition("-")
        if kind == "new" and row.isdecimal() and len(row) < 6 and field:
            rows.setdefault(int(row), {})[field] = value
    return rows
