"""Which passwords are accepted and how they are kept."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_app.users import passwords


@pytest.mark.parametrize(
    "password",
    [
        "mưa rừng suối đá",
        "con trâu gặm cỏ ven suối",
        "k9#Zr!pQ2v7Lm",
        "        x y z w v u t    ",
        "ngày mai trời nắng đẹp 2026",
        "kjwhsgbnqlod",
    ],
)
def test_good_passwords_of_any_characters_are_accepted(password):
    assert passwords.password_fault(password, "tg-noivu") is None


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("ngắn", "ít nhất 12"),
        ("x" * 129, "nhiều nhất 128"),
        ("aaaaaaaaaaaaaa", "lặp lại"),
        ("abcabcabcabcabc", "lặp lại"),
        ("password1234", "hay dùng"),
        ("MatKhau@123456", "hay dùng"),
        ("mật khẩu 2026!", "hay dùng"),
        ("tuangiao2026!!", "hay dùng"),
        ("Điện Biên Phủ 1954", "hay dùng"),
        ("qwertyuiop123", "hay dùng"),
        ("Admin@12345678", "hay dùng"),
        ("PhongNoiVu@2021", "hay dùng"),
        ("xa-quai-cang-2021", "tên đăng nhập"),
    ],
)
def test_easy_passwords_are_refused_with_the_reason(password, word):
    assert word in passwords.password_fault(password, "xa-quai-cang")


@given(st.text(min_size=0, max_size=200))
def test_any_text_gets_a_verdict(text):
    fault = passwords.password_fault(text)
    assert fault is None or fault.endswith(".")
    if not 12 <= len(unicodedata.normalize("NFKC", text)) <= 128:
        assert fault is not None


def test_the_hash_is_argon2id_and_costs_an_attacker_time():
    started = time.perf_counter()
    stored = passwords.hash_password("mưa rừng suối đá")
    cost = time.perf_counter() - started
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,")
    assert cost >= 0.02
    assert passwords.password_fits(stored, "mưa rừng suối đá")
    assert passwords.password_fits(stored, unicodedata.normalize("NFD", "mưa rừng suối đá"))
    assert not passwords.password_fits(stored, "mưa rừng suối đa")
    assert not passwords.needs_new_hash(stored)
    assert passwords.needs_new_hash("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21l$" + stored.rsplit("$", 1)[1])


def test_an_unknown_account_takes_the_time_of_a_known_one():
    stored = passwords.hash_password("mưa rừng suối đá")
    passwords.password_fits(None, "nung nóng")

    def time_of(hash_or_none):
        started = time.perf_counter()
        for _ in range(5):
            assert not passwords.password_fits(hash_or_none, "mật khẩu sai")
        return time.perf_counter() - started

    known, unknown = time_of(stored), time_of(None)
    assert 0.4 < known / unknown < 2.5


def test_a_password_of_a_million_letters_is_no_work_and_never_fits():
    stored = passwords.hash_password("x" * 128)
    assert not passwords.password_fits(stored, "x" * 1_000_000)
    assert passwords.password_fits(stored, "x" * 128)
    assert not passwords.password_fits("$argon2id$broken", "x")
