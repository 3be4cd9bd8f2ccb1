"""«Cột này là …»: what a unit says of the headings of its files, remembered for its next file."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..units.models import Unit
from .column_names import USUAL_LABELS, heading_key
from .columns import Column
from .drafts import Draft, choose_columns
from .models import ColumnChoice


def remember_columns(
    session: Session, unit: Unit, draft: Draft, table: int, fields: Mapping[int, str | None], by: Actor
) -> list[tuple[Column, Column]]:
    """Set the columns of a table as chosen; what the officer changed is remembered for the unit.

    A field has one column. Returns (column that lost its field, column that has it now) for those that had to yield:
    that is true of this file only and not remembered.
    """
    if not 0 <= table < len(draft.tables):
        return []
    before = {column.index: column.field for column in draft.tables[table].columns}
    choose_columns(draft, table, fields)
    columns = draft.tables[table].columns
    owners = {column.field: column for column in columns if column.field}
    wanted = {column.index: fields.get(column.index, before[column.index]) for column in columns}
    yielded = [(one, owners[field]) for one in columns if not one.field and (field := wanted[one.index])]
    changed = {
        heading_key(column.label): column
        for column in columns
        if column.field != before[column.index] and column.field == wanted[column.index] and heading_key(column.label)
    }
    if not changed:
        return yielded
    query = select(ColumnChoice).where(ColumnChoice.unit_id == unit.id, ColumnChoice.heading.in_(changed))
    stored = {choice.heading: choice for choice in session.scalars(query)}
    for heading, column in changed.items():
        choice = stored.get(heading) or ColumnChoice(unit_id=unit.id, heading=heading)
        choice.field = column.field or ""
        session.add(choice)
    words = "; ".join(f"{column.label}: {_named(column.field)}" for column in changed.values())
    record(session, Action.COLUMNS_CHOSEN, by, unit=unit.name, columns=words)
    return yielded


def recall_columns(session: Session, unit: Unit, draft: Draft) -> None:
    """Apply what the unit chose for the same headings earlier, and say so in the notes of the draft."""
    query = select(ColumnChoice).where(ColumnChoice.unit_id == unit.id)
    chosen = {choice.heading: choice.field for choice in session.scalars(query)}
    if not chosen:
        return
    told: dict[str, str] = {}
    for number, table in enumerate(draft.tables):
        recalled = {
            column.index: chosen[heading_key(column.label)] or None
            for column in table.columns
            if heading_key(column.label) in chosen and (chosen[heading_key(column.label)] or None) != column.field
        }
        if recalled:
            choose_columns(draft, number, recalled)
            told |= {column.label: _named(column.field) for column in table.columns if column.index in recalled}
    if told:
        words = "; ".join(f"cột «{label}» là {name}" for label, name in told.items())
        draft.notes.append(f"Theo lựa chọn lần trước của đơn vị: {words}. Sai thì chọn lại ở «Các cột đã nhận».")


def _named(field: str | None) -> str:
    return f"«{USUAL_LABELS.get(field, field)}»" if field else "cột bỏ qua"
