"""`flask scores …`: points from files, without a database, or of a round."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from analysis.scoring_rules import ScoringError, Settings, rule_line

from ..errors import Refused, SurveyError

commands = AppGroup("scores", help="Tính điểm điều tra của từng tiêu chí.")
_FILE = click.Path(path_type=Path)


@commands.command("compute")
@click.argument("round_code", metavar="[ROUND]", required=False)
@click.option("--criteria", type=_FILE, help="Bảng tiêu chí (CSV): code, max_points, scored_by, groups.")
@click.option("--answers", type=_FILE, help="Bảng câu trả lời (CSV): group, q_1_7_1 …, s_01 …, [rated_unit].")
@click.option("--settings", type=_FILE, help="Quy tắc tính điểm (JSON); không có thì dùng quy tắc thường dùng.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON, không in gì khác ra đầu ra chuẩn.")
def compute(
    round_code: str | None, criteria: Path | None, answers: Path | None, settings: Path | None, as_json: bool
) -> None:
    """Tính điểm điều tra của từng tiêu chí, từ tệp hoặc của đợt ROUND (chỉ tính, không lưu thành lần tính)."""
    warnings: list[str] = []
    classes: Mapping[str, str] = {}
    try:
        if round_code and not (criteria or answers or settings):
            document, rules, classes = _from_round(round_code)
        elif criteria and answers and not round_code:
            document, rules, warnings = _from_files(criteria, answers, settings)
        else:
            _stop("Cần mã đợt ROUND, hoặc cả --criteria và --answers. Xem: flask scores compute --help")
    except ScoringError as fault:
        _stop(str(fault))
    except SurveyError as fault:
        _stop(fault.message)
    for warning in warnings:
        click.echo(f"Lưu ý: {warning}", err=True)
    click.echo(json.dumps(document, ensure_ascii=False, indent=1) if as_json else _readable(document, rules, classes))


def _from_files(criteria: Path, answers: Path, settings: Path | None) -> tuple[dict[str, Any], Settings, list[str]]:
    from .files import compute_files

    rules, document, warnings = compute_files(criteria, answers, settings)
    return document, rules, warnings


def _from_round(round_code: str) -> tuple[dict[str, Any], Settings, Mapping[str, str]]:
    from sqlalchemy import select

    from ..rounds.models import Round
    from ..web import database
    from .publication import published
    from .rules import compute_round

    with database().reading() as session:
        survey_round = session.scalar(select(Round).where(Round.code == round_code))
        if survey_round is None:
            raise Refused(f"Không có đợt nào mang mã «{round_code}».")
        scores = compute_round(session, survey_round)
        return published(scores).document(), scores.inputs.settings, scores.inputs.classes


def _readable(document: dict[str, Any], rules: Settings, classes: Mapping[str, str]) -> str:
    lines = [
        f"Điểm điều tra: {_kept(document['survey_total'])} / {_comma(document['survey_max'])}"
        f"   ({document['respondents']} người trả lời)",
        "",
    ]
    for code, leaf in document["leaves"].items():
        groups = "  ".join(
            f"{group} n={_kept(figure['n'])}{'' if figure['used'] else ' (không tính)'}"
            if isinstance(figure, dict)
            else f"{group} {_kept(figure)}"
            for group, figure in leaf["groups"].items()
        )
        lines.append(f"{code:<8} {_comma(leaf['score']):>14} / {_comma(leaf['max']):<6} {groups}")
    return "\n".join([*lines, *_unit_lines(document.get("units", {}), classes), "", rule_line(rules)])


def _unit_lines(units: Mapping[str, Mapping[str, Any]], classes: Mapping[str, str]) -> list[str]:
    """Units by class, the highest first: sở are asked other things than communes, so their totals are no one list."""
    from .comparison import CLASS_NAMES

    lines: list[str] = []
    for each in sorted({classes.get(unit, "") for unit in units}):
        members = [unit for unit in units if classes.get(unit, "") == each]
        lines += ["", f"{CLASS_NAMES.get(each, 'Đơn vị được đánh giá')} ({len(members)}):"]
        for unit in sorted(members, key=lambda unit: (units[unit]["rank"] or len(units), unit)):
            lines.append(f"{unit}: {_comma(units[unit]['total'])}, hạng {units[unit]['rank'] or '–'}")
    if lines:
        lines += ["", "Hạng tính từ điểm, chưa xét sai số: chênh lệch nhỏ giữa hai đơn vị có thể chỉ do ngẫu nhiên."]
    return lines


def _kept(figure: int | str | None) -> str:
    return "đã giữ kín" if figure is None else str(figure).replace(".", ",")


def _comma(figure: str | None) -> str:
    return "không đủ mẫu" if figure is None else figure.replace(".", ",")


def _stop(message: str) -> None:
    click.echo(message, err=True)
    sys.exit(2)
