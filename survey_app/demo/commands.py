"""`./run demo` and rounds for load and fault tests."""

import json
import os
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from ..access_codes.codes_file import codes_csv
from ..access_codes.queries import person_numbers
from ..answers.opening import clean_up
from ..commands import prepare_tables
from ..db import Database
from ..rounds.models import Round
from ..web import settings
from .accounts import demo_operator, make_accounts, write_accounts
from .answered import answer_all, close_and_open, score
from .rounds import Plan, make_open_round, past_plan, running_plan

commands = AppGroup("demo", help="Đợt mẫu: huyện Tuần Giáo, số liệu giả định.")


@commands.command("load")
def load() -> None:
    """Load the rounds of 2021 (answered, opened, scored) and 2022 (open for answers), once."""
    database: Database = current_app.extensions["survey_database"]
    prepare_tables(database)
    folder = settings().data_folder
    if _find(database, past_plan().code) is None:
        click.echo("Đang tạo hai đợt mẫu (khoảng nửa phút)…", err=True)
        with database.writing() as session:
            write_accounts(folder / "accounts.csv", make_accounts(session))
        _load_past(database, folder / "demo-keys" / past_plan().code)
    if _find(database, running_plan().code) is None:
        _load_running(database, running_plan(), folder / "demo-keys" / running_plan().code, folder / "codes-2022.csv")
    click.echo(f"Tài khoản mẫu:            {folder / 'accounts.csv'}", err=True)
    click.echo(f"Mã cá nhân đợt 2022:      {folder / 'codes-2022.csv'}", err=True)


@commands.command("open-round")
@click.option("--persons", type=click.IntRange(1, 200_000), required=True, help="Số người được mời.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Thư mục nhận codes.csv và khóa."
)
@click.option("--code", default=None, help="Mã đợt; mặc định thu-N.")
@click.option("--json", "as_json", is_flag=True)
def open_demo_round(persons: int, out: Path, code: str | None, as_json: bool) -> None:
    """Make a flagged round open for answers, with codes.csv and its keys in OUT."""
    database: Database = current_app.extensions["survey_database"]
    prepare_tables(database)
    if (out / "codes.csv").exists():
        raise click.BadParameter("thư mục này đã có khóa và mã của đợt khác; chọn thư mục khác.", param_hint="--out")
    out.mkdir(parents=True, exist_ok=True)
    with database.writing() as session:
        write_accounts(settings().data_folder / "accounts.csv", make_accounts(session))
    plan = running_plan(code or _free_code(database), persons)
    _load_running(database, plan, out, out / "codes.csv")
    if as_json:
        click.echo(json.dumps({"round": plan.code, "persons": persons, "codes": str(out / "codes.csv")}))
    else:
        click.echo(f"Đợt {plan.code}: {persons} người, mã và khóa ở {out}", err=True)


def _find(database: Database, code: str) -> Round | None:
    with database.reading() as session:
        return session.scalar(select(Round).where(Round.code == code))


def _free_code(database: Database) -> str:
    number = 1
    while _find(database, f"thu-{number}") is not None:
        number += 1
    return f"thu-{number}"


def _load_past(database: Database, keys: Path) -> None:
    pepper = settings().keys.pepper
    with database.writing() as session:
        by = demo_operator(session)
        issued = make_open_round(session, past_plan(), by, keys, pepper)
        survey_round = session.execute(select(Round).where(Round.code == past_plan().code)).scalar_one()
        answer_all(session, survey_round, issued, pepper)
        close_and_open(session, survey_round, keys, by)
        score(session, survey_round, by)
        round_id = survey_round.id
    clean_up(database, round_id, None)


def _load_running(database: Database, plan: Plan, keys: Path, codes_file: Path) -> None:
    with database.writing() as session:
        issued = make_open_round(session, plan, demo_operator(session), keys, settings().keys.pepper)
        survey_round = session.execute(select(Round).where(Round.code == plan.code)).scalar_one()
        content = codes_csv(issued, person_numbers(session, survey_round), settings().public_url)
    descriptor = os.open(codes_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(content)
