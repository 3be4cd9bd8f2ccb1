"""Builds a round whose envelopes are opened, with the answers of a sample table in its summary table."""

import csv
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.access import Role
from survey_app.answers.models import AnswerCount, Ballot
from survey_app.db import now
from survey_app.questionnaires.definition import Choice, Definition, Language, Question
from survey_app.questionnaires.definition_json import canonical_sha256, to_json
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.rounds.models import Area, Cell, Criterion, CriterionSet, RatedUnit, RespondentGroup, Round, ScoredBy
from survey_app.units.models import Unit
from tests.make import make_district, make_group, make_round, make_unit, make_user

SCORED_BY = {"TĐG": ScoredBy.SELF_ASSESSMENT, "ĐTXHH": ScoredBy.SURVEY, "SIPAS": ScoredBy.SIPAS}
SIPAS_ITEMS = [f"s_{number:02}" for number in range(1, 16)]
CHOICES = (*(Choice(str(level), {"vi": f"Mức {level}"}, level) for level in range(1, 6)), Choice("KB", {"vi": "KB"}))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_csv(path: Path, rows: list[dict[str, str]]) -> str:
    """A table of answers for `make_opened_round`; gives its name."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def make_opened_round(
    session: Session, samples: Path, answers: str = "answers-simulated.csv", district: Unit | None = None, **facts: Any
) -> Round:
    """A district round with the criteria and answers of the samples, opened and not yet scored."""
    opened = {"opened_at": now(), "closed_at": now(), "envelopes_opened_on": date(2022, 1, 8)} | facts
    district = district or make_district(session)
    survey_round = make_round(session, district, **opened)
    criteria = read_csv(samples / "criteria-district-2021.csv")
    _make_criteria(session, survey_round, criteria)
    author = make_user(session, Role.OPERATOR, district)
    versions = {}
    for code in "ABCDEFG":
        group = make_group(session, survey_round, code, name=f"Nhóm {code}")
        versions[code] = _publish(session, group, _questions(criteria, code), author.id)
    fill_answers(session, survey_round, versions, read_csv(samples / answers))
    session.refresh(survey_round)  # with its operator unit, for use after the session
    return survey_round


def fill_answers(
    session: Session,
    survey_round: Round,
    versions: dict[str, QuestionnaireVersion],
    rows: Iterable[dict[str, str]],
    rated_unit: RatedUnit | None = None,
) -> None:
    """Ballots and summary table of these rows (`group`, q_…, s_…), as an opening writes them; one cell per group."""
    rated = rated_unit or session.query(RatedUnit).filter_by(round_id=survey_round.id).one()
    cells: dict[str, Cell] = {cell.group.code: cell for cell in session.query(Cell).filter_by(round_id=survey_round.id)}
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        code = row["group"]
        if code not in cells:
            cells[code] = Cell(round_id=survey_round.id, group_id=versions[code].group_id, label=code, invited=500)
            session.add(cells[code])
            session.flush()
        answers = {name: value for name, value in row.items() if name[:2] in ("q_", "s_") and value != "na"}
        counts.update((code, name, level) for name, level in answers.items())
        session.add(
            Ballot(
                id=secrets.token_hex(16),
                round_id=survey_round.id,
                cell_id=cells[code].id,
                rated_unit_id=rated.id,
                answers={name: value for name, value in answers.items() if value},
            )
        )
    for (code, item, level), count in counts.items():
        session.add(
            AnswerCount(
                round_id=survey_round.id,
                cell_id=cells[code].id,
                rated_unit_id=rated.id,
                item=item,
                level=level,
                answers=count,
                weight_sum=float(count),
                weight_square_sum=float(count),
            )
        )
    session.flush()


def _mixed(form: Ballot) -> str:
    return hashlib.sha256(json.dumps(form.answers, sort_keys=True).encode()).hexdigest()


def in_places(session: Session, survey_round: Round, sizes: Iterable[int]) -> None:
    """Move the forms of group E into one cell for each size, in a fixed order; the last one takes what is left."""
    cell = session.scalars(select(Cell).where(Cell.round_id == survey_round.id, Cell.label == "E")).one()
    # By chance as to what was answered, but the same chance each time: numbers of ballots are drawn anew.
    forms = sorted(session.scalars(select(Ballot).where(Ballot.cell_id == cell.id)), key=_mixed)
    start = 0
    for number, size in enumerate([*sizes, len(forms)], start=1):
        unit = make_unit(session, f"Xã số {number}", kind="xa")
        place = Cell(
            round_id=survey_round.id, group_id=cell.group_id, unit_id=unit.id, weight_class="", label=unit.name
        )
        place.invited = 99
        session.add(place)
        session.flush()
        for form in forms[start : start + size]:
            form.cell_id = place.id
        start += size
    session.flush()


def rate_second_unit(session: Session, survey_round: Round, rows: Iterable[dict[str, str]]) -> Unit:
    """A second rated unit of the round, with answers of its own."""
    unit = make_unit(session, "Huyện Mường Ảng", kind="huyen", code="102")
    rated = RatedUnit(round_id=survey_round.id, unit_id=unit.id)
    session.add(rated)
    session.flush()
    query = session.query(QuestionnaireVersion).join(RespondentGroup).filter_by(round_id=survey_round.id)
    fill_answers(session, survey_round, {version.group.code: version for version in query}, rows, rated)
    return unit


def _make_criteria(session: Session, survey_round: Round, rows: list[dict[str, str]]) -> None:
    criteria = CriterionSet(round_id=survey_round.id, title="Bộ tiêu chí cấp huyện năm 2021")
    areas: dict[str, Area] = {}
    for position, row in enumerate(rows, 1):
        area = areas.setdefault(row["area_code"], Area(code=row["area_code"], name=row["area_name"], position=position))
        area.leaves.append(
            Criterion(
                code=row["code"],
                title=row["title"],
                max_points=Decimal(row["max_points"]),
                scored_by=SCORED_BY[row["scored_by"]],
                group_codes=[code for code in row["groups"].split(",") if code],
                position=position,
            )
        )
    criteria.areas.extend(areas.values())
    session.add(criteria)
    session.flush()


def _questions(criteria: list[dict[str, str]], group: str) -> list[Question]:
    asked = [row for row in criteria if group in row["groups"].split(",")]
    questions = []
    for row in asked:
        names = SIPAS_ITEMS if row["scored_by"] == "SIPAS" else [f"q_{row['code'].replace('.', '_')}"]
        questions += [
            Question(name, "select_one", {"vi": row["title"]}, list_name="muc", choices=CHOICES, criterion=row["code"])
            for name in names
        ]
    return questions


def _publish(
    session: Session, group: RespondentGroup, questions: list[Question], author_id: int
) -> QuestionnaireVersion:
    definition = to_json(
        Definition(
            f"nhom-{group.code}", group.name, (Language("vi", "Tiếng Việt"),), tuple(questions), group=group.code
        )
    )
    version = QuestionnaireVersion(
        group_id=group.id,
        number=1,
        source_name="thu.md",
        source=b"",
        definition=definition,
        sha256=canonical_sha256(definition),
        loaded_at=now(),
        loaded_by_id=author_id,
        published_at=now(),
        published_by_id=author_id,
    )
    session.add(version)
    session.flush()
    return version
