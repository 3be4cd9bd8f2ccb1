"""One request of a respondent: where it comes from, which code it brings, in which language it is answered."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, make_response, render_template, request
from flask_babel import force_locale
from markupsafe import Markup
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ..access_codes.codes import hash_of, normalise
from ..access_codes.models import InvitationState
from ..attempts import address_key, attempts_within, count_attempt
from ..errors import Refused
from ..questionnaires.definition import Definition, Language
from ..questionnaires.matrix import has_matrix
from ..questionnaires.models import QuestionnaireVersion
from ..rounds.models import Mode, RatedUnit, RespondentGroup, Round
from ..web import database, reading, settings
from .envelope import Mode as KeyMode
from .identified import public_answer_key, seal_identified
from .models import RoundKey
from .payload import envelope_size
from .phone_content import compressed
from .queries import (
    Access,
    Window,
    access_of_nobody,
    definition_of,
    find_access,
    groups_by_place,
    published_version,
    sealing_keys,
)
from .ratings import Rated, form_of, path_of, payload_of, rated_of
from .rules import NotOpen, UnknownCode, check_access, receive_all, seal_answers
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
    rated: Rated
    widest: Definition  # the questionnaire of who rates all units of the group; it settles the size of envelopes
    keys: list[RoundKey]
    window: Window
    read_at: float
    public_keys: tuple[str, ...]  # to whom a phone seals: the holders, or in confidential mode the server
    by_place: bool  # opened ballots of the group also tell a commune

    drawn: dict[tuple[Any, ...], Markup] = field(default_factory=dict)  # questions as they look before an answer

    @property
    def rates_one(self) -> bool:
        """Whether everybody of the group rates the same one unit."""
        return len(self.rated.units) == 1 and self.group.id not in self.rated.chosen

    @property
    def is_confidential(self) -> bool:
        """Answers of this group carry the name of their person."""
        return self.group.mode == Mode.CONFIDENTIAL

    @property
    def key_mode(self) -> KeyMode:
        """How many of the keys open."""
        return "strict" if self.round.key_mode == "strict" and not self.is_confidential else "availability"

    @property
    def needed_keys(self) -> tuple[str, ...]:
        """To whom of the public keys every envelope must be sealed: all who were there when the round began."""
        if self.is_confidential:
            return self.public_keys
        return tuple(key.public_key for key in self.keys if key.public_key and key.from_start)

    @cached_property
    def size(self) -> int:
        """Bytes of every envelope of the group."""
        return envelope_size(self.widest)


@dataclass(frozen=True)
class Visit:
    """What a respondent's request leads to."""

    code_hash: str
    access: Access
    setting: Setting
    units: tuple[RatedUnit, ...]  # what the person rates

    @property
    def round(self) -> Round:
        return self.setting.round

    @cached_property
    def definition(self) -> Definition:
        """The questionnaire, a matrix written out for the units of this person."""
        return form_of(self.setting.version, self.units)

    @cached_property
    def is_matrix(self) -> bool:
        """Whether the person rates units in the rows of tables."""
        return has_matrix(definition_of(self.setting.version))

    @cached_property
    def rated_name(self) -> str:
        """The name of the one unit that the person rates; empty for a matrix, where the names stand in the rows."""
        return "" if self.is_matrix else self.units[0].unit.name

    def seal(self, answers: dict[str, Any]) -> bytes:
        """Checked answers as an envelope to the key holders, in confidential mode to the server."""
        setting = self.setting
        payload = payload_of(setting.version, self.units, answers)
        if setting.is_confidential:
            return seal_identified(reading(), setting.round, setting.widest, payload)
        return seal_answers(
            setting.round, setting.keys, setting.version.id, setting.widest, payload.ratings, payload.apart
        )


def writer() -> AnswerWriter:
    """The one writer of answers in this process."""
    found: AnswerWriter = current_app.extensions.setdefault(
        "survey_answer_writer", AnswerWriter(database(), receive_all)
    )
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
    session = reading(alone=True)
    access = find_access(session, code_hash) if code else None
    if access is None:
        _count_unknown_code(session)
        raise UnknownCode
    setting = _setting(session, access)
    g.survey_round = setting.round if setting else session.get(Round, access.round_id)
    g.mode = access.mode
    if not (repeated and access.state is InvitationState.RECEIVED):
        check_access(access, sending=sending)
    if setting is None:
        raise NotOpen("Khảo sát chưa bắt đầu.")
    return Visit(code_hash, access, setting, _units(session, setting, access))


def _units(session: Session, setting: Setting, access: Access) -> tuple[RatedUnit, ...]:
    """What the holder of the code rates. Where the round rates one unit, nobody's own unit is looked up."""
    rated = setting.rated
    units = rated.of(access.group_id, "" if setting.rates_one else path_of(session, access))
    if not units:
        raise NotOpen("Ông/bà không có đơn vị nào để đánh giá trong đợt này.")
    return units


def visit_without_code(survey_round: Round, group: RespondentGroup) -> Visit | None:
    """What everybody of a group is asked, for a device that has no code yet.

    None while nothing is published, and where persons rate different units.
    """
    session = reading()
    keys = len(sealing_keys(session, survey_round.id))
    access = access_of_nobody(survey_round, group, keys)
    setting = _setting(session, access)
    if setting is None or not setting.rates_one:
        return None
    return Visit("", access, setting, setting.rated.of(group.id, ""))


def _setting(session: Session, access: Access) -> Setting | None:
    """The setting of the code's group, from memory while nothing that matters has changed."""
    kept: dict[int, Setting] = current_app.extensions.setdefault("survey_settings_of_groups", {})
    found = kept.get(access.group_id)
    fresh = found is not None and found.window == access.window and len(found.keys) == access.keys
    if found is not None and fresh and monotonic() - found.read_at < _KEPT_SECONDS:
        return found
    version = published_version(session, access.group_id)
    if version is None:
        return None
    rated = rated_of(session, access.round_id)
    holders = sealing_keys(session, access.round_id)
    confidential = access.mode == Mode.CONFIDENTIAL
    setting = Setting(
        session.get_one(Round, access.round_id),
        session.get_one(RespondentGroup, access.group_id),
        version,
        rated,
        form_of(version, rated.most(access.group_id)),
        holders,
        access.window,
        monotonic(),
        (public_answer_key(session),) if confidential else tuple(key.public_key for key in holders if key.public_key),
        access.group_id in groups_by_place(session, access.round_id),
    )
    kept[access.group_id] = setting
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
            here=values.pop("here", request.path),
            survey_round=values.pop("survey_round", g.get("survey_round")),
            mode=values.pop("mode", g.get("mode")),
            **values,
        )
    return page, status


def given_out(content: bytes, kind: str, headers: dict[str, str]) -> Response:
    """What is the same for many, compressed where the browser takes that; never a page with what one person typed."""
    gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
    response = make_response(compressed(content) if gzipped else content)
    response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    response.headers["Vary"] = "Accept-Encoding"
    if gzipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers.update(headers)
    return response
