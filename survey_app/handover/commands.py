"""Commands of the hand-over, in the group `roster`: write the files, verify a file that came back."""

import json
import sys
from pathlib import Path

import click
from flask import current_app

from ..db import Database
from ..errors import Invalid, SurveyError
from ..roster.commands import commands
from ..roster.handover import HandoverOptions, export_roster
from ..roster.versions import find_by_code
from ..text import today
from .models import PaperKind
from .papers import default_wishes
from .sets import SetWishes, Verdict, keep_set, prepare_set, verify_archive, verify_file


def _database() -> Database:
    database: Database = current_app.extensions["survey_database"]
    return database


@commands.command("export")
@click.argument("code", metavar="ROUND")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Thư mục nhận các tệp.")
@click.option("--one-sheet", is_flag=True, help="Mọi nhóm trong một trang tính.")
@click.option("--version", "number", type=int, help="Bản thứ mấy, chỉ tệp .xlsx; không ghi thì bản mới nhất.")
@click.option("--number", "paper_number", default="…/UBND-NV", show_default=True, help="Số, ký hiệu của công văn.")
def export(code: str, out: Path, one_sheet: bool, number: int | None, paper_number: str) -> None:
    """Write the hand-over of ROUND to Sở Nội vụ: .xlsx, công văn and phụ lục (.docx, .pdf), .zip with their sums."""
    out.mkdir(parents=True, exist_ok=True)
    options = HandoverOptions(one_sheet=one_sheet)
    try:
        if number is None:
            written = _whole_set(code, options, paper_number)
        else:
            with _database().writing() as session:
                name, content = export_roster(session, find_by_code(session, code), options, None, number)
                written = {name: content}
    except SurveyError as fault:
        click.echo(fault.message, err=True)
        sys.exit(2)
    for name, content in written.items():
        (out / name).write_bytes(content)
        click.echo(str(out / name))


def _whole_set(code: str, options: HandoverOptions, paper_number: str) -> dict[str, bytes]:
    with _database().reading() as session:
        survey_round = find_by_code(session, code)
        letter = default_wishes(session, survey_round, PaperKind.LETTER, today())
        papers = {PaperKind.LETTER: letter.with_number(paper_number)}
        ready = prepare_set(session, survey_round, SetWishes(options, papers), None)
    with _database().writing() as session:
        keep_set(session, find_by_code(session, code), ready, None)
    return _set_files(ready.content)


def _set_files(archive: bytes) -> dict[str, bytes]:
    """The archive itself and every file in it."""
    import zipfile
    from io import BytesIO

    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return {"ban-giao.zip": archive} | {name: opened.read(name) for name in opened.namelist()}


@commands.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--alone", is_flag=True, help="Chỉ so tệp .zip với bảng kê trong chính nó, không cần cơ sở dữ liệu.")
@click.option("--json", "as_json", is_flag=True, help="Một tài liệu JSON ở đầu ra chuẩn.")
def verify(file: Path, alone: bool, as_json: bool) -> None:
    """Say which round, version and set a received FILE is of, or that it was altered. Exit 1 when it is not true."""
    content = file.read_bytes()
    try:
        if alone:
            verdict = verify_archive(content)
        else:
            with _database().reading() as session:
                verdict = verify_file(session, content)
    except Invalid as fault:
        verdict = Verdict(False, fault.message)
    if as_json:
        told = {
            "true": verdict.true, "message": verdict.sentence, "round": verdict.round, "version": verdict.version,
            "made_at": verdict.made_at, "files": dict(verdict.files),
            "outdated": verdict.outdated,
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"{verdict.sentence} {verdict.outdated}".strip())
        for name, words in verdict.files:
            click.echo(f"  {name}: {words}")
    sys.exit(0 if verdict.true else 1)
