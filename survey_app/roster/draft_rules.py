"""What else may be done with a draft: add a second file to it, keeping the rows that are right."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Refused
from ..text import fold
from ..workbook import read_workbook
from .checks import same_person
from .column_choices import recall_columns
from .columns import Table
from .drafts import Draft, check_draft, draft_from_json, draft_from_workbook, leave_out_groups
from .models import ListState, Upload
from .persons import PersonRow
from .queries import cards, catalogue_of, sender_of, terms_of
from .rules import begin_draft, check_upload, logged_file, refuse_if_changed, refuse_if_not_collecting, save_draft
from .unasked_columns import leave_out_unasked


@dataclass
class Added:
    """What a second file brought: rows that are new, rows that took the place of a faulty one, rows known before."""

    new: int = 0
    replaced: int = 0
    known: int = 0
    differing: list[int] = field(default_factory=list)  # rows of the file that differ from the row kept

    @property
    def sentence(self) -> str:
        words = f"Đã thêm {self.new} dòng, thay {self.replaced} dòng có lỗi, giữ nguyên {self.known} dòng đã đạt."
        if self.differing:
            rows = ", ".join(str(row) for row in self.differing[:20])
            words += f" Dòng {rows} của tệp mới khác với dòng đã đạt; cần đổi thì sửa ở «Tất cả»."
        return words


def add_file(
    session: Session, upload: Upload, content: bytes, file_name: str, by: Actor, seen_version: int | None = None
) -> Added:
    """Read a further file into a draft: rows without a fault stay, a faulty row gives way to the one that corrects it.

    Raises what `receive_upload` raises, and Conflict when the draft is not what was seen.
    """
    refuse_if_not_collecting(upload.round)
    refuse_if_changed(upload, seen_version)
    draft = draft_from_json(upload.reading)
    sender = sender_of(session, upload.round, upload.unit, upload.group_code)
    further = draft_from_workbook(read_workbook(content, file_name), sender.groups)
    recall_columns(session, upload.unit, further)
    leave_out_unasked(further, upload.round.collects_ethnicity)
    reading = check_draft(further, file_name, sender, catalogue_of(session, upload.round), terms_of(upload.round))
    asked = {card.group.code: card for card in cards(session, upload.round, upload.unit)}
    open_codes = {code for code, card in asked.items() if card.takes_upload}
    closed = {person.group for person in reading.persons if person.group not in open_codes}
    if closed:
        leave_out_groups(further, reading, closed)
    persons = [person for person in reading.persons if person.group not in closed]
    if not persons:
        raise Refused(f"Tệp chỉ có nhóm {', '.join(sorted(closed))}, mà danh sách nhóm này đã trình.")
    checked = check_upload(session, upload, draft)
    bad = {(problem.sheet, problem.row) for problem in checked.blocking if problem.row is not None}
    kept = _Rows(person for person in checked.reading.persons if (person.sheet, person.row) not in bad)
    faulty = _Rows(person for person in checked.reading.persons if (person.sheet, person.row) in bad)
    added = _merge(draft, further, persons, kept, faulty)
    draft.notes.extend([f"{file_name}: {added.sentence}", *further.notes])
    draft.files.append(file_name[:200])
    save_draft(upload, draft, by)
    for code in {person.group for person in persons}:
        if asked[code].state == ListState.NONE:
            begin_draft(session, upload.round, upload.unit, asked[code].group)
    record(
        session, Action.LIST_UPLOADED, by, round=upload.round.code, unit=upload.unit.name,
        file=logged_file(file_name), rows=further.rows,
    )  # fmt: skip
    return added


class _Rows:
    """Rows of a draft, to be found by name, number or place."""

    def __init__(self, persons: Iterable[PersonRow]) -> None:
        self.left = list(persons)
        self._by_key: dict[str, list[PersonRow]] = {}
        for person in self.left:
            for key in _keys(person):
                self._by_key.setdefault(key, []).append(person)

    def alike(self, person: PersonRow) -> list[PersonRow]:
        """Rows of the same group that share a name or a number, in the order of the draft."""
        found = {id(one): one for key in _keys(person) for one in self._by_key.get(key, []) if one in self.left}
        return [one for one in found.values() if one.group == person.group]


def _keys(person: PersonRow) -> list[str]:
    named = fold(person.name or person.business or "")
    return [key for key in (f"name:{named}" if named else "", f"phone:{person.phone}" if person.phone else "") if key]


def _merge(draft: Draft, further: Draft, persons: list[PersonRow], kept: _Rows, faulty: _Rows) -> Added:
    """Rows of `further` that are not in the draft yet go into it as tables of their own."""
    added = Added()
    skipped: set[tuple[str | None, int]] = set()
    for person in persons:
        known = next((one for one in kept.alike(person) if _is_same(one, person)), None)
        if known is not None:
            added.known += 1
            skipped.add((person.sheet, person.row))
            if _facts(known) != _facts(person):
                added.differing.append(person.row)
            continue
        corrected = next(iter(faulty.alike(person)), None) or _at_the_same_place(faulty, person)
        if corrected is None:
            added.new += 1
            continue
        faulty.left.remove(corrected)
        added.replaced += 1
        for number, table in enumerate(draft.tables):
            if table.sheet == corrected.sheet and any(row.row == corrected.row for row in table.rows):
                draft.dropped.add((number, corrected.row))
    suffix = f"tệp {len(draft.files) + 2}"
    for table in further.tables:
        rows = [row for row in table.rows if (table.sheet, row.row) not in skipped]
        if rows:
            # Row numbers repeat from file to file: the name of the sheet tells them apart.
            sheet = f"{table.sheet}, {suffix}" if table.sheet else suffix.capitalize()
            draft.tables.append(Table(sheet, table.header_row, table.header_rows, table.columns, table.titles, rows))
    return added


def _is_same(one: PersonRow, other: PersonRow) -> bool:
    return bool(same_person(one, other)) or _facts(one) == _facts(other)


def _facts(person: PersonRow) -> tuple[object, ...]:
    return (
        person.name, person.birth_year, person.birth_date, person.gender, person.position, person.phone,
        person.ban_code, person.procedure, person.receipt_date, person.return_date, person.business,
        person.tax_code, person.workplace, person.email, person.dossier, person.address,
    )  # fmt: skip


def _at_the_same_place(faulty: _Rows, person: PersonRow) -> PersonRow | None:
    """A faulty row without a name, at the same row of the same sheet: only its place says which it was."""
    return next(
        (one for one in faulty.left if not one.name and (one.sheet, one.row) == (person.sheet, person.row)), None
    )
