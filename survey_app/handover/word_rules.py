"""The office's own Word templates: taken in after a trial filling, given up again."""

from datetime import date
from pathlib import PurePath

from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Missing, Refused
from ..rounds.models import Round
from .models import PaperKind, WordTemplate
from .papers import KIND_WORDS, GroupFigures, PaperWishes, RosterFigures, paper_context
from .sets import own_template
from .word import check_template

_DAY = date(2021, 12, 7)
_TRIAL = PaperWishes(
    "05/UBND-NV", _DAY, "Ủy ban nhân dân\nhuyện Tuần Giáo", "UBND tỉnh Điện Biên", "Tuần Giáo", "Sở Nội vụ", "thử",
    "Căn cứ thử", "TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH", "Nguyễn Văn Thử", "Như trên\nLưu: VT.",
)  # fmt: skip
_FIGURES = RosterFigures(2021, 1, "0" * 64, _DAY, (GroupFigures("E", "Người dân", 1, 2, 3),), 1, ("Nhóm E: 2/3 người",))


def kind_named(name: str) -> PaperKind:
    """The kind with this name in addresses. Raises Missing for another."""
    if name not in set(PaperKind):
        raise Missing
    return PaperKind(name)


def use_own(
    session: Session, survey_round: Round, kind: PaperKind, content: bytes, file_name: str, by: Actor
) -> WordTemplate:
    """Fill the office's template on trial and use it from now on. Raises Invalid when it cannot be filled."""
    check_template(content, kind, _trial_context(kind))
    found = own_template(session, survey_round, kind)
    if found is None:
        found = WordTemplate(operator_unit_id=survey_round.operator_unit_id, kind=kind)
        session.add(found)
    found.content, found.file_name = content, PurePath(file_name.replace("\\", "/")).name[:200]
    found.uploaded_by_name, found.uploaded_at = by.full_name, now()
    record(session, Action.WORD_TEMPLATE_CHANGED, by, kind=KIND_WORDS[kind], file=found.file_name)
    return found


def use_shipped(session: Session, survey_round: Round, kind: PaperKind, by: Actor) -> None:
    """Give the own template up. Raises Refused when there is none."""
    found = own_template(session, survey_round, kind)
    if found is None:
        raise Refused("Đang dùng mẫu có sẵn.")
    session.delete(found)
    record(session, Action.WORD_TEMPLATE_CHANGED, by, kind=KIND_WORDS[kind], file="mẫu có sẵn")


def _trial_context(kind: PaperKind) -> dict[str, object]:
    if kind != PaperKind.ANNEX:
        return paper_context(kind, _TRIAL, _FIGURES, "0" * 64)
    group = {
        "title": "Nhóm E", "columns": ["Họ và tên", "Năm sinh"], "widths": [20, 8],
        "rows": [{"number": 1, "cells": ["Lò Văn Thử", "1980"]}],
    }  # fmt: skip
    return {
        "title": "DANH SÁCH", "attached": "(Kèm theo …)", "groups": [group], "version": 1, "roster_sha256": "0" * 64,
        "persons": 1, "mark": "",
    }  # fmt: skip
