"""Reading a whole list, and comparing persons: within a file, between files, against quotas."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..text import fold
from ..workbook import Workbook
from .catalogue import Catalogue
from .columns import DataRow, Table, tables_of, text_of
from .group_words import OFFICIALS, group_guessed, group_named
from .persons import PersonRow, RowReader, Terms, group_problems
from .problems import ERROR, WARNING, Problem

ALL_GROUPS = tuple("ABCDEFG")
_MOST_ALIKE = 20
SAMPLING_FRAME = "sampling_frame"
Settled = Callable[[PersonRow, PersonRow], bool]  # the office decided on these two: nothing to tell


def nothing_settled(_one: PersonRow, _other: PersonRow) -> bool:
    return False


@dataclass(frozen=True)
class Sender:
    """Whose list it is: the submitting unit, the kind of list, the groups it may hold."""

    unit_code: str
    groups: tuple[str, ...]
    list_type: str = ""


@dataclass
class ListReading:
    """A list as read: its persons, its faults, its tables."""

    file: str
    sender: Sender
    persons: list[PersonRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    @property
    def data_rows(self) -> int:
        return len(self.persons)


def read_list(workbook: Workbook, file: str, sender: Sender, catalogue: Catalogue, terms: Terms) -> ListReading:
    """Persons and faults of one file, all checks within the file made. Raises `Rejected` when no sheet has a list."""
    tables, _notes = tables_of(workbook, sender.groups or ALL_GROUPS)
    return check_tables(tables, workbook.legacy, file, sender, catalogue, terms)


def check_tables(
    tables: list[Table], legacy: str | None, file: str, sender: Sender, catalogue: Catalogue, terms: Terms,
    settled: Settled = nothing_settled,
) -> ListReading:  # fmt: skip
    """All checks within one list whose tables have been found; `legacy` names an old encoding that was converted."""
    reading = ListReading(file, sender, tables=tables)
    if legacy:
        reading.problems.append(Problem("legacy_encoding", None, None, None, None, None, {"encoding": legacy}))
    allowed = sender.groups or ALL_GROUPS
    for table in tables:
        _read_table(reading, table, catalogue, terms, allowed)
    reading.problems.extend(problems_within(reading.persons, settled))
    reading.problems.extend(quota_problems(reading.persons, sender, catalogue))
    return reading


def _read_table(reading: ListReading, table: Table, catalogue: Catalogue, terms: Terms, allowed: Sequence[str]) -> None:
    default = _table_group(table, allowed)
    reader = RowReader(table, catalogue, terms, reading.sender.unit_code)
    persons = []
    for row in table.rows:
        named = _row_group(row, default, allowed)
        if named is None:
            reader.group_unnamed(row)
        persons.append(reader.read(row, named or _guessed_group(row, allowed)))
    held = sorted({person.group for person in persons})
    reading.problems.extend(group_problems(table, held))
    reading.problems.extend(reader.problems)
    reading.persons.extend(persons)


def _table_group(table: Table, allowed: Sequence[str]) -> str | None:
    """The group that the whole table is for, where one thing says so: the file, the sheet's name, a title line."""
    if len(allowed) == 1:
        return allowed[0]
    if table.sheet and (named := group_named(table.sheet, allowed)):
        return named
    titled = {named for title in table.titles if (named := group_named(title, allowed))}
    return next(iter(titled)) if len(titled) == 1 and not any(row.heading_group for row in table.rows) else None


def _row_group(row: DataRow, default: str | None, allowed: Sequence[str]) -> str | None:
    """The group that the row's own cell, the sub-heading above or the table names; None when nothing does."""
    if len(allowed) == 1:
        return allowed[0]
    if row.group_text and (named := group_named(row.group_text, allowed)):
        return named
    return row.heading_group or default


def _guessed_group(row: DataRow, allowed: Sequence[str]) -> str:
    has_procedure = any(one in row.cells for one in ("procedure", "ban", "receipt"))
    return group_guessed(text_of(row.cells.get("position")), has_procedure, "business" in row.cells, allowed)


def quota_problems(persons: Iterable[PersonRow], sender: Sender, catalogue: Catalogue) -> list[Problem]:
    """More or fewer rows than asked for, per group that the file holds; not for a sampling frame."""
    if sender.list_type == SAMPLING_FRAME:
        return []
    found = Counter(person.group for person in persons)
    problems = []
    for group in sorted(found):
        quota = catalogue.quotas.get((sender.unit_code, group))
        if quota is None or quota.least <= found[group] <= quota.most:
            continue
        over = found[group] > quota.most
        kind, limit = ("quota_exceeded", quota.most) if over else ("quota_short", quota.least)
        blocks = quota.blocks_over if over else quota.blocks_short
        details = {"group": group, "quota": quota.target, "found": found[group]}
        if limit != quota.target:
            details["limit"] = limit
        severity = ERROR if blocks else WARNING
        problems.append(Problem(kind, None, None, None, None, None, details, severity))
    return problems


def same_person(one: PersonRow, other: PersonRow) -> list[str]:
    """What two rows agree on when they are one person, empty when they are two persons (or cannot be told).

    Same number and same folded name; or same folded name and birth year and, for two citizens, the same bản.
    Businesses: the same tax code.
    """
    if one.group == "F" and other.group == "F":
        return ["tax_code"] if one.tax_code and one.tax_code == other.tax_code else []
    if not one.name or not other.name or fold(one.name) != fold(other.name):
        return []
    same_phone = one.phone is not None and one.phone == other.phone
    same_year = one.birth_year is not None and one.birth_year == other.birth_year
    citizens = one.group == "E" and other.group == "E"
    same_ban = one.ban_code is not None and one.ban_code == other.ban_code
    basis = ["phone"] if same_phone else []
    if same_year and citizens and same_ban:
        basis.append("name+birth_year+ban")
    elif same_year and (same_phone or not citizens):
        basis.append("name+birth_year")
    return basis


@dataclass(frozen=True)
class Pair:
    """Two rows (positions in the given sequence, the earlier first) and why they belong together."""

    first: int
    second: int
    basis: tuple[str, ...]


def find_pairs(persons: Sequence[PersonRow]) -> tuple[list[Pair], list[Pair]]:
    """(pairs of one person, pairs of two persons with one number), in order of the later row.

    Of more than `_MOST_ALIKE` rows with one key (5 000 rows that all give 0900000000) the later ones are compared with
    the first `_MOST_ALIKE`: they are told of all the same, and not each with each.
    """
    same: list[Pair] = []
    shared: list[Pair] = []
    by_key: dict[tuple[str, str], list[int]] = {}
    for position, person in enumerate(persons):
        candidates: set[int] = set()
        for key in _keys(person):
            earlier = by_key.setdefault(key, [])
            candidates.update(earlier)
            if len(earlier) < _MOST_ALIKE:
                earlier.append(position)
        for first in sorted(candidates):
            basis = same_person(persons[first], person)
            if basis:
                same.append(Pair(first, position, tuple(basis)))
            elif person.phone and person.phone == persons[first].phone:
                shared.append(Pair(first, position, ("phone",)))
    return same, shared


def _keys(person: PersonRow) -> list[tuple[str, str]]:
    keys = []
    name = fold(person.name) if person.name else ""
    if person.phone:
        keys += [("phone", person.phone), ("phone", f"{person.phone}|{name}")]
    if name and person.birth_year:
        keys.append(("name", f"{name}|{person.birth_year}|{person.ban_code}"))
        keys.append(("name", f"{name}|{person.birth_year}"))
    if person.tax_code:
        keys.append(("tax", person.tax_code))
    return keys


def problems_within(persons: Sequence[PersonRow], settled: Settled = nothing_settled) -> list[Problem]:
    """Repeated persons, persons in two groups, shared numbers of one file: told on the later row, once."""
    same, shared = find_pairs(persons)
    problems = []
    told: set[int] = set()
    for pair in same:
        if pair.second in told or settled(persons[pair.first], persons[pair.second]):
            continue  # a third copy is compared with the first one only
        told.add(pair.second)
        first, second = persons[pair.first], persons[pair.second]
        kind = "duplicate_in_file" if first.group == second.group else "person_in_two_groups"
        problems.append(_pair_problem(kind, second, first, pair.basis))
    shown: set[int] = set()
    for pair in shared:
        if pair.second in shown or pair.second in told or settled(persons[pair.first], persons[pair.second]):
            continue
        shown.add(pair.second)
        problems.append(_pair_problem("shared_phone", persons[pair.second], persons[pair.first], ()))
    return problems


def _pair_problem(
    kind: str, person: PersonRow, other: PersonRow, basis: Sequence[str], other_file: str | None = None
) -> Problem:
    by_tax_code = "tax_code" in basis
    column, wanted = person.name_column, "name"
    if kind == "shared_phone":
        column, wanted = person.phone_column, "phone"
    elif by_tax_code:
        column, wanted = person.business_column, "business"
    details: dict[str, Any] = {"other_row": other.row, "other_sheet": other.sheet, "other_name": other.name}
    if by_tax_code:
        details["other_name"] = other.business
    if kind == "person_in_two_groups":
        details["other_group"] = other.group
    if basis:
        details["match_on"] = list(basis)
    if other_file is not None:
        details["other_file"] = other_file
    return Problem(
        kind, person.sheet, person.row, column.letter if column else None, column.label if column else None,
        wanted, details,
    )  # fmt: skip


def compare_files(readings: Sequence[ListReading]) -> list[dict[str, Any]]:
    """Persons that stand in two files: adds the problem to both readings and returns the pairs for the report."""
    persons = [person for reading in readings for person in reading.persons]
    owner = [reading for reading in readings for _ in reading.persons]
    same, _ = find_pairs(persons)
    pairs = []
    for pair in same:
        first, second = owner[pair.first], owner[pair.second]
        if first is second:
            continue
        one, other = persons[pair.first], persons[pair.second]
        kind = "duplicate_across_files" if one.group == other.group else "person_in_two_groups"
        first.problems.append(_pair_problem(kind, one, other, pair.basis, second.file))
        second.problems.append(_pair_problem(kind, other, one, pair.basis, first.file))
        pairs.append({"kind": kind, "match_on": list(pair.basis), "a": _side(first, one), "b": _side(second, other)})
    return pairs


def _side(reading: ListReading, person: PersonRow) -> dict[str, Any]:
    return {
        "file": reading.file, "sheet": person.sheet, "row": person.row, "name": person.name, "group": person.group,
    }  # fmt: skip


def person_as_json(person: PersonRow, has_unit_column: bool = False) -> dict[str, Any]:
    """The shape of `truth.json`: the fields of the group always, the others where they have a value."""
    shown: dict[str, Any] = {
        "sheet": person.sheet, "row": person.row, "group": person.group, "name": person.name,
    }  # fmt: skip
    always: tuple[str, ...]
    if person.group in OFFICIALS:
        always = ("birth_year", "gender", "position", "phone", *(("unit_code",) if has_unit_column else ()))
    elif person.group == "F":
        always = ("position", "phone", "business", "tax_code", "procedure", "return_date")
    else:
        always = ("birth_year", "gender", "phone", "ban", "ban_code", "procedure", "receipt_date", "return_date")
    sometimes = ("birth_date", "position", "unit_code", "commune_code", "ethnic", "email")
    for name in (*always, *sometimes):
        value = getattr(person, name)
        if name in always or value is not None:
            shown[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return shown
