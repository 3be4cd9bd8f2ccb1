"""Confidential mode: how is an answer kept that carries a name, and who may read it?

The answer is an envelope like any other, but to one key: that of the server, whose private half is derived from the
key file and never lies in the database. So a phone seals in one way whatever the mode, a finished answer on a borrowed
phone is unreadable, and whoever has the database alone reads nothing. It is checked when it comes, never changed, and
read by name only by the accounts of one role, each time with an entry in the audit log. The points are computed from
nameless ballots that the end of collection makes of it: see `opening`.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from ..access import RIGHTS, Actor, in_scope
from ..access_codes.models import AccessCode, Invitation, InvitationState
from ..access_codes.queries import invitations
from ..audit import Action, record
from ..errors import Missing, Refused
from ..questionnaires.definition import Definition
from ..questionnaires.models import QuestionnaireVersion
from ..questionnaires.path import check_answers
from ..roster.models import Person, UnitList
from ..roster.references import reference_of
from ..rounds.models import Cell, Mode, RatedUnit, RespondentGroup, Round
from ..sealed_columns import WrongKey, keys_of
from ..text import search_key
from ..units.models import Unit
from ..users.models import User
from .envelope import EnvelopeError, open_envelope, public_bytes, seal
from .keys import to_text
from .models import IdentifiedAnswer
from .payload import Payload, PayloadError, Rating, envelope_size, read_payload, write_payload
from .queries import versions_of_round
from .ratings import answers_of, form_of

READ_AFTER_CLOSING = "Phiếu có danh tính đọc được sau khi đóng thu phiếu: không ai biết kết quả khi còn thu."
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PAGE = 50


def answer_key(session: Session) -> ec.EllipticCurvePrivateKey:
    """The private key of all identified answers of this program. Raises WrongKey without a key file."""
    seed = keys_of(session.get_bind().dialect).answer_key
    if not seed:
        raise WrongKey("Chưa có khóa đọc phiếu có danh tính: cơ sở dữ liệu được mở mà không có tệp khóa (SURVEY_KEYS).")
    return _derived(seed)


@lru_cache(maxsize=4)
def _derived(seed: bytes) -> ec.EllipticCurvePrivateKey:
    drawn = HKDF(SHA256(), 48, None, b"survey: identified answers 1").derive(seed)
    # 48 bytes for a number of 32: what the remainder favours is beyond notice (FIPS 186-5, A.2.1).
    return ec.derive_private_key(int.from_bytes(drawn, "big") % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def public_answer_key(session: Session) -> str:
    """The public half, in base64url, as phones get it."""
    return to_text(public_bytes(answer_key(session).public_key()))


def seal_identified(session: Session, survey_round: Round, widest: Definition, payload: Payload) -> bytes:
    """Checked answers as an envelope to the server's answer key; `widest` settles its size, as with any envelope."""
    public = public_bytes(answer_key(session).public_key())
    content = write_payload(payload.version_id, payload.ratings, payload.apart)
    return seal(content, [public], survey_round.code, size=envelope_size(widest))


def read_identified(session: Session, survey_round: Round, sealed: bytes) -> Payload:
    """What stands in an identified answer. Raises EnvelopeError or PayloadError for anything else."""
    return read_payload(open_envelope(sealed, [answer_key(session)], survey_round.code))


def is_sound(session: Session, survey_round: Round, group_id: int, units: Sequence[RatedUnit], sealed: bytes) -> bool:
    """Whether an envelope from a phone holds complete answers about `units` to a questionnaire of this group.

    Whoever can open it checks it at once: a person is told, and nothing faulty is found after the last day.
    """
    try:
        payload = read_identified(session, survey_round, sealed)
    except (EnvelopeError, PayloadError):
        return False
    version = versions_of_round(session, survey_round.id).get(payload.version_id)
    if version is None or version.group_id != group_id:
        return False
    answers = answers_of(payload, version, units)
    return answers is not None and not check_answers(form_of(version, units), answers)


def modes_in_force(session: Session, round_id: int) -> dict[str, list[RespondentGroup]]:
    """Mode -> the groups that have it, by letter; only groups in which people are invited, once anybody is."""
    groups = session.scalars(
        select(RespondentGroup).where(RespondentGroup.round_id == round_id).order_by(RespondentGroup.code)
    ).all()
    invited = set(
        session.scalars(
            select(Cell.group_id)
            .where(Cell.round_id == round_id, exists().where(Invitation.cell_id == Cell.id))
            .distinct()
        )
    )
    found: dict[str, list[RespondentGroup]] = {}
    for group in groups:
        if not invited or group.id in invited:
            found.setdefault(group.mode, []).append(group)
    return found


def readers_of(session: Session, survey_round: Round) -> list[User]:
    """The accounts that may read identified answers of this round now, by name."""
    roles = RIGHTS["identified.read"]
    users = session.scalars(select(User).where(User.role.in_(roles), User.active).order_by(User.order_key, User.id))
    return [user for user in users if in_scope(user, survey_round.operator_unit.path)]


def count_identified(session: Session, round_id: int) -> int:
    """How many identified answers of a round are stored."""
    stored = select(func.count()).select_from(IdentifiedAnswer).join(Invitation)
    return session.scalar(stored.where(Invitation.round_id == round_id)) or 0


def identified_answers(session: Session, survey_round: Round) -> Iterator[tuple[int, str, bytes]]:
    """(cell, path of the unit of the person, sealed answer) of every identified answer of a round."""
    rows = session.execute(
        select(Invitation.cell_id, Unit.path, IdentifiedAnswer.sealed)
        .join(IdentifiedAnswer, IdentifiedAnswer.invitation_id == Invitation.id)
        .join(Person, Person.id == Invitation.person_id)
        .join(UnitList, UnitList.id == Person.list_id)
        .join(Unit, Unit.id == UnitList.unit_id)
        .where(Invitation.round_id == survey_round.id)
        .order_by(Invitation.id)
        .execution_options(yield_per=500)
    )
    return ((cell_id, path, sealed) for cell_id, path, sealed in rows)


def rounds_to_read(session: Session, by: Actor) -> list[tuple[Round, int]]:
    """(round, identified answers) of the rounds in the scope of `by` that have a confidential group, newest first."""
    rounds = session.scalars(
        select(Round)
        .where(exists().where(RespondentGroup.round_id == Round.id, RespondentGroup.mode == Mode.CONFIDENTIAL))
        .order_by(Round.year.desc(), Round.id.desc())
    )
    return [(one, count_identified(session, one.id)) for one in rounds if in_scope(by, one.operator_unit.path)]


def refuse_unless_readable(survey_round: Round) -> None:
    """Raises Refused before collection is closed, in a cancelled round, and once personal data are erased."""
    if survey_round.cancelled_at is not None:
        raise Refused("Đợt này đã hủy: phiếu đã nhận không ai đọc.")
    if survey_round.personal_data_erased_at is not None:
        raise Refused("Dữ liệu cá nhân của đợt này đã xóa, phiếu có danh tính cũng đã xóa.")
    if survey_round.closed_at is None:
        raise Refused(READ_AFTER_CLOSING)


def answered_persons(
    session: Session, survey_round: Round, text: str = "", page: int = 1
) -> tuple[list[Invitation], int]:
    """(one page, how many in all) of the persons whose identified answer is stored; `text` is part of a name.

    Raises Refused as `refuse_unless_readable`.
    """
    refuse_unless_readable(survey_round)
    query = invitations(survey_round).where(exists().where(IdentifiedAnswer.invitation_id == Invitation.id))
    if wanted := search_key(text):
        query = query.where(Person.search_key.contains(wanted, autoescape=True))
    count = session.scalar(select(func.count()).select_from(query.with_only_columns(Invitation.id).subquery())) or 0
    return list(session.scalars(query.limit(PAGE).offset((page - 1) * PAGE))), count


def answer_of(
    session: Session, survey_round: Round, invitation: Invitation
) -> tuple[QuestionnaireVersion, tuple[Rating, ...]]:
    """The questionnaire and what this person answered. Raises Missing without an answer, Refused as above."""
    refuse_unless_readable(survey_round)
    stored = session.get(IdentifiedAnswer, invitation.id)
    if stored is None:
        raise Missing
    payload = read_identified(session, survey_round, stored.sealed)
    return versions_of_round(session, survey_round.id)[payload.version_id], payload.ratings


def has_identified_answer(session: Session, person: Person) -> bool:
    """Whether an answer with the name of this person is stored."""
    found = exists().where(IdentifiedAnswer.invitation_id == Invitation.id, Invitation.person_id == person.id)
    return bool(session.scalar(select(found)))


def delete_answer_of(session: Session, survey_round: Round, person: Person, by: Actor) -> bool:
    """The person wants the answer gone: it is deleted, and the person is asked no more. False where there is none.

    Once collection ended with nameless ballots, the one that came of it stays: nobody can tell which it is.
    """
    # An end of collection in this very moment has either counted the answer already, or does not find it any more.
    session.execute(select(Round.id).where(Round.id == survey_round.id).with_for_update())
    session.refresh(survey_round)
    invitation = session.scalar(select(Invitation).where(Invitation.person_id == person.id))
    if invitation is None or session.get(IdentifiedAnswer, invitation.id) is None:
        return False
    session.execute(delete(IdentifiedAnswer).where(IdentifiedAnswer.invitation_id == invitation.id))
    if survey_round.envelopes_opened_on is None:
        invitation.state, invitation.replay_digest = InvitationState.REFUSED, None
        for code in session.scalars(select(AccessCode).where(AccessCode.invitation_id == invitation.id)):
            code.void = True
    record(session, Action.IDENTIFIED_DELETED, by, round=survey_round.code, person=reference_of(session, person))
    return True
