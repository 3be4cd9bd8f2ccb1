"""One request of a respondent: where it comes from, which code it brings, in which language it is answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, g, render_template, request
from flask_babel import force_locale
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..access_codes.codes import hash_of, normalise
from ..attempts import address_key, attempts_within, count_attempt
from ..errors import Refused
from ..questionnaires.definition import Definition, Language, Question
from ..questionnaires.models import QuestionnaireVersion
from ..rounds.models import RatedUnit, RespondentGroup, Round
from ..web import database, reading, settings
from .models import RoundKey
from .payload import Rating
from .queries import Access, Window, definition_of, find_access, published_version, rated_units, sealing_keys, window_of
from .rules import NotOpen, UnknownCode, check_access, seal_answers
from .state import State, pack, unpack
from .writer import AnswerWriter

UI_LANGUAGES = ("vi", "en")
_OWN_LANGUAGES = (Language("vi", "Tiếng Việt"), Language("en", "English"))
_PER_SOURCE = 30
_IN_ALL = 600
_ALL_SOURCES = "unknown-code:all"
_WINDOW = timedelta(minutes=1)
_KEPT_SECONDS = 30.0  # how long a changed telephone number or title may take to be seen


class TooManyUnknownCodes(Exception):
    """Too many unknown codes came within a minute; true codes are never refused for that."""


class ForeignPage(Refused):
    """The request was made by a page of another site."""


@dataclass(frozen=True)
class Setting:
    """What is the same for all respondents of a group: read once and kept while the round's window does not change."""

    round: Round
    group: RespondentGroup
    version: QuestionnaireVersion
    definition: Definition
    units: list[RatedUnit]
    keys: list[RoundKey]
    window: Window
    read_at: float
    drawn: dict[tuple[str, str, bool], Markup] = field(default_factory=dict)  # questions not answered yet, see below

    def draw(self, question: Question, spoken: str, alone: bool, draw: Callable[[], Markup]) -> Markup | None:
        """An unanswered question in a language, drawn once for all; none where it is not the same for everybody."""
        if (
            self.definition.question(question.name) is not question
        ):  # answers in its texts, filtered or shuffled choices
            return None
        place = (question.name, spoken, alone)
        if place not in self.drawn:
            self.drawn[place] = draw()
        return self.drawn[place]

    @property
    def rated(self) -> RatedUnit:
        """The one rated unit of the round."""
        return self.units[0]


@dataclass(frozen=True)
class Visit:
    """What a respondent's request leads to."""

    code_hash: str
    access: Access
    setting: Setting

    @property
    def round(self) -> Round:
        return self.setting.round

    @property
    def definition(self) -> Definition:
        return self.setting.definition

    @property
    def rated(self) -> RatedUnit:
        """The one rated unit of the round."""
        return self.setting.rated

    def seal(self, answers: dict[str, Any]) -> bytes:
        """Checked answers as an envelope to the key holders."""
        setting = self.setting
        rating = Rating(self.rated.id, answers)
        return seal_answers(setting.round, setting.keys, setting.version.id, setting.definition, [rating])


def writer() -> AnswerWriter:
    """The one writer of answers in this process."""
    found: AnswerWriter = current_app.extensions.setdefault("survey_answer_writer", AnswerWriter(database()))
    return found


def refuse_foreign_pages() -> None:
    """Raises ForeignPage when another site's page sent this POST.

    A page with the policy «no-referrer» sends `Origin: null` to its own site, so null says nothing.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        raise ForeignPage("Trang gửi đến từ địa chỉ khác nên không được nhận.")
    origin = request.headers.get("Origin")
    if site is None and origin not in (None, "null") and urlsplit(origin).netloc != request.host:
        raise ForeignPage("Trang gửi đến từ địa chỉ khác nên không được nhận.")


def enter(typed: str, sending: bool = False, repeated: bool = False) -> Visit:
    """Where a typed code leads. `sending` grants the hours of grace; `repeated` lets a spent code through.

    Raises UnknownCode, TooManyUnknownCodes, CodeVoid, NotOpen, Closed, AlreadyAnswered.
    """
    code = normalise(typed)
    code_hash = hash_of(code, settings().keys.pepper) if code else ""
    session = reading()
    access = find_access(session, code_hash) if code else None
    if access is None:
        _count_unknown_code(session)
        raise UnknownCode
    setting = _setting(session, access.round_id, access.group_id, access.window, access.keys)
    g.survey_round = setting.round if setting else session.get(Round, access.round_id)
    if not repeated:
        check_access(access, sending=sending)
    if setting is None:
        raise NotOpen("Khảo sát chưa bắt đầu.")
    return Visit(code_hash, access, setting)


def setting_of_group(survey_round: Round, group: RespondentGroup) -> Setting | None:
    """The setting of a group whose questionnaire is given out without a code; none while nothing is published."""
    session = reading()
    keys = len(sealing_keys(session, survey_round.id))
    return _setting(session, survey_round.id, group.id, window_of(survey_round), keys)


def _setting(session: Session, round_id: int, group_id: int, window: Window, keys: int) -> Setting | None:
    """The setting of a group, from memory while nothing that matters has changed."""
    kept: dict[int, Setting] = current_app.extensions.setdefault("survey_settings_of_groups", {})
    found = kept.get(group_id)
    fresh = found is not None and found.window == window and len(found.keys) == keys
    if found is not None and fresh and monotonic() - found.read_at < _KEPT_SECONDS:
        return found
    version = published_version(session, group_id)
    if version is None:
        return None
    setting = Setting(
        session.get_one(Round, round_id),
        session.get_one(RespondentGroup, group_id),
        version,
        definition_of(version),
        rated_units(session, round_id),
        sealing_keys(session, round_id),
        window,
        monotonic(),
    )
    kept[group_id] = setting
    return setting


def _count_unknown_code(session: Session) -> None:
    source = f"unknown-code:{address_key(request.remote_addr or '')}"
    limits = ((source, _PER_SOURCE), (_ALL_SOURCES, _IN_ALL))
    if any(attempts_within(session, key, _WINDOW) >= limit for key, limit in limits):
        raise TooManyUnknownCodes

    def count(session: Session) -> None:
        for key, _limit in limits:
            count_attempt(session, key)

    try:
        writer().run(count)
    except IntegrityError:  # two first tries of one minute at once: the other one was counted
        return


def read_state() -> State:
    """The sealed field of the form, with the language switched where a language button was pressed."""
    state = unpack(request.form.get("state", ""), settings().keys.data_key)
    wish = request.form.get("switch", "")
    state = State(state.code, state.submission, wish or state.language, state.answers)
    g.language = state.language
    return state


def packed(state: State) -> str:
    """The state as the sealed field of the next page."""
    return pack(state, settings().keys.data_key)


def language() -> str:
    """The language of this page: of the state, of the address, of the form; else Vietnamese."""
    found: str = g.get("language") or request.args.get("lang") or request.form.get("language") or "vi"
    return found[:20]


def show(template: str, status: int = 200, definition: Definition | None = None, **values: Any) -> tuple[str, int]:
    """A respondent's page in its language; the program's own words are Vietnamese or English."""
    languages = definition.languages if definition else _OWN_LANGUAGES
    wish = language()
    chosen = wish if any(one.code == wish for one in languages) else languages[0].code
    ui_language = chosen if chosen in UI_LANGUAGES else "vi"
    with force_locale(ui_language):
        page = render_template(
            template,
            language=chosen,
            ui_language=ui_language,
            words_language=chosen if chosen != ui_language else "",
            languages=[(one.code, one.name) for one in languages],
            here=request.path,
            survey_round=values.pop("survey_round", g.get("survey_round")),
            **values,
        )
    return page, status
