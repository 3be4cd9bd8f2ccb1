"""Last year's persons (*danh sách năm trước*): each is still there, changed or gone, and somebody says so.

The draft keeps every row as it was offered; how a row stands follows from what became of it, so that a cell that is set
back is asked about again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from .columns import DataRow, Table, text_of
from .drafts import Draft
from .problems import Problem

Key = tuple[int, int]  # (table from 0, row number)
NOT_CONFIRMED = "not_confirmed"
# Facts of one dossier of one year: they are asked anew, and do not tell that a person changed.
OF_ONE_YEAR = ("procedure", "dossier", "receipt", "return")


class Standing(StrEnum):
    """How a person of last year stands: not said yet, vẫn còn, đã đổi, không còn."""

    OPEN = "open"
    STILL = "still"
    CHANGED = "changed"
    GONE = "gone"


def offer(draft: Draft) -> None:
    """Every row of the draft is a person of last year who waits for a word."""
    draft.offered = {
        (number, row.row): _texts(table, row) for number, table in enumerate(draft.tables) for row in table.rows
    }


def still_there(draft: Draft, keys: Iterable[Key]) -> None:
    """These persons are still there."""
    draft.confirmed |= set(keys) & set(draft.offered)


def ask_again(draft: Draft, keys: Iterable[Key]) -> None:
    """Takes the word back."""
    draft.confirmed -= set(keys)


def standings(draft: Draft) -> dict[Key, Standing]:
    """How each person of last year stands now; empty for a list that was not begun from one."""
    return {
        (number, row.row): _standing(draft, number, table, row)
        for number, table in enumerate(draft.tables)
        for row in table.rows
        if (number, row.row) in draft.offered
    }


def _standing(draft: Draft, number: int, table: Table, row: DataRow) -> Standing:
    key = (number, row.row)
    before, now = draft.offered[key], _texts(table, row)
    if key in draft.dropped:
        return Standing.GONE
    if any(now.get(field) != text for field, text in before.items() if field not in OF_ONE_YEAR):
        return Standing.CHANGED
    # Who wrote this year's dossier of a person has said that the person is still there.
    return Standing.STILL if key in draft.confirmed or now != before else Standing.OPEN


def untouched(draft: Draft) -> set[Key]:
    """Persons of last year of whose dossier of this year nothing is written yet: what is missing is no fault so far."""
    return {
        (number, row.row)
        for number, table in enumerate(draft.tables)
        for row in table.rows
        if (number, row.row) in draft.offered and not any(text_of(row.cells.get(field)) for field in OF_ONE_YEAR)
    }


def _texts(table: Table, row: DataRow) -> dict[str, str]:
    return {
        column.field: text_of(row.raw[column.index - 1]) if column.index <= len(row.raw) else ""
        for column in table.columns
        if column.field
    }


def counts(found: Mapping[Key, Standing]) -> Counter[Standing]:
    """How many persons stand in which way."""
    return Counter(found.values())


def not_confirmed(draft: Draft) -> list[Problem]:
    """One fault for each person of whom nobody has said anything: the list cannot be handed in before."""
    return [
        Problem(NOT_CONFIRMED, draft.tables[number].sheet, row, None, None, None)
        for (number, row), standing in standings(draft).items()
        if standing is Standing.OPEN
    ]
