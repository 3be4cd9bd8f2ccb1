"""The canonical content of a locked roster: the JSON that the SHA-256 is over and every hand-over is made from."""

import json
from collections.abc import Iterable
from typing import Any

from ..rounds.models import Round
from .models import Person, UnitList

_FIELDS = (
    "name", "birth_year", "birth_date", "gender", "ethnicity", "job_title", "workplace", "ban", "ban_code", "phone",
    "email", "business", "tax_code", "address", "procedure", "dossier", "receipt_date", "return_date", "language",
    "note",
)  # fmt: skip


def canonical_content(survey_round: Round, number: int, lists: Iterable[UnitList]) -> tuple[bytes, int]:
    """(bytes, number of persons): groups by letter, units in Vietnamese order, persons as their unit listed them."""
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
    return text.encode("utf-8"), len(persons)


def _entry(unit_list: UnitList, person: Person) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": person.id,
        "group": unit_list.group.code,
        "unit": unit_list.unit.name,
        "unit_code": unit_list.unit.code,
    }
    for name in _FIELDS:
        value = getattr(person, name)
        if value is not None:
            entry[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return entry
