"""From the rows of a list to persons and the faults of single rows. Kinds and severities: see `problems.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from ..text import clean
from ..workbook import Cell
from .catalogue import Catalogue, valid_on
from .column_names import USUAL_LABELS
from .columns import Column, DataRow, Table, text_of
from .group_words import OFFICIALS
from .normalise import (
    age_on,
    birth_value,
    calendar_day,
    formula_like,
    gender_value,
    is_marked,
    person_name,
    phone_number,
    tax_code,
)
from .problems import Problem

ADULT = 18
_BIRTH_COLUMNS = ("birth", "birth_male", "birth_female", "birth_year")


@dataclass(frozen=True)
class Terms:
    """What the rows of a round are judged by: the period for the day of return (ends included) and the day of ages."""

    period_from: date
    period_to: date
    age_on: date


@dataclass
class PersonRow:
    """One row of data as a person; a field that is absent, empty or not valid is None."""

    sheet: str | None
    row: int
    group: str
    name: str | None = None
    birth_year: int | None = None
    birth_date: date | None = None
    gender: str | None = None
    position: str | None = None
    phone: str | None = None
    unit_code: str | None = None
    workplace: str | None = None  # as written
    ban: str | None = None
    ban_code: str | None = None
    commune_code: str | None = None
    procedure: str | None = None
    dossier: str | None = None
    receipt_date: date | None = None
    return_date: date | None = None
    ethnic: str | None = None
    email: str | None = None
    business: str | None = None
    tax_code: str | None = None
    address: str | None = None
    language: str | None = None
    note: str | None = None
    frame_key: str | None = None  # row of the sampling frame it was drawn from
    name_column: Column | None = field(default=None, repr=False)
    business_column: Column | None = field(default=None, repr=False)
    phone_column: Column | None = field(default=None, repr=False)


def required_fields(group: str) -> tuple[str, ...]:
    """The columns that a list of the group must have."""
    if group in OFFICIALS:
        return ("name", "birth", "gender", "position", "phone")
    if group == "F":
        return ("business", "representative", "phone", "procedure", "return")
    return ("name", "birth", "gender", "ban", "phone", "procedure", "receipt", "return")


_STANDS_FOR: dict[str, tuple[str, ...]] = {
    "name": ("name", "family", "given", "representative"),
    "birth": _BIRTH_COLUMNS,
    "gender": ("gender", "male", "female", "birth_male", "birth_female"),
    "ban": ("ban", "address"),
    "representative": ("representative", "name", "family"),
}


def columns_for(table: Table, wanted: str) -> Column | None:
    """The column that answers for a required field: the birth column of a woman answers for gender too."""
    return table.column(*_STANDS_FOR.get(wanted, (wanted,)))


class RowReader:
    """Reads the rows of one table for one unit; collects the faults of each row."""

    def __init__(self, table: Table, catalogue: Catalogue, terms: Terms, unit_code: str) -> None:
        self.table = table
        self.catalogue = catalogue
        self.terms = terms
        self.unit_code = unit_code
        self.problems: list[Problem] = []

    def group_unnamed(self, row: DataRow) -> None:
        """The column of groups says nothing, or names a group that is not asked for: the group has to be guessed."""
        column = self.table.column("group")
        if column is not None:
            self._add("missing_value", row, "group", column, value=row.group_text)

    def read(self, row: DataRow, group: str) -> PersonRow:
        """The person of a row; faults are added to `problems`."""
        person = PersonRow(self.table.sheet, row.row, group)
        person.name_column = self._name_column(group)
        person.business_column = self.table.column("business")
        person.phone_column = self.table.column("phone")
        self._plain_fields(person, row)
        self._name(person, row)
        if group != "F":
            self._birth(person, row)
            self._gender(person, row)
        self._phone(person, row)
        if group in OFFICIALS:
            self._unit(person, row)
        if group not in OFFICIALS and group != "F":
            self._ban(person, row)
        if group not in OFFICIALS:
            self._dates(person, row)
        self._empty_cells(person, row)
        self._formulas(row)
        return person

    def _add(self, kind: str, row: DataRow, wanted: str, column: Column | None, **details: object) -> None:
        self.problems.append(
            Problem(
                kind, self.table.sheet, row.row, column.letter if column else None, column.label if column else None,
                wanted, details,
            )
        )  # fmt: skip

    def _name_column(self, group: str) -> Column | None:
        order = ("representative", "name", "family") if group == "F" else ("name", "family", "given", "representative")
        return self.table.column(*order)

    def _text(self, row: DataRow, wanted: str) -> str | None:
        return text_of(row.cells.get(wanted)) or None

    def _plain_fields(self, person: PersonRow, row: DataRow) -> None:
        person.position = self._text(row, "position")
        person.procedure = self._text(row, "procedure") if person.group not in OFFICIALS else None
        person.ethnic = self._text(row, "ethnic")
        person.dossier = self._text(row, "dossier")
        person.language = self._text(row, "language")
        person.note = self._text(row, "note")
        person.frame_key = self._text(row, "frame_key")
        person.email = self._text(row, "email")
        if person.group == "F":
            person.business = self._text(row, "business")
            person.tax_code = tax_code(self._text(row, "tax_code"))
            person.address = self._text(row, "address")

    def _name(self, person: PersonRow, row: DataRow) -> None:
        whole = self._text(row, "representative") if person.group == "F" else None
        whole = whole or self._text(row, "name")
        if not whole:
            parts = [part for one in ("family", "given") if (part := self._text(row, one))]
            whole = " ".join(parts) or (self._text(row, "representative") if person.group != "F" else None)
        person.name = person_name(whole) if whole and any(sign.isalpha() for sign in whole) else None
        if person.name is None and person.name_column is not None:
            self._add("missing_name", row, "name", person.name_column)

    def _birth(self, person: PersonRow, row: DataRow) -> None:
        filled = [one for one in _BIRTH_COLUMNS if text_of(row.cells.get(one))]
        if not filled:
            return
        wanted = filled[0]
        cell: Cell = row.cells[wanted]
        if wanted == "birth_year" or "birth_day" in row.cells:
            parts = [self._text(row, f"birth_{part}") for part in ("day", "month", "year")]
            cell = "/".join(part for part in parts if part)
        column = self.table.column(wanted)
        birth = birth_value(cell, self.terms.age_on)
        if not birth.readable:
            self._add("invalid_birth_year", row, "birth", column, value=text_of(cell))
            return
        person.birth_year, person.birth_date = birth.year, birth.day
        age = age_on(birth.year, birth.day, self.terms.age_on)
        if age is not None and age < ADULT:
            self._add("under_age", row, "birth", column, date=self.terms.age_on)

    def _gender(self, person: PersonRow, row: DataRow) -> None:
        if "gender" in row.cells:
            person.gender = gender_value(row.cells["gender"])
        elif text_of(row.cells.get("birth_male")):
            person.gender = "Nam"
        elif is_marked(row.cells.get("female")) and is_marked(row.cells.get("male")):
            person.gender = None  # a cross under both says nothing
        elif text_of(row.cells.get("birth_female")) or is_marked(row.cells.get("female")):
            person.gender = "Nữ"
        elif is_marked(row.cells.get("male")):
            person.gender = "Nam"
        elif self.table.column("female") and not self.table.column("male"):
            # One column «Nữ» with a cross: who has no cross is a man.
            person.gender = "Nam"

    def _phone(self, person: PersonRow, row: DataRow) -> None:
        cell = row.cells.get("phone")
        if not text_of(cell):
            return
        phone = phone_number(cell)
        person.phone = phone.number
        if phone.number is None:
            self._add(
                "invalid_phone", row, "phone", person.phone_column, value=text_of(cell), fault=phone.fault,
                digits=phone.digits,
            )  # fmt: skip
        elif phone.old:
            self._add("phone_old_prefix", row, "phone", person.phone_column, new=phone.number)

    def _unit(self, person: PersonRow, row: DataRow) -> None:
        written = self._text(row, "unit")
        if not written:
            return
        person.workplace = written
        unit = self.catalogue.unit(written)
        column = self.table.column("unit")
        if unit is None:
            suggestion = self.catalogue.similar_unit(written)
            self._add("unknown_unit", row, "unit", column, value=written, suggestion=suggestion)
        elif not valid_on(unit, self.catalogue.day):
            self._add(
                "unit_not_valid_at_date", row, "unit", column, value=written, valid_to=unit.valid_to,
                successor=unit.successor_code, successor_name=self.catalogue.successor_name(unit),
            )  # fmt: skip
        else:
            person.unit_code = unit.code

    def _commune(self, person: PersonRow, row: DataRow) -> str | None:
        """The commune in which the bản is looked up: the row's own, else the unit that sent the list."""
        written = self._text(row, "commune")
        if not written:
            return self.unit_code if self.catalogue.is_commune(self.unit_code) else None
        unit = self.catalogue.unit(written)
        column = self.table.column("commune")
        if unit is None:
            self._add(
                "unknown_unit", row, "commune", column, value=written, suggestion=self.catalogue.similar_unit(written)
            )
            return None
        if not valid_on(unit, self.catalogue.day):
            self._add(
                "unit_not_valid_at_date", row, "commune", column, value=written, valid_to=unit.valid_to,
                successor=unit.successor_code, successor_name=self.catalogue.successor_name(unit),
            )  # fmt: skip
            return None
        if not self.catalogue.is_commune(self.unit_code):
            person.commune_code = unit.code  # a commune's own list need not repeat its code
        return unit.code

    def _ban(self, person: PersonRow, row: DataRow) -> None:
        commune = self._commune(person, row)
        written = self._text(row, "ban") or self._text(row, "address")
        if not written:
            return
        if commune is None and "commune" in row.cells:
            return  # the commune is the fault; the bản cannot be judged
        ban = self.catalogue.ban(commune, written) if commune else self.catalogue.ban_anywhere(written)
        column = columns_for(self.table, "ban")
        if ban is None:
            suggestion = self.catalogue.similar_ban(commune, written) if commune else None
            self._add("unknown_ban", row, "ban", column, value=written, suggestion=suggestion, commune=commune)
        elif not valid_on(ban, self.catalogue.day):
            self._add(
                "ban_not_valid_at_date", row, "ban", column, value=written, valid_to=ban.valid_to,
                successor=ban.successor_code, successor_name=self.catalogue.successor_name(ban),
            )  # fmt: skip
        else:
            person.ban, person.ban_code = ban.name, ban.code

    def _dates(self, person: PersonRow, row: DataRow) -> None:
        for wanted in ("receipt", "return"):
            cell = row.cells.get(wanted)
            if not text_of(cell):
                continue
            day = calendar_day(cell, self.terms.age_on.year)
            if day is None:
                self._add("invalid_date", row, wanted, self.table.column(wanted), value=text_of(cell))
            elif wanted == "receipt":
                person.receipt_date = day
            else:
                person.return_date = day
        returned, column = person.return_date, self.table.column("return")
        if returned is None:
            return
        if person.receipt_date is not None and returned < person.receipt_date:
            self._add(
                "return_before_receipt", row, "return", column, **{"return": returned, "receipt": person.receipt_date}
            )
        if not self.terms.period_from <= returned <= self.terms.period_to:
            self._add(
                "return_outside_period", row, "return", column,
                **{"return": returned, "from": self.terms.period_from, "to": self.terms.period_to},
            )  # fmt: skip

    def _empty_cells(self, person: PersonRow, row: DataRow) -> None:
        for wanted in required_fields(person.group):
            if wanted in ("name", "representative"):
                continue
            column = columns_for(self.table, wanted)
            if column is None:
                continue
            filled = any(text_of(row.cells.get(one)) for one in _STANDS_FOR.get(wanted, (wanted,)))
            if wanted == "gender":
                filled = person.gender is not None
            if not filled:
                self._add("missing_value", row, wanted, column, value=self._text(row, wanted))

    def _formulas(self, row: DataRow) -> None:
        for column in self.table.columns:
            if column.field == "phone" or column.index > len(row.raw):
                continue
            cell = row.raw[column.index - 1]
            if isinstance(cell, str) and formula_like(cell):
                start = clean(cell)[:1]
                self._add("injection_cell", row, column.field or "", column, value=cell, char=start)


def group_problems(table: Table, groups: Sequence[str]) -> list[Problem]:
    """Required columns that the table lacks, for the groups whose rows it holds; once each, at the heading row."""
    wanted = list(dict.fromkeys(one for group in groups for one in required_fields(group)))
    return [
        Problem("missing_column", table.sheet, table.header_row, None, USUAL_LABELS[one], one, {})
        for one in wanted
        if columns_for(table, one) is None
    ]
