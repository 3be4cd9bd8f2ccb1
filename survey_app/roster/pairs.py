"""The pairs of a round that the office looks at: within lists, across units and groups, and with earlier rounds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..rounds.models import ListType, RespondentGroup, Round
from ..rounds.training import real_rounds
from ..units.models import Unit
from .likeness import Certainty, find_alike
from .models import ListState, PairDecision, Person, UnitList, Verdict
from .normalise import tax_code
from .pair_decisions import BOTH, EARLIER, Decisions
from .persons import PersonRow
from .queries import WITH_THE_OFFICE

# A list that was sent back still shows its persons: the office decides on all its pairs before the unit works on it.
_LOOKED_AT = frozenset({*WITH_THE_OFFICE, ListState.RETURNED})


class PairState(StrEnum):
    """What is left to do about a pair."""

    OPEN = "open"
    ASKED = "asked"  # the unit was asked
    DECIDED = "decided"
    EARLIER = "earlier"  # was asked in an earlier round; nothing has to be decided


@dataclass(frozen=True)
class Side:
    """One person of a pair with the list it stands on; `year` is set for a person of an earlier round."""

    person: PersonRow
    person_id: int
    list_id: int
    list_state: ListState
    submitted_at: datetime | None
    unit_code: str
    unit_name: str
    year: int | None = None

    @property
    def place(self) -> str:
        """How a decision names the list: «unit code/group code»."""
        return f"{self.unit_code}/{self.person.group}"

    @property
    def words(self) -> str:
        """How the audit log names the row: by its place, not by the person."""
        year = f", năm {self.year}" if self.year is not None else ""
        return f"{self.unit_name}, nhóm {self.person.group}, dòng {self.person.row}{year}"


@dataclass(frozen=True)
class SeenPair:
    """Two persons that look alike; one of an earlier round is always the second."""

    first: Side
    second: Side
    certainty: Certainty
    basis: tuple[str, ...]
    decision: PairDecision | None
    state: PairState

    @property
    def ids(self) -> str:
        """«12-40»: how an address names the pair."""
        return f"{self.first.person_id}-{self.second.person_id}"

    @property
    def is_earlier(self) -> bool:
        return self.second.year is not None

    @property
    def in_one_list(self) -> bool:
        return self.first.list_id == self.second.list_id

    def seen(self) -> str:
        """A mark of all that a decision rests on: two marks differ when the pair changed meanwhile."""
        decided = self.decision.decided_at.isoformat() if self.decision else ""
        facts = [[side.person_id, side.list_state, repr(side.person)] for side in (self.first, self.second)]
        return hashlib.sha256(json.dumps([facts, decided]).encode()).hexdigest()[:32]


def pairs_of(session: Session, survey_round: Round, with_earlier: bool = True) -> list[SeenPair]:
    """Every pair of a round, the most certain first, those with persons of earlier rounds last."""
    own = _sides(session, survey_round, None)
    earlier = _sides(session, survey_round, survey_round.year) if with_earlier else []
    decisions = Decisions(session, survey_round)
    sides = [*earlier, *own]

    def worth(first: int, second: int) -> bool:
        if second < len(earlier):
            return False
        return first >= len(earlier) or sides[first].person.group == sides[second].person.group

    pairs: list[SeenPair] = []
    known: set[int] = set()  # persons with their latest earlier round
    for found in find_alike([side.person for side in sides], worth):
        one, other = sides[found.first], sides[found.second]
        if one.year is not None:
            if found.certainty == Certainty.POSSIBLE or other.person_id in known:
                continue
            known.add(other.person_id)
            one, other = other, one
        decision = decisions.of(one.person, other.person)
        state = _state(one, other, decision, survey_round.code)
        pairs.append(SeenPair(one, other, found.certainty, found.basis, decision, state))
    return sorted(pairs, key=lambda one: (one.is_earlier, one.certainty))


def _sides(session: Session, survey_round: Round, before: int | None) -> list[Side]:
    """Persons of the round, or of the operator's rounds of the years `before` (citizens and businesses only).

    An official is asked every year and is no find.
    """
    query = (
        select(
            Person.id, Person.position, Person.name, Person.birth_year, Person.phone, Person.ban_code, Person.tax_code,
            UnitList.id, UnitList.state, UnitList.submitted_at, RespondentGroup.code, Unit.code, Unit.name, Round.year,
        )
        .join(UnitList, Person.list_id == UnitList.id)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .join(Unit, UnitList.unit_id == Unit.id)
        .join(Round, UnitList.round_id == Round.id)
        .where(Person.left_in_version.is_(None))
        .order_by(Round.year.desc(), Unit.order_key, RespondentGroup.code, Person.list_id, Person.position)
    )  # fmt: skip
    if before is None:
        query = query.where(Round.id == survey_round.id, UnitList.state.in_(_LOOKED_AT))
    else:
        query = query.where(
            Round.operator_unit_id == survey_round.operator_unit_id,
            Round.demo == survey_round.demo,
            *real_rounds(survey_round),
            Round.year < before,
            Round.personal_data_erased_at.is_(None),
            UnitList.state.in_(WITH_THE_OFFICE),
            RespondentGroup.list_type.in_([ListType.CITIZENS, ListType.BUSINESS]),
        )
    return [
        Side(
            PersonRow(None, row, group, name=name, birth_year=born, phone=phone, ban_code=ban, tax_code=tax_code(tax)),
            person_id, list_id, ListState(state), submitted_at, unit_code, unit_name, None if before is None else year,
        )
        for person_id, row, name, born, phone, ban, tax, list_id, state, submitted_at, group, unit_code, unit_name, year
        in session.execute(query)
    ]  # fmt: skip


def _state(first: Side, second: Side, decision: PairDecision | None, round_code: str) -> PairState:
    untouched = PairState.EARLIER if second.year is not None else PairState.OPEN
    if decision is None:
        return untouched
    if decision.verdict == Verdict.DIFFERENT:
        return PairState.DECIDED
    if decision.round_code != round_code:
        return untouched  # the same person again: where to keep it is a matter of each round
    handed_in = [side for side in (first, second) if side.year is None and side.list_state != ListState.RETURNED]
    if decision.verdict == Verdict.UNCLEAR:
        again = any(side.submitted_at and side.submitted_at > decision.decided_at for side in handed_in)
        return untouched if again else PairState.ASKED
    if decision.kept == BOTH or (second.year is not None and decision.kept == first.place):
        return PairState.DECIDED
    going = [first] if decision.kept == EARLIER else [side for side in (first, second) if side.place != decision.kept]
    sent_back = [side for side in going or [first] if side.list_state == ListState.RETURNED]
    return PairState.DECIDED if sent_back else untouched


def find_pair(pairs: Sequence[SeenPair], ids: str) -> SeenPair | None:
    """The pair that an address names; None when it is no pair (any more)."""
    return next((pair for pair in pairs if pair.ids == ids), None)


def open_pairs_among(session: Session, survey_round: Round, states: frozenset[ListState]) -> int:
    """How many pairs that may be one person stand undecided on lists in these states; a shared number alone is none."""
    return sum(
        1
        for pair in pairs_of(session, survey_round, with_earlier=False)
        if pair.state in (PairState.OPEN, PairState.ASKED)
        and pair.certainty != Certainty.POSSIBLE
        and pair.first.list_state in states
        and pair.second.list_state in states
    )
