"""Builders of what answering needs: a questionnaire, key holders, an open round with codes."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.access_codes.codes import hash_of, new_code
from survey_app.access_codes.models import AccessCode, Invitation
from survey_app.answers.carried import FORMAT
from survey_app.answers.envelope import public_bytes, seal
from survey_app.answers.identified import public_answer_key
from survey_app.answers.keys import fingerprint, from_text, to_text
from survey_app.answers.models import RoundKey
from survey_app.db import now
from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.definition_json import canonical_sha256, to_json
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.questionnaires.xlsform import read_xlsform
from survey_app.roster.models import UnitList
from survey_app.rounds.models import Cell, Mode, RatedUnit, RespondentGroup, Round
from tests.make import make_group, make_list, make_person, make_round, make_unit, make_user

FORM = Path(__file__).parent / "short-form.md"

ANSWERS: dict[str, Any] = {
    "b_lam_tt": "co",
    "q_5_6_3": "4",
    "q_5_6_2": "5",
    "b_so_lan": 2,
    "b_kenh": ["mang"],
    "y_kien": "Thêm ghế ngồi chờ",
}


@lru_cache(maxsize=1)
def make_definition() -> Definition:
    """A short questionnaire with every kind of question and one condition."""
    return read_xlsform(FORM.read_bytes(), FORM.name)


def make_version(
    session: Session, group: RespondentGroup, definition: Definition | None = None, number: int = 1
) -> QuestionnaireVersion:
    """The published questionnaire of a group."""
    content = to_json(definition or make_definition())
    user = make_user(session)
    version = QuestionnaireVersion(
        group_id=group.id,
        number=number,
        source_name="group-e.md",
        source=b"",
        definition=content,
        sha256=canonical_sha256(content),
        loaded_at=now(),
        loaded_by_id=user.id,
        published_at=now(),
        published_by_id=user.id,
    )
    session.add(version)
    session.flush()
    return version


def make_key(
    session: Session, survey_round: Round, body: str = "Phòng Nội vụ", **facts: Any
) -> tuple[RoundKey, ec.EllipticCurvePrivateKey]:
    """A holder whose key was made and tested, and the private key that only tests have."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = to_text(public_bytes(private.public_key()))
    key = RoundKey(
        round_id=survey_round.id,
        holder_name=facts.pop("name", "Lò Văn Khóa"),
        holder_body=body,
        invite_hash=facts.pop("invite_hash", f"test-{public[:20]}"),
        public_key=public,
        fingerprint=fingerprint(public),
        from_start=survey_round.opened_at is None,
        **{"tested_before_start": True, "tested_before_closing": True, **facts},
    )
    session.add(key)
    session.flush()
    return key, private


@dataclass
class OpenRound:
    """An open round, its codes in the order of its persons, and the private keys of its holders."""

    round: Round
    group: RespondentGroup
    version: QuestionnaireVersion
    codes: list[str]
    cells: list[Cell]
    private_keys: list[ec.EllipticCurvePrivateKey] = field(default_factory=list)

    def round_unit(self, session: Session) -> int:
        """Id of the one rated unit."""
        return session.scalars(select(RatedUnit.id).where(RatedUnit.round_id == self.round.id)).one()


def make_open_round(
    session: Session, pepper: bytes, persons: tuple[int, ...] = (3,), definition: Definition | None = None, **facts: Any
) -> OpenRound:
    """A round that takes answers now: one group E, a cell for each number of `persons` below the group's."""
    opened = facts.pop("opened", True)
    mode = facts.pop("mode", Mode.SEALED)
    survey_round = make_round(session, **facts)
    group = make_group(session, survey_round, mode=mode)
    version = make_version(session, group, definition)
    root = Cell(round_id=survey_round.id, group_id=group.id, label="Nhóm E")
    session.add(root)
    session.flush()
    made = OpenRound(survey_round, group, version, [], [root])
    for number, count in enumerate(persons, 1):
        unit = make_unit(session, f"Xã thử {number}")
        cell = Cell(
            round_id=survey_round.id,
            group_id=group.id,
            unit_id=unit.id,
            label=unit.name,
            parent_id=root.id,
            invited=count,
        )
        session.add(cell)
        session.flush()
        made.cells.append(cell)
        _invite(session, made, make_list(session, group, unit), cell, count, pepper)
    if mode == Mode.SEALED:
        for body in ("Phòng Nội vụ", "MTTQ huyện"):
            made.private_keys.append(make_key(session, survey_round, body)[1])
    survey_round.roster_locked_at = now()
    if opened:
        survey_round.opened_at = now()
    session.flush()
    return made


def add_confidential_group(session: Session, made: OpenRound, persons: int, pepper: bytes) -> OpenRound:
    """Another group of the round, whose answers carry a name; its own codes and cell."""
    group = make_group(session, made.round, code="A", name="Lãnh đạo phòng", mode=Mode.CONFIDENTIAL)
    cell = Cell(round_id=made.round.id, group_id=group.id, label="Nhóm A", invited=persons)
    session.add(cell)
    session.flush()
    more = OpenRound(made.round, group, make_version(session, group), [], [cell], made.private_keys)
    _invite(session, more, make_list(session, group, make_unit(session, "Phòng Tư pháp")), cell, persons, pepper)
    return more


def _invite(session: Session, made: OpenRound, unit_list: UnitList, cell: Cell, count: int, pepper: bytes) -> None:
    for position in range(1, count + 1):
        person = make_person(session, unit_list, position=position)
        invitation = Invitation(round_id=made.round.id, person_id=person.id, cell_id=cell.id)
        session.add(invitation)
        session.flush()
        code = new_code()
        session.add(AccessCode(code_hash=hash_of(code, pepper), invitation_id=invitation.id))
        made.codes.append(code)


def carried_form(session: Session, head: dict[str, Any] | bytes, envelope: bytes) -> str:
    """A saved answer, as a device seals it to the server."""
    first = head if isinstance(head, bytes) else json.dumps(head).encode() + b"\n"
    size = max(len(envelope), 8192) + 1024
    return to_text(seal(first + envelope, [from_text(public_answer_key(session))], "survey carried 1", size=size))


def carried_file(*forms: str) -> bytes:
    """A file of saved answers."""
    return json.dumps({"format": FORMAT, "forms": forms}).encode()
