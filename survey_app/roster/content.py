"""The canonical content of a locked roster: the JSON that the SHA-256 is over and every hand-over is made from."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ..access import Actor
from ..db import now
from ..rounds.models import Round
from .models import Person, RosterVersion, UnitList

PERSON_FIELDS = (
    "name", "birth_year", "birth_date", "gender", "ethnicity", "job_title", "workplace", "ban", "ban_code", "phone",
    "email", "business", "tax_code", "address", "procedure", "dossier", "receipt_date", "return_date", "language",
    "note",
)  # fmt: skip


Counts = dict[str, dict[str, int]]  # unit code -> group -> persons


def canonical_content(survey_round: Round, number: int, lists: Iterable[UnitList]) -> tuple[bytes, Counts]:
    """(bytes, counts): groups by letter, units in Vietnamese order, persons as their unit listed them."""
    ordered = sorted(lists, key=lambda one: (one.group.code, one.unit.order_key, one.unit.code))
    persons = [_entry(unit_list, person) for unit_list in ordered for person in unit_list.persons]
    document = {
        "round": survey_round.code,
        "title": survey_round.title,
        "year": survey_round.year,
        "operator": survey_round.operator_unit.name,
        "version": number,
        "groups": {one.group.code: one.group.name for one in ordered},
        "persons": persons,
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    counts: Counts = {}
    for one in ordered:
        counts.setdefault(one.unit.code, {})[one.group.code] = len(one.persons)
    return text.encode("utf-8"), counts


def make_version(
    session: Session, survey_round: Round, number: int, lists: Sequence[UnitList], by: Actor, reason: str
) -> RosterVersion:
    """Store the content of these lists as version `number` of the roster, with its SHA-256 and who made it."""
    content, counts = canonical_content(survey_round, number, lists)
    version = RosterVersion(
        round_id=survey_round.id, number=number, content=content, sha256=hashlib.sha256(content).hexdigest(),
        persons=sum(sum(groups.values()) for groups in counts.values()), counts=counts, reason=reason,
        locked_at=now(), locked_by_id=by.id, locked_by_name=by.full_name,
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version


def _entry(unit_list: UnitList, person: Person) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": person.id,
        "group": unit_list.group.code,
        "unit": unit_list.unit.name,
        "unit_code": unit_list.unit.code,
    }
    for name in PERSON_FIELDS:
        value = getattr(person, name)
        if value is not None:
            entry[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return entry
