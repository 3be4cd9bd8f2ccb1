"""Column plans (*mẫu cột*): which columns the list has for a software that imports it, kept under a name."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Conflict, Invalid, Missing
from ..roster.column_names import field_of, heading_key
from ..roster.handover import CONSTANT, EMPTY, NUMBER, PERSON_COLUMNS, UNIT_CODE, ColumnPlan, PlannedColumn
from ..rounds.models import Round
from ..text import clean
from ..workbook import Rejected, Workbook
from .models import ColumnTemplate

MOST_COLUMNS = 40
LONGEST_HEADING = 120
LONGEST_TEXT = 200
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
# Other software asks for the code; lists of units never have it, so reading them does not know it.
_UNIT_CODE_HEADINGS = {
    "ma don vi", "ma dv", "ma co quan", "ma don vi nop danh sach", "ma co quan don vi", "ma dvhc",
    "ma don vi hanh chinh", "ma xa",
}  # fmt: skip


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
    return ColumnPlan(tuple(planned_columns(template)), template.titles)


def planned_columns(template: ColumnTemplate) -> list[PlannedColumn]:
    """The columns of a plan; only one with constant words has a third part."""
    return [PlannedColumn(*one) for one in template.columns]


def save_template(
    session: Session, survey_round: Round, name: str, columns: Sequence[PlannedColumn], titles: bool, by: Actor,
    template: ColumnTemplate | None = None, seen_version: int | None = None,
) -> ColumnTemplate:  # fmt: skip
    """Keep a plan under a name. Raises Invalid with faults by field, Conflict when another changed it meanwhile."""
    name = name.strip()
    kept = [PlannedColumn(one.field, clean(one.heading), clean(one.text)) for one in columns if one.field]
    faults = {}
    if not name:
        faults["name"] = "Đặt tên cho mẫu cột, ví dụ: Phần mềm của Bộ – 2021."
    elif len(name) > LONGEST_HEADING:
        faults["name"] = f"Tên dài quá {LONGEST_HEADING} ký tự."
    if fault := _fault_of_columns(kept):
        faults["columns"] = fault
    if faults:
        raise Invalid(faults)
    if template is not None and seen_version is not None and template.version != seen_version:
        raise Conflict("Mẫu cột này vừa được người khác sửa. Chưa ghi đè gì. Tải lại trang để xem bản mới.")
    template = template or ColumnTemplate(operator_unit_id=survey_round.operator_unit_id)
    template.name, template.titles = name, titles
    template.columns = [_stored(one) for one in kept]
    try:
        with session.begin_nested():
            session.add(template)
    except IntegrityError:
        raise Invalid({"name": f"Đã có mẫu cột tên «{name}». Đặt tên khác."}) from None
    record(session, Action.COLUMN_TEMPLATE_SAVED, by, name=name)
    return template


def _fault_of_columns(columns: Sequence[PlannedColumn]) -> str:
    """What is wrong with the columns of a plan; empty when nothing is."""
    if not any(one.field not in (EMPTY, CONSTANT) for one in columns):
        return "Chọn ít nhất một cột có nội dung từ danh sách."
    if len(columns) > MOST_COLUMNS or any(len(one.heading) > LONGEST_HEADING for one in columns):
        return f"Nhiều nhất {MOST_COLUMNS} cột, tên cột không quá {LONGEST_HEADING} ký tự."
    if any(one.field not in (*PERSON_COLUMNS, EMPTY, CONSTANT) for one in columns):
        return "Có cột không nhận ra. Tải lại trang rồi chọn lại."
    for number, one in enumerate(columns, 1):
        if one.field in (EMPTY, CONSTANT) and not one.heading:
            return f"Cột thứ {number} chưa có tên. Ghi tên cột như phần mềm kia đòi."
        if one.field == CONSTANT and not one.text:
            return f"Cột «{one.heading}» chưa có giá trị cố định. Ghi giá trị, hoặc chọn «Cột trống»."
        if one.field != CONSTANT and one.text:
            return (
                f"Cột «{one.heading or number}» có giá trị cố định mà nội dung là thứ khác. "
                "Chọn nội dung «Giá trị cố định», hoặc xóa giá trị."
            )
        if len(one.text) > LONGEST_TEXT:
            return f"Giá trị cố định của cột «{one.heading}» dài quá {LONGEST_TEXT} ký tự."
    return ""


def _stored(column: PlannedColumn) -> list[str]:
    if column.field == CONSTANT:
        return list(column)
    heading = column.heading or (PERSON_COLUMNS[column.field].title if column.field in PERSON_COLUMNS else "")
    return [column.field, heading]


def delete_template(session: Session, template: ColumnTemplate, by: Actor) -> None:
    """Throw a plan away; sets that were made with it stay as they are."""
    session.delete(template)
    record(session, Action.COLUMN_TEMPLATE_DELETED, by, name=template.name)


def learned_columns(workbook: Workbook) -> list[PlannedColumn]:
    """The columns of the row of a sample file that has the most headings we know; what we do not know stays empty.

    Raises Rejected when the file holds no text at all.
    """
    best: list[PlannedColumn] = []
    for sheet in workbook.sheets:
        for row in sheet.rows[:30]:
            headings = [str(cell).strip() for cell in row if cell not in (None, "")]
            columns = [PlannedColumn(_field_named(heading), heading[:LONGEST_HEADING]) for heading in headings]
            if _known(columns) > _known(best):
                best = columns
    if not best:
        raise Rejected("no_heading_row")
    return best[:MOST_COLUMNS]


def _known(columns: Sequence[PlannedColumn]) -> int:
    return sum(one.field != EMPTY for one in columns)


def _field_named(heading: str) -> str:
    if heading_key(heading) in _UNIT_CODE_HEADINGS:
        return UNIT_CODE
    found = field_of(heading) or ""
    found = _ROSTER_FIELD.get(found, found)
    return found if found in PERSON_COLUMNS else EMPTY
