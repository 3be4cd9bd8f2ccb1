"""Column plans (*mẫu cột*): which columns the list has for a software that imports it, kept under a name."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Conflict, Invalid, Missing
from ..roster.column_names import field_of
from ..roster.handover import NUMBER, PERSON_COLUMNS, ColumnPlan
from ..rounds.models import Round
from ..workbook import Rejected, Workbook
from .models import ColumnTemplate

MOST_COLUMNS = 40
LONGEST_HEADING = 120
# What the lists of units call a field, and what the roster calls it.
_ROSTER_FIELD = {
    "position": "job_title",
    "unit": "workplace",
    "ethnic": "ethnicity",
    "receipt": "receipt_date",
    "return": "return_date",
    "representative": "name",
    "order": NUMBER,
    "birth_year": "birth",
}


def templates_of(session: Session, survey_round: Round) -> Sequence[ColumnTemplate]:
    """The plans of the round's operator by name."""
    return session.scalars(
        select(ColumnTemplate)
        .where(ColumnTemplate.operator_unit_id == survey_round.operator_unit_id)
        .order_by(ColumnTemplate.name)
    ).all()


def find_template(session: Session, survey_round: Round, template_id: int | None) -> ColumnTemplate:
    """One plan of the round's operator. Raises Missing for another's."""
    found = session.get(ColumnTemplate, template_id) if template_id is not None else None
    if found is None or found.operator_unit_id != survey_round.operator_unit_id:
        raise Missing("Mẫu cột này không còn. Chọn mẫu khác.")
    return found


def plan_of(template: ColumnTemplate) -> ColumnPlan:
    """The plan as the workbook needs it."""
    return ColumnPlan(tuple((name, heading) for name, heading in template.columns), template.titles)


def save_template(
    session: Session, survey_round: Round, name: str, columns: Sequence[tuple[str, str]], titles: bool, by: Actor,
    template: ColumnTemplate | None = None, seen_version: int | None = None,
) -> ColumnTemplate:  # fmt: skip
    """Keep a plan under a name. Raises Invalid with faults by field, Conflict when another changed it meanwhile."""
    name = name.strip()
    kept = [(one, heading.strip()) for one, heading in columns if one]
    faults = {}
    if not name:
        faults["name"] = "Đặt tên cho mẫu cột, ví dụ: Phần mềm của Bộ – 2021."
    elif len(name) > LONGEST_HEADING:
        faults["name"] = f"Tên dài quá {LONGEST_HEADING} ký tự."
    if not kept:
        faults["columns"] = "Chọn ít nhất một cột."
    elif len(kept) > MOST_COLUMNS or any(len(heading) > LONGEST_HEADING for _one, heading in kept):
        faults["columns"] = f"Nhiều nhất {MOST_COLUMNS} cột, tên cột không quá {LONGEST_HEADING} ký tự."
    elif any(one not in PERSON_COLUMNS for one, _heading in kept):
        faults["columns"] = "Có cột không nhận ra. Tải lại trang rồi chọn lại."
    if faults:
        raise Invalid(faults)
    if template is not None and seen_version is not None and template.version != seen_version:
        raise Conflict("Mẫu cột này vừa được người khác sửa. Chưa ghi đè gì. Tải lại trang để xem bản mới.")
    template = template or ColumnTemplate(operator_unit_id=survey_round.operator_unit_id)
    template.name, template.titles = name, titles
    template.columns = [[one, heading or PERSON_COLUMNS[one].title] for one, heading in kept]
    try:
        with session.begin_nested():
            session.add(template)
    except IntegrityError:
        raise Invalid({"name": f"Đã có mẫu cột tên «{name}». Đặt tên khác."}) from None
    record(session, Action.COLUMN_TEMPLATE_SAVED, by, name=name)
    return template


def delete_template(session: Session, template: ColumnTemplate, by: Actor) -> None:
    """Throw a plan away; sets that were made with it stay as they are."""
    session.delete(template)
    record(session, Action.COLUMN_TEMPLATE_DELETED, by, name=template.name)


def learned_columns(workbook: Workbook) -> list[tuple[str, str]]:
    """(field, heading) of the row of a sample file that has the most headings; fields that are not known are empty.

    Raises Rejected when the file holds no text at all.
    """
    best: list[tuple[str, str]] = []
    for sheet in workbook.sheets:
        for row in sheet.rows[:30]:
            headings = [str(cell).strip() for cell in row if cell not in (None, "")]
            columns = [(_field_named(heading), heading[:LONGEST_HEADING]) for heading in headings]
            if sum(bool(one) for one, _ in columns) > sum(bool(one) for one, _ in best):
                best = columns
    if not best:
        raise Rejected("no_heading_row")
    return best[:MOST_COLUMNS]


def _field_named(heading: str) -> str:
    found = field_of(heading) or ""
    found = _ROSTER_FIELD.get(found, found)
    return found if found in PERSON_COLUMNS else ""
