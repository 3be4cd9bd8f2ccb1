"""Where does the private key of a holder live, and how is it read again?

A key file is JSON, protected by a passphrase with PBKDF2-SHA256 and AES-256-GCM, so that a browser (WebCrypto) and this
module make and read the same file. The server never stores one. docs/envelope.md describes the fields.
"""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from ..errors import Refused
from .envelope import EnvelopeError, public_bytes, public_key_from_bytes

FORMAT = "survey-key-1"
ITERATIONS = 600_000
MAX_FILE = 10_000

NOT_A_KEY = "Tệp này không phải tệp khóa. Chọn tệp có đuôi .khoa.json đã tải về khi tạo khóa."
DAMAGED = "Tệp khóa bị hỏng. Chọn bản sao khác của tệp khóa."
WRONG_WORDS = "Mật khẩu của khóa chưa đúng. Nhập lại đúng mật khẩu đã đặt khi tạo khóa."
WEAK_WORDS = "Mật khẩu của khóa cần ít nhất 5 từ hoặc 14 ký tự. Đặt mật khẩu dài hơn."
NOT_A_PUBLIC_KEY = "Đây không phải khóa công khai. Dán đúng dòng chữ «Khóa công khai», hoặc chọn đúng tệp."


@dataclass(frozen=True)
class KeyFile:
    """A key as the holder keeps it: the content of the file, and the public half for the server."""

    content: str
    public_key: str


def to_text(raw: bytes) -> str:
    """Base64 for addresses (RFC 4648, 5) without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """The bytes of such a text. Raises ValueError when it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as fault:
        raise ValueError("not base64url") from fault


def check_passphrase(passphrase: str) -> None:
    """Raises Refused for a passphrase of fewer than five words and fewer than 14 characters."""
    if len(passphrase.split()) < 5 and len(passphrase) < 14:
        raise Refused(WEAK_WORDS)


def make_key_file(passphrase: str, round_code: str, holder: str) -> KeyFile:
    """A new key pair as a protected key file. Raises Refused for a weak passphrase."""
    check_passphrase(passphrase)
    private = ec.generate_private_key(ec.SECP256R1())
    public = to_text(public_bytes(private.public_key()))
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sealed = AESGCM(_file_key(passphrase, salt, ITERATIONS)).encrypt(nonce, plain, _binding(public))
    content = {
        "format": FORMAT,
        "round": round_code,
        "holder": holder,
        "public_key": public,
        "kdf": {"name": "PBKDF2-SHA256", "iterations": ITERATIONS, "salt": to_text(salt)},
        "cipher": {"name": "AES-256-GCM", "nonce": to_text(nonce)},
        "private_key": to_text(sealed),
    }
    return KeyFile(json.dumps(content, ensure_ascii=False, indent=1) + "\n", public)


def read_key_file(data: bytes, passphrase: str) -> ec.EllipticCurvePrivateKey:
    """The private key of a key file. Raises Refused (Vietnamese) for another file, damage or a wrong passphrase."""
    content = _parse(data)
    try:
        public = str(content["public_key"])
        salt = from_text(content["kdf"]["salt"])
        iterations = int(content["kdf"]["iterations"])
        nonce = from_text(content["cipher"]["nonce"])
        sealed = from_text(content["private_key"])
    except (KeyError, TypeError, ValueError) as fault:
        raise Refused(DAMAGED) from fault
    # A file with an absurd number of rounds must not hold the server for minutes.
    if not 100_000 <= iterations <= 5_000_000 or len(nonce) != 12 or len(salt) < 16:
        raise Refused(DAMAGED)
    try:
        plain = AESGCM(_file_key(passphrase, salt, iterations)).decrypt(nonce, sealed, _binding(public))
    except InvalidTag as fault:
        raise Refused(WRONG_WORDS) from fault
    try:
        private = load_der_private_key(plain, None)
    except ValueError as fault:
        raise Refused(DAMAGED) from fault
    if not isinstance(private, ec.EllipticCurvePrivateKey) or to_text(public_bytes(private.public_key())) != public:
        raise Refused(DAMAGED)
    return private


def read_public_key(text: str) -> str:
    """The public key in a pasted text or in a key file's text, checked. Raises Refused when there is none."""
    candidate = text.strip()
    if candidate.startswith("{"):
        candidate = str(_parse(candidate.encode()).get("public_key", ""))
    try:
        public_key_from_bytes(from_text(candidate))
    except (ValueError, EnvelopeError) as fault:
        raise Refused(NOT_A_PUBLIC_KEY) from fault
    return candidate


def fingerprint(public_key: str) -> str:
    """A short form of a public key that two people can compare aloud: 32 hexadecimal digits in groups of four."""
    digits = hashlib.sha256(from_text(public_key)).hexdigest()[:32]
    return " ".join(digits[start : start + 4] for start in range(0, 32, 4))


def _parse(data: bytes) -> dict[str, Any]:
    if len(data) > MAX_FILE:
        raise Refused(NOT_A_KEY)
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as fault:
        raise Refused(NOT_A_KEY) from fault
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise Refused(NOT_A_KEY)
    return content


def _file_key(passphrase: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, iterations, 32)


def _binding(public_key: str) -> bytes:
    return f"{FORMAT} {public_key}".encode()
