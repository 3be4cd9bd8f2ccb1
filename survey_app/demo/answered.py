"""The round of 2021 answered: simulated answers go through sealing, receiving, opening and scoring like real ones."""

import csv
import random
import secrets
from collections import defaultdict
from datetime import UTC, date, datetime
from math import ceil
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ..access_codes.codes import hash_of
from ..access_codes.models import Batch, BatchKind, Invitation, InvitationState
from ..access_codes.paper_rules import LEAST_SECOND_SHARE
from ..access_codes.rules import IssuedCode
from ..answers.keys import read_key_file
from ..answers.models import Envelope, Opening
from ..answers.opening import open_envelopes
from ..answers.payload import Rating, digest_of
from ..answers.queries import definition_of, published_version, rated_units, sealing_keys
from ..answers.rules import Sending, close_round, receive, seal_answers
from ..questionnaires.path import check_answers
from ..roster.models import UnitList
from ..rounds.models import RespondentGroup, Round
from ..scores.models import ScoreRun
from ..scores.rules import store_run
from ..units.models import Unit
from ..users.models import User
from .persons import DATA
from .rounds import PASSPHRASE

_DURING = datetime(2021, 12, 27, 3, 0, tzinfo=UTC)
_OPINIONS = (
    "Nên có thêm ghế ngồi chờ và nước uống.",
    "Cán bộ hướng dẫn nhiệt tình, mong giữ như vậy.",
    "Hồ sơ đất đai còn lâu, nên báo trước khi trễ hẹn.",
    "Mong có người biết tiếng Mông ở bộ phận một cửa.",
    "Trang mạng khó tìm biểu mẫu.",
)
_BACKGROUND = {
    "b_gioi": ("nam", "nu"),
    "b_tuoi": ("18_29", "30_44", "45_59", "60"),
    "b_lam_tt": ("co",),
    "b_linh_vuc": None,
    "b_cach_nop": None,
    "b_so_lan": None,
}


def answer_all(session: Session, survey_round: Round, issued: list[IssuedCode], pepper: bytes) -> None:
    """Every simulated respondent answers: complete ones by code, those with blanks as paper forms in batches."""
    chance = random.Random(2021)
    waiting = _waiting(session, survey_round, issued)
    groups = {
        g.code: g for g in session.scalars(select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id))
    }
    keys = sealing_keys(session, survey_round.id)
    rated = rated_units(session, survey_round.id)[0]
    versions = {code: published_version(session, group.id) for code, group in groups.items()}
    definitions = {code: definition_of(version) for code, version in versions.items() if version}
    batches: dict[tuple[int, int], Batch] = {}
    for row in _simulated():
        version, definition = versions[row["group"]], definitions[row["group"]]
        if version is None:
            continue
        invitation_id, code = waiting[row["group"], _list_unit(row)].pop()
        answers = _answers(row, {question.name: question for question in definition.questions()}, chance)
        sealed = seal_answers(survey_round, keys, version.id, definition, [Rating(rated.id, answers)])
        if check_answers(definition, answers):
            _take_paper(session, survey_round, invitation_id, sealed, batches)
        else:
            digest = digest_of(secrets.token_hex(16), answers)
            receive(session, Sending(hash_of(code, pepper), digest, sealed), moment=_DURING)
    for batch in batches.values():
        _key_some_twice(batch, len(definitions[batch.cell.group.code].questions()), chance)


def _key_some_twice(batch: Batch, questions: int, chance: random.Random) -> None:
    """Figures of a second keying in which about one answer in two hundred differs."""
    batch.keyed_twice = ceil(batch.keyed * batch.second_share / 100)
    batch.compared = batch.keyed_twice * questions
    batch.differed = sum(chance.random() < 0.005 for _ in range(batch.compared))


def close_and_open(session: Session, survey_round: Round, key_folder: Path, by: User) -> None:
    """Close the round and open its envelopes with the first demonstration key."""
    close_round(session, survey_round, by)
    key = read_key_file((key_folder / "key-1.json").read_bytes(), PASSPHRASE)
    open_envelopes(session, survey_round, [key], None)  # as a holder's command does: nobody is there to agree


def score(session: Session, survey_round: Round, by: User) -> ScoreRun:
    """Compute the points and set the dates of the round to that winter."""
    run = store_run(session, survey_round, by)
    survey_round.lists_started_at = datetime(2021, 12, 1, 1, 0, tzinfo=UTC)
    survey_round.roster_locked_at = datetime(2021, 12, 16, 2, 0, tzinfo=UTC)
    survey_round.opened_at = datetime(2021, 12, 20, 0, 0, tzinfo=UTC)
    survey_round.closed_at = datetime(2022, 1, 7, 17, 0, tzinfo=UTC)
    survey_round.envelopes_opened_on = date(2022, 1, 8)
    session.execute(update(Opening).where(Opening.round_id == survey_round.id).values(opened_on=date(2022, 1, 8)))
    return run


def _simulated() -> list[dict[str, str]]:
    with (DATA / "answers-2021.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _list_unit(row: dict[str, str]) -> str:
    # Businesses are listed by Phòng Tài chính - Kế hoạch, whatever commune they work in.
    return "TG-TCKH" if row["group"] == "F" else row["unit_code"]


def _waiting(
    session: Session, survey_round: Round, issued: list[IssuedCode]
) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """(group, unit code) -> invitations with their code, none of them used yet."""
    codes = {one.invitation_id: one.code for one in issued}
    waiting = defaultdict(list)
    rows = session.execute(
        select(Invitation.id, RespondentGroup.code, Unit.code)
        .join(Invitation.person)
        .join(UnitList)
        .join(RespondentGroup, UnitList.group_id == RespondentGroup.id)
        .join(Unit, UnitList.unit_id == Unit.id)
        .where(Invitation.round_id == survey_round.id)
        .order_by(Invitation.id.desc())
    )
    for invitation_id, group, unit in rows:
        waiting[group, unit].append((invitation_id, codes[invitation_id]))
    return waiting


def _answers(row: dict[str, str], questions: dict[str, object], chance: random.Random) -> dict[str, object]:
    """The simulated levels of the questions of this group, with an invented background."""
    answers: dict[str, object] = {name: row[name] for name in questions if name in row and row[name] not in ("", "na")}
    for name, choices in _BACKGROUND.items():
        if name in questions:
            possible = choices or [choice.name for choice in questions[name].choices]  # type: ignore[attr-defined]
            answers[name] = chance.choice(possible)
    if "y_kien" in questions and chance.random() < 0.1:
        answers["y_kien"] = chance.choice(_OPINIONS)
    return answers


def _take_paper(
    session: Session, survey_round: Round, invitation_id: int, sealed: bytes, batches: dict[tuple[int, int], Batch]
) -> None:
    """A paper form: its return is ticked for the person, its content belongs to a batch of the unit and group."""
    invitation = session.get_one(Invitation, invitation_id)
    unit_list = invitation.person.unit_list
    batch = batches.get((unit_list.unit_id, unit_list.group_id))
    if batch is None:
        batch = batches[unit_list.unit_id, unit_list.group_id] = Batch(
            round_id=survey_round.id,
            cell_id=invitation.cell_id,
            unit_id=unit_list.unit_id,
            kind=BatchKind.PAPER,
            number=len(batches) + 1,
            second_share=LEAST_SECOND_SHARE,
            printed=0,
            ticked=0,
            keyed=0,
        )
        session.add(batch)
        session.flush()
    invitation.state = InvitationState.RETURNED_PAPER
    invitation.batch_id = batch.id
    batch.printed += 1
    batch.ticked += 1
    batch.keyed += 1
    session.add(Envelope(id=secrets.token_hex(16), round_id=survey_round.id, batch_id=batch.id, sealed=sealed))
