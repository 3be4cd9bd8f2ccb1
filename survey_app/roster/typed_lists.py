"""Lists that come without a file: typed into a table, or begun from the unit's list of an earlier year."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Missing, Refused
from ..rounds.models import RespondentGroup, Round
from ..rounds.training import real_rounds
from ..sheets import SheetColumn
from ..text import date_text
from ..units.models import Unit
from .catalogue import Catalogue
from .column_names import field_of
from .columns import Column, DataRow, Table, cells_of
from .drafts import Draft, draft_as_json
from .last_year import OF_ONE_YEAR, Key, offer
from .models import ListState, Person, UnitList, Upload
from .queries import WITH_THE_OFFICE, cards, catalogue_of
from .rules import begin_draft, refuse_if_not_collecting
from .template_file import list_columns

MOST_ROWS = 300
_RETURNED = "Danh sách được trả lại"


def typed_table(draft: Draft) -> int | None:
    """Which table of a draft was typed; None when all came from files. A typed table has no heading row."""
    return next((number for number, table in enumerate(draft.tables) if table.header_row == 0), None)


class Source(StrEnum):
    """What a typed list begins with: nothing, the unit's list of an earlier year, or its list that came back."""

    EMPTY = ""
    EARLIER = "earlier"
    RETURNED = "returned"


def holds_returned_list(upload: Upload) -> bool:
    """The draft was begun from the list that came back: its rows have the numbers that the office saw."""
    return upload.file_name.startswith(_RETURNED)


def start_typed_list(
    session: Session, survey_round: Round, unit: Unit, group_code: str, by: Actor, source: Source = Source.EMPTY
) -> Upload:
    """A draft to type into, empty or with the persons that `source` says.

    An open draft of the same kind is gone on with. Raises Refused when the group takes no list now, Missing when it
    is not asked of the unit or there is no such list.
    """
    refuse_if_not_collecting(survey_round)
    card = next((one for one in cards(session, survey_round, unit) if one.group.code == group_code), None)
    if card is None:
        raise Missing
    if not card.takes_upload:
        raise Refused("Danh sách này đã trình. Cần sửa thì đề nghị cơ quan tổ chức trả lại.")
    begun = card.unit_list if source is Source.RETURNED else None
    if source is Source.EARLIER:
        begun = earlier_list(session, survey_round, unit, group_code)
    if source and (begun is None or not begun.persons):
        raise Missing
    names = {Source.EMPTY: "Nhập trực tiếp", Source.RETURNED: _RETURNED}
    name = names.get(source) or f"Danh sách năm {begun.round.year if begun else ''}"
    name = f"{name}, nhóm {group_code}"
    open_one = select(Upload).where(
        Upload.round_id == survey_round.id, Upload.unit_id == unit.id, Upload.confirmed_at.is_(None),
        Upload.file_name == name, Upload.content.is_(None),
    )  # fmt: skip
    if (found := session.scalar(open_one)) is not None:
        return found
    catalogue = catalogue_of(session, survey_round)
    plans = list_columns(group_code, unit, catalogue, survey_round.collects_ethnicity)
    rows = [texts_of(one, catalogue) for one in begun.persons] if begun else []
    draft = typed_draft(plans, rows if source is Source.RETURNED else [_what_lasts(row) for row in rows])
    if source is Source.EARLIER:
        offer(draft)
    upload = Upload(
        round_id=survey_round.id, unit_id=unit.id, group_code=group_code, file_name=name, content=None,
        sha256=hashlib.sha256(b"").hexdigest(), reading=draft_as_json(draft), uploaded_by_id=by.id, uploaded_at=now(),
    )  # fmt: skip
    session.add(upload)
    if card.state == ListState.NONE:
        begin_draft(session, survey_round, unit, card.group)
    record(
        session, Action.LIST_UPLOADED, by, round=survey_round.code, unit=unit.name, file=name, rows=draft.rows
    )  # fmt: skip
    return upload


def earlier_list(session: Session, survey_round: Round, unit: Unit, group_code: str) -> UnitList | None:
    """The unit's list of the same group in its latest earlier round, if persons are still on it."""
    query = (
        select(UnitList)
        .join(Round, UnitList.round_id == Round.id)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .where(*_earlier(survey_round, unit), RespondentGroup.code == group_code, UnitList.persons.any())
        .order_by(Round.year.desc(), Round.id.desc())
        .options(selectinload(UnitList.persons), joinedload(UnitList.round))
    )
    return session.scalar(query.limit(1))


def earlier_lists(session: Session, survey_round: Round, unit: Unit) -> dict[str, tuple[int, int]]:
    """For each group: year of the latest earlier round with a list of the unit, and how many persons are on it."""
    query = (
        select(RespondentGroup.code, Round.year, func.count(Person.id))
        .select_from(UnitList)
        .join(Round, UnitList.round_id == Round.id)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .join(Person, Person.list_id == UnitList.id)
        .where(*_earlier(survey_round, unit), Person.left_in_version.is_(None))
        .group_by(RespondentGroup.code, Round.year, Round.id)
        .order_by(Round.year, Round.id)
    )
    return {code: (year, persons) for code, year, persons in session.execute(query)}


def erased_years(session: Session, survey_round: Round, unit: Unit) -> list[int]:
    """Earlier years in which the unit had a list whose persons were erased since: these are not offered."""
    query = (
        select(Round.year).join(UnitList, UnitList.round_id == Round.id).where(*_of_earlier_year(survey_round, unit))
    )
    erased = query.where(Round.personal_data_erased_at.is_not(None)).distinct().order_by(Round.year.desc())
    return list(session.scalars(erased))


def _earlier(survey_round: Round, unit: Unit) -> list[ColumnElement[bool]]:
    return [*_of_earlier_year(survey_round, unit), Round.personal_data_erased_at.is_(None)]


def _of_earlier_year(survey_round: Round, unit: Unit) -> list[ColumnElement[bool]]:
    return [
        UnitList.unit_id == unit.id,
        UnitList.state.in_(WITH_THE_OFFICE),
        Round.year < survey_round.year,
        Round.demo == survey_round.demo,
        *real_rounds(survey_round),
    ]


def typed_draft(plans: Sequence[SheetColumn], rows: Sequence[Mapping[str, str | None]]) -> Draft:
    """A draft without a file: these columns of the group's list, and these rows given as texts by field."""
    columns = [Column(number, plan.title, field_of(plan.title)) for number, plan in enumerate(plans, 1)]
    data = []
    for number, texts in enumerate(rows, 1):
        raw = [texts.get(column.field or "") or None for column in columns]
        data.append(DataRow(number, cells_of(columns, raw), list(raw)))
    return Draft([Table(None, 0, 0, columns, [], data)])


def texts_of(person: Person, catalogue: Catalogue) -> dict[str, str | None]:
    """A stored person as somebody would type it, by field of the list."""
    ban = next((one for one in catalogue.bans if one.code == person.ban_code), None)
    commune = catalogue.unit_by_code(ban.commune_code) if ban else None
    birth = date_text(person.birth_date) if person.birth_date else str(person.birth_year or "")
    return {
        "name": person.name, "representative": person.name, "birth": birth, "gender": person.gender,
        "ethnic": person.ethnicity, "position": person.job_title, "unit": person.workplace, "phone": person.phone,
        "email": person.email, "business": person.business, "tax_code": person.tax_code, "address": person.address,
        "ban": person.ban, "commune": commune.name if commune else None, "language": person.language,
        "note": person.note, "procedure": person.procedure, "dossier": person.dossier,
        "receipt": date_text(person.receipt_date), "return": date_text(person.return_date),
    }  # fmt: skip


def _what_lasts(texts: Mapping[str, str | None]) -> dict[str, str | None]:
    """What still holds a year later; procedure, dossier and its days are of one year and stay empty."""
    return {name: text for name, text in texts.items() if name not in OF_ONE_YEAR}


def add_rows(
    draft: Draft, table: int, rows: Mapping[int, Mapping[str, str]], known: int | None = None
) -> dict[int, int]:
    """Append rows given by field; empty ones are passed over. Returns the number each got.

    `known` is the highest number that the sender had seen: a row that was stored since with the same cells is the same
    row, sent again because the answer to the first sending was lost on the way.
    """
    one = draft.tables[table]
    number = max((row.row for row in one.rows), default=0)
    since = {} if known is None else {tuple(row.raw): row.row for row in one.rows if row.row > known}
    kept = sum((table, row.row) not in draft.dropped for row in one.rows)
    placed: dict[int, int] = {}
    for wished, texts in sorted(rows.items()):
        raw = [(texts.get(column.field or "") or "").strip()[:500] or None for column in one.columns]
        if (stored := since.pop(tuple(raw), None)) is not None:
            placed[wished] = stored
        elif any(raw) and kept < MOST_ROWS:
            kept += 1
            number += 1
            placed[wished] = number
            one.rows.append(DataRow(number, cells_of(one.columns, raw), list(raw)))
    return placed


def blank_rows(draft: Draft, table: int) -> set[Key]:
    """Rows that were emptied, as by undoing a paste: no persons; they count as dropped until somebody writes there."""
    return {(table, row.row) for row in draft.tables[table].rows if row.is_blank}


def typed_columns(
    group_code: str, unit: Unit, catalogue: Catalogue, with_ethnicity: bool = True
) -> dict[str, SheetColumn]:
    """Choices and hints of the columns of a typed list, by field."""
    return {field_of(one.title) or one.title: one for one in list_columns(group_code, unit, catalogue, with_ethnicity)}
