"""What needs two officers: opening the envelopes, and discarding one that its owner did not send.

One officer asks, another agrees; the database refuses the same account twice.
"""

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..access_codes.models import AccessCode, Invitation, InvitationState
from ..audit import Action, record
from ..errors import Conflict, Refused
from ..roster.references import reference_of
from ..rounds.cancelling import hold_round
from ..rounds.models import Round
from .models import Envelope, IdentifiedAnswer, JointAct, JointRequest
from .queries import opening_of

SAME_OFFICER = "Việc này cần hai cán bộ. Nhờ một cán bộ khác đăng nhập bằng tài khoản của mình để đồng ý."


def agree_to_open(session: Session, survey_round: Round, by: Actor) -> None:
    """The first officer agrees that the envelopes be opened; another one opens them.

    Raises Refused before closing, after the opening, and in a cancelled round; agreeing again changes nothing.
    """
    hold_round(session, survey_round)
    if survey_round.closed_at is None:
        raise Refused("Mở được sau khi đóng thu phiếu.")
    if opening_of(session, survey_round.id) is not None:
        raise Refused("Đợt này đã mở niêm phong.")
    if any(one.asked_by_id == by.id for one in agreements_to_open(session, survey_round)):
        return
    session.add(JointRequest(round_id=survey_round.id, act=JointAct.OPEN, asked_by_id=by.id))
    record(session, Action.OPENING_AGREED, by, round=survey_round.code)


def agreements_to_open(session: Session, survey_round: Round) -> list[JointRequest]:
    """Who has agreed to the opening."""
    found = select(JointRequest).where(JointRequest.round_id == survey_round.id, JointRequest.act == JointAct.OPEN)
    return list(session.scalars(found.order_by(JointRequest.id)))


def use_agreement(session: Session, survey_round: Round, by: Actor) -> None:
    """Notes the second officer on the agreement of the first. Raises Refused when only this officer has agreed."""
    others = [one for one in agreements_to_open(session, survey_round) if one.asked_by_id != by.id]
    if not others:
        raise Refused("Chưa có cán bộ thứ hai đồng ý mở niêm phong. " + SAME_OFFICER)
    others[0].agreed_by_id = by.id


def discard_request(session: Session, invitation: Invitation) -> JointRequest | None:
    """The open request to discard the envelope of this invitation, or none."""
    return session.scalar(
        select(JointRequest).where(
            JointRequest.act == JointAct.DISCARD,
            JointRequest.invitation_id == invitation.id,
            JointRequest.agreed_by_id.is_(None),
        )
    )


def may_be_discarded(survey_round: Round, invitation: Invitation) -> bool:
    """Whether there is an envelope to discard while a new code can still be used."""
    collecting = survey_round.opened_at is not None and survey_round.closed_at is None
    return collecting and survey_round.cancelled_at is None and invitation.state == InvitationState.RECEIVED


def ask_to_discard(session: Session, survey_round: Round, invitation: Invitation, by: Actor) -> None:
    """The first officer writes down that the owner says somebody else used the code.

    Raises Refused when nothing came, or after closing, Conflict when it was asked already.
    """
    hold_round(session, survey_round)
    _refuse_unless_discardable(survey_round, invitation)
    if discard_request(session, invitation) is not None:
        raise Conflict("Đã có đề nghị bỏ phong bì của người này, đang chờ cán bộ thứ hai.")
    request = JointRequest(
        round_id=survey_round.id, act=JointAct.DISCARD, invitation_id=invitation.id, asked_by_id=by.id
    )
    session.add(request)
    person = reference_of(session, invitation.person)
    record(session, Action.DISCARD_ASKED, by, round=survey_round.code, person=person)


def withdraw_discard(session: Session, survey_round: Round, invitation: Invitation) -> None:
    """Takes an open request back; the envelope stays. Raises Refused when there is none."""
    hold_round(session, survey_round)
    session.delete(_open_request(session, invitation))


def agree_to_discard(session: Session, survey_round: Round, invitation: Invitation, by: Actor) -> None:
    """The second officer agrees: the envelope is gone unread, all codes are void, the person may be given a new one.

    Raises Refused for the officer who asked, without a request, and after closing.
    """
    hold_round(session, survey_round)
    request = _open_request(session, invitation)
    if request.asked_by_id == by.id:
        raise Refused(SAME_OFFICER)
    _refuse_unless_discardable(survey_round, invitation)
    request.agreed_by_id = by.id
    for stored in (Envelope, IdentifiedAnswer):  # whichever the mode of the group made of it
        session.execute(delete(stored).where(stored.invitation_id == invitation.id))
    session.execute(update(AccessCode).where(AccessCode.invitation_id == invitation.id).values(void=True))
    invitation.state, invitation.replay_digest = InvitationState.UNUSED, None
    person = reference_of(session, invitation.person)
    record(session, Action.ENVELOPE_DISCARDED, by, round=survey_round.code, person=person)


def discard_requests(session: Session, survey_round: Round) -> list[JointRequest]:
    """All requests of a round to discard an envelope, the open ones first."""
    return list(
        session.scalars(
            select(JointRequest)
            .where(JointRequest.round_id == survey_round.id, JointRequest.act == JointAct.DISCARD)
            .order_by(JointRequest.agreed_by_id.is_not(None), JointRequest.id)
        )
    )


def count_discarded(session: Session, round_id: int) -> int:
    """How many envelopes of a round were discarded: published with the opening."""
    done = select(func.count()).where(
        JointRequest.round_id == round_id,
        JointRequest.act == JointAct.DISCARD,
        JointRequest.agreed_by_id.is_not(None),
    )
    return session.scalar(done) or 0


def _open_request(session: Session, invitation: Invitation) -> JointRequest:
    request = discard_request(session, invitation)
    if request is None:
        raise Refused("Không có đề nghị bỏ phong bì nào đang chờ cho người này.")
    return request


def _refuse_unless_discardable(survey_round: Round, invitation: Invitation) -> None:
    if survey_round.opened_at is None or survey_round.closed_at is not None:
        raise Refused("Chỉ bỏ phong bì được trong thời gian thu phiếu, khi người đó còn trả lời lại được.")
    if invitation.state != InvitationState.RECEIVED:
        raise Refused("Người này chưa gửi phiếu bằng mã của mình, nên không có phong bì nào để bỏ.")
