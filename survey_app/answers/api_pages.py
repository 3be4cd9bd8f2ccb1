"""HTTP for answers: what a script on a phone, or a load test, posts. JSON in, JSON out; no cookie, no form token."""

import re
from collections.abc import Mapping
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from ..questionnaires.definition_json import to_json
from ..questionnaires.path import checked_answers
from ..questionnaires.wording import placeholder_values
from ..web import reading
from .blueprint import bp, for_respondents
from .envelope import looks_sealed
from .identified import is_sound
from .keying import binding, count_second_keying, figures_of
from .keys import fingerprint, from_text
from .payload import digest_of
from .queries import is_version_of
from .resume import erase_draft, is_draft_id
from .rules import Receipt, Sending, receive
from .visit import Visit, enter, refuse_foreign_pages, writer

_SUBMISSION = re.compile(r"[A-Za-z0-9_-]{16,64}")
_RECEIPTS = {Receipt.STORED: "stored", Receipt.REPEATED: "repeated", Receipt.RECEIVED: "received"}


def wrong_field(field: str, message: str) -> tuple[dict[str, Any], int]:
    """The answer to a body that misses something."""
    return {"error": "invalid", "field": field, "message": message}, 422


def body_of_request() -> Mapping[str, Any]:
    """The JSON object of the request; empty for anything else."""
    try:
        content = request.get_json(force=True, silent=True)
    except RecursionError:
        return {}
    return content if isinstance(content, dict) else {}


@bp.post("/p/open")
@for_respondents
def open_questionnaire() -> Any:
    """What a code opens: questionnaire, public keys, and all that a phone needs to seal. Spends and marks nothing."""
    refuse_foreign_pages()
    code = body_of_request().get("code")
    if not isinstance(code, str):
        return wrong_field("code", "Thiếu mã.")
    visit = enter(code)
    survey_round = visit.round
    setting = visit.setting
    return {
        "round": {
            "code": survey_round.code,
            "title": survey_round.title,
            "closes_on": survey_round.closes_on.isoformat() if survey_round.closes_on else None,
            "demo": survey_round.demo,
            "help_phone": survey_round.help_phone,
        },
        "group": setting.group.code,
        "mode": setting.group.mode,
        "slip": visit.access.batch_id is not None,
        "questionnaire_version": setting.version.id,
        "questionnaire": to_json(visit.definition) if visit.is_matrix else setting.version.definition,
        "texts": placeholder_values(visit.round, visit.rated_name),
        "rated_units": [{"id": unit.id, "name": unit.unit.name} for unit in visit.units],
        "keys": [{"public_key": key, "fingerprint": fingerprint(key)} for key in setting.public_keys],
        "key_mode": setting.key_mode,
        "envelope_size": setting.size,
        "k_min": survey_round.k_min,
    }


@bp.post("/p/answers")
@for_respondents
def take_answers() -> Any:
    """Stores one submission: plain answers are checked and sealed in memory, an envelope is stored as it came."""
    refuse_foreign_pages()
    taken = take(body_of_request())
    return {"status": _RECEIPTS[taken]} if isinstance(taken, Receipt) else taken


def take(body: Mapping[str, Any]) -> Receipt | tuple[dict[str, Any], int]:
    """Stores the submission of such a body, or tells what is wrong with it. Raises as `enter` and `receive`."""
    code, submission = body.get("code"), body.get("submission")
    if not isinstance(code, str):
        return wrong_field("code", "Thiếu mã.")
    if not isinstance(submission, str) or not _SUBMISSION.fullmatch(submission):
        return wrong_field("submission", "Số của lần gửi phải có 16 đến 64 chữ cái hoặc chữ số, chọn ngẫu nhiên.")
    visit = enter(code, sending=True, repeated=True)
    if "envelope" in body:
        sending = _take_envelope(visit, submission, body)
    else:
        sending = _take_plain(visit, submission, body.get("answers"))
    if not isinstance(sending, Sending):
        return sending
    batch_id = visit.access.batch_id if visit.access.on_paper else None
    twice = figures_of(body.get("keyed_twice"), len(visit.definition.questions())) if batch_id else None
    resume = body.get("resume")

    def store_with_more(session: Session) -> Receipt:
        receipt = receive(session, sending)
        if is_draft_id(resume):  # what was kept of it to go on elsewhere is erased with it
            erase_draft(session, str(resume))
        if batch_id and twice and receipt is Receipt.STORED:
            count_second_keying(session, batch_id, twice)
        return receipt

    more = is_draft_id(resume) or twice
    receipt: Receipt = writer().run(store_with_more) if more else writer().store(sending)
    return receipt


def _take_envelope(visit: Visit, submission: str, body: Mapping[str, Any]) -> Sending | tuple[dict[str, Any], int]:
    """A device that asked without network which group the code is of names the version in `questionnaire`.

    The envelope cannot be read here, and with the questionnaire of another group it would be lost at opening.
    """
    try:
        sealed = from_text(str(body["envelope"]).replace("+", "-").replace("/", "_").rstrip("="))
    except ValueError:
        sealed = b""
    setting = visit.setting
    keys, needed = ([from_text(key) for key in some] for some in (setting.public_keys, setting.needed_keys))
    if len(sealed) != setting.size or not looks_sealed(sealed, keys, needed, setting.key_mode):
        return wrong_field("envelope", "Phong bì không đúng mẫu hoặc không niêm phong cho người giữ khóa của đợt.")
    if "questionnaire" in body and not is_version_of(reading(), body["questionnaire"], visit.access.group_id):
        return wrong_field("questionnaire", "Phiếu này là của nhóm khác với nhóm của mã.")
    if setting.is_confidential and not is_sound(reading(), visit.round, setting.group.id, visit.units, sealed):
        return wrong_field("envelope", "Phiếu không mở được hoặc có câu trả lời chưa đúng.")
    return Sending(visit.code_hash, digest_of(submission, sealed), sealed)


def _take_plain(visit: Visit, submission: str, answers: object) -> Sending | tuple[dict[str, Any], int]:
    if not isinstance(answers, dict):
        return wrong_field("answers", "Thiếu câu trả lời.")
    found, kept = checked_answers(visit.definition, answers)
    faults = binding(found, visit.access.on_paper)
    if faults:
        wrong = {fault.name[:100]: fault.kind for fault in faults}
        return {"error": "invalid", "field": "answers", "message": "Có câu trả lời chưa đúng.", "faults": wrong}, 422
    return Sending(visit.code_hash, digest_of(submission, kept), visit.seal(kept))
