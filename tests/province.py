"""A province whose sở and communes are rated, with the questionnaires and the criteria that ship: made by the rules."""

import random
import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlalchemy.orm import Session

from survey_app.access import Role
from survey_app.access_codes.codes import hash_of
from survey_app.access_codes.rules import build_cells, issue_codes
from survey_app.answers.identified import seal_identified
from survey_app.answers.models import Opening
from survey_app.answers.opening import open_envelopes
from survey_app.answers.queries import find_access, published_version, sealing_keys
from survey_app.answers.ratings import form_of, path_of, payload_of, rated_of
from survey_app.answers.rules import Sending, open_round, receive, seal_answers
from survey_app.db import now
from survey_app.demo.persons import person_maker
from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.models import QuestionnaireVersion
from survey_app.questionnaires.rules import load_shipped, publish
from survey_app.roster.lock_rules import lock_roster
from survey_app.roster.models import ListState
from survey_app.roster.rules import list_for, replace_persons
from survey_app.rounds.group_rules import PROVINCE_CRITERIA, GroupEntry, import_criteria, set_groups, set_quotas
from survey_app.rounds.levels import SO_AND_COMMUNES, usual_group
from survey_app.rounds.models import Mode, RatedUnit, RespondentGroup, Round
from survey_app.rounds.rating_rules import rated_in_order, set_ratings
from survey_app.rounds.readiness import start_lists
from survey_app.rounds.rules import Basics, Dates, create_round, set_dates
from survey_app.text import today
from survey_app.units.models import Unit, UnitKind
from survey_app.users.models import User
from tests.answers.make import make_key
from tests.make import make_unit, make_user

COMMUNES = (
    "Tuần Giáo", "Quài Tở", "Búng Lao", "Chiềng Sinh", "Mường Mùn", "Pú Nhung", "Nà Tấu", "Mường Phăng", "Thanh Nưa",
    "Thanh An", "Thanh Yên", "Sam Mứn", "Núa Ngam", "Mường Nhà", "Na Son", "Xa Dung", "Pu Nhi", "Mường Luân",
    "Tìa Dình", "Phình Giàng", "Mường Chà", "Nà Hỳ", "Nà Bủng", "Chà Tở", "Si Pa Phìn", "Mường Nhé", "Sín Thầu",
)  # fmt: skip
OFFICES = (
    "Nội vụ", "Tài chính", "Xây dựng", "Nông nghiệp và Môi trường", "Công Thương", "Khoa học và Công nghệ", "Tư pháp",
    "Giáo dục và Đào tạo", "Y tế", "Văn hóa, Thể thao và Du lịch", "Dân tộc và Tôn giáo",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How many units are rated, and how many persons of each group a unit lists."""

    communes: int = 4
    offices: int = 3
    persons: dict[str, int] = field(default_factory=lambda: {"A": 3, "B": 1, "C": 3, "D": 6, "E": 6})


@dataclass
class Province:
    """The round with its codes: (group, name of the unit) -> codes of its persons."""

    round: Round
    by: User
    rated: list[RatedUnit]
    codes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    private_keys: list[ec.EllipticCurvePrivateKey] = field(default_factory=list)

    def codes_of(self, group: str) -> list[str]:
        """All codes of a group."""
        return [code for (letter, _unit), codes in self.codes.items() if letter == group for code in codes]


def make_province(
    session: Session, pepper: bytes, size: Size | None = None, opened: bool = True, confidential: str = ""
) -> Province:
    """A round in which leaders of sở rate communes and the other way round, deputies both, citizens their commune.

    confidential: letters of the groups whose answers carry a name."""
    size = size or Size()
    top = make_unit(session, "Tỉnh Điện Biên", kind=UnitKind.PROVINCE)
    offices = [
        make_unit(session, name, top, UnitKind.PROVINCIAL_OFFICE) for name in _names("Sở", OFFICES, size.offices)
    ]
    communes = [make_unit(session, name, top) for name in _names("Xã", COMMUNES, size.communes)]
    by = make_user(session, Role.OPERATOR, top)
    survey_round = _prepared_round(session, top, by)
    _set_who_answers(session, survey_round, by, size, {"offices": offices, "communes": communes, "top": [top]})
    for group in survey_round.groups:
        if group.code in confidential:
            group.mode = Mode.CONFIDENTIAL
    if confidential:
        make_user(session, Role.ANSWER_READER, top)
    start_lists(session, survey_round, by)
    _fill_lists(session, survey_round)
    lock_roster(session, survey_round, by)
    build_cells(session, survey_round, by, accept_small=True)
    groups = list(session.scalars(select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id)))
    load_shipped(session, survey_round, groups, by)
    for group in groups:
        publish(session, survey_round, group, by)
    made = Province(survey_round, by, rated_in_order(session, survey_round.id))
    for body in ("Sở Nội vụ", "MTTQ tỉnh"):
        made.private_keys.append(make_key(session, survey_round, body)[1])
    if opened:
        open_round(session, survey_round, by)
    for one in issue_codes(session, survey_round, by, pepper):
        place = one.person.unit_list
        made.codes.setdefault((place.group.code, place.unit.name), []).append(one.code)
    return made


def _names(kind: str, names: tuple[str, ...], count: int) -> list[str]:
    """Real names first, then invented ones."""
    invented = [f"Mường Mẫu {number}" for number in range(1, count - len(names) + 1)]
    return [f"{kind} {name}" for name in (*names, *invented)[:count]]


def _prepared_round(session: Session, top: Unit, by: User) -> Round:
    day = today()
    basics = Basics("Điều tra xã hội học xác định Chỉ số CCHC năm 2026", 2026, SO_AND_COMMUNES, day, top.id)
    survey_round = create_round(session, "db-2026", basics, by)
    survey_round.help_phone, survey_round.help_hours = "0215 3825 000", "7:30–17:00"
    import_criteria(session, survey_round, PROVINCE_CRITERIA.read_bytes(), PROVINCE_CRITERIA.name, by)
    dates = Dates(
        lists_open_on=None,
        lists_due_on=day - timedelta(days=9),
        handover_due_on=None,
        opens_on=day - timedelta(days=1),
        closes_on=day + timedelta(days=15),
        period_from=date(2026, 1, 1),
        period_to=date(2026, 11, 30),
        age_on=day,
    )
    set_dates(session, survey_round, dates, by)
    return survey_round


def _set_who_answers(session: Session, survey_round: Round, by: User, size: Size, units: dict[str, list[Unit]]) -> None:
    own_units = {"A": ["offices"], "B": ["offices", "communes"], "C": ["communes"], "D": ["top"], "E": ["communes"]}
    usual = {code: usual_group(code, SO_AND_COMMUNES) for code in own_units}
    set_groups(session, survey_round, [GroupEntry(code, *usual[code], code == "B") for code in usual], by)
    targets = {
        (unit.id, code): size.persons[code]
        for code, kinds in own_units.items()
        for kind in kinds
        for unit in units[kind]
    }
    set_quotas(session, survey_round, targets, by)
    rated = rated_in_order(session, survey_round.id)
    offices = [one.id for one in rated if one.unit.kind == UnitKind.PROVINCIAL_OFFICE]
    communes = [one.id for one in rated if one.id not in offices]
    set_ratings(session, survey_round, {"A": communes, "C": offices, "D": [*communes, *offices]}, by)


def _fill_lists(session: Session, survey_round: Round) -> None:
    maker = person_maker(session, survey_round, 2026)
    for group in survey_round.groups:
        for quota in group.quotas:
            unit_list = list_for(session, survey_round, quota.unit, group)
            rows = [maker.make(group.code, group.list_type, quota.unit, place) for place in range(1, quota.target + 1)]
            replace_persons(session, unit_list, rows)
            unit_list.state = ListState.APPROVED
    session.flush()


def answer_all(session: Session, made: Province, pepper: bytes, codes: list[str], chance: random.Random) -> None:
    """Each of these persons answers every question about every unit, as a phone would, and sends the envelope."""
    rated = rated_of(session, made.round.id)
    keys = sealing_keys(session, made.round.id)
    versions: dict[int, QuestionnaireVersion] = {}
    for code in codes:
        access = find_access(session, hash_of(code, pepper))
        assert access is not None
        version = versions.get(access.group_id) or published_version(session, access.group_id)
        assert version is not None
        versions[access.group_id] = version
        units = rated.of(access.group_id, path_of(session, access))
        form = form_of(version, units)
        payload = payload_of(version, units, answers_to(form, chance))
        widest = form_of(version, rated.most(access.group_id))
        if access.mode == Mode.CONFIDENTIAL:
            sealed = seal_identified(session, made.round, widest, payload)
        else:
            sealed = seal_answers(made.round, keys, version.id, widest, payload.ratings, payload.apart)
        receive(session, Sending(hash_of(code, pepper), secrets.token_hex(32), sealed))


def answers_to(form: Definition, chance: random.Random) -> dict[str, Any]:
    """Some choice at every question; better units get better levels, so that there is something to rank."""
    answers: dict[str, Any] = {}
    for question in form.questions():
        if question.choices and question.is_answered:
            best = 3 + question.rated_unit % 3
            near = [one.name for one in question.choices if one.level is not None and abs(one.level - best) < 2]
            knows = near and chance.random() < 0.95
            answers[question.name] = chance.choice(near) if knows else question.choices[-1].name
    return answers | ({"b_lam_tt": "co"} if "b_lam_tt" in answers else {})


def open_all(session: Session, made: Province) -> Opening:
    """Closes the round and opens its envelopes with the first key."""
    survey_round = session.get_one(Round, made.round.id)
    survey_round.closed_at = now()
    return open_envelopes(session, survey_round, made.private_keys[:1], None)
