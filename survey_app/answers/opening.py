"""How are all envelopes of a round opened at once, so that no ballot can be traced to a person?

Two stages, each of which can be repeated after a crash. «opened»: one transaction decrypts, checks, shuffles, writes
ballots and the summary table, deletes the envelopes and erases the digests. «cleaned»: the database file is rewritten
so that neither deleted envelopes nor the order of arrival can be found in it.
"""

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from ..access import Actor
from ..access_codes.models import AccessCode, Batch, BatchKind, Invitation
from ..audit import Action, record
from ..db import Database
from ..errors import Refused
from ..questionnaires.models import QuestionnaireVersion
from ..questionnaires.path import answers_on_path
from ..roster.models import Person, UnitList
from ..rounds.cancelling import hold_round
from ..rounds.models import Cell, RatedUnit, Round
from ..text import today
from ..units.models import Unit
from ..version import VERSION
from .cells import merge_small_cells
from .cleaning import rewrite
from .counting import Key, OpenedAnswers, count_levels, split_answers, weights, without_blanks
from .envelope import EnvelopeError, NoFittingKey, open_envelope, public_bytes
from .identified import identified_answers, modes_in_force, read_identified
from .joint import count_discarded, use_agreement
from .keying import faults_of
from .keys import to_text
from .models import AnswerCount, Ballot, Envelope, FreeText, Opening, RoundKey
from .payload import Payload, PayloadError, read_payload
from .queries import count_envelopes, definition_of, opening_of, round_keys, versions_of_round
from .ratings import Rated, answers_of, form_of, invited_by_unit, part_about, payload_of, rated_of
from .rules import needs_holders

_AT_A_TIME = 500

PrivateKey = ec.EllipticCurvePrivateKey
Progress = Callable[[int, int], None]  # envelopes read so far, of how many


def _silent(_done: int, _of: int) -> None:
    """Nobody watches."""


@dataclass
class Contents:
    """What came out of the envelopes, still in the order of the table."""

    opened: list[OpenedAnswers] = field(default_factory=list)
    written: list[tuple[int, str, str]] = field(default_factory=list)  # outside a matrix: group, question, own words
    hashes: list[bytes] = field(default_factory=list)
    faulty: int = 0
    identified: int = 0
    for_others: int = 0  # sealed before the holder of the given key came


def fitting_holders(session: Session, survey_round: Round, private_keys: Sequence[PrivateKey]) -> list[RoundKey]:
    """The holders whose private keys these are: none in a round without sealed groups.

    Raises Refused when none fits, or too few for the round's mode.
    """
    if not needs_holders(modes_in_force(session, survey_round.id)):
        return []
    by_public = {key.public_key: key for key in round_keys(session, survey_round.id)}
    given = {to_text(public_bytes(private.public_key())) for private in private_keys}
    holders = [key for public, key in by_public.items() if public in given]
    if not holders:
        raise Refused("Khóa này không thuộc đợt này. Chọn đúng tệp khóa của đợt.")
    if survey_round.key_mode == "strict" and len(holders) < 2:
        raise Refused("Đợt này cần khóa của hai người giữ khóa. Chọn thêm tệp khóa thứ hai.")
    return holders


def open_envelopes(
    session: Session,
    survey_round: Round,
    private_keys: Sequence[PrivateKey],
    by: Actor | None,
    progress: Progress = _silent,
) -> Opening:
    """Stage «opened», in the caller's one transaction.

    Raises Refused before closing, twice, with a wrong key, and in the office (`by`) until another officer has agreed.
    The command of a holder acts in nobody's name (`by` None).
    """
    # Waits for answers that are being stored at this moment, and keeps new ones out.
    hold_round(session, survey_round)
    if survey_round.closed_at is None:
        raise Refused("Mở được sau khi đóng thu phiếu.")
    if opening_of(session, survey_round.id) is not None:
        raise Refused("Đợt này đã mở niêm phong.")
    if by is not None:
        use_agreement(session, survey_round, by)
    holders = fitting_holders(session, survey_round, private_keys)
    contents = _read_all(session, survey_round, private_keys, progress)
    if contents.hashes and not contents.opened:
        raise Refused("Không đọc được phong bì nào bằng khóa này nên chưa mở. Chọn tệp khóa khác của đợt.")
    if contents.for_others:
        raise Refused(
            f"Khóa này không mở được {contents.for_others} phong bì gửi trước khi có người giữ khóa này, nên chưa mở. "
            "Chọn tệp khóa của người giữ khóa có từ đầu đợt."
        )
    ballots = len(contents.opened)
    _read_identified(session, survey_round, contents)
    merged = _merge_cells(session, survey_round, contents.opened)
    _store_ballots(session, survey_round, contents)
    _store_counts(session, survey_round, contents.opened)
    session.execute(delete(Envelope).where(Envelope.round_id == survey_round.id))
    _erase_digests(session, survey_round)
    survey_round.envelopes_opened_on = today()
    return _record(session, survey_round, contents, ballots, merged, holders, by)


def _erase_digests(session: Session, survey_round: Round) -> None:
    session.execute(update(Invitation).where(Invitation.round_id == survey_round.id).values(replay_digest=None))
    batches = select(Batch.id).where(Batch.round_id == survey_round.id)
    session.execute(update(AccessCode).where(AccessCode.batch_id.in_(batches)).values(replay_digest=None))


def _record(
    session: Session,
    survey_round: Round,
    contents: Contents,
    ballots: int,
    merged: list[Any],
    holders: list[RoundKey],
    by: Actor | None,
) -> Opening:
    """The public record of the opening, and its entry in the log."""
    opening = Opening(
        round_id=survey_round.id,
        opened_on=today(),
        holder=", ".join(f"{key.holder_name} ({key.holder_body})" for key in holders),
        envelopes=len(contents.hashes),
        ballots=ballots,
        identified=contents.identified,
        faulty=contents.faulty,
        discarded=count_discarded(session, survey_round.id),
        merged_cells=merged,
        digest=hashlib.sha256(b"".join(sorted(contents.hashes))).hexdigest(),
        program_version=VERSION,
        stage="opened",
    )
    session.add(opening)
    if holders:
        record(
            session,
            Action.ENVELOPES_OPENED,
            by,
            round=survey_round.code,
            envelopes=opening.envelopes,
            ballots=opening.ballots,
            faulty=opening.faulty,
            digest=opening.digest,
        )
    if opening.identified or not holders:
        record(session, Action.IDENTIFIED_COUNTED, by, round=survey_round.code, count=opening.identified)
    return opening


def _envelopes(session: Session, round_id: int) -> Iterator[tuple[bytes, int, str, bool]]:
    """Every sealed answer with cell and unit (its path) of its invitation or batch, and whether it came on paper."""
    cell_id = func.coalesce(Invitation.cell_id, Batch.cell_id)
    query = (
        select(Envelope.sealed, cell_id, Unit.path, Batch.kind == BatchKind.PAPER)
        .outerjoin(Invitation, Envelope.invitation_id == Invitation.id)
        .outerjoin(Person, Person.id == Invitation.person_id)
        .outerjoin(UnitList, UnitList.id == Person.list_id)
        .outerjoin(Batch, Envelope.batch_id == Batch.id)
        .outerjoin(Cell, Cell.id == cell_id)
        .outerjoin(Unit, Unit.id == func.coalesce(UnitList.unit_id, Batch.unit_id, Cell.unit_id))
        .where(Envelope.round_id == round_id)
        .execution_options(yield_per=_AT_A_TIME)
    )
    for sealed, cell, path, on_paper in session.execute(query):
        yield sealed, cell, path or "", bool(on_paper)


@dataclass(frozen=True)
class Asked:
    """What answers are held against: the published questionnaires, the group of each cell, the rated units."""

    versions: Mapping[int, QuestionnaireVersion]
    groups: Mapping[int, int]
    rated: Rated

    def take(self, contents: Contents, payload: Payload, cell_id: int, path: str, on_paper: bool = False) -> bool:
        """Adds the answers to `contents`; False, and nothing added, when they break the questionnaire.

        `path` is that of the unit of who answered: it tells which units were to be rated.
        """
        version = self.versions.get(payload.version_id)
        if version is None or version.group_id != self.groups[cell_id]:
            return False
        units = self.rated.of(version.group_id, path)
        answers = answers_of(payload, version, units)
        if answers is None or faults_of(form_of(version, units), answers, on_paper):
            return False
        _split(contents, cell_id, version, units, answers, on_paper)
        return True


def what_was_asked(session: Session, survey_round: Round) -> Asked:
    """What answers of this round are held against, read once."""
    cells = session.scalars(select(Cell).where(Cell.round_id == survey_round.id))
    return Asked(
        versions_of_round(session, survey_round.id),
        {cell.id: cell.group_id for cell in cells},
        rated_of(session, survey_round.id),
    )


def _read_all(
    session: Session, survey_round: Round, private_keys: Sequence[PrivateKey], progress: Progress
) -> Contents:
    asked = what_was_asked(session, survey_round)
    contents = Contents()
    count = count_envelopes(session, survey_round.id)
    for sealed, cell_id, path, on_paper in _envelopes(session, survey_round.id):
        progress(len(contents.hashes), count)
        contents.hashes.append(hashlib.sha256(sealed).digest())
        try:
            payload = read_payload(open_envelope(sealed, private_keys, survey_round.code))
        except NoFittingKey:
            contents.for_others += 1
            continue
        except (EnvelopeError, PayloadError):
            contents.faulty += 1
            continue
        contents.faulty += not asked.take(contents, payload, cell_id, path, on_paper)
    return contents


def _read_identified(session: Session, survey_round: Round, contents: Contents) -> None:
    """Adds the identified answers: nameless from here on, so that scores read one kind of ballot whatever the mode.

    They were checked when they came. One that cannot be read now is counted as faulty and published, like an envelope.
    """
    asked = what_was_asked(session, survey_round)
    for cell_id, path, sealed in identified_answers(session, survey_round):
        try:
            taken = asked.take(contents, read_identified(session, survey_round, sealed), cell_id, path)
        except (EnvelopeError, PayloadError):
            taken = False
        contents.identified += taken
        contents.faulty += not taken


def _split(
    contents: Contents,
    cell_id: int,
    version: QuestionnaireVersion,
    units: Sequence[RatedUnit],
    answers: Mapping[str, Any],
    on_paper: bool,
) -> None:
    """One set of answers for each rated unit, none for a unit of a matrix without any answer; and the own words."""
    form = form_of(version, units)
    given = answers_on_path(form, answers)
    stored = payload_of(version, units, without_blanks(form, given) if on_paper else given)
    alone = len(stored.ratings) == 1
    for rating in stored.ratings:
        if rating.answers or alone:
            contents.opened.append(OpenedAnswers(cell_id, rating.rated_unit_id, version.id, rating.answers))
    _opinions, written = split_answers(definition_of(version), stored.apart)
    contents.written += [(version.group_id, name, words) for name, words in written.items()]


def _merge_cells(session: Session, survey_round: Round, opened: list[OpenedAnswers]) -> list[Any]:
    """Merges cells with too few answers, moves the answers, and returns what merged in words."""
    cells = {cell.id: cell for cell in session.scalars(select(Cell).where(Cell.round_id == survey_round.id))}
    before = {cell.id: home_of(cell, cells) for cell in cells.values()}
    received = _fewest_ballots((before[answers.cell_id], answers.rated_unit_id) for answers in opened)
    parents = {cell.id: cell.parent_id for cell in cells.values() if before[cell.id] == cell.id}
    # A parent that was itself merged before the start stands for the cell it went to.
    parents = {cell: None if parent is None else before[parent] for cell, parent in parents.items()}
    homes = merge_small_cells(received, parents, survey_round.k_min)
    merged = []
    for cell_id, home in homes.items():
        if home != cell_id:
            cells[cell_id].merged_into_id = home
            merged.append({"cell": cells[cell_id].label, "into": cells[home].label})
    opened[:] = [OpenedAnswers(homes[before[a.cell_id]], a.rated_unit_id, a.version_id, a.answers) for a in opened]
    return merged


def _fewest_ballots(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Cell -> ballots about the rated unit that has the fewest there: a person who rates many counts once."""
    found: dict[int, int] = {}
    for (cell, _unit), count in Counter(pairs).items():
        found[cell] = min(count, found.get(cell, count))
    return found


def home_of(cell: Cell, cells: dict[int, Cell]) -> int:
    """The cell in which a cell counts after the merging that was done before the start."""
    while cell.merged_into_id is not None:
        cell = cells[cell.merged_into_id]
    return cell.id


def _store_ballots(session: Session, survey_round: Round, contents: Contents) -> None:
    versions = versions_of_round(session, survey_round.id)
    ballots, all_written = [], list(contents.written)
    for one in contents.opened:
        version = versions[one.version_id]
        opinions, written = split_answers(definition_of(version), one.answers)
        all_written += [(version.group_id, name, words) for name, words in written.items()]
        ballots.append(
            {
                "id": secrets.token_hex(16),
                "round_id": survey_round.id,
                "cell_id": one.cell_id,
                "rated_unit_id": one.rated_unit_id,
                "answers": opinions,
            }
        )
    texts = [
        {
            "id": secrets.token_hex(16),
            "round_id": survey_round.id,
            "group_id": group_id,
            "question": name,
            "text": words,
        }
        for group_id, name, words in all_written
    ]
    for table, rows in ((Ballot, ballots), (FreeText, texts)):
        # Written in the order of random numbers: places in the file tell nothing about the order of arrival.
        rows.sort(key=lambda row: str(row["id"]))
        for start in range(0, len(rows), _AT_A_TIME):
            session.execute(insert(table), rows[start : start + _AT_A_TIME])


def _store_counts(session: Session, survey_round: Round, opened: list[OpenedAnswers]) -> None:
    versions = versions_of_round(session, survey_round.id)
    counts: Counter[Key] = Counter()
    kinds = {unit.id: unit.unit.kind for unit in rated_of(session, survey_round.id).units}
    for one in opened:
        count_levels(counts, one, part_about(versions[one.version_id], kinds[one.rated_unit_id]))
    weight = _weights_by_unit(session, survey_round, opened)
    rows = [
        {
            "round_id": survey_round.id,
            "cell_id": cell,
            "rated_unit_id": unit,
            "item": item,
            "level": level,
            "answers": count,
            "weight_sum": count * weight[cell, unit],
            "weight_square_sum": count * weight[cell, unit] ** 2,
        }
        for (cell, unit, item, level), count in sorted(counts.items())
    ]
    if rows:
        session.execute(insert(AnswerCount), rows)


def _weights_by_unit(
    session: Session, survey_round: Round, opened: list[OpenedAnswers]
) -> dict[tuple[int, int], float]:
    """(cell, rated unit) -> weight of each ballot there: persons invited to rate the unit over ballots received."""
    cells = {cell.id: cell for cell in session.scalars(select(Cell).where(Cell.round_id == survey_round.id))}
    invited: Counter[tuple[int, int]] = Counter()
    by_unit = invited_by_unit(session, survey_round, rated_of(session, survey_round.id))
    for (cell_id, unit), count in by_unit.items():
        invited[home_of(cells[cell_id], cells), unit] += count
    return weights(invited, Counter((one.cell_id, one.rated_unit_id) for one in opened))


def clean_up(database: Database, round_id: int, by: Actor | None) -> None:
    """Stage «cleaned»: rewrites the file, so that nothing deleted and no order of arrival is left in it.

    May be repeated. Needs no key.
    """
    rewrite(database)
    with database.writing() as session:
        opening = session.scalars(select(Opening).where(Opening.round_id == round_id)).one()
        if opening.stage != "cleaned":
            opening.stage = "cleaned"
            survey_round = session.get_one(Round, round_id)
            record(session, Action.ENVELOPES_CLEANED, by, round=survey_round.code)


def finish_cleanings(database: Database) -> int:
    """Goes on with cleanings that a stop of the program cut off; returns how many. Needs no key."""
    with database.reading() as session:
        unfinished = session.scalars(select(Opening.round_id).where(Opening.stage == "opened")).all()
    for round_id in unfinished:
        clean_up(database, round_id, None)
    return len(unfinished)
