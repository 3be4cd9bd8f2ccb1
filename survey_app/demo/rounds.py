"""Demonstration rounds of the invented district survey, made through the rules that offices use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access_codes.rules import IssuedCode, build_cells, issue_codes
from ..answers.keys import fingerprint, make_key_file
from ..answers.models import RoundKey
from ..answers.rules import open_round
from ..db import now
from ..questionnaires.rules import load_shipped, publish
from ..roster.lock_rules import lock_roster
from ..roster.models import ListState
from ..roster.rules import add_event, list_for, replace_persons
from ..rounds.group_rules import SHIPPED_CRITERIA, SHIPPED_QUOTAS, import_criteria, import_quotas, set_quotas
from ..rounds.models import Quota, RespondentGroup, Round
from ..rounds.readiness import start_lists
from ..rounds.rules import Basics, Dates, create_round, set_dates
from ..text import today
from ..units.models import Unit, UnitKind
from ..users.models import User
from .persons import person_maker

HOLDERS = (("Lò Thị Minh", "Phòng Nội vụ"), ("Bạc Văn Inh", "Ủy ban MTTQ huyện"))
PASSPHRASE = "khóa mẫu không dùng cho đợt thật"  # noqa: S105 - lies beside the keys of a round that is flagged as a sample


class DemoError(Exception):
    """The demonstration cannot be made; the message says why."""


@dataclass(frozen=True)
class Plan:
    """What one demonstration round is."""

    code: str
    year: int
    dates: Dates
    seed: int
    persons: int | None = None  # None: the shipped quotas


def past_plan() -> Plan:
    """The round of 2021, with the dates of that winter."""
    return Plan(
        "tg-2021",
        2021,
        Dates(
            lists_open_on=date(2021, 12, 1),
            lists_due_on=date(2021, 12, 14),
            handover_due_on=date(2021, 12, 17),
            opens_on=date(2021, 12, 20),
            closes_on=date(2022, 1, 7),
            period_from=date(2021, 1, 1),
            period_to=date(2021, 11, 30),
            age_on=date(2021, 12, 1),
        ),
        seed=2021,
    )


def running_plan(code: str = "tg-2022", persons: int | None = None) -> Plan:
    """A round of 2022 whose collection runs now."""
    day = today()
    return Plan(
        code,
        2022,
        Dates(
            lists_open_on=day - timedelta(days=30),
            lists_due_on=day - timedelta(days=14),
            handover_due_on=day - timedelta(days=10),
            opens_on=day - timedelta(days=3),
            closes_on=day + timedelta(days=45),
            period_from=date(2022, 1, 1),
            period_to=date(2022, 11, 30),
            age_on=date(2022, 12, 1),
        ),
        seed=2022,
        persons=persons,
    )


def make_open_round(session: Session, plan: Plan, by: User, key_folder: Path, pepper: bytes) -> list[IssuedCode]:
    """A flagged round from creation to collection; its keys lie in `key_folder`. Returns the codes of all persons."""
    survey_round = make_prepared_round(session, plan, by)
    make_lists(session, survey_round, plan, by)
    lock_roster(session, survey_round, by, reason="Đợt mẫu")
    build_cells(session, survey_round, by, accept_small=True)
    groups = list(session.scalars(select(RespondentGroup).where(RespondentGroup.round_id == survey_round.id)))
    load_shipped(session, survey_round, groups, by)
    for group in groups:
        publish(session, survey_round, group, by)
    make_keys(session, survey_round, key_folder)
    open_round(session, survey_round, by)
    return issue_codes(session, survey_round, by, pepper)


def make_prepared_round(session: Session, plan: Plan, by: User) -> Round:
    """The round with criteria, groups, quotas and dates, collecting lists."""
    district = session.scalar(select(Unit).where(Unit.code == "099", Unit.kind == UnitKind.DISTRICT))
    if district is None:
        raise DemoError("Danh mục đơn vị chưa có huyện Tuần Giáo.")
    basics = Basics(
        title=f"Điều tra xã hội học xác định Chỉ số CCHC năm {plan.year}",
        year=plan.year,
        level=UnitKind.DISTRICT,
        as_of=date(plan.year, 12, 1),
        operator_unit_id=district.id,
    )
    survey_round = create_round(session, plan.code, basics, by, demo=True)
    survey_round.help_phone, survey_round.help_hours = "0215 3862 000", "7:30–17:00"
    import_criteria(session, survey_round, SHIPPED_CRITERIA.read_bytes(), SHIPPED_CRITERIA.name, by)
    import_quotas(session, survey_round, SHIPPED_QUOTAS.read_bytes(), SHIPPED_QUOTAS.name, by)
    if plan.persons is not None:
        _scale_quotas(session, survey_round, plan.persons, by)
    set_dates(session, survey_round, plan.dates, by)
    if plan.persons is None:
        start_lists(session, survey_round, by)
    else:
        survey_round.lists_started_at = now()  # a handful of persons cannot fill every group that the criteria ask
    return survey_round


def make_lists(session: Session, survey_round: Round, plan: Plan, by: User) -> None:
    """Every asked unit hands in a full list, and all are approved."""
    maker = person_maker(session, survey_round, plan.seed)
    for quota, group, unit in _quotas(session, survey_round):
        unit_list = list_for(session, survey_round, unit, group)
        persons = [maker.make(group.code, group.list_type, unit, position) for position in range(1, quota.target + 1)]
        replace_persons(session, unit_list, persons)
        for state in (ListState.SUBMITTED, ListState.APPROVED):
            unit_list.state = state
            add_event(session, unit_list, by)


def make_keys(session: Session, survey_round: Round, folder: Path) -> None:
    """Two key pairs whose private halves lie in `folder`, protected by a passphrase that lies beside them."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    note = folder / "passphrase.txt"
    note.write_text(PASSPHRASE + "\n", "utf-8")
    note.chmod(0o600)
    for number, (holder, body) in enumerate(HOLDERS, 1):
        made = make_key_file(PASSPHRASE, survey_round.code, holder)
        path = folder / f"key-{number}.json"
        path.write_text(made.content, "utf-8")
        path.chmod(0o600)
        session.add(
            RoundKey(
                round_id=survey_round.id,
                holder_name=holder,
                holder_body=body,
                invite_hash=f"demo-{survey_round.code}-{number}",
                public_key=made.public_key,
                fingerprint=fingerprint(made.public_key),
                tested_before_start=True,
                from_start=True,
                tested_before_closing=True,
            )
        )
    session.flush()


def _quotas(session: Session, survey_round: Round) -> Sequence[tuple[Quota, RespondentGroup, Unit]]:
    return [
        (quota, group, unit)
        for quota, group, unit in session.execute(
            select(Quota, RespondentGroup, Unit)
            .join(RespondentGroup, Quota.group_id == RespondentGroup.id)
            .join(Unit, Quota.unit_id == Unit.id)
            .where(RespondentGroup.round_id == survey_round.id)
            .order_by(RespondentGroup.code, Unit.code)
        )
    ]


def _scale_quotas(session: Session, survey_round: Round, persons: int, by: User) -> None:
    """Quotas in the shipped proportions that add up to `persons` (largest remainders get the rest)."""
    rows = _quotas(session, survey_round)
    of_all = sum(quota.target for quota, _group, _unit in rows)
    shares = {(unit.id, group.code): divmod(quota.target * persons, of_all) for quota, group, unit in rows}
    rest = persons - sum(whole for whole, _ in shares.values())
    first = sorted(shares, key=lambda key: (-shares[key][1], key))[:rest]
    set_quotas(session, survey_round, {key: whole + (key in first) for key, (whole, _) in shares.items()}, by)
