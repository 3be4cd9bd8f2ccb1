"""Typed persons judged by the checks of lists: within the row, against the roster, against the quota."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from ..roster.catalogue import Catalogue
from ..roster.checks import Sender
from ..roster.column_names import USUAL_LABELS
from ..roster.comparison import problems_with_others
from ..roster.drafts import check_draft
from ..roster.models import ChangeKind, ListState, Person, UnitList
from ..roster.pair_decisions import Decisions
from ..roster.persons import PersonRow
from ..roster.problems import Problem, message
from ..roster.queries import HandedIn, catalogue_of, handed_in, quota_of, terms_of
from ..roster.template_file import list_columns
from ..roster.typed_lists import texts_of, typed_draft
from ..sheets import SheetColumn


@dataclass(frozen=True)
class Checked:
    """A typed person: the row as read, faults that block (by field), and what the decider should know."""

    row: PersonRow | None
    faults: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class CheckedList:
    """Typed persons of one list: rows as read, faults by (row from 1, field), (0, "") for the list as a whole."""

    rows: Sequence[PersonRow]
    faults: Mapping[tuple[int, str], str] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @property
    def lines(self) -> list[str]:
        """The faults in words, each with its row."""
        return [f"Dòng {row}: {words}" if row else words for (row, _field), words in sorted(self.faults.items())]


def is_on_roster(unit_list: UnitList) -> bool:
    """Whether the list was approved before the lock, or came in since; what others hold was never on the roster."""
    return unit_list.state == ListState.LOCKED


def present_texts(texts: Mapping[str, str | None]) -> dict[str, str]:
    """The cells that hold something."""
    return {name: text for name, text in texts.items() if text}


def check_person(
    session: Session, unit_list: UnitList, kind: ChangeKind, values: Mapping[str, str], person: Person | None
) -> Checked:
    """The typed cells of one person. What was wrong before a correction does not stand in its way."""
    if kind == ChangeKind.REMOVE:
        return Checked(None)
    survey_round = unit_list.round
    catalogue = catalogue_of(session, survey_round)
    [row], problems = _read_rows(unit_list, [values], catalogue)
    if kind == ChangeKind.CORRECT and person is not None:
        _row, earlier = _read_rows(unit_list, [present_texts(texts_of(person, catalogue))], catalogue)
        known = {(one.kind, one.field) for one in earlier}
        problems = [one for one in problems if (one.kind, one.field) not in known]
    others = [
        one
        for one in _others(session, unit_list)
        if person is None or (one.list_id, one.person.row) != (person.list_id, person.position)
    ]
    problems += problems_with_others([row], others, Decisions(session, survey_round), for_office=True)
    faults = {one.field or "": message(one) for one in reversed(problems) if _stands_in_the_way(one)}
    warnings = [f"{one.column}: {message(one)}" for one in problems if not _stands_in_the_way(one)]
    if kind == ChangeKind.ADD and (words := _over_quota(session, unit_list, 1)):
        if survey_round.blocks_over:
            faults[""] = words
        else:
            warnings.append(words)
    return Checked(row, faults, warnings)


def check_list(session: Session, unit_list: UnitList, rows: Sequence[Mapping[str, str]]) -> CheckedList:
    """The typed cells of many persons who are to join the list together."""
    survey_round = unit_list.round
    persons, problems = _read_rows(unit_list, rows, catalogue_of(session, survey_round))
    decisions = Decisions(session, survey_round)
    problems += problems_with_others(persons, _others(session, unit_list), decisions, for_office=True)
    faults = {
        (one.row or 0, one.field or ""): f"{one.column}: {message(one)}"
        for one in reversed(problems)
        if _stands_in_the_way(one)
    }
    told = Counter(f"{one.column}: {message(one)}" for one in problems if not _stands_in_the_way(one))
    warnings = [words if times == 1 else f"{words} ({times} dòng)" for words, times in told.items()]
    if words := _over_quota(session, unit_list, len(rows)):
        if survey_round.blocks_over:
            faults[0, ""] = words
        else:
            warnings.append(words)
    if words := _short(session, unit_list, len(rows)):
        warnings.append(words)
    return CheckedList(persons, faults, warnings)


def _others(session: Session, unit_list: UnitList) -> list[HandedIn]:
    """Persons of the round to compare with; what an unlocked list holds gives way to what is added now."""
    return handed_in(session, unit_list.round, [] if is_on_roster(unit_list) else [unit_list.id])


def _read_rows(
    unit_list: UnitList, rows: Sequence[Mapping[str, str]], catalogue: Catalogue
) -> tuple[list[PersonRow], list[Problem]]:
    """Rows of a list as read, and the faults within them."""
    group = unit_list.group.code
    plans = list_columns(group, unit_list.unit, catalogue, unit_list.round.collects_ethnicity)
    if any("frame_key" in values for values in rows):  # a reserve of a sample comes in
        plans = (*plans, SheetColumn(USUAL_LABELS["frame_key"]))
    draft = typed_draft(plans, rows)
    sender = Sender(unit_list.unit.code, (group,))
    reading = check_draft(draft, "", sender, catalogue, terms_of(unit_list.round))
    return reading.persons, [one for one in reading.problems if not one.kind.startswith("quota_")]


def _stands_in_the_way(problem: Problem) -> bool:
    """A person who is on the roster already is never added to the same group a second time."""
    return problem.blocks or problem.kind == "duplicate_across_files"


def _now_on(unit_list: UnitList) -> int:
    return len(unit_list.persons) if is_on_roster(unit_list) else 0


def _over_quota(session: Session, unit_list: UnitList, joining: int) -> str:
    most, now_on = quota_of(session, unit_list).most, _now_on(unit_list)
    if now_on + joining <= most:
        return ""
    if joining > 1:
        after = now_on + joining
        return f"Danh sách sẽ có {after} người, nhiều nhất {most}. Bỏ bớt, hoặc sửa chỉ tiêu của đơn vị trước."
    return f"Danh sách đã có {now_on} người, nhiều nhất {most}. Thay người khác, hoặc sửa chỉ tiêu của đơn vị trước."


def _short(session: Session, unit_list: UnitList, joining: int) -> str:
    least, after = quota_of(session, unit_list).least, _now_on(unit_list) + joining
    return f"Danh sách sẽ có {after} người, ít nhất cần {least}." if after < least else ""
