"""Opinions in own words: an officer reads and hides what tells a person; then they can be read together."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from ..access import requires
from ..rounds.queries import find_round
from ..web import me, reading, writing
from .blueprint import bp
from .opinions import (
    fewest_opinions,
    find_set,
    opinion_sets,
    opinions_to_review,
    published_opinions,
    review,
)


@bp.get("/rounds/<code>/opinions")
@requires("opinions.review", "rounds.read")
def opinions(code: str) -> Any:
    """What was written, by group and question: what can be read, what waits for review, what is withheld."""
    survey_round = find_round(reading(), code, me())
    return render_template(
        "answers/opinions.html",
        survey_round=survey_round,
        sets=[(one, published_opinions(reading(), survey_round, one)) for one in opinion_sets(reading(), survey_round)],
        fewest=fewest_opinions(survey_round),
    )


@bp.get("/rounds/<code>/opinions/<group>/<question>")
@requires("opinions.review")
def review_opinions(code: str, group: str, question: str) -> Any:
    """The next page of opinions to be read."""
    survey_round = find_round(reading(), code, me())
    found = find_set(reading(), survey_round, group, question)
    texts = opinions_to_review(reading(), survey_round, found)
    return render_template("answers/opinion_review.html", survey_round=survey_round, found=found, texts=texts)


@bp.post("/rounds/<code>/opinions/<group>/<question>")
@requires("opinions.review")
def store_review(code: str, group: str, question: str) -> Any:
    """What was decided about one page."""
    with writing() as session:
        survey_round = find_round(session, code, me())
        found = find_set(session, survey_round, group, question)
        review(session, survey_round, found, request.form.getlist("read"), request.form.getlist("hide"), me())
    flash(_("Đã lưu phần vừa đọc."), "ok")
    with_rest = find_set(reading(), find_round(reading(), code, me()), group, question).waiting
    if with_rest:
        return redirect(url_for("answers.review_opinions", code=code, group=group, question=question))
    return redirect(url_for("answers.opinions", code=code))
