"""The phone seals byte for byte what docs/envelope.md says, and the server's own code opens it."""

import base64
import hashlib
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, Page

from survey_app.answers.envelope import Mode, looks_sealed, open_envelope, public_bytes, seal
from survey_app.answers.keys import from_text, to_text
from tests.answers.test_envelope import DOCUMENTATION, PAYLOAD, ROUND, VECTOR, VECTOR_HOLDERS, make_keys
from tests.browser_fixtures import Server

SEAL = """async ({payload, keys, round, mode, size, drawn}) => {
  const bytes = surveySealing.fromText;
  const curve = {name: "ECDH", namedCurve: "P-256"};
  const given = drawn && {
    privateKey: await crypto.subtle.importKey("jwk", drawn.jwk, curve, false, ["deriveBits"]),
    point: bytes(drawn.point), content: bytes(drawn.content), nonce: bytes(drawn.nonce), slope: bytes(drawn.slope),
  };
  return surveySealing.toText(await surveySealing.seal(bytes(payload), keys.map(bytes), round, mode, size, given));
}"""


@pytest.fixture
def page(server: Server, browser: Browser) -> Any:
    """A page of a secure context with the sealing script in it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/cam-ket")
    yield page
    context.close()


def sealed_by_phone(page: Page, keys: list[bytes], mode: Mode, payload: bytes = PAYLOAD, drawn: Any = None) -> bytes:
    facts = {"payload": to_text(payload), "keys": [to_text(key) for key in keys], "round": ROUND, "mode": mode}
    return from_text(page.evaluate(SEAL, {**facts, "size": 8192, "drawn": drawn}))


def drawn_vector() -> dict[str, Any]:
    numbers = VECTOR.ephemeral.private_numbers()
    public = numbers.public_numbers

    def part(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()

    jwk = {"kty": "EC", "crv": "P-256", "d": part(numbers.private_value), "x": part(public.x), "y": part(public.y)}
    point = to_text(public_bytes(VECTOR.ephemeral.public_key()))
    random = {"content": VECTOR.content_key, "nonce": VECTOR.nonce, "slope": VECTOR.slope}
    return {"jwk": jwk, "point": point, **{name: to_text(value) for name, value in random.items()}}


@pytest.mark.parametrize(("mode", "column"), [("availability", 0), ("strict", 1)])
def test_the_phone_repeats_the_vector_of_the_documentation(page: Page, mode: Mode, column: int) -> None:
    holders = [ec.derive_private_key(secret, ec.SECP256R1()) for secret in VECTOR_HOLDERS]
    keys = [public_bytes(holder.public_key()) for holder in holders]
    envelope = sealed_by_phone(page, keys, mode, drawn=drawn_vector())
    printed = re.search(r"SHA-256 of the envelope \| `(\w+)` \| `(\w+)`", DOCUMENTATION.read_text("utf-8"))
    assert printed is not None
    assert hashlib.sha256(envelope).hexdigest() == printed[column + 1]
    assert envelope == seal(PAYLOAD, keys, ROUND, mode, randomness=VECTOR)


@pytest.mark.parametrize("mode", ["availability", "strict"])
def test_what_the_phone_seals_is_opened_here(page: Page, mode: Mode) -> None:
    private, public = make_keys(3)
    payload = '{"y_kien":"Ghế ngồi – đủ chỗ 𝄞"}'.encode()
    first, second = (sealed_by_phone(page, public, mode, payload) for _ in range(2))
    assert looks_sealed(first, public, public, mode)
    assert open_envelope(first, private[1:], ROUND) == payload
    assert first[84:] != second[84:]


def test_what_does_not_fit_is_not_cut(page: Page) -> None:
    _private, public = make_keys(2)
    with pytest.raises(Exception, match="does not fit"):
        sealed_by_phone(page, public, "availability", b"x" * 8192)
