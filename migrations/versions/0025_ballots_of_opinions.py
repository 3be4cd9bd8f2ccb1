"""Ballots keep answers to scored questions only; what else was asked is counted, and nowhere joined with them.

Choices were counted already. Other answers (figures, days, orders) are counted now, before they go.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COUNTED_BEFORE = ("select_one", "select_multiple", "text")
count = sa.table(
    "answer_count",
    *(sa.column(name) for name in ("round_id", "cell_id", "rated_unit_id", "item", "level")),
    *(sa.column(name) for name in ("answers", "weight_sum", "weight_square_sum")),
)


def upgrade() -> None:
    connection = op.get_bind()
    for group_id in connection.scalars(sa.text("SELECT DISTINCT group_id FROM questionnaire_version")).all():
        _leave_opinions(connection, group_id, _questions_of(connection, group_id))


def downgrade() -> None:
    """What was counted and not kept does not come back."""


def _questions_of(connection: Any, group_id: int) -> dict[str, dict[str, Any]]:
    """Name -> question of the group's published questionnaires."""
    query = "SELECT definition FROM questionnaire_version WHERE group_id = :group AND published_at IS NOT NULL"
    definitions = connection.scalars(sa.text(query), {"group": group_id}).all()
    return {one["name"]: one for text in definitions for one in _walk(_as_json(text)["items"])}


def _as_json(stored: Any) -> Any:
    return json.loads(stored) if isinstance(stored, str) else stored


def _walk(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        if "items" in item:
            yield from _walk(item["items"])
        else:
            yield item


def _leave_opinions(connection: Any, group_id: int, questions: dict[str, dict[str, Any]]) -> None:
    query = (
        "SELECT ballot.id, ballot.round_id, ballot.cell_id, ballot.rated_unit_id, ballot.answers FROM ballot "
        "JOIN cell ON cell.id = ballot.cell_id WHERE cell.group_id = :group"
    )
    counts: Counter[tuple[int, int, int, str, str]] = Counter()
    left = []
    for ballot_id, round_id, cell_id, unit_id, stored in connection.execute(sa.text(query), {"group": group_id}):
        answers = _as_json(stored)
        opinions = {name: value for name, value in answers.items() if questions.get(name, {}).get("criterion")}
        if opinions == answers:
            continue
        left.append({"the_id": ballot_id, "opinions": json.dumps(opinions, ensure_ascii=False, sort_keys=True)})
        for name in answers.keys() - opinions.keys():
            if questions.get(name, {}).get("kind", "text") not in COUNTED_BEFORE:
                counts[round_id, cell_id, unit_id, name, _level(answers[name])] += 1
    if left:
        connection.execute(sa.text("UPDATE ballot SET answers = :opinions WHERE id = :the_id"), left)
    for place, number in sorted(counts.items()):
        connection.execute(sa.insert(count).values(_row(connection, place, number)))


def _row(connection: Any, place: tuple[int, int, int, str, str], number: int) -> dict[str, Any]:
    """A row of the summary table; the weight of a ballot is that of the place's other rows."""
    names = ("round_id", "cell_id", "rated_unit_id", "item", "level")
    row = dict(zip(names, place, strict=True))
    query = (
        "SELECT max(weight_sum / answers) FROM answer_count WHERE round_id = :round_id AND cell_id = :cell_id "
        "AND rated_unit_id = :rated_unit_id"
    )
    weight = connection.scalar(sa.text(query), {name: row[name] for name in names[:3]}) or 1.0
    return row | {"answers": number, "weight_sum": number * weight, "weight_square_sum": number * weight**2}


def _level(answer: Any) -> str:
    if isinstance(answer, list):
        return " ".join(answer)
    return str(int(answer)) if isinstance(answer, float) and answer.is_integer() else str(answer)
