"""`flask scores …`: points from files, without a database, or of a round."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask.cli import AppGroup

from analysis.scoring_rules import ScoringError, Settings, rule_line

from ..errors import Refused, SurveyError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ..rounds.models import Round
    from .comparison import Comparison
    from .publication import Published

commands = AppGroup("scores", help="Tính điểm điều tra của từng tiêu chí.")
_FILE = click.Path(path_type=Path)
UnitLists = Sequence[tuple[str, "Comparison"]]


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
    unit_lists: UnitLists = []
    kept_back: frozenset[str] = frozenset()
    try:
        if round_code and not (criteria or answers or settings):
            document, rules, unit_lists, kept_back = _from_round(round_code, with_ranks=not as_json)
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
    words = _readable(document, rules, unit_lists, kept_back)
    click.echo(json.dumps(document, ensure_ascii=False, indent=1) if as_json else words)


def _from_files(criteria: Path, answers: Path, settings: Path | None) -> tuple[dict[str, Any], Settings, list[str]]:
    from .files import compute_files

    rules, document, warnings = compute_files(criteria, answers, settings)
    return document, rules, warnings


def _from_round(round_code: str, *, with_ranks: bool) -> tuple[dict[str, Any], Settings, UnitLists, frozenset[str]]:
    """(document, rules, rated units with ranks, leaves whose points are kept back) of the answers as they are now."""
    from sqlalchemy import select

    from ..rounds.models import Round
    from ..web import database
    from .publication import published
    from .rules import compute_round

    with database().reading() as session:
        survey_round = session.scalar(select(Round).where(Round.code == round_code))
        if survey_round is None:
            raise Refused(f"Không có đợt nào mang mã «{round_code}».")
        found = published(compute_round(session, survey_round))
        unit_lists = _unit_lists(session, survey_round, found) if with_ranks else []
        kept_back = frozenset(code for _unit, code in found.publication.leaves)
        return found.document(), found.inputs.settings, unit_lists, kept_back


def _unit_lists(session: "Session", survey_round: "Round", found: "Published") -> UnitLists:
    """Rated units with the ranks that they may have, as the pages of a run that were stored now would show them."""
    from .comparison import unit_lists_of
    from .figures import overview
    from .models import ScoreRun
    from .queries import rated_units_of
    from .rules import intervals_of

    names = {one.unit.code: f"{one.unit.code} {one.unit.name}" for one in rated_units_of(session, survey_round.id)}
    run = ScoreRun(
        inputs=found.inputs.to_json(),
        result=found.document(),
        precision=intervals_of(session, survey_round, found),
    )
    return unit_lists_of(run, names, {unit: overview(found, unit) for unit in found.units})


def _readable(
    document: dict[str, Any], rules: Settings, unit_lists: UnitLists, kept_back: frozenset[str] = frozenset()
) -> str:
    if "units" in document:
        lines = [*_headline(document, several=True), *(_ranked(unit_lists) or _units_of_files(document["units"]))]
    else:
        lines = [*_headline(document), *_leaf_lines(document["leaves"], kept_back)]
    return "\n".join([*lines, "", rule_line(rules)])


def _headline(document: Mapping[str, Any], *, several: bool = False) -> list[str]:
    """Of several rated units there is no total in common: their maxima may differ, and no page prints one."""
    if several:
        forms = f"{document['respondents']} phiếu"
        return [f"Điểm điều tra của {len(document['units'])} đơn vị được đánh giá, mỗi đơn vị một tổng   ({forms})"]
    total = f"{_kept(document['survey_total'])} / {_comma(document['survey_max'])}"
    return [f"Điểm điều tra: {total}   ({document['respondents']} người trả lời)", ""]


def _leaf_lines(leaves: Mapping[str, Any], kept_back: frozenset[str]) -> Iterator[str]:
    for code, leaf in leaves.items():
        groups = "  ".join(
            f"{group} n={_kept(figure['n'])}{'' if figure['used'] else ' (không tính)'}"
            if isinstance(figure, dict)
            else f"{group} {_kept(figure)}"
            for group, figure in leaf["groups"].items()
        )
        points = _kept(None) if code in kept_back else _comma(leaf["score"])
        yield f"{code:<8} {points:>14} / {_comma(leaf['max']):<6} {groups}"


def _ranked(unit_lists: UnitLists) -> list[str]:
    """Units by class, the highest first, each with its set of ranks: sở are asked other things than communes."""
    lines: list[str] = []
    for heading, units in unit_lists:
        lines += ["", f"{heading or 'Đơn vị được đánh giá'} ({units.count + len(units.kept_back)}):"]
        lines.append(f"{'hạng từ–đến':<13}{'điểm':>7} / {'tối đa':<8}{'khoảng 95 %':<15}đơn vị")
        for row in units.ordered:
            ranks = str(row.best) if row.best == row.worst else f"{row.best}–{row.worst}"
            points = f"{_two(row.limits.estimate):>7} / {_two(row.max_points):<8}"
            limits = f"{_two(row.limits.low)}–{_two(row.limits.high)}"
            lines.append(f"{ranks:<13}{points}{limits:<15}{row.name}")
        lines += [f"{'–':<13}{'không nêu khoảng và hạng':<32}{name}" for name in units.kept_back]
    return [*lines, "", *_RANKS_TOLD] if lines else []


def _units_of_files(units: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A file of answers does not tell how people were chosen, so nothing can be said of ranks."""
    ordered = sorted(units, key=lambda unit: (units[unit]["rank"] or len(units), unit))
    return ["", *(f"{unit}: {_comma(units[unit]['total'])}" for unit in ordered), "", _NO_RANKS]


_RANKS_TOLD = (
    "Hạng từ–đến: với số phiếu hiện có, hạng thật có thể là bất kỳ số nào trong khoảng này, đúng cho mọi đơn vị của",
    "danh sách cùng lúc với xác suất 95 %. Trang «Từng đơn vị» cho biết đơn vị nào chắc chắn cao hơn đơn vị nào.",
)
_NO_RANKS = (
    "Xếp theo điểm, chưa xét sai số: tệp không cho biết cách chọn người trả lời nên không nêu hạng. Chênh lệch nhỏ "
    "giữa hai đơn vị có thể chỉ do ngẫu nhiên."
)


def _kept(figure: int | str | None) -> str:
    return "đã giữ kín" if figure is None else str(figure).replace(".", ",")


def _two(figure: float | Decimal | None) -> str:
    return "–" if figure is None else f"{figure:.2f}".replace(".", ",")


def _comma(figure: str | None) -> str:
    return "không đủ mẫu" if figure is None else figure.replace(".", ",")


def _stop(message: str) -> None:
    click.echo(message, err=True)
    sys.exit(2)
