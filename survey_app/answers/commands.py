"""Commands: `keys make`, `keys test`, `envelopes open`."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import select

from ..db import Database
from ..errors import SurveyError
from ..rounds.models import Round
from .envelope import EnvelopeError, open_envelope
from .key_paper import key_paper_pdf
from .keys import fingerprint, from_text, make_key_file, read_key_file
from .opening import clean_up, open_envelopes
from .queries import opening_of

FILE = click.Path(path_type=Path, dir_okay=False)
EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)

keys_group = AppGroup("keys", help="Khóa niêm phong: tạo và mở thử, không cần cơ sở dữ liệu.")
envelopes_group = AppGroup("envelopes", help="Phong bì niêm phong của một đợt.")


def _passphrase(file: Path | None, confirm: bool = False) -> str:
    if file is not None:
        return file.read_text("utf-8").rstrip("\r\n")
    return str(click.prompt("Mật khẩu của khóa", hide_input=True, confirmation_prompt=confirm, err=True))


def _stop(fault: SurveyError) -> None:
    click.echo(fault.message, err=True)
    sys.exit(1)


@keys_group.command("make")
@click.argument("out", type=FILE)
@click.option("--passphrase-file", type=EXISTING, help="Tệp chứa mật khẩu; không có thì hỏi.")
@click.option("--round", "round_code", default="", help="Mã đợt, ghi vào tệp để nhớ.")
@click.option("--holder", default="", help="Người giữ khóa, ghi vào tệp để nhớ.")
@click.option("--paper", type=FILE, help="Tệp PDF để in bản giấy có mã QR.")
@click.option("--json", "as_json", is_flag=True)
def make(
    out: Path, passphrase_file: Path | None, round_code: str, holder: str, paper: Path | None, as_json: bool
) -> None:
    """Make a key pair: the protected key file OUT, OUT.pub.txt with the public key, and a paper to print if wished."""
    for path in (out, paper):
        if path is not None and path.exists():
            raise click.UsageError(f"Tệp {path} đã có; không ghi đè lên khóa. Chọn tên khác.")
    try:
        made = make_key_file(_passphrase(passphrase_file, confirm=True), round_code, holder)
        print_of = fingerprint(made.public_key)
        printed = key_paper_pdf(made.content, print_of, round_code, holder) if paper else b""
    except SurveyError as fault:
        return _stop(fault)
    _write_private(out, made.content.encode())
    if paper is not None:
        _write_private(paper, printed)
    public = out.with_name(out.name + ".pub.txt")
    public.write_text(made.public_key + "\n", "utf-8")
    report = {"key": str(out), "public_key_file": str(public), "public_key": made.public_key}
    report["fingerprint"] = print_of
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo(f"Tệp khóa:       {out}\nKhóa công khai: {made.public_key}\nDấu vân khóa:   {report['fingerprint']}")
    return None


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


@keys_group.command("test")
@click.argument("sample", type=EXISTING)
@click.option("--key", "key_file", type=EXISTING, required=True)
@click.option("--passphrase-file", type=EXISTING)
@click.option("--round", "round_code", required=True, help="Mã đợt.")
def test(sample: Path, key_file: Path, passphrase_file: Path | None, round_code: str) -> None:
    """Open the sample envelope SAMPLE and print what to paste on the page of the holder."""
    try:
        private = read_key_file(key_file.read_bytes(), _passphrase(passphrase_file))
        opened = open_envelope(from_text(sample.read_text("utf-8").strip()), [private], round_code)
    except SurveyError as fault:
        return _stop(fault)
    except (EnvelopeError, ValueError):
        click.echo("Khóa này không mở được phong bì mẫu. Chọn đúng tệp khóa và đúng mã đợt.", err=True)
        sys.exit(1)
    click.echo(opened.decode())
    return None


@envelopes_group.command("open")
@click.argument("round_code", metavar="ROUND")
@click.option(
    "--key", "key_files", type=EXISTING, multiple=True,
    help="Tệp khóa; lặp lại cho khóa thứ hai. Đợt chỉ có phiếu có danh tính thì không cần.",
)  # fmt: skip
@click.option("--passphrase-file", "passphrase_files", type=EXISTING, multiple=True, help="Theo thứ tự của --key.")
@click.option("--json", "as_json", is_flag=True)
def open_all(round_code: str, key_files: tuple[Path, ...], passphrase_files: tuple[Path, ...], as_json: bool) -> None:
    """Open all envelopes of ROUND, once, after closing; goes on where it was stopped."""
    if passphrase_files and len(passphrase_files) != len(key_files):
        raise click.UsageError("Mỗi --key cần một --passphrase-file, hoặc không ghi tệp nào để gõ mật khẩu.")
    database: Database = current_app.extensions["survey_database"]
    with database.reading() as session:
        found = session.scalar(select(Round).where(Round.code == round_code))
        if found is None:
            raise click.UsageError(f"Không có đợt {round_code}.")
        started = opening_of(session, found.id)
    try:
        if started is None:
            files = passphrase_files or [None] * len(key_files)
            keys = [read_key_file(k.read_bytes(), _passphrase(f)) for k, f in zip(key_files, files, strict=True)]
            with database.writing() as session:
                open_envelopes(session, session.get_one(Round, found.id), keys, None)
        elif started.stage == "cleaned":
            click.echo("Đợt này đã mở niêm phong và đã dọn sạch kho.", err=True)
    except SurveyError as fault:
        return _stop(fault)
    clean_up(database, found.id, None)
    _report(database, found.id, as_json)
    return None


def _report(database: Database, round_id: int, as_json: bool) -> None:
    with database.reading() as session:
        record = opening_of(session, round_id)
    if record is None:
        return
    names = ("envelopes", "ballots", "identified", "faulty", "digest", "merged_cells", "stage", "program_version")
    report: dict[str, Any] = {name: getattr(record, name) for name in names}
    if as_json:
        click.echo(json.dumps({"opened_on": record.opened_on.isoformat(), **report}, ensure_ascii=False))
        return
    click.echo(f"{record.envelopes} phong bì: {record.ballots} lá phiếu, {record.faulty} không đọc được hoặc sai mẫu.")
    click.echo(f"{len(record.merged_cells)} ô dưới ngưỡng đã gộp theo sơ đồ báo trước. Mã biên bản {record.digest}")


commands = keys_group
more_commands = (envelopes_group,)
