"""An envelope has one size, opens with the right keys of the right round, and with nothing else."""

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from survey_app.answers import envelope as sealed
from survey_app.answers.envelope import EnvelopeError, Randomness, open_envelope, seal
from survey_app.answers.payload import Rating, read_payload, write_payload

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "envelope.md"
ROUND = "tuan-giao-2021"
PAYLOAD = '{"answers":{"q_5_6_3":"4","y_kien":"Cần ghế ngồi chờ"}}'.encode()

# The vector printed in docs/envelope.md; a browser that seals with these values must give the same bytes.
VECTOR_HOLDERS = (0x1111111111, 0x2222222222)
VECTOR = Randomness(
    ephemeral=ec.derive_private_key(0x3333333333, ec.SECP256R1()),
    content_key=bytes(range(32)),
    nonce=bytes(range(100, 112)),
    slope=bytes(range(200, 232)),
)


def make_keys(count: int) -> tuple[list[ec.EllipticCurvePrivateKey], list[bytes]]:
    private = [ec.generate_private_key(ec.SECP256R1()) for _ in range(count)]
    return private, [sealed.public_bytes(key.public_key()) for key in private]


def test_any_one_holder_opens_in_availability_mode() -> None:
    private, public = make_keys(3)
    envelope = seal(PAYLOAD, public, ROUND)
    for key in private:
        assert open_envelope(envelope, [key], ROUND) == PAYLOAD


def test_strict_mode_needs_any_two_holders() -> None:
    private, public = make_keys(3)
    envelope = seal(PAYLOAD, public, ROUND, mode="strict")
    for left in range(3):
        for right in range(3):
            if left == right:
                with pytest.raises(EnvelopeError, match="too few"):
                    open_envelope(envelope, [private[left], private[right]], ROUND)
            else:
                assert open_envelope(envelope, [private[left], private[right]], ROUND) == PAYLOAD


def test_strict_mode_with_one_key_is_refused_when_sealing() -> None:
    _, public = make_keys(1)
    with pytest.raises(ValueError, match="needs 2"):
        seal(PAYLOAD, public, ROUND, mode="strict")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, sealed.capacity(sealed.SMALL, 2)))
def test_every_envelope_has_the_same_size_whatever_was_written(length: int) -> None:
    private, public = make_keys(2)
    payload = b"x" * length
    envelope = seal(payload, public, ROUND)
    assert len(envelope) == sealed.SMALL
    assert open_envelope(envelope, private[:1], ROUND) == payload


def test_a_payload_that_does_not_fit_is_refused() -> None:
    _, public = make_keys(2)
    too_long = b"x" * (sealed.capacity(sealed.SMALL, 2) + 1)
    with pytest.raises(ValueError, match="does not fit"):
        seal(too_long, public, ROUND)
    assert len(seal(too_long, public, ROUND, size=sealed.LARGE)) == sealed.LARGE


def test_a_strange_key_does_not_open() -> None:
    _, public = make_keys(2)
    with pytest.raises(EnvelopeError):
        open_envelope(seal(PAYLOAD, public, ROUND), make_keys(1)[0], ROUND)


def test_an_envelope_of_another_round_does_not_open() -> None:
    private, public = make_keys(2)
    with pytest.raises(EnvelopeError):
        open_envelope(seal(PAYLOAD, public, ROUND), private, "tuan-giao-2022")


@pytest.mark.parametrize("place", [0, 5, 6, 30, 75, 90, 100, 500, -1])
def test_one_changed_bit_is_noticed(place: int) -> None:
    private, public = make_keys(1)
    damaged = bytearray(seal(PAYLOAD, public, ROUND))
    damaged[place] ^= 1
    with pytest.raises(EnvelopeError):
        open_envelope(bytes(damaged), private, ROUND)


def test_a_cut_envelope_is_noticed() -> None:
    private, public = make_keys(1)
    with pytest.raises(EnvelopeError):
        open_envelope(seal(PAYLOAD, public, ROUND)[:-1], private, ROUND)


def test_no_two_envelopes_are_alike() -> None:
    _, public = make_keys(2)
    assert seal(PAYLOAD, public, ROUND) != seal(PAYLOAD, public, ROUND)


def test_the_outer_form_tells_whether_it_was_sealed_to_holders_of_the_round_and_to_nobody_else() -> None:
    _, public = make_keys(3)
    envelope = seal(PAYLOAD, public[:2], ROUND)
    needed = public[:2]
    assert sealed.looks_sealed(envelope, public[:2], needed)
    assert sealed.looks_sealed(envelope, public, needed)  # the third holder came later
    assert sealed.looks_sealed(seal(PAYLOAD, public, ROUND), public, needed)
    assert not sealed.looks_sealed(envelope, public[:1], public[:1])
    assert not sealed.looks_sealed(seal(PAYLOAD, public[1:], ROUND), public, needed)  # the first could not open it
    assert not sealed.looks_sealed(seal(PAYLOAD, [public[0], public[0]], ROUND), public, needed)
    assert not sealed.looks_sealed(b"\0" * sealed.SMALL, public, needed)
    assert not sealed.looks_sealed(envelope, public, needed, mode="strict")  # one key alone would open it
    assert not sealed.looks_sealed(b"short", public, needed)


def test_the_field_of_shares_is_the_one_of_aes() -> None:
    # FIPS 197, 4.2: {57} x {83} = {c1}; and every element times its inverse is one.
    assert sealed._multiply(0x57, 0x83) == 0xC1
    assert all(sealed._multiply(a, sealed._inverse(a)) == 1 for a in range(1, 256))


@pytest.mark.parametrize("mode", ["availability", "strict"])
def test_the_vector_of_the_documentation_is_what_we_make(mode: sealed.Mode) -> None:
    holders = [ec.derive_private_key(number, ec.SECP256R1()) for number in VECTOR_HOLDERS]
    public = [sealed.public_bytes(key.public_key()) for key in holders]
    envelope = seal(PAYLOAD, public, ROUND, mode=mode, randomness=VECTOR)
    words = DOCUMENTATION.read_text("utf-8")
    assert hashlib.sha256(envelope).hexdigest() in words
    assert envelope[84:140].hex() in words
    assert envelope[-16:].hex() in words
    assert public[0].hex() in words
    assert PAYLOAD.decode() in words
    assert open_envelope(envelope, holders, ROUND) == PAYLOAD


def test_the_vectors_of_a_matrix_are_what_we_make() -> None:
    holders = [ec.derive_private_key(number, ec.SECP256R1()) for number in VECTOR_HOLDERS]
    public = [sealed.public_bytes(key.public_key()) for key in holders]
    words = DOCUMENTATION.read_text("utf-8")
    matrix = write_payload(12, [Rating(3, {"q_1_7_1": "4"}), Rating(9, {})], {"y_kien": "Cần họp ít hơn"})
    assert matrix.decode() in words
    for payload in (PAYLOAD, matrix):
        envelope = seal(payload, public, ROUND, size=sealed.MATRIX, randomness=VECTOR)
        assert hashlib.sha256(envelope).hexdigest() in words
        assert envelope[-16:].hex() in words
    assert read_payload(matrix).apart == {"y_kien": "Cần họp ít hơn"}
