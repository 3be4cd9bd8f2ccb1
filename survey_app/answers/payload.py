"""What lies inside an envelope, and by what is a repeated sending recognised?

Inside: the version of the questionnaire and, for each rated unit, the answers. Nothing of the person, the device or the
time. The cell comes from the invitation when the envelope is opened, so no phone can choose it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..questionnaires.answer_values import MAX_TEXT_BYTES
from ..questionnaires.definition import RANK, SELECT_MULTIPLE, TEXT, Definition
from ..questionnaires.path import MAX_COMPUTED
from .envelope import LARGE, MAX_KEYS, SIZES, SMALL, capacity

PAYLOAD_VERSION = 1
# Room for the name of a question, its choice and the marks of JSON.
_BYTES_OF_ONE_ANSWER = 80
_BYTES_OF_ONE_UNIT = 50


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
    apart: dict[str, Any] = field(default_factory=dict)  # of a matrix: answers about no unit


def write_payload(version_id: int, ratings: Sequence[Rating], apart: Mapping[str, Any] | None = None) -> bytes:
    """The bytes to be sealed."""
    content: dict[str, Any] = {
        "v": PAYLOAD_VERSION,
        "questionnaire": version_id,
        "ratings": [{"rated_unit": rating.rated_unit_id, "answers": rating.answers} for rating in ratings],
    }
    if apart:
        content["apart"] = apart
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def read_payload(data: bytes) -> Payload:
    """The content of an opened envelope. Raises PayloadError for anything of another shape."""
    try:
        content = json.loads(data)
        if content["v"] != PAYLOAD_VERSION:
            raise PayloadError("unknown version of the payload")
        ratings = tuple(Rating(_whole(row["rated_unit"]), _answers(row["answers"])) for row in content["ratings"])
        version_id = _whole(content["questionnaire"])
        apart = _answers(content.get("apart", {}))
    except (ValueError, KeyError, TypeError, RecursionError) as fault:
        raise PayloadError("not a set of answers") from fault
    if not ratings or len({rating.rated_unit_id for rating in ratings}) != len(ratings):
        raise PayloadError("no rated unit, or one of them twice")
    return Payload(version_id, ratings, apart)


def digest_of(submission: str, content: Mapping[str, Any] | bytes) -> str:
    """What is kept to know a repeated sending: a hash over the random number of the submission and what was sent.

    The number has 128 random bits and is never stored, so nobody can find the answers by trying.
    """
    if isinstance(content, bytes):
        written = content
    else:
        written = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(submission.encode() + b"\0" + written).hexdigest()


def envelope_size(definition: Definition) -> int:
    """The size of every envelope of this questionnaire: chosen by what could be written, never by what was.

    Of a matrix, `definition` is the questionnaire written out for all units that its group rates: who rates one fewer,
    because it is the own one, sends as much. Raises ValueError when the longest answers would not fit the largest size.
    """
    questions = [question for question in definition.questions() if question.is_answered]
    texts = sum(question.kind == TEXT for question in questions)
    names = sum(len(choice.name) + 3 for question in questions for choice in question.choices)
    longest = texts * (MAX_TEXT_BYTES + 200) + len(questions) * _BYTES_OF_ONE_ANSWER
    # A multiple choice or an order of preference can name all of its choices; the others name one.
    longest += names if any(q.kind in {SELECT_MULTIPLE, RANK} for q in questions) else 0
    computed = sum(question.is_computed for question in definition.questions())
    longest += computed * (4 * MAX_COMPUTED + _BYTES_OF_ONE_ANSWER)
    longest += len({q.rated_unit for q in questions if q.rated_unit}) * _BYTES_OF_ONE_UNIT
    is_matrix = any(question.rated_unit for question in questions)
    for size in SIZES if is_matrix else (SMALL, LARGE):
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
