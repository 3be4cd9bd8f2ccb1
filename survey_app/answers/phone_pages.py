"""What a phone fetches to be able to answer without network: the questionnaire in one piece, the script, the worker.

Nothing here spends or marks a code but the refusal, which a person presses.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, g, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from ..look import asset
from ..questionnaires import answer_values as faults
from ..questionnaires.check import minutes
from ..questionnaires.definition import Definition, Question
from ..questionnaires.definition_json import to_json
from ..questionnaires.path import Screen
from ..questionnaires.shown_screen import in_shown_order, values_to_show
from ..questionnaires.wording import fault_text, text_shower
from ..text import date_text, today
from .api_pages import body_of_request, wrong_field
from .blueprint import bp, for_respondents
from .help_lines import help_lines
from .phone_content import rules_of, script, script_version, worker
from .public_pages import cell_words, facts_of
from .rules import refuse
from .visit import UI_LANGUAGES, Setting, Visit, enter, given_out, language, refuse_foreign_pages, show, writer

_FAULTS_OF_KIND = {
    "integer": faults.NOT_AN_INTEGER,
    "decimal": faults.NOT_A_NUMBER,
    "date": faults.NOT_A_DATE,
    "range": faults.NOT_IN_RANGE,
    "rank": faults.NOT_ALL_RANKED,
    "text": faults.TOO_LONG,
}


@dataclass(frozen=True)
class _Form:
    """The questionnaire of a group in one language, as it goes to phones; made once for each `setting`."""

    setting: Setting
    content: bytes
    etag: str


@bp.post("/p/form")
@for_respondents
def phone_form() -> Any:
    """The whole questionnaire of a code in one language; `have` is the mark of what the phone holds already."""
    refuse_foreign_pages()
    body = body_of_request()
    code, have = body.get("code"), body.get("have")
    if not isinstance(code, str):
        return wrong_field("code", "Thiếu mã.")
    visit = enter(code, sending=bool(have))  # who has begun may look at it in the hours of grace
    return form_given_out(visit, str(body.get("language", "vi")), have)


@bp.post("/p/refuse")
@for_respondents
def phone_refusal() -> Any:
    """The person does not wish to answer."""
    refuse_foreign_pages()
    code = body_of_request().get("code")
    if not isinstance(code, str):
        return wrong_field("code", "Thiếu mã.")
    visit = enter(code)
    writer().run(lambda session: refuse(session, visit.code_hash))
    return {"status": "refused"}


@bp.get("/p/script.js")
@for_respondents
def phone_script() -> Response:
    """The one script of the respondents' pages; its address changes with its content."""
    return given_out(script(), "text/javascript", {"Cache-Control": "public, max-age=31536000, immutable"})


@bp.get("/worker.js")
@for_respondents
def phone_worker() -> Response:
    """The service worker; it stands at the top so that it may answer for the first page."""
    code, promise = url_for("answers.link_page"), url_for("answers.promise")
    shell = [code, asset("respondent.css"), script_address()]
    ahead = [f"{code}?lang=en", promise, f"{promise}?lang=en"]
    desk = [asset("desk.js")]
    return given_out(worker(shell, ahead, desk), "text/javascript", {"Cache-Control": "no-cache"})


@bp.app_template_global("respondent_script")
def script_address() -> str:
    """Address of the script."""
    return url_for("answers.phone_script", v=script_version())


def empty_code_page() -> Response:
    """The page of the code before anything was typed: the same for everybody, so it is drawn once for each language."""
    kept: dict[tuple[object, ...], bytes] = current_app.extensions.setdefault("survey_code_pages", {})
    place = (request.path, "en" if language() == "en" else "vi", help_lines())
    if place not in kept:
        page, _status = show("respondent/code.html", typed="", fault="")
        kept[place] = page.encode()
    return given_out(kept[place], "text/html", {})


def form_given_out(visit: Visit, wish: str, have: object) -> Any:
    """The questionnaire in the language nearest to `wish`, or only that what the device has is still it."""
    g.language = wish[:20]
    form = _form_of(visit)
    if have == form.etag:
        return {"unchanged": True, "etag": form.etag, "day": today().isoformat()}
    return given_out(form.content, "application/json", {"ETag": f'"{form.etag}"'})


def _form_of(visit: Visit) -> _Form:
    """The form from memory while the setting of the group is the same object."""
    kept: dict[tuple[int, str, bool, tuple[int, ...]], _Form] = current_app.extensions.setdefault(
        "survey_phone_forms", {}
    )
    codes = [one.code for one in visit.definition.languages]
    chosen = g.language if g.language in codes else codes[0]
    place = (visit.access.group_id, chosen, visit.access.batch_id is not None, tuple(one.id for one in visit.units))
    found = kept.get(place)
    if found is None or found.setting is not visit.setting:
        content = _content(visit, chosen)
        etag = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]
        text = json.dumps(
            content | {"etag": etag, "day": today().isoformat()}, ensure_ascii=False, separators=(",", ":")
        )
        found = _Form(visit.setting, text.encode(), etag)
        kept[place] = found
    return found


def _content(visit: Visit, chosen: str) -> dict[str, Any]:
    """All that a phone needs to ask, to check, to seal, and to say how it went, in the chosen language."""
    g.language = chosen
    survey_round, setting = visit.round, visit.setting
    t = text_shower(survey_round, visit.rated_name, chosen)
    own = chosen if chosen in UI_LANGUAGES else "vi"
    page, _status = show(
        "respondent/phone.html",
        definition=visit.definition,
        on_device=True,
        shown=[(question, default, alone) for question, default, alone in _shown_questions(visit.definition)],
        t=t,
        rated=visit.rated_name,
        minutes=minutes(visit.definition),
        slip=visit.access.batch_id is not None,
        facts=facts_of(survey_round, cell_words(setting), setting.group.mode),
        survey_round=survey_round,
        mode=setting.group.mode,  # what is kept for all must not rest on who asked first
        here=url_for("answers.phone_form"),
    )
    with force_locale(own):
        messages = {question.name: _messages(question, t) for question in _answered(visit.definition)}
        facts = {
            "date": date_text(survey_round.closes_on),
            "group": setting.group.name,
            "phone": survey_round.help_phone or _("số điện thoại trên giấy mời"),
        }
    return {
        "language": chosen,
        "html": page,
        "titles": {group.name: t(group.label) for group in visit.definition.groups() if t(group.label)},
        "messages": messages,
        "facts": facts,
        "rules": rules_of(to_json(visit.definition)),
        "round": survey_round.code,
        "mode": setting.group.mode,
        "key_mode": setting.key_mode,
        "keys": setting.public_keys,
        "version": setting.version.id,
        "rated_unit": visit.units[0].id,
        "matrix": [unit.id for unit in visit.units] if visit.is_matrix else None,
        "size": setting.size,
    }


def _answered(definition: Definition) -> list[Question]:
    return [question for question in definition.questions() if question.is_answered]


def _messages(question: Question, t: Any) -> dict[str, str]:
    """Kind of fault -> sentence, for those that this question can have; in a matrix the name of the unit."""
    if question.rated_unit:
        return {faults.REQUIRED: t(question.label)}
    kinds = [faults.REQUIRED, _FAULTS_OF_KIND.get(question.kind, ""), faults.CONSTRAINT if question.constraint else ""]
    return {kind: fault_text(kind, question, t) for kind in kinds if kind}


def _shown_questions(definition: Definition) -> list[tuple[Question, Any, bool]]:
    """Every question that can be seen: in the order of its lists, with its default, and whether it stands alone."""
    together = {
        question.name
        for group in definition.groups()
        if group.one_screen
        for question in Definition("", "", (), (group,)).questions()
    }
    found = []
    for question in definition.questions():
        if question.is_shown:
            seeded = question.parameters.get("seed", "")
            screen = Screen(question.name, {}, (question,), 1, 1, 1, 1, False, {})
            ordered = in_shown_order(screen, seeded) if seeded else screen
            value = values_to_show(ordered, {}, {}, request.form)[question.name]
            found.append((ordered.questions[0], value, question.name not in together))
    return found
