"""`codes issue`: a further set of personal codes, written to a file that only its owner can read."""

import os
from pathlib import Path

import click
from flask.cli import AppGroup
from sqlalchemy import select

from ..errors import SurveyError
from ..rounds.models import Round
from ..web import database, settings
from .codes_file import codes_csv
from .queries import person_numbers
from .rules import issue_codes

commands = AppGroup("codes", help="Mã cá nhân của người được mời.")


@commands.command("issue")
@click.argument("round_code", metavar="ROUND")
@click.option("--group", "group_code", help="Chỉ một nhóm, ví dụ E.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Tệp CSV được ghi (0600).")
def issue(round_code: str, group_code: str | None, out: Path) -> None:
    """Make and write a further set of personal codes for all who have not answered.

    Columns person_no,unit_code,group,code,link. Earlier codes live until voided. An existing file is replaced.
    """
    descriptor = _open_private(out)  # before anything is stored: codes that cannot be written must not exist
    try:
        with database().writing() as session:
            survey_round = session.scalar(select(Round).where(Round.code == round_code))
            if survey_round is None:
                raise click.BadParameter(f"không có đợt «{round_code}».", param_hint="ROUND")
            group = next((one for one in survey_round.groups if one.code == group_code), None)
            if group_code and group is None:
                raise click.BadParameter(f"đợt này không có nhóm «{group_code}».", param_hint="--group")
            issued = issue_codes(session, survey_round, None, settings().keys.pepper, group=group)
            content = codes_csv(issued, person_numbers(session, survey_round), settings().public_url)
            with os.fdopen(os.dup(descriptor), "w", encoding="utf-8", newline="") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    except BaseException as fault:
        out.unlink(missing_ok=True)
        if isinstance(fault, SurveyError):
            raise click.ClickException(fault.message) from fault
        raise
    finally:
        os.close(descriptor)
    click.echo(f"{len(issued)} mã trong {out}", err=True)


def _open_private(out: Path) -> int:
    try:
        out.unlink(missing_ok=True)
        return os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise click.BadParameter(f"không ghi được {out}: {fault.strerror}.", param_hint="--out") from fault
