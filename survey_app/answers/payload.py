"""What lies inside an envelope, and by what is a repeated sending recognised?

Inside: the version of the questionnaire and, for each rated unit, the answers. Nothing of the person, the device or the
time. The cell comes from the invitation when the envelope is opened, so no phone can choose it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..questionnaires.answer_values import MAX_TEXT_BYTES
from ..questionnaires.definition import RANK, SELECT_MULTIPLE, TEXT, Definition
from ..questionnaires.path import MAX_COMPUTED
from .envelope import MAX_KEYS, SIZES, capacity

PAYLOAD_VERSION = 1
# Room for the name of a question, its choice and the marks of JSON.
_BYTES_OF_ONE_ANSWER = 80


class PayloadError(ValueError):
    """The envelope could be opened, but what was in it is not a set of answers."""


@dataclass(frozen=True)
class Rating:
    """The answers about one rated unit."""

    rated_unit_id: int
    answers: dict[str, Any]


@dataclass(frozen=True)
class Payload:
    """The whole content of an envelope."""

    version_id: int
    ratings: tuple[Rating, ...]


def write_payload(version_id: int, ratings: Sequence[Rating]) -> bytes:
    """The bytes to be sealed."""
    content = {
        "v": PAYLOAD_VERSION,
        "questionnaire": version_id,
        "ratings": [{"rated_unit": rating.rated_unit_id, "answers": rating.answers} for rating in ratings],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def read_payload(data: bytes) -> Payload:
    """The content of an opened envelope. Raises PayloadError for anything of another shape."""
    try:
        content = json.loads(data)
        if content["v"] != PAYLOAD_VERSION:
            raise PayloadError("unknown version of the payload")
        ratings = tuple(Rating(_whole(row["rated_unit"]), _answers(row["answers"])) for row in content["ratings"])
        version_id = _whole(content["questionnaire"])
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise PayloadError("not a set of answers") from fault
    if not ratings or len({rating.rated_unit_id for rating in ratings}) != len(ratings):
        raise PayloadError("no rated unit, or one of them twice")
    return Payload(version_id, ratings)


def digest_of(submission: str, content: Mapping[str, Any] | bytes) -> str:
    """What is kept to know a repeated sending: a hash over the random number of the submission and what was sent.

    The number has 128 random bits and is never stored, so nobody can find the answers by trying.
    """
    if isinstance(content, bytes):
        written = content
    else:
        written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(submission.encode() + b"\0" + written).hexdigest()


def envelope_size(definition: Definition, rated_units: int = 1) -> int:
    """The size of every envelope of this questionnaire: chosen by what could be written, never by what was.

    Raises ValueError when the longest answers would not even fit the large size.
    """
    questions = [question for question in definition.questions() if question.is_answered]
    texts = sum(question.kind == TEXT for question in questions)
    names = sum(len(choice.name) + 3 for question in questions for choice in question.choices)
    longest = rated_units * (texts * (MAX_TEXT_BYTES + 200) + len(questions) * _BYTES_OF_ONE_ANSWER)
    # A multiple choice or an order of preference can name all of its choices; the others name one.
    longest += rated_units * names if any(q.kind in {SELECT_MULTIPLE, RANK} for q in questions) else 0
    computed = sum(question.is_computed for question in definition.questions())
    longest += rated_units * computed * (4 * MAX_COMPUTED + _BYTES_OF_ONE_ANSWER)
    for size in SIZES:
        if longest <= capacity(size, MAX_KEYS):
            return size
    raise ValueError("the longest answers do not fit the largest envelope")


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise PayloadError("a number is missing")
    return value


def _answers(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PayloadError("answers are missing")
    return value
