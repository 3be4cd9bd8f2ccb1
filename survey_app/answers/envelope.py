"""How is one set of answers sealed, and how is the envelope opened again?

The format is made of what every browser has (ECDH on P-256, HKDF-SHA256, AES-256-GCM), so that a phone can seal the
same envelope. docs/envelope.md describes it byte by byte, with a test vector.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Mode = Literal["availability", "strict"]

SMALL = 8 * 1024
LARGE = 32 * 1024
MATRIX = 64 * 1024  # dozens of units, each with a dozen questions
LONG_MATRIX = 128 * 1024
SIZES = (SMALL, LARGE, MATRIX, LONG_MATRIX)
CARRIED_SIZES = tuple(size + 1024 for size in SIZES)  # an envelope and what goes with it, sealed again to be carried
MAX_KEYS = 16

_MAGIC = b"PBNP\x01"
_MODE_BYTE: dict[Mode, int] = {"availability": 1, "strict": 2}
_POINT_LENGTH = 65
_KEY_ID_LENGTH = 8
_SLOT_LENGTH = _KEY_ID_LENGTH + 48
_NONCE_LENGTH = 12
_TAG_LENGTH = 16
_FIXED_HEADER = len(_MAGIC) + 2 + _POINT_LENGTH + _NONCE_LENGTH
# Each wrapping key is used once only, so a constant nonce is safe there.
_WRAP_NONCE = bytes(_NONCE_LENGTH)
_WRAP_INFO = b"survey-envelope-1 wrap"
_BODY_INFO = b"survey-envelope-1 body"


class EnvelopeError(ValueError):
    """The bytes are not an envelope of this round, are damaged, or no given key fits."""


class NoFittingKey(EnvelopeError):
    """Nothing is wrong with the envelope: it is sealed to other holders, or one more of them is needed."""


@dataclass(frozen=True)
class Randomness:
    """Everything random in one envelope; drawn anew for each, given by hand only to repeat a test vector."""

    ephemeral: ec.EllipticCurvePrivateKey
    content_key: bytes
    nonce: bytes
    slope: bytes

    @classmethod
    def draw(cls) -> "Randomness":
        """Fresh randomness from the system's generator."""
        return cls(
            ec.generate_private_key(ec.SECP256R1()),
            secrets.token_bytes(32),
            secrets.token_bytes(_NONCE_LENGTH),
            secrets.token_bytes(32),
        )


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """The public key as an uncompressed point of 65 bytes, what WebCrypto calls «raw»."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_key_from_bytes(raw: bytes) -> ec.EllipticCurvePublicKey:
    """The key of an uncompressed point. Raises EnvelopeError when the point is not on P-256."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as fault:
        raise EnvelopeError("not a point of P-256") from fault


def key_id(raw_public_key: bytes) -> bytes:
    """The eight bytes by which an envelope names a recipient."""
    return hashlib.sha256(raw_public_key).digest()[:_KEY_ID_LENGTH]


def capacity(size: int, keys: int) -> int:
    """How many bytes of answers fit into an envelope of this size for so many key holders."""
    return size - _FIXED_HEADER - keys * _SLOT_LENGTH - _TAG_LENGTH - 4


def seal(
    payload: bytes,
    public_keys: Sequence[bytes],
    round_code: str,
    mode: Mode = "availability",
    size: int = SMALL,
    randomness: Randomness | None = None,
) -> bytes:
    """Seals the payload to all holders; the result always has exactly `size` bytes.

    `availability`: any one private key opens. `strict`: two are needed. Raises ValueError for wrong use (no key, a
    payload that does not fit).
    """
    if size not in SIZES + CARRIED_SIZES:
        raise ValueError(f"size must be one of {SIZES + CARRIED_SIZES}")
    fewest = 2 if mode == "strict" else 1
    if not fewest <= len(public_keys) <= MAX_KEYS:
        raise ValueError(f"mode {mode} needs {fewest} to {MAX_KEYS} public keys")
    if len(payload) > capacity(size, len(public_keys)):
        raise ValueError("payload does not fit into the envelope")
    drawn = randomness or Randomness.draw()
    point = public_bytes(drawn.ephemeral.public_key())
    header = _MAGIC + bytes([_MODE_BYTE[mode], len(public_keys)]) + point + drawn.nonce
    for number, raw in enumerate(public_keys, start=1):
        share = drawn.content_key if mode == "availability" else _share(drawn.content_key, drawn.slope, number)
        shared = drawn.ephemeral.exchange(ec.ECDH(), public_key_from_bytes(raw))
        header += key_id(raw) + AESGCM(_wrapping_key(shared, point, raw, round_code)).encrypt(_WRAP_NONCE, share, None)
    plain = len(payload).to_bytes(4, "big") + payload
    plain += bytes(size - len(header) - _TAG_LENGTH - len(plain))
    return header + AESGCM(drawn.content_key).encrypt(drawn.nonce, plain, _body_binding(header, round_code))


def open_envelope(envelope: bytes, private_keys: Sequence[ec.EllipticCurvePrivateKey], round_code: str) -> bytes:
    """The payload. Raises EnvelopeError when the envelope is damaged, of another round, or lacks a fitting key."""
    mode, keys = _read_head(envelope)
    header_length = _FIXED_HEADER + keys * _SLOT_LENGTH
    header, body = envelope[:header_length], envelope[header_length:]
    point_start = len(_MAGIC) + 2
    point = header[point_start : point_start + _POINT_LENGTH]
    nonce = header[point_start + _POINT_LENGTH : _FIXED_HEADER]
    shares = _unwrap_shares(header, point, private_keys, round_code)
    content_key = _content_key(mode, shares)
    try:
        plain = AESGCM(content_key).decrypt(nonce, body, _body_binding(header, round_code))
    except InvalidTag as fault:
        raise EnvelopeError("the envelope is damaged or belongs to another round") from fault
    length = int.from_bytes(plain[:4], "big")
    if length > len(plain) - 4 or any(plain[4 + length :]):
        raise EnvelopeError("the padding is wrong")
    return plain[4 : 4 + length]


def looks_sealed(
    envelope: bytes, public_keys: Sequence[bytes], needed: Sequence[bytes], mode: Mode = "availability"
) -> bool:
    """Whether the bytes have the outer form of an envelope of this mode to all `needed` holders and to nobody who is
    not among `public_keys`.

    All that a server without a private key can check of an envelope sealed on a phone. A holder who was added after
    the phone had fetched the keys may be missing; without one of the others, that other could open nothing.
    """
    try:
        sealed_for, keys = _read_head(envelope)
    except EnvelopeError:
        return False
    slots = [envelope[start : start + _KEY_ID_LENGTH] for start in _slot_starts(keys)]
    known, must = ({key_id(raw) for raw in some} for some in (public_keys, needed))
    return sealed_for == mode and len(set(slots)) == len(slots) and must <= set(slots) <= known


def _read_head(envelope: bytes) -> tuple[Mode, int]:
    if len(envelope) not in SIZES + CARRIED_SIZES or envelope[: len(_MAGIC)] != _MAGIC:
        raise EnvelopeError("not an envelope of version 1")
    mode_byte, keys = envelope[len(_MAGIC)], envelope[len(_MAGIC) + 1]
    modes = [mode for mode, byte in _MODE_BYTE.items() if byte == mode_byte]
    if not modes or not 1 <= keys <= MAX_KEYS:
        raise EnvelopeError("unknown mode or number of keys")
    return modes[0], keys


def _slot_starts(keys: int) -> range:
    return range(_FIXED_HEADER, _FIXED_HEADER + keys * _SLOT_LENGTH, _SLOT_LENGTH)


def _unwrap_shares(
    header: bytes, point: bytes, private_keys: Sequence[ec.EllipticCurvePrivateKey], round_code: str
) -> dict[int, bytes]:
    """Slot number -> what the given private keys can read of it."""
    ephemeral = public_key_from_bytes(point)
    keys = (len(header) - _FIXED_HEADER) // _SLOT_LENGTH
    slots = {header[s : s + _KEY_ID_LENGTH]: (number, s) for number, s in enumerate(_slot_starts(keys), start=1)}
    shares: dict[int, bytes] = {}
    for private in private_keys:
        raw = public_bytes(private.public_key())
        found = slots.get(key_id(raw))
        if found is None:
            continue
        number, start = found
        wrapped = header[start + _KEY_ID_LENGTH : start + _SLOT_LENGTH]
        key = _wrapping_key(private.exchange(ec.ECDH(), ephemeral), point, raw, round_code)
        try:
            shares[number] = AESGCM(key).decrypt(_WRAP_NONCE, wrapped, None)
        except InvalidTag as fault:
            raise EnvelopeError("the envelope is damaged or belongs to another round") from fault
    return shares


def _content_key(mode: Mode, shares: dict[int, bytes]) -> bytes:
    if mode == "availability" and shares:
        return next(iter(shares.values()))
    if mode == "strict" and len(shares) >= 2:
        return _join_shares(*list(shares.items())[:2])
    raise NoFittingKey("no given key fits, or too few")


def _wrapping_key(shared: bytes, point: bytes, raw_recipient: bytes, round_code: str) -> bytes:
    info = _WRAP_INFO + b"\0" + raw_recipient + b"\0" + round_code.encode()
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=point, info=info).derive(shared)


def _body_binding(header: bytes, round_code: str) -> bytes:
    return _BODY_INFO + b"\0" + header + b"\0" + round_code.encode()


def _share(content_key: bytes, slope: bytes, number: int) -> bytes:
    """Shamir's scheme with threshold two: the value at `number` of the line through the key at zero, byte by byte."""
    return bytes(start ^ _multiply(rise, number) for start, rise in zip(content_key, slope, strict=True))


def _join_shares(first: tuple[int, bytes], second: tuple[int, bytes]) -> bytes:
    (x1, y1), (x2, y2) = first, second
    divisor = _inverse(x1 ^ x2)
    weight1, weight2 = _multiply(x2, divisor), _multiply(x1, divisor)
    return bytes(_multiply(a, weight1) ^ _multiply(b, weight2) for a, b in zip(y1, y2, strict=True))


def _multiply(a: int, b: int) -> int:
    """Product in the field of 256 elements of AES (FIPS 197, 4.2)."""
    product = 0
    for _ in range(8):
        product ^= a * (b & 1)
        b >>= 1
        a = (a << 1) ^ (0x11B * (a >> 7))
    return product


def _inverse(a: int) -> int:
    """Inverse in the same field: a to the power 254."""
    result = 1
    for _ in range(254):
        result = _multiply(result, a)
    return result
