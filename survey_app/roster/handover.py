"""The hand-over to Sở Nội vụ: one clean .xlsx, made from the stored content of a locked version.

The same version gives the same bytes each time.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from ..access import Actor, has_right
from ..audit import Action, record
from ..errors import Refused
from ..rounds.models import Round
from ..sheets import SheetColumn, SheetPlan, Value, workbook_bytes
from .group_words import OFFICIALS
from .models import RosterVersion
from .queries import latest_version
from .versions import find_by_code, find_version


class PlannedColumn(NamedTuple):
    """One column of a plan: field, heading, and the words that stand in every row when the field is CONSTANT."""

    field: str
    heading: str
    text: str = ""


@dataclass(frozen=True)
class ColumnPlan:
    """Columns for a software that imports the list, in order; title lines over the table or none."""

    columns: tuple[PlannedColumn, ...]
    titles: bool = False


@dataclass(frozen=True)
class HandoverOptions:
    """One sheet for all groups or one each; dân tộc only when it is wanted, which is logged; own columns if any."""

    one_sheet: bool = False
    ethnicity: bool = False
    plan: ColumnPlan | None = None


NUMBER = "number"
UNIT_CODE = "unit_code"
# What a plan may have in the place of a field, so that the columns after it stand where they are looked for.
EMPTY, CONSTANT = "empty", "constant"
_FILLER = SheetColumn("", 16)
PERSON_COLUMNS = {
    NUMBER: SheetColumn("TT", 6, "number"),
    "name": SheetColumn("Họ và tên", 24),
    "birth": SheetColumn("Năm sinh", 12),
    "gender": SheetColumn("Giới tính", 9),
    "ethnicity": SheetColumn("Dân tộc", 10),
    "job_title": SheetColumn("Chức vụ", 20),
    "workplace": SheetColumn("Đơn vị công tác", 26),
    "ban": SheetColumn("Bản/khối", 18),
    "unit": SheetColumn("Đơn vị nộp danh sách", 24),
    UNIT_CODE: SheetColumn("Mã đơn vị nộp danh sách", 14),
    "phone": SheetColumn("Số điện thoại", 14),
    "email": SheetColumn("Thư điện tử", 24),
    "business": SheetColumn("Tên doanh nghiệp/HTX", 30),
    "tax_code": SheetColumn("Mã số thuế", 14),
    "address": SheetColumn("Địa chỉ", 28),
    "procedure": SheetColumn("Thủ tục hành chính", 30),
    "dossier": SheetColumn("Mã hồ sơ", 24),
    "receipt_date": SheetColumn("Ngày tiếp nhận", 12, "date"),
    "return_date": SheetColumn("Ngày trả kết quả", 12, "date"),
    "language": SheetColumn("Ngôn ngữ thuận tiện", 14),
    "group": SheetColumn("Nhóm", 8),
    "note": SheetColumn("Ghi chú", 18),
}
_OFFICIAL_FIELDS = "name birth gender ethnicity job_title workplace unit phone email note"
_CITIZEN_FIELDS = "name birth gender ethnicity ban unit phone procedure dossier receipt_date return_date language note"
_BUSINESS_FIELDS = "business tax_code address name job_title unit phone email procedure dossier return_date note"
_ALL_FIELDS = (
    "group unit name birth gender ethnicity job_title workplace business tax_code ban phone email procedure"
    " receipt_date return_date note"
)


def export_roster(
    session: Session, survey_round: Round | str, options: HandoverOptions, by: Actor | None,
    number: int | None = None,
) -> tuple[str, bytes]:  # fmt: skip
    """(file name, bytes) of a locked version, the latest if no number is given; logged.

    Raises Missing for an unknown round or version, Refused before locking, after the personal data were erased, and
    for dân tộc without the right or in a round that does not ask for it.
    """
    if isinstance(survey_round, str):
        survey_round = find_by_code(session, survey_round)
    version = latest_version(session, survey_round) if number is None else find_version(session, survey_round, number)
    if version is None:
        raise Refused("Khóa danh sách trước khi bàn giao.")
    refuse_ethnicity_without_right(survey_round, options, by)
    content = handover_workbook(version, options, survey_round.mark)
    record(
        session, Action.ROSTER_EXPORTED, by, round=survey_round.code, number=version.number,
        ethnicity="có" if options.ethnicity else "không", sha256=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    return f"danh-sach-{survey_round.code}-ban-{version.number}.xlsx", content


def refuse_ethnicity_without_right(survey_round: Round, options: HandoverOptions, by: Actor | None) -> None:
    """Raises Refused when dân tộc is wanted in a round that does not ask for it, or by who may not see it."""
    if options.ethnicity and not sees_ethnicity(survey_round, by):
        raise Refused("Cột dân tộc chỉ kèm được khi đợt có hỏi và tài khoản được cấp quyền xem dân tộc.")


def sees_ethnicity(survey_round: Round, by: Actor | None) -> bool:
    """Dân tộc is asked in this round, and `by` may see it. None, the program itself, may not."""
    return survey_round.collects_ethnicity and by is not None and has_right(by, "roster.ethnicity")


def handover_workbook(version: RosterVersion, options: HandoverOptions, mark: str = "") -> bytes:
    """The workbook of a version. Raises Refused when its content was erased."""
    if version.content is None:
        raise Refused("Dữ liệu cá nhân của bản này đã được xóa theo thời hạn.")
    document = json.loads(version.content)
    persons: list[dict[str, Any]] = document["persons"]
    footer = f"Bản {version.number} · SHA-256 {version.sha256}"
    if options.one_sheet:
        title = "DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA XÃ HỘI HỌC"
        plans = [_plan("Danh sách", title, document, persons, _ALL_FIELDS.split(), options, footer)]
    else:
        plans = []
        for code, name in sorted(document["groups"].items()):
            members = [person for person in persons if person["group"] == code]
            title = f"DANH SÁCH ĐỐI TƯỢNG ĐIỀU TRA XÃ HỘI HỌC – NHÓM {code}: {name.upper()}"
            plans.append(_plan(f"Nhóm {code}", title, document, members, fields_of_group(code), options, footer))
    return workbook_bytes(plans, document["title"], mark)


def fields_of_group(group: str) -> list[str]:
    """The fields that a list of this group shows, in order."""
    if group in OFFICIALS:
        return _OFFICIAL_FIELDS.split()
    return (_BUSINESS_FIELDS if group == "F" else _CITIZEN_FIELDS).split()


def _plan(
    name: str, title: str, document: dict[str, Any], persons: list[dict[str, Any]], fields: list[str],
    options: HandoverOptions, footer: str,
) -> SheetPlan:  # fmt: skip
    usual = (PlannedColumn(one, PERSON_COLUMNS[one].title) for one in (NUMBER, *fields))
    plan = options.plan or ColumnPlan(tuple(usual), titles=True)
    shown = [one for one in plan.columns if one.field != "ethnicity" or options.ethnicity]
    rows: list[list[Value]] = [
        [_planned_value(person, number, one) for one in shown] for number, person in enumerate(persons, 1)
    ]
    return SheetPlan(
        name,
        tuple(replace(PERSON_COLUMNS.get(one.field, _FILLER), title=one.heading) for one in shown),
        rows,
        titles=(title, document["title"]) if plan.titles else (),
        notes=(f"{document['operator']} · bản {document['version']} · {len(persons)} người",) if plan.titles else (),
        footer=footer,
    )


def _planned_value(person: Mapping[str, Any], number: int, column: PlannedColumn) -> Value:
    if column.field == NUMBER:
        return number
    if column.field == CONSTANT:
        return column.text
    return None if column.field == EMPTY else cell_value(person, column.field)


def cell_value(person: Mapping[str, Any], name: str) -> Value:
    """What stands in the cell of a field; days as days, everything else as text."""
    if name == "birth":
        day = person.get("birth_date")
        return date.fromisoformat(day).strftime("%d/%m/%Y") if day else str(person.get("birth_year") or "")
    value = person.get(name)
    if name in ("receipt_date", "return_date") and value:
        return date.fromisoformat(value)
    return value
