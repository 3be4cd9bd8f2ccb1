"""How do code and earlier answers travel from page to page without a cookie and without a row on the server?

In one hidden field, encrypted under a key of the server, so that neither browser history nor a proxy's log can read
answers in it, and nobody can put another code into it. The field never expires: somebody who was called away at
question 12 must be able to go on after lunch.
"""

import json
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import Refused
from .keys import from_text, to_text

_BINDING = b"respondent-state-1"
_MAX_FIELD = 100_000


class StalePage(Refused):
    """The hidden field was not made by this server, or was changed."""

    def __init__(self) -> None:
        super().__init__("Trang này đã cũ hoặc bị thay đổi. Nhập lại mã trên giấy mời để bắt đầu lại.")


@dataclass(frozen=True)
class State:
    """What one respondent has entered so far; `submission` makes a repeated sending recognisable."""

    code: str
    submission: str
    language: str = "vi"
    answers: dict[str, Any] = field(default_factory=dict)

    def with_answers(self, values: dict[str, Any], shown: list[str]) -> "State":
        """The state after one screen: every question shown there takes its new value or none."""
        kept = {name: value for name, value in self.answers.items() if name not in shown}
        return replace(self, answers=kept | values)


def begin(code: str, language: str = "vi") -> State:
    """The state of somebody who has just entered a code, with a submission number of 128 random bits."""
    return State(code=code, submission=secrets.token_hex(16), language=language)


def pack(state: State, key: bytes) -> str:
    """The hidden field. `key` has 32 bytes."""
    plain = json.dumps(
        [state.code, state.submission, state.language, state.answers], ensure_ascii=False, separators=(",", ":")
    ).encode()
    nonce = secrets.token_bytes(12)
    return to_text(nonce + AESGCM(key).encrypt(nonce, plain, _BINDING))


def unpack(packed: str, key: bytes) -> State:
    """The state in a hidden field. Raises StalePage when it was not made by this server or was changed."""
    if not packed or len(packed) > _MAX_FIELD:
        raise StalePage
    try:
        raw = from_text(packed)
        plain = AESGCM(key).decrypt(raw[:12], raw[12:], _BINDING)
    except (ValueError, InvalidTag) as fault:
        raise StalePage from fault
    code, submission, language, answers = json.loads(plain)
    return State(code, submission, language, answers)
