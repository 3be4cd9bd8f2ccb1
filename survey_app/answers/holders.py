"""Who holds a key of a round, and has each holder proved that the key opens?

The server knows public keys only. A test opening proves possession: a sample envelope sealed to one holder contains a
secret that this server can recompute and nobody can read without the private key.
"""

import hashlib
import hmac
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from ..access import Actor
from ..audit import Action, record
from ..errors import Invalid, Missing, Refused
from ..rounds.cancelling import refuse_if_cancelled
from ..rounds.models import Round
from ..text import clean
from .envelope import seal
from .keys import fingerprint, from_text, read_public_key
from .models import RoundKey
from .queries import opening_of, round_keys

MOST_HOLDERS = 8
_TEST_PURPOSE = b"survey test opening 1"


def hash_of_token(token: str) -> str:
    """How an invitation is stored: SHA-256 of a token of 192 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def invite_holder(session: Session, survey_round: Round, name: str, body: str, by: Actor) -> str:
    """Adds a holder and returns the token of the invitation link, which exists nowhere else.

    Raises Invalid for an empty name or a body that already holds a key, Refused after closing.
    """
    name, body = clean(name), clean(body)
    _refuse_after_closing(survey_round)
    keys = round_keys(session, survey_round.id)
    faults = {}
    if not 1 < len(name) <= 100:
        faults["name"] = "Điền họ và tên người giữ khóa."
    if not 1 < len(body) <= 100:
        faults["body"] = "Điền cơ quan của người giữ khóa."
    elif any(key.holder_body.casefold() == body.casefold() for key in keys):
        faults["body"] = f"{body} đã có người giữ khóa. Mời người của cơ quan khác."
    if faults:
        raise Invalid(faults)
    if len(keys) >= MOST_HOLDERS:
        raise Refused(f"Đợt này đã có {MOST_HOLDERS} người giữ khóa, không thêm được nữa.")
    token = secrets.token_urlsafe(24)
    session.add(
        RoundKey(round_id=survey_round.id, holder_name=name, holder_body=body, invite_hash=hash_of_token(token))
    )
    record(session, Action.KEY_INVITED, by, round=survey_round.code, holder=name, body=body)
    session.flush()
    return token


def invite_again(session: Session, key: RoundKey, by: Actor) -> str:
    """A new link for a holder who lost the first, which ends. Returns the new token. Refused in a cancelled round."""
    refuse_if_cancelled(key.round)
    token = secrets.token_urlsafe(24)
    key.invite_hash = hash_of_token(token)
    record(session, Action.KEY_INVITED, by, round=key.round.code, holder=key.holder_name, body=key.holder_body)
    return token


def withdraw_invitation(session: Session, key: RoundKey) -> None:
    """Takes back an invitation that nobody has followed yet. A key that was made is never removed."""
    refuse_if_cancelled(key.round)
    if key.public_key is not None:
        raise Refused("Người này đã tạo khóa. Thêm người giữ khóa được, bớt thì không.")
    session.delete(key)


def find_key(session: Session, survey_round: Round, key_id: int) -> RoundKey:
    """The holder with this number in this round; raises Missing."""
    key = session.get(RoundKey, key_id)
    if key is None or key.round_id != survey_round.id:
        raise Missing
    return key


def find_by_token(session: Session, token: str) -> RoundKey:
    """The holder whose invitation link has this token; raises Missing."""
    key = session.scalar(select(RoundKey).where(RoundKey.invite_hash == hash_of_token(token)))
    if key is None:
        raise Missing
    return key


def store_public_key(session: Session, key: RoundKey, text: str, by: Actor | None = None) -> None:
    """Takes the public half of the holder's key pair; may be replaced until the first test opening.

    Raises Refused for what is no public key, a key that another holder has, and after the test opening.
    """
    _refuse_after_closing(key.round)
    if key.tested_before_start:
        raise Refused("Khóa này đã mở thử nên không thay được nữa.")
    public = read_public_key(text)
    if any(other.public_key == public and other.id != key.id for other in round_keys(session, key.round_id)):
        raise Refused("Khóa này đã có người khác dùng. Mỗi người tạo khóa của riêng mình.")
    key.public_key, key.fingerprint = public, fingerprint(public)
    record(session, Action.KEY_MADE, by, round=key.round.code, holder=key.holder_name, fingerprint=key.fingerprint)


def sample_envelope(key: RoundKey, server_key: bytes) -> bytes:
    """An envelope sealed to this holder alone; what is in it is the proof of the test opening."""
    if key.public_key is None:
        raise Refused("Chưa có khóa công khai. Tạo khóa trước khi mở thử.")
    return seal(_proof(key, server_key).encode(), [from_text(key.public_key)], key.round.code)


def confirm_test_opening(
    session: Session, key: RoundKey, proof: str, server_key: bytes, by: Actor | None = None
) -> None:
    """Notes that the holder opened the sample: first before the start, then once more before closing.

    Raises Refused when the proof is not what was in the sample.
    """
    if not hmac.compare_digest(proof.strip().encode(), _proof(key, server_key).encode()):
        raise Refused("Phong bì mẫu chưa mở được. Chọn đúng tệp khóa của đợt này và nhập lại mật khẩu.")
    _refuse_after_closing(key.round)
    if key.tested_before_start:
        if key.round.opened_at is None:
            return
        key.tested_before_closing = True
    else:
        key.tested_before_start = True
        key.from_start = key.round.opened_at is None
    record(session, Action.KEY_TESTED, by, round=key.round.code, holder=key.holder_name)


def confirm_destruction(session: Session, key: RoundKey, by: Actor | None = None) -> None:
    """Notes that the holder has erased the key file and its copies and shredded the paper (*hủy khóa*).

    Only the holder can know it. Raises Refused before the envelopes are opened and the database is cleaned: the key
    may still be needed.
    """
    if key.destroyed:
        return
    opening = opening_of(session, key.round_id)
    if opening is None or opening.stage == "opened":
        raise Refused("Chưa mở niêm phong và dọn sạch kho xong. Giữ khóa đến khi xong rồi mới hủy.")
    key.destroyed = True
    record(session, Action.KEY_DESTROYED, by, round=key.round.code, holder=key.holder_name)


def _proof(key: RoundKey, server_key: bytes) -> str:
    """The secret of the sample; another one for each holder, key and stage."""
    stage = "closing" if key.tested_before_start else "start"
    content = f"{key.id} {key.public_key} {stage}".encode()
    return hmac.new(server_key, _TEST_PURPOSE + content, hashlib.sha256).hexdigest()


def _refuse_after_closing(survey_round: Round) -> None:
    refuse_if_cancelled(survey_round)
    if survey_round.closed_at is not None:
        raise Refused("Đợt này đã đóng thu phiếu nên khóa không thay đổi được nữa.")
