"""Whether a round has all it needs before the units are asked for their lists, and the step that asks them."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..db import now
from ..errors import Invalid, Refused
from ..text import N_
from .models import Round
from .queries import criteria_of, groups_of, rated_units
from .rules import REQUIRED_DATES, refuse_if_frozen


@dataclass(frozen=True)
class Lack:
    """Something that is still missing: the settings page where it is given, and the sentence, groups in braces."""

    page: str
    words: str
    groups: str = ""

    @property
    def sentence(self) -> str:
        """The sentence in Vietnamese."""
        return self.sentence_in(str)

    def sentence_in(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language of `translate`."""
        return translate(self.words).format(groups=self.groups)


def lacks(session: Session, survey_round: Round) -> list[Lack]:
    """All that is missing before lists can be collected, in the order of the pages."""
    found: list[Lack] = []
    if not rated_units(session, survey_round):
        found.append(Lack("basics", N_("Chọn ít nhất một đơn vị được đánh giá.")))
    criteria = criteria_of(session, survey_round)
    if criteria is None:
        found.append(Lack("criteria", N_("Nạp bộ tiêu chí.")))
    asked = sorted({code for leaf in (criteria.leaves if criteria else []) for code in leaf.group_codes})
    groups = {group.code: group for group in groups_of(session, survey_round)}
    if missing := [code for code in asked if code not in groups]:
        found.append(Lack("groups", N_("Thêm nhóm {groups} mà bộ tiêu chí có hỏi."), ", ".join(missing)))
    if empty := [code for code, group in groups.items() if not any(quota.target for quota in group.quotas)]:
        found.append(Lack("quotas", N_("Giao chỉ tiêu cho nhóm {groups}."), ", ".join(empty)))
    if any(getattr(survey_round, name) is None for name in REQUIRED_DATES):
        found.append(Lack("dates", N_("Điền các ngày của đợt.")))
    weights = survey_round.rules.get("group_weights") or {}
    if weights and (unweighted := [code for code in asked if code not in weights]):
        found.append(
            Lack("scoring", N_("Điền trọng số của nhóm {groups}, hoặc bỏ trống tất cả."), ", ".join(unweighted))
        )
    if not survey_round.help_phone:
        found.append(Lack("modes", N_("Điền số điện thoại trợ giúp.")))
    return found


def start_lists(session: Session, survey_round: Round, by: Actor) -> None:
    """The round is made: the units see it and may hand in their lists.

    Raises Invalid with all that is missing, Refused when it was done before or the round is open.
    """
    refuse_if_frozen(survey_round)
    if survey_round.lists_started_at is not None:
        raise Refused("Đợt này đã tạo xong và đang nhận danh sách.")
    missing = lacks(session, survey_round)
    if missing:
        raise Invalid({f"{number}": lack.sentence for number, lack in enumerate(missing)})
    survey_round.lists_started_at = now()
    record(session, Action.ROUND_LISTS_STARTED, by, round=survey_round.code)
