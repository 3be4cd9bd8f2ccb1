"""What happened to a list last, in words for somebody who decides on an older view of it."""

from dataclasses import dataclass

from ..access import Actor
from ..errors import Conflict
from ..text import moment_text
from .models import ASKED, HEAD_RETURNED, ROW_REMOVED, ListState, UnitList
from .row_comments import open_comments

_DONE = {
    ListState.AWAITING_HEAD: "đã chuyển danh sách này cho thủ trưởng",
    ListState.SUBMITTED: "đã nộp danh sách này",
    ListState.RETURNED: "đã trả lại danh sách này",
    ListState.APPROVED: "đã duyệt danh sách này",
    ListState.LOCKED: "đã khóa danh sách này",
    ASKED: "đã hỏi đơn vị về một dòng của danh sách này",
    ROW_REMOVED: "đã đưa một dòng ra khỏi danh sách này",
    HEAD_RETURNED: "đã trả danh sách này cho cán bộ lập",
}


@dataclass(frozen=True)
class Seen:
    """What the page showed of a list: its version, the last step and the last comment (ids; 0 for none)."""

    version: int | None
    event: int = 0
    comment: int = 0


def last_ids(unit_list: UnitList) -> tuple[int, int]:
    """(last step, last comment) as they stand now; 0 for none."""
    return (
        max((one.id for one in unit_list.events), default=0),
        max((one.id for one in unit_list.comments), default=0),
    )


def last_step(unit_list: UnitList) -> str:
    """Who did what last and when: a step of the list, or a comment on a row."""
    steps = [(one.at, one.by_name, _DONE.get(one.state, "đã sửa danh sách này")) for one in unit_list.events]
    steps += [
        (one.at, one.by_name, f"đã góp ý dòng {one.row}: «{one.words}»") for one in open_comments(unit_list)
    ]  # fmt: skip
    if not steps:
        return "Danh sách này vừa được người khác sửa."
    at, who, what = max(steps)
    return f"{who} {what} lúc {moment_text(at)}."


def refuse_if_clashing(unit_list: UnitList, seen: Seen, rows: set[int], by: Actor) -> None:
    """Raises Conflict, with what the other wrote, when the list moved on or somebody else commented on these rows.

    Comments on other rows do not clash.
    """
    if seen.version in (None, unit_list.version):
        return
    if last_ids(unit_list)[0] != seen.event:
        raise Conflict(f"{last_step(unit_list)} Chưa ghi gì.")
    theirs = [
        one
        for one in open_comments(unit_list)
        if one.id > seen.comment and one.row in rows and one.by_id != by.id
    ]  # fmt: skip
    if theirs:
        told = " ".join(
            f"{one.by_name} đã góp ý dòng {one.row} lúc {moment_text(one.at)}: «{one.words}»." for one in theirs
        )
        raise Conflict(f"{told} Chưa ghi gì. Ô góp ý còn nguyên chữ vừa gõ: bấm lại để giữ cả hai, hoặc xóa đi.")
