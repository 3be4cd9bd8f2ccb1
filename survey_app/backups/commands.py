"""Commands: `backup OUT`, `restore IN`, `verify [FILE]`."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from flask import current_app

from ..db import Database
from ..errors import SurveyError
from ..web import settings
from .rules import Tried, make_backup, restore, try_backup
from .verification import Check, verify

EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)


def _database() -> Database:
    database: Database = current_app.extensions["survey_database"]
    return database


def _stop(fault: SurveyError) -> None:
    click.echo(fault.message, err=True)
    sys.exit(1)


def _as_document(checks: list[Check]) -> dict[str, Any]:
    found = [{"name": one.name, "ok": one.holds, "faults": one.faults, "counts": one.counts} for one in checks]
    return {"ok": all(one.holds for one in checks), "checks": found}


def _tell(report: dict[str, Any], checks: list[Check], as_json: bool, headline: str = "") -> None:
    if as_json:
        click.echo(json.dumps(report | _as_document(checks), ensure_ascii=False))
        return
    if headline:
        click.echo(headline)
    for one in checks:
        click.echo(f"{'Đạt ' if one.holds else 'HỎNG'}  {one.title}")
        for fault in one.faults:
            click.echo(f"      {fault}")
    if all(one.holds for one in checks):
        click.echo("Mọi kiểm tra đều đạt.")
    else:
        click.echo("Có chỗ hỏng: giữ nguyên máy chủ và các bản sao lưu, báo người quản trị.")


def _contents(tried: Tried) -> dict[str, Any]:
    return {"engine": tried.manifest.engine, "schema": tried.manifest.schema, "rows": dict(tried.manifest.rows)}


@click.command("backup")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def backup(out: Path, as_json: bool) -> None:
    """Back up into OUT (a new file, or a folder), encrypted with the key file, and try to restore it at once."""
    try:
        made, tried = make_backup(_database(), settings(), out, None)
    except SurveyError as fault:
        return _stop(fault)
    report = {"file": made.path, "size": made.size, "sha256": made.sha256, **_contents(tried)}
    words = (
        f"Đã sao lưu vào {made.path} ({made.size / 1e6:.1f} MB) và phục hồi thử được.\n"
        f"Mã SHA-256: {made.sha256}\n"
        f"Tệp khóa {settings().keys_file} KHÔNG có trong bản sao lưu: cất một bản riêng, ở chỗ khác USB này."
    )
    return _tell(report, tried.checks, as_json, words)


@click.command("restore")
@click.argument("file", metavar="IN", type=EXISTING)
@click.option("--json", "as_json", is_flag=True)
def restore_command(file: Path, as_json: bool) -> None:
    """Restore the backup IN to the empty data folder of this machine; the program must be stopped."""
    try:
        tried = restore(file, _database(), settings())
    except SurveyError as fault:
        return _stop(fault)
    words = "Đã phục hồi. Chạy lại chương trình bằng ./run; mã và giấy mời đã in vẫn dùng được."
    return _tell({"file": str(file), **_contents(tried)}, tried.checks, as_json, words)


@click.command("verify")
@click.argument("file", metavar="[FILE]", required=False, type=EXISTING)
@click.option("--json", "as_json", is_flag=True)
def verify_command(file: Path | None, as_json: bool) -> None:
    """Check the stored data, or the backup FILE by restoring it in a place apart. Changes nothing."""
    if file is None:
        return _tell({}, verify(_database()), as_json)
    try:
        tried = try_backup(file, _database(), settings())
    except SurveyError as fault:
        return _stop(fault)
    return _tell({"file": str(file), **_contents(tried)}, tried.checks, as_json, "Bản sao lưu phục hồi thử được.")


commands = backup
more_commands = (restore_command, verify_command)
