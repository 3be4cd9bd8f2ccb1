"""What is in a file of finished answers that a device without network has saved (tệp phiếu đã lưu)?

A phone seals each answer once more, to the key of the server, together with the code and the number of the submission.
Whoever finds the file reads nothing, not even whose it is, and cannot answer in the place of its owner: the file can be
delivered, and nothing else. What comes out is what the phone itself would have sent, so a file and its phone are one
answer. docs/envelope.md says how it looks.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from .envelope import CARRIED_SIZES, EnvelopeError, NoFittingKey, open_envelope
from .identified import answer_key
from .keys import from_text, to_text

FORMAT = "survey-carried-1"
MOST_FORMS = 500  # of the smallest, as many as the largest request holds
_CONTEXT = "survey carried 1"  # in the place of a round's code, which holds no blank
_FIELDS = ("code", "submission", "resume", "questionnaire")


class NotCarried(ValueError):
    """The content is no file of saved answers."""


class Damaged(ValueError):
    """A part of the file was changed or is missing."""


class OfAnotherSystem(ValueError):
    """The answer was saved from the pages of another server."""


def forms_in(content: bytes) -> list[str]:
    """The sealed answers of a file, each once. Raises NotCarried for any other file, Damaged for a part of one."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise NotCarried from fault
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise Damaged if FORMAT in text[:100] else NotCarried from fault
    forms = found.get("forms") if isinstance(found, dict) and found.get("format") == FORMAT else None
    if (
        not isinstance(forms, list)
        or not 0 < len(forms) <= MOST_FORMS
        or not all(isinstance(one, str) for one in forms)
    ):
        raise NotCarried
    return list(dict.fromkeys(forms))


def submission_in(session: Session, form: str) -> Mapping[str, Any]:
    """One answer as its phone would have sent it to /p/answers. Raises Damaged or OfAnotherSystem."""
    try:
        sealed = from_text(form)
        if len(sealed) not in CARRIED_SIZES:
            raise Damaged
        head, _, envelope = open_envelope(sealed, [answer_key(session)], _CONTEXT).partition(b"\n")
        found = json.loads(head)
    except NoFittingKey as fault:
        raise OfAnotherSystem from fault
    except (EnvelopeError, ValueError) as fault:
        raise Damaged from fault
    if not isinstance(found, dict):
        raise Damaged
    return {name: found[name] for name in _FIELDS if name in found} | {"envelope": to_text(envelope)}
