"""`roster erase ROUND`: the personal data of a round, erased from a script or by whoever looks after the machine."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from ..errors import SurveyError
from ..roster.commands import commands as roster_commands
from ..rounds.models import Round
from .erasure import erase_round, forget_files, preview

commands = AppGroup("personal-data", help="Dữ liệu cá nhân: dọn sạch các tệp của cơ sở dữ liệu.")


@roster_commands.command("erase")
@click.argument("code", metavar="ROUND")
@click.option("--yes", is_flag=True, help="Xóa thật; không có thì chỉ in ra phần sẽ xóa.")
@click.option("--reason", default="Hết thời hạn lưu", show_default=True, help="Ghi vào nhật ký; không ghi tên người.")
def erase(code: str, yes: bool, reason: str) -> None:
    """Erase names, numbers, files and contents of versions of ROUND; counts and SHA-256 stay."""
    database = current_app.extensions["survey_database"]
    try:
        with database.writing() as session:
            survey_round = session.scalar(select(Round).where(Round.code == code))
            if survey_round is None:
                raise click.BadParameter(f"không có đợt «{code}»", param_hint="ROUND")
            found = erase_round(session, survey_round, None, reason, code) if yes else preview(session, survey_round)
            versions = len(found.versions)
        click.echo(f"{found.persons} người, {found.uploads} tệp, nội dung của {versions} bản danh sách")
        if not yes:
            click.echo("Chưa xóa gì. Thêm --yes để xóa; không lấy lại được.")
            return
        _forget(forget_files(database))
    except SurveyError as fault:
        click.echo(fault.message, err=True)
        sys.exit(2)


@commands.command("rewrite")
def rewrite() -> None:
    """Rewrite the files of the database again, after an erasure that was broken off before."""
    try:
        _forget(forget_files(current_app.extensions["survey_database"]))
    except SurveyError as fault:
        click.echo(fault.message, err=True)
        sys.exit(2)


def _forget(everywhere: bool) -> None:
    click.echo("Đã xóa và dọn sạch các tệp.")
    if not everywhere:
        click.echo(
            "Tài khoản PostgreSQL của chương trình không được ghi CHECKPOINT: các tệp WAL cũ còn giữ dữ liệu cho đến "
            "khi được ghi đè. Nhờ người quản trị PostgreSQL chạy: SELECT pg_switch_wal(); CHECKPOINT;"
        )
