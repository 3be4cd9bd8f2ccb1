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
from ..sheets import SheetColumn
from ..text import date_text
from ..units.models import Unit
from .catalogue import Catalogue
from .column_names import field_of
from .columns import Column, DataRow, Table, cells_of
from .drafts import Draft, draft_as_json
from .models import ListState, Person, UnitList, Upload
from .queries import WITH_THE_OFFICE, ListCard, cards, catalogue_of
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
    draft = _draft(card, unit, catalogue_of(session, survey_round), begun.persons if begun else (), source)
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
        .where(*_earlier(survey_round, unit))
        .group_by(RespondentGroup.code, Round.year, Round.id)
        .order_by(Round.year, Round.id)
    )
    return {code: (year, persons) for code, year, persons in session.execute(query)}


def _earlier(survey_round: Round, unit: Unit) -> list[ColumnElement[bool]]:
    return [
        UnitList.unit_id == unit.id,
        UnitList.state.in_(WITH_THE_OFFICE),
        Round.year < survey_round.year,
        Round.demo == survey_round.demo,
    ]


def _draft(card: ListCard, unit: Unit, catalogue: Catalogue, persons: Sequence[Person], source: Source) -> Draft:
    titles = [column.title for column in list_columns(card.group.code, unit, catalogue)]
    columns = [Column(number, title, field_of(title)) for number, title in enumerate(titles, 1)]
    names = {one.code: one.name for one in catalogue.units}
    communes = {ban.code: names.get(ban.commune_code) for ban in catalogue.bans}
    rows = []
    for number, person in enumerate(persons, 1):
        texts = _texts(person, communes)
        if source is Source.RETURNED:
            texts |= _texts_of_this_year(person)
        raw = [texts.get(column.field or "") or None for column in columns]
        rows.append(DataRow(number, cells_of(columns, raw), list(raw)))
    return Draft([Table(None, 0, 0, columns, [], rows)])


def _texts(person: Person, communes: Mapping[str, str | None]) -> dict[str, str | None]:
    """What still holds a year later; procedure, dossier and its days are of this year and stay empty."""
    birth = date_text(person.birth_date) if person.birth_date else str(person.birth_year or "")
    return {
        "name": person.name, "representative": person.name, "birth": birth, "gender": person.gender,
        "ethnic": person.ethnicity, "position": person.job_title, "unit": person.workplace, "phone": person.phone,
        "email": person.email, "business": person.business, "tax_code": person.tax_code, "address": person.address,
        "ban": person.ban, "commune": communes.get(person.ban_code or ""), "language": person.language,
        "note": person.note,
    }  # fmt: skip


def _texts_of_this_year(person: Person) -> dict[str, str | None]:
    return {
        "procedure": person.procedure, "dossier": person.dossier, "receipt": date_text(person.receipt_date),
        "return": date_text(person.return_date),
    }  # fmt: skip


def add_rows(draft: Draft, table: int, rows: Sequence[Mapping[str, str]]) -> int:
    """Append rows given by field; empty ones are passed over. Returns how many were added."""
    one = draft.tables[table]
    number = max((row.row for row in one.rows), default=0)
    added = 0
    for texts in rows:
        raw = [(texts.get(column.field or "") or "").strip()[:500] or None for column in one.columns]
        if not any(raw) or len(one.rows) >= MOST_ROWS:
            continue
        number, added = number + 1, added + 1
        one.rows.append(DataRow(number, cells_of(one.columns, raw), list(raw)))
    return added


def typed_columns(group_code: str, unit: Unit, catalogue: Catalogue) -> dict[str, SheetColumn]:
    """Choices and hints of the columns of a typed list, by field."""
    return {field_of(one.title) or one.title: one for one in list_columns(group_code, unit, catalogue)}
