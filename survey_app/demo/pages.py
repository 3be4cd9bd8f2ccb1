"""Pages of a training round: invented persons for its lists."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from ..access import Actor, requires
from ..roster.own_list_parts import OwnListPart, register_own_list_part
from ..roster.queries import cards, own_unit
from ..rounds.models import Round
from ..rounds.queries import find_round
from ..web import me, reading, writing, xlsx_file
from .practice import empty_lists, fill_lists, practice_file, refuse_outside_training

bp = Blueprint("demo", __name__, template_folder="templates")


@bp.get("/rounds/<code>/training")
@requires("lists.review")
def training(code: str) -> ResponseReturnValue:
    survey_round = find_round(reading(), code, me())
    refuse_outside_training(survey_round)
    return render_template("demo/training.html", survey_round=survey_round, empty=empty_lists(reading(), survey_round))


@bp.post("/rounds/<code>/training")
@requires("lists.review")
def fill(code: str) -> ResponseReturnValue:
    with writing() as session:
        count = fill_lists(session, find_round(session, code, me()), me())
    flash(_("Đã điền người mẫu vào %(n)d danh sách và trình cho cơ quan tổ chức.", n=count), "ok")
    return redirect(url_for("roster.lists", code=code), 303)


@bp.get("/rounds/<code>/lists/practice.xlsx")
@requires("lists.own")
def practice(code: str) -> ResponseReturnValue:
    """A file of invented persons for the unit to upload."""
    survey_round, unit = find_round(reading(), code, me()), own_unit(me())
    return xlsx_file(practice_file(reading(), survey_round, unit), f"nguoi-mau-{unit.code}.xlsx")


def _practice_part(session: Session, survey_round: Round, by: Actor) -> list[OwnListPart]:
    over = survey_round.roster_locked_at or survey_round.cancelled_at
    if not survey_round.is_training or over:
        return []
    if not any(card.takes_upload for card in cards(session, survey_round, own_unit(by))):
        return []
    return [
        OwnListPart(
            _("Tập huấn: tệp người mẫu"),
            _("Tải tệp này về rồi tải lên ở dưới để làm thử. Trong tệp có dòng cố ý sai số điện thoại."),
            url_for("demo.practice", code=survey_round.code),
            _("Tải tệp người mẫu"),
        )
    ]


register_own_list_part(_practice_part)
