"""Commands for questionnaires as files; only `check --round` asks a database: `./run flask questionnaires …`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from flask.cli import AppGroup
from sqlalchemy import select

from ..errors import Refused
from ..rounds.models import Round
from ..web import database
from .check import AskedCriterion, check, minutes
from .ddi import write_ddi
from .definition import Definition
from .matrix import has_matrix
from .media import Medium, unpacked, with_references
from .message import Message, as_json
from .paper_form import paper_form_pdf
from .queries import asked_criteria
from .surveyjs import write_surveyjs
from .xlsform import XlsformError, read_xlsform
from .xlsform_writer import write_markdown, write_workbook, write_xform

_BLANKS: Final = {"unit": "…………………", "year": "………", "from": "…/…/………", "to": "…/…/………"}  # filled in with a pen
commands = AppGroup("questionnaires", help="Kiểm tra và chuyển đổi phiếu khảo sát (XLSForm).")

_WRITERS: Final[dict[str, Callable[[Definition, list[Medium]], bytes]]] = {
    ".ddi.xml": lambda definition, _media: write_ddi(definition),
    ".surveyjs.json": lambda definition, _media: write_surveyjs(definition),
    ".md": lambda definition, _media: write_markdown(definition),
    ".xlsx": lambda definition, _media: write_workbook(definition),
    ".xml": lambda definition, _media: write_xform(definition),
    ".pdf": lambda definition, media: _blank_paper(definition, media),
}
_ENDINGS: Final = ".md, .xlsx, .xml (XForm), .ddi.xml (DDI-Codebook), .surveyjs.json, .pdf (phiếu giấy)"
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@commands.command("check")
@click.argument("file", type=_FILE)
@click.option("--json", "as_document", is_flag=True, help="Một tài liệu JSON ra đầu ra chuẩn.")
@click.option("--round", "round_code", default="", help="Mã đợt: so với tiêu chí mà đợt hỏi nhóm này.")
@click.option("--group", default="", help="Nhóm của phiếu, khi tệp không ghi ở trang settings.")
def check_file(file: Path, as_document: bool, round_code: str, group: str) -> None:
    """Kiểm tra phiếu trong FILE (.md, .xlsx, .zip có ảnh, âm thanh): phần không nhận, lỗi, cảnh báo, số câu, phút."""
    definition, messages = _read(file, _criteria(round_code) if round_code else None, group)
    report = _report(file, definition, messages)
    if as_document:
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
        return
    for message in messages:
        click.echo(f"{'Lỗi' if message.is_error else 'Cảnh báo'}: {message.line}")
    if definition:
        click.echo(
            f"{definition.title}: {report['questions']} câu, khoảng {report['minutes']} phút, "
            f"{report['scored']} câu chấm điểm, {report['errors']} lỗi, {report['warnings']} cảnh báo."
        )
    else:
        click.echo(f"Tệp không nhận được: {report['errors']} chỗ cần sửa.")


def _criteria(round_code: str) -> list[AskedCriterion]:
    with database().reading() as session:
        survey_round = session.scalar(select(Round).where(Round.code == round_code))
        if survey_round is None:
            raise click.UsageError(f"Không có đợt «{round_code}».")
        return asked_criteria(session, survey_round.id)


def _read(file: Path, criteria: list[AskedCriterion] | None, group: str) -> tuple[Definition | None, list[Message]]:
    try:
        data, name, media = unpacked(file.read_bytes(), file.name)
        definition = with_references(read_xlsform(data, name), {}, media)
    except XlsformError as fault:
        return None, fault.messages
    return definition, check(definition, criteria, group)


def _report(file: Path, definition: Definition | None, messages: list[Message]) -> dict[str, Any]:
    errors = sum(message.is_error for message in messages)
    report: dict[str, Any] = {
        "file": str(file),
        "accepted": definition is not None and not errors,
        "errors": errors,
        "warnings": len(messages) - errors,
        "messages": [as_json(message) for message in messages],
    }
    if definition is None and not messages[0].sheet:  # no workbook at all
        report["rejected"] = {"kind": messages[0].kind, "message": messages[0].text}
    if definition:
        questions = [question for question in definition.questions() if question.is_answered]
        report |= {
            "title": definition.title,
            "form_id": definition.form_id,
            "version": definition.version or None,
            "group": definition.group or None,
            "languages": [language.code for language in definition.languages],
            "questions": len(questions),
            "scored": sum(question.is_scored for question in questions),
            "minutes": minutes(definition),
            "criteria": sorted({question.criterion for question in questions if question.is_scored}),
        }
    return report


def _blank_paper(definition: Definition, media: list[Medium]) -> bytes:
    """The paper form without a round. Raises ClickException for a matrix, whose rows are the units of a round."""
    if has_matrix(definition):
        text = "Phiếu có bảng đánh giá nhiều đơn vị: bảng chỉ in được từ đợt, nơi có tên đơn vị (Phiếu giấy, bước 2)."
        raise click.ClickException(text)
    return paper_form_pdf(definition, definition.default_language, _BLANKS, media=media)


@commands.command("convert")
@click.argument("source", metavar="IN", type=_FILE)
@click.argument("target", metavar="OUT", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def convert(source: Path, target: Path) -> None:
    """Ghi phiếu IN (.md, .xlsx, .zip) thành OUT: .md, .xlsx, .xml (XForm), .ddi.xml (DDI), .surveyjs.json, .pdf."""
    write = next((_WRITERS[ending] for ending in _WRITERS if target.name.lower().endswith(ending)), None)
    if write is None:
        raise click.UsageError(f"Không ghi được tệp «{target.suffix or target.name}». Dùng {_ENDINGS}.")
    if source.suffix.lower() == ".xml":
        raise click.UsageError("Không đọc được XForm (.xml). Tệp vào phải là XLSForm .md hoặc .xlsx.")
    try:
        data, name, media = unpacked(source.read_bytes(), source.name)
        definition = read_xlsform(data, name)
        if media:
            definition = with_references(definition, {}, media)
    except XlsformError as fault:
        for message in fault.messages:
            click.echo(f"Lỗi: {message.line}", err=True)
        raise click.ClickException(f"Tệp không nhận được: {len(fault.messages)} chỗ cần sửa.") from fault
    try:
        target.write_bytes(write(definition, media))
    except Refused as fault:
        raise click.ClickException(fault.message) from fault
    except OSError as fault:
        raise click.ClickException(f"Không ghi được {target}: {fault.strerror}.") from fault
    click.echo(f"Đã ghi {target}.", err=True)
