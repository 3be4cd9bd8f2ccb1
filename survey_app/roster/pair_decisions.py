"""What the office decided of persons that look alike: looked up by keys of the persons, not by rows of a list."""

import hashlib
import hmac

from sqlalchemy import Delete, delete, select
from sqlalchemy.orm import Session

from ..round_contents import register_unlinked
from ..rounds.models import Round
from ..text import fold
from .models import PairDecision, Verdict
from .persons import PersonRow

BOTH = "both"
EARLIER = "earlier"


class Decisions:
    """All decisions of the operator of a round, to be asked about any two persons."""

    def __init__(self, session: Session, survey_round: Round) -> None:
        self.round_code = survey_round.code
        self._pepper: bytes = session.info["pepper"]
        query = select(PairDecision).where(PairDecision.operator_unit_id == survey_round.operator_unit_id)
        self._by_keys = {(one.first_key, one.second_key): one for one in session.scalars(query)}

    def keys(self, one: PersonRow, other: PersonRow) -> tuple[str, str]:
        """The keys of two persons, the smaller first. They tell nothing without the pepper."""
        first, second = sorted((self._key(one), self._key(other)))
        return first, second

    def _key(self, person: PersonRow) -> str:
        facts = (fold(person.name or person.business or ""), person.birth_year, person.phone, person.ban_code)
        text = "|".join("" if fact is None else str(fact) for fact in (*facts, person.tax_code))
        return hmac.new(self._pepper, b"person:" + text.encode(), hashlib.sha256).hexdigest()

    def of(self, one: PersonRow, other: PersonRow) -> PairDecision | None:
        """What was decided of these two, in this round or an earlier one."""
        return self._by_keys.get(self.keys(one, other)) if self._by_keys else None

    def keeps(self, one: PersonRow, other: PersonRow, place: str) -> bool:
        """These two are one person, and it was decided in this round that it stays on the list of that place."""
        decision = self.of(one, other)
        return decision is not None and (decision.round_code, decision.kept) == (self.round_code, place)

    def settles(self, one: PersonRow, other: PersonRow) -> bool:
        """These two need no look any more: two persons, or one that may stay on both lists of this round."""
        decision = self.of(one, other)
        if decision is None:
            return False
        if decision.verdict == Verdict.DIFFERENT:
            return True
        return decision.verdict == Verdict.SAME and decision.kept == BOTH and decision.round_code == self.round_code


def _of_round(_round_id: int, round_code: str) -> Delete:
    return delete(PairDecision).where(PairDecision.round_code == round_code)


register_unlinked(_of_round)
