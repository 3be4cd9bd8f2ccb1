"""A key file opens with its passphrase and nothing else, and every fault has a plain Vietnamese text."""

import json

import pytest

from survey_app.answers import keys
from survey_app.answers.envelope import open_envelope, seal
from survey_app.answers.keys import from_text, make_key_file, read_key_file, read_public_key
from survey_app.errors import Refused

PASSPHRASE = "suối cá nương lúa sương"


@pytest.fixture(scope="module")
def key_file() -> keys.KeyFile:
    return make_key_file(PASSPHRASE, "tg-2021", "Phòng Nội vụ")


def test_a_key_file_gives_back_the_key_that_opens(key_file: keys.KeyFile) -> None:
    private = read_key_file(key_file.content.encode(), PASSPHRASE)
    envelope = seal(b"thu", [from_text(key_file.public_key)], "tg-2021")
    assert open_envelope(envelope, [private], "tg-2021") == b"thu"


def test_a_wrong_passphrase_is_said_so(key_file: keys.KeyFile) -> None:
    with pytest.raises(Refused, match="Mật khẩu của khóa chưa đúng"):
        read_key_file(key_file.content.encode(), "suối cá nương lúa mưa")


def test_the_passphrase_is_not_in_the_file_and_the_holder_is(key_file: keys.KeyFile) -> None:
    assert PASSPHRASE not in key_file.content
    assert json.loads(key_file.content)["holder"] == "Phòng Nội vụ"


@pytest.mark.parametrize("passphrase", ["", "ngắn", "một hai ba", "1234567890123"])
def test_a_weak_passphrase_is_refused(passphrase: str) -> None:
    with pytest.raises(Refused, match="ít nhất 5 từ hoặc 14 ký tự"):
        make_key_file(passphrase, "tg-2021", "Phòng Nội vụ")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"[]", b'{"format": "other"}', b"[" * 9000, b"x" * 20_000])
def test_another_file_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(Refused, match="không phải tệp khóa"):
        read_key_file(data, PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        {"kdf": {}},
        {"kdf": {"salt": "AAAAAAAAAAAAAAAAAAAAAA", "iterations": 10**12}},
        {"cipher": {"nonce": "*"}},
        {"private_key": 5},
    ],
)
def test_a_damaged_file_is_refused_in_words(key_file: keys.KeyFile, change: dict[str, object]) -> None:
    damaged = json.loads(key_file.content) | change
    with pytest.raises(Refused, match="bị hỏng"):
        read_key_file(json.dumps(damaged).encode(), PASSPHRASE)


def test_a_public_key_swapped_into_the_file_is_noticed(key_file: keys.KeyFile) -> None:
    other = make_key_file(PASSPHRASE, "tg-2021", "MTTQ huyện")
    swapped = json.loads(key_file.content) | {"public_key": other.public_key}
    with pytest.raises(Refused):
        read_key_file(json.dumps(swapped).encode(), PASSPHRASE)


def test_a_public_key_is_read_from_text_and_from_the_key_file(key_file: keys.KeyFile) -> None:
    assert read_public_key(f"  {key_file.public_key}\n") == key_file.public_key
    assert read_public_key(key_file.content) == key_file.public_key


@pytest.mark.parametrize("text", ["", "abc", "ê", "B" * 87, '{"format": "survey-key-1"}'])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_public_key(text)


def test_the_fingerprint_can_be_read_aloud(key_file: keys.KeyFile) -> None:
    groups = keys.fingerprint(key_file.public_key).split(" ")
    assert [len(group) for group in groups] == [4] * 8
