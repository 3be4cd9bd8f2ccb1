"""Rows of a file, to be added to the locked roster together."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ..errors import Invalid
from ..roster.checks import ALL_GROUPS
from ..roster.column_choices import recall_columns
from ..roster.columns import text_of
from ..roster.drafts import check_draft, draft_from_workbook
from ..roster.group_words import group_named
from ..roster.models import Person, UnitList
from ..roster.queries import catalogue_of, sender_of, terms_of
from ..roster.typed_lists import texts_of
from ..roster.unasked_columns import leave_out_unasked
from ..workbook import read_workbook


@dataclass(frozen=True)
class ReadRows:
    """Rows by field of the list, and what the reader has to say."""

    rows: Sequence[dict[str, str]]
    notes: Sequence[str]


def rows_of_file(session: Session, unit_list: UnitList, content: bytes, file_name: str) -> ReadRows:
    """The rows of the list's group in a file; nothing is stored.

    Raises `workbook.Rejected` when the file cannot be read, Invalid when it holds nobody of the group.
    """
    survey_round, group = unit_list.round, unit_list.group.code
    sender = sender_of(session, survey_round, unit_list.unit)
    draft = draft_from_workbook(read_workbook(content, file_name), sender.groups)
    recall_columns(session, unit_list.unit, draft)
    leave_out_unasked(draft, survey_round.collects_ethnicity)
    reading = check_draft(draft, file_name, sender, catalogue_of(session, survey_round), terms_of(survey_round))
    wanted = {(person.sheet, person.row) for person in reading.persons if person.group == group}
    rows = [
        {name: text for name, cell in row.cells.items() if (text := text_of(cell))}
        for table in draft.tables
        if group_named(table.sheet or "", ALL_GROUPS) in (group, None)  # the unit may not be asked for the other
        for row in table.rows
        if (table.sheet, row.row) in wanted
    ]
    if not rows:
        raise Invalid({"file": f"Tệp không có người nào của nhóm {group}. Chọn đúng tệp rồi đọc lại."})
    unknown = {column.label for table in draft.tables for column in table.columns if not column.field and column.label}
    notes = list(draft.notes)
    if unknown:
        notes.append(f"Cột chưa nhận ra nên không đọc: {', '.join(sorted(unknown))}.")
    return ReadRows(rows, notes)


def rows_of_unit(session: Session, unit_list: UnitList) -> list[dict[str, str]]:
    """The persons that the unit had on its list when the roster was locked without it."""
    catalogue = catalogue_of(session, unit_list.round)
    return [_present(person, texts_of(person, catalogue)) for person in unit_list.persons]


def _present(person: Person, texts: dict[str, str | None]) -> dict[str, str]:
    found = {name: text for name, text in texts.items() if text}
    return found | ({"frame_key": person.frame_key} if person.frame_key else {})
