"""Comments of the office on single rows of a list, beside the row from the review until the list is approved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from ..access import Actor
from ..db import now
from ..errors import Invalid, Refused
from ..text import fold
from .models import ListState, Person, RowComment, UnitList

LONGEST_COMMENT = 300


@dataclass
class PlacedComments:
    """Open comments beside the rows they belong to, and those whose row is no longer in the list."""

    by_row: dict[int, list[RowComment]] = field(default_factory=dict)
    loose: list[RowComment] = field(default_factory=list)


def open_comments(unit_list: UnitList | None) -> list[RowComment]:
    """Comments that still wait for the unit's correction or the office's approval."""
    return [one for one in unit_list.comments if one.settled_at is None] if unit_list else []


def place_comments(
    comments: Iterable[RowComment], rows: Sequence[tuple[int, str]], same_numbers: bool = False
) -> PlacedComments:
    """Comments beside the rows (number, name) they were written for.

    A row is known by the name of its person, of namesakes the one with the number. Where the rows still have the
    numbers that the office saw (`same_numbers`), a corrected name keeps its comment.
    """
    named: dict[str, list[int]] = {}
    for number, name in rows:
        named.setdefault(fold(name), []).append(number)
    numbers = {number for number, _name in rows}
    placed = PlacedComments()
    for comment in comments:
        found = named.get(fold(comment.name), [])
        if same_numbers and comment.row in numbers:
            row = comment.row
        elif found:
            row = comment.row if comment.row in found else found[0]
        else:
            placed.loose.append(comment)
            continue
        placed.by_row.setdefault(row, []).append(comment)
    return placed


def write_comments(session: Session, unit_list: UnitList, words: Mapping[int, str], by: Actor) -> int:
    """Comment on rows (position -> words) of a list that the office has; empty words are none. Returns how many.

    Raises Refused when the list is not in review, Invalid for words that are too long or a row that is not there.
    """
    wanted = {row: text.strip() for row, text in words.items() if text.strip()}
    if not wanted:
        return 0
    if unit_list.state not in (ListState.SUBMITTED, ListState.APPROVED):
        raise Refused("Chỉ góp ý được cho danh sách đã trình hoặc đã duyệt.")
    persons = {person.position: person for person in unit_list.persons}
    faults = {
        f"comment-{row}": f"Góp ý dòng {row} dài quá {LONGEST_COMMENT} ký tự. Viết ngắn lại."
        for row, text in wanted.items()
        if len(text) > LONGEST_COMMENT
    }
    if not wanted.keys() <= persons.keys():
        faults[""] = "Có dòng không còn trong danh sách. Tải lại trang rồi góp ý lại."
    if faults:
        raise Invalid(faults)
    for row, text in sorted(wanted.items()):
        comment_on(unit_list, persons[row], text, by)
    flag_modified(unit_list, "state")  # who decides on the list must have seen the comments: its version counts on
    session.flush()
    return len(wanted)


def comment_on(unit_list: UnitList, person: Person, words: str, by: Actor) -> None:
    """Put a comment beside the row of a person of the list."""
    name = person.business or person.name
    comment = RowComment(row=person.position, name=name, words=words, by_id=by.id, by_name=by.full_name, at=now())
    unit_list.comments.append(comment)


def delete_comment(session: Session, unit_list: UnitList, comment_id: int) -> None:
    """Take back a comment of a list in review; one that is gone is passed over. Raises Refused after the return."""
    if unit_list.state not in (ListState.SUBMITTED, ListState.APPROVED):
        raise Refused("Danh sách đã trả lại đơn vị nên không bỏ góp ý được nữa.")
    unit_list.comments[:] = [one for one in unit_list.comments if one.id != comment_id]
    flag_modified(unit_list, "state")
    session.flush()


def settle_comments(unit_list: UnitList) -> None:
    """The list was approved: its comments are history."""
    for comment in open_comments(unit_list):
        comment.settled_at = now()
