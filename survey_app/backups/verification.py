"""Is what is stored whole? The database itself, the key file, the log, and whether every answer is accounted for."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

from .. import migrate
from ..access_codes.models import AccessCode, Batch, BatchKind, Invitation, InvitationState
from ..answers.models import AnswerCount, Ballot, Envelope, IdentifiedAnswer, Opening
from ..audit import AuditEntry
from ..data_key import DataKeyCheck, sealed_columns
from ..db import Database
from ..rounds.models import Cell, Mode, RespondentGroup, Round
from ..sealed_columns import WrongKey, keys_of
from ..users.queries import broken_audit_entry


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `faults` says in words what is wrong, and is empty when nothing is."""

    name: str  # for programs
    title: str
    faults: tuple[str, ...]
    counts: dict[str, int]

    @property
    def holds(self) -> bool:
        return not self.faults


_Rule = tuple[str, bool]  # what is wrong when it does not hold, and whether it holds


def verify(database: Database) -> list[Check]:
    """All checks. Reads only; raises nothing for what it finds."""
    stands = migrate.is_current(database)
    version = Check("schema", "Phiên bản của kho dữ liệu", () if stands else (_OTHER_VERSION,), {})
    with database.reading() as session:
        checks = [_storage(session), version]
        if stands:
            checks += [_keys(session), _log(session)]
            for survey_round in session.scalars(select(Round).order_by(Round.id)):
                checks.append(_round(session, survey_round))
    return checks


_OTHER_VERSION = "Kho dữ liệu chưa ở phiên bản của chương trình này. Chạy ./run một lần để nâng cấp."


def _storage(session: Session) -> Check:
    if session.get_bind().dialect.name == "sqlite":
        faults = [str(row[0]) for row in session.execute(text("PRAGMA integrity_check(20)")) if row[0] != "ok"]
        faults += [f"{row[0]}: dòng trỏ tới {row[2]} không có" for row in session.execute(_SQLITE_FOREIGN_KEYS)]
    else:
        faults = [f"{table}: {name} chưa được kiểm" for table, name in session.execute(_POSTGRES_CONSTRAINTS)]
        faults += [f"{name}: chỉ mục hỏng" for (name,) in session.execute(_POSTGRES_INDEXES)]
    return Check("storage", "Tệp của cơ sở dữ liệu", tuple(faults[:20]), {})


_SQLITE_FOREIGN_KEYS = text("PRAGMA foreign_key_check")
_POSTGRES_CONSTRAINTS = text(
    "SELECT conrelid::regclass::text, conname FROM pg_constraint "
    "WHERE NOT convalidated AND connamespace = current_schema()::regnamespace"
)
_POSTGRES_INDEXES = text(
    "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
    "WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace"
)


def _keys(session: Session) -> Check:
    """The key file opens what was sealed: the word of the start, and a value of every sealed column."""
    keys = keys_of(session.get_bind().dialect)
    faults: list[str] = []
    opened = 0
    try:
        for _table, column in sealed_columns():
            raw = select(column).where(column.is_not(None)).limit(1)
            opened += session.scalar(raw) is not None
    except WrongKey as fault:
        faults.append(str(fault))
    known = session.scalar(select(DataKeyCheck.answer_key_id))
    if known is not None and known != keys.answer_key_id:
        faults.append("Khóa đọc phiếu có danh tính trong tệp khóa không phải của kho dữ liệu này.")
    return Check("keys", "Tệp khóa mở được dữ liệu niêm phong", tuple(faults), {"sealed_columns": opened})


def _log(session: Session) -> Check:
    broken = broken_audit_entry(session)
    faults = () if broken is None else (f"Chuỗi nhật ký đứt ở mục số {broken.id}.",)
    return Check("audit", "Chuỗi nhật ký", faults, {"entries": _count(session, AuditEntry.id)})


def _count(session: Session, column: object, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count(column)).where(*where)) or 0  # type: ignore[arg-type]


def _round(session: Session, survey_round: Round) -> Check:
    opening = session.scalar(select(Opening).where(Opening.round_id == survey_round.id))
    counts = _counts(session, survey_round.id)
    rules = _before_opening if opening is None else _after_opening
    faults = [sentence for sentence, holds in rules(session, survey_round.id, counts, opening) if not holds]
    return Check(f"round:{survey_round.code}", f"Đợt {survey_round.code}: phiếu đã nhận", tuple(faults), counts)


def _received(session: Session, round_id: int, mode: Mode) -> int:
    query = (
        select(func.count(Invitation.id))
        .join(Cell, Cell.id == Invitation.cell_id)
        .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
        .where(Invitation.round_id == round_id, Invitation.state == InvitationState.RECEIVED)
        .where(RespondentGroup.mode == mode)
    )
    return session.scalar(query) or 0


def _keyed(session: Session, round_id: int, *kind: ColumnElement[bool]) -> int:
    return session.scalar(select(func.sum(Batch.keyed)).where(Batch.round_id == round_id, *kind)) or 0


def _counts(session: Session, round_id: int) -> dict[str, int]:
    of_round = Envelope.round_id == round_id
    named = select(func.count()).select_from(IdentifiedAnswer).join(Invitation).where(Invitation.round_id == round_id)
    sealed_ballots = (
        select(func.count(Ballot.id))
        .join(Cell, Cell.id == Ballot.cell_id)
        .join(RespondentGroup, RespondentGroup.id == Cell.group_id)
        .where(Ballot.round_id == round_id, RespondentGroup.mode == Mode.SEALED)
    )
    return {
        "invitations": _count(session, Invitation.id, Invitation.round_id == round_id),
        "received_sealed": _received(session, round_id, Mode.SEALED),
        "received_identified": _received(session, round_id, Mode.CONFIDENTIAL),
        "keyed": _keyed(session, round_id),
        # A program before paper batches had units counted such a person among those who answered, too.
        "keyed_forms": _keyed(session, round_id, Batch.kind == BatchKind.PAPER, Batch.unit_id.is_(None)),
        "envelopes_of_persons": _count(session, Envelope.id, of_round, Envelope.invitation_id.is_not(None)),
        "envelopes_of_batches": _count(session, Envelope.id, of_round, Envelope.batch_id.is_not(None)),
        "identified_answers": session.scalar(named) or 0,
        "ballots": _count(session, Ballot.id, Ballot.round_id == round_id),
        "sealed_ballots": session.scalar(sealed_ballots) or 0,
    }


def _before_opening(session: Session, round_id: int, n: dict[str, int], _: Opening | None) -> list[_Rule]:
    stray = _count(
        session,
        Invitation.id,
        Invitation.round_id == round_id,
        Invitation.state != InvitationState.RECEIVED,
        Invitation.id.in_(select(Envelope.invitation_id).where(Envelope.round_id == round_id)),
    )
    return [
        (
            f"{n['received_sealed']} người ở nhóm niêm phong đã trả lời nhưng có {n['envelopes_of_persons']} phong bì.",
            0 <= n["received_sealed"] - n["envelopes_of_persons"] <= n["keyed_forms"],
        ),
        (f"{stray} phong bì của người chưa ghi là đã trả lời.", stray == 0),
        (
            f"{n['keyed']} phiếu của các lô đã nhập nhưng có {n['envelopes_of_batches']} phong bì.",
            n["keyed"] == n["envelopes_of_batches"],
        ),
        (
            f"{n['received_identified']} người ở nhóm bảo mật đã trả lời nhưng có {n['identified_answers']} phiếu.",
            n["received_identified"] == n["identified_answers"],
        ),
        (f"Chưa mở niêm phong mà đã có {n['ballots']} lá phiếu.", n["ballots"] == 0),
    ]


def _after_opening(session: Session, round_id: int, n: dict[str, int], opening: Opening | None) -> list[_Rule]:
    assert opening is not None
    left = n["envelopes_of_persons"] + n["envelopes_of_batches"]
    digests = _count(session, Invitation.replay_digest, Invitation.round_id == round_id)
    slips = select(Batch.id).where(Batch.round_id == round_id)
    digests += _count(session, AccessCode.replay_digest, AccessCode.batch_id.in_(slips))
    came = n["received_sealed"] + n["keyed"]
    in_both = came - opening.envelopes  # persons whose paper form is ticked and keyed
    return [
        (
            f"Biên bản ghi {opening.envelopes} phong bì, đã nhận {came}.",
            0 <= in_both <= n["keyed_forms"],
        ),
        (
            f"Biên bản ghi {opening.ballots} lá phiếu niêm phong, trong kho có {n['sealed_ballots']}.",
            opening.ballots == n["sealed_ballots"],
        ),
        (f"Đã mở niêm phong mà còn {left} phong bì.", left == 0),
        (f"Đã mở niêm phong mà còn {digests} mã của lần gửi.", digests == 0),
        ("Bảng đếm câu trả lời không khớp số lá phiếu.", _counted_as_stored(session, round_id)),
    ]


def _counted_as_stored(session: Session, round_id: int) -> bool:
    """For each cell and rated unit the summary table counts as many answers to a question as there are ballots."""
    place = (AnswerCount.cell_id, AnswerCount.rated_unit_id)
    by_item = (
        select(*place, AnswerCount.item, func.sum(AnswerCount.answers).label("answers"))
        .where(AnswerCount.round_id == round_id)
        .group_by(*place, AnswerCount.item)
        .subquery()
    )
    counted = session.execute(
        select(by_item.c.cell_id, by_item.c.rated_unit_id, func.max(by_item.c.answers)).group_by(
            by_item.c.cell_id, by_item.c.rated_unit_id
        )
    )
    ballots = session.execute(
        select(Ballot.cell_id, Ballot.rated_unit_id, func.count())
        .where(Ballot.round_id == round_id)
        .group_by(Ballot.cell_id, Ballot.rated_unit_id)
    )
    stored = {(cell, unit): count for cell, unit, count in ballots}
    return all(stored.get((cell, unit)) == count for cell, unit, count in counted)
