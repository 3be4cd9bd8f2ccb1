"""Commands of the roster: `roster check` reads lists without a database, `roster export` writes the hand-over."""

import csv
import json
import re
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from ..errors import SurveyError
from ..workbook import Rejected, read_workbook
from .catalogue import Catalogue, catalogue_from_folder
from .checks import ListReading, Sender, compare_files, person_as_json, read_list
from .persons import Terms
from .problems import full_message

_GROUPS_OF = {
    "officials": ("A", "B", "C", "D", "G"),
    "citizens": ("E",),
    "sampling_frame": ("E",),
    "officials+citizens": ("C", "E"),
    "business": ("F",),
}

commands = AppGroup("roster", help="Danh sách của các đơn vị và danh sách chung.")


@commands.command("check")
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="CSV: file,unit_code,list_type,groups (các nhóm cách nhau bằng dấu cách).",
)
@click.option(
    "--catalogue",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Thư mục có units-*.csv, ban-*.csv, quota-*.csv, procedures-*.csv.",
)
@click.option("--period", required=True, help="Thời gian trả kết quả, ví dụ 2021-01-01..2021-11-30.")
@click.option("--age-on", "age_on", default=None, help="Ngày tính tuổi; mặc định là hôm sau ngày cuối của thời gian.")
@click.option("--json", "as_json", is_flag=True, help="In một văn bản JSON và không in gì khác.")  # fmt: skip
def check(manifest: Path, folder: Path, period: str, age_on: str | None, as_json: bool) -> None:
    """Read lists as units send them and report persons and faults; no database is touched."""
    terms = _terms(period, age_on)
    try:
        catalogue = catalogue_from_folder(folder, terms.age_on)
    except FileNotFoundError as fault:
        raise click.UsageError(str(fault)) from None
    entries = _manifest_entries(manifest)
    answers: list[dict[str, Any]] = []
    readings: list[ListReading | None] = []
    for entry in entries:
        answer, reading = _check_file(manifest.parent, entry, catalogue, terms)
        answers.append(answer)
        readings.append(reading)
    pairs = compare_files([reading for reading in readings if reading is not None])
    for answer, reading in zip(answers, readings, strict=True):
        if reading is not None:
            answer["problems"] = [problem.as_json() for problem in reading.problems]
    if as_json:
        click.echo(json.dumps({"files": answers, "cross_file_duplicates": pairs}, ensure_ascii=False))
    else:
        _print_report(answers, readings)


def _terms(period: str, age_on: str | None) -> Terms:
    try:
        first, last = (date.fromisoformat(part) for part in period.split(".."))
        day = date.fromisoformat(age_on) if age_on else last + timedelta(days=1)
    except ValueError:
        raise click.BadParameter("cần dạng 2021-01-01..2021-11-30", param_hint="--period/--age-on") from None
    if last < first:
        raise click.BadParameter("ngày cuối sớm hơn ngày đầu", param_hint="--period")
    return Terms(first, last, day)


def _manifest_entries(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = {"file", "unit_code"} - set(reader.fieldnames or ())
        if missing:
            raise click.BadParameter(f"thiếu cột {', '.join(sorted(missing))}", param_hint="--manifest")
        entries = [{key: (value or "").strip() for key, value in row.items() if key} for row in reader if row["file"]]
    for number, entry in enumerate(entries, 2):
        list_type = entry.get("list_type")
        if list_type and list_type not in _GROUPS_OF:
            fault = f"dòng {number}: list_type «{list_type}» không có; dùng {', '.join(_GROUPS_OF)}"
            raise click.BadParameter(fault, param_hint="--manifest")
    return entries


def _groups(entry: dict[str, str]) -> tuple[str, ...]:
    """The groups of an entry; without any, those that its list type may hold."""
    named = tuple(re.split(r"[\s,;+|]+", entry.get("groups", "").upper().strip()))
    return named if named != ("",) else _GROUPS_OF.get(entry.get("list_type", ""), ())


def _check_file(
    base: Path, entry: dict[str, str], catalogue: Catalogue, terms: Terms
) -> tuple[dict[str, Any], ListReading | None]:
    path = Path(entry["file"])
    path = path if path.is_absolute() else base / path
    answer: dict[str, Any] = {"file": entry["file"], "data_rows": 0, "persons": [], "problems": []}
    sender = Sender(entry["unit_code"], _groups(entry), entry.get("list_type", ""))
    try:
        reading = read_list(read_workbook(path.read_bytes(), path.name), entry["file"], sender, catalogue, terms)
    except OSError:
        answer["rejected"] = {"kind": "not_found", "message": "Không mở được tệp này. Kiểm tra lại đường dẫn."}
        return answer, None
    except Rejected as fault:
        answer["rejected"] = {"kind": fault.kind, "message": fault.message}
        return answer, None
    if not reading.data_rows:
        empty = Rejected("empty_workbook")
        answer["rejected"] = {"kind": empty.kind, "message": empty.message}
        return answer, None
    has_unit_column = any(table.column("unit") for table in reading.tables)
    answer["data_rows"] = reading.data_rows
    answer["persons"] = [person_as_json(person, has_unit_column) for person in reading.persons]
    return answer, reading


def _print_report(answers: list[dict[str, Any]], readings: list[ListReading | None]) -> None:
    for answer, reading in zip(answers, readings, strict=True):
        if reading is None:
            click.echo(f"{answer['file']}: {answer['rejected']['message']}")
            continue
        click.echo(f"{answer['file']}: {answer['data_rows']} dòng, {len(reading.problems)} điều cần xem")
        for problem in reading.problems:
            click.echo(f"  [{problem.severity}] {full_message(problem)}")


@commands.command("export")
@click.argument("code", metavar="ROUND")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Thư mục nhận các tệp.")
@click.option("--one-sheet", is_flag=True, help="Mọi nhóm trong một trang tính.")
@click.option("--version", "number", type=int, help="Bản thứ mấy; không ghi thì bản mới nhất.")
def export(code: str, out: Path, one_sheet: bool, number: int | None) -> None:
    """Write the locked roster of ROUND for Sở Nội vụ: one clean .xlsx."""
    from .handover import HandoverOptions, export_roster

    database = current_app.extensions["survey_database"]
    try:
        with database.writing() as session:
            name, content = export_roster(session, code, HandoverOptions(one_sheet=one_sheet), None, number)
    except SurveyError as fault:
        click.echo(fault.message, err=True)
        sys.exit(2)
    out.mkdir(parents=True, exist_ok=True)
    (out / name).write_bytes(content)
    click.echo(str(out / name))


@commands.command("versions")
@click.argument("code", metavar="ROUND")
@click.option("--json", "as_json", is_flag=True, help="Một tài liệu JSON ở đầu ra chuẩn.")
def versions(code: str, as_json: bool) -> None:
    """List the locked versions of the roster of ROUND: number, persons, SHA-256, who and when."""
    from .versions import find_by_code, versions_of

    database = current_app.extensions["survey_database"]
    try:
        with database.reading() as session:
            found = [
                {
                    "number": one.number, "persons": one.persons, "sha256": one.sha256, "reason": one.reason,
                    "locked_at": one.locked_at.isoformat(), "locked_by": one.locked_by_name,
                    "erased": one.content is None, "counts": one.counts,
                }
                for one in versions_of(session, find_by_code(session, code))
            ]  # fmt: skip
    except SurveyError as fault:
        click.echo(fault.message, err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps({"round": code, "versions": found}, ensure_ascii=False))
        return
    for one in found:
        click.echo(f"{one['number']}  {one['persons']} người  {one['sha256']}  {one['locked_by']}  {one['locked_at']}")
