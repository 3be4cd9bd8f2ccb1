"""Text typed before Unicode is found and converted."""

import unicodedata

import pytest

from survey_app.legacy_text import best_decoding, legacy_encoding_of, to_unicode

SENTENCE = "Họ và tên, Năm sinh, Chức vụ, Số điện thoại, Đơn vị công tác, Ghi chú"
TCVN3 = "Hä vµ tªn, N¨m sinh, Chøc vô, Sè ®iÖn tho¹i, §¬n vÞ c«ng t¸c, Ghi chó"
VNI = "Hoï vaø teân, Naêm sinh, Chöùc vuï, Soá ñieän thoaïi, Ñôn vò coâng taùc, Ghi chuù"


@pytest.mark.parametrize(("written", "encoding"), [(TCVN3, "TCVN3"), (VNI, "VNI")])
def test_text_of_an_old_font_is_recognised_and_converted(written, encoding):
    assert legacy_encoding_of(written) == encoding
    assert to_unicode(written, encoding) == SENTENCE


def test_unicode_text_is_left_alone():
    assert legacy_encoding_of(SENTENCE) is None
    assert legacy_encoding_of("plain ASCII") is None


def test_a_word_in_capitals_of_an_old_font_becomes_capitals():
    assert to_unicode("THñ TR¦ëNG §¥N VÞ", "TCVN3") == "THỦ TRƯỞNG ĐƠN VỊ"


@pytest.mark.parametrize(
    ("content", "encoding", "legacy"),
    [
        (SENTENCE.encode("utf-8"), "utf-8", None),
        (SENTENCE.encode("utf-16"), "utf-16", None),
        (TCVN3.encode("latin-1"), "tcvn3", "TCVN3"),
        (VNI.encode("cp1252"), "vni", "VNI"),
    ],
)
def test_a_file_is_decoded_by_what_makes_sense(content, encoding, legacy):
    assert best_decoding(content) == (SENTENCE, encoding, legacy)


def test_windows_1258_writes_tones_apart_and_comes_back_composed():
    letters = []
    for char in SENTENCE:
        try:
            letters.append(char.encode("cp1258"))
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", char)
            base = unicodedata.normalize("NFC", parts[:-1]) if len(parts) > 2 else parts[0]
            tone = parts[-1]
            if parts[-1] in "\u0302\u0306\u031b":  # the shape came last: put the tone after it
                base, tone = unicodedata.normalize("NFC", parts[0] + parts[-1]), parts[1]
            letters.append((base + tone).encode("cp1258"))
    assert best_decoding(b"".join(letters)) == (SENTENCE, "cp1258", "windows-1258")


def test_bytes_that_are_no_text_are_none():
    assert best_decoding(bytes(range(256)) * 4)[0] is None


def test_a_name_that_begins_with_an_accent_gets_the_capital_that_the_font_lacks():
    assert to_unicode("Quµng ThÞ Ýn", "TCVN3") == "Quàng Thị Ín"
    assert to_unicode("§¨ng ký khai sinh ë x·", "TCVN3") == "Đăng ký khai sinh ở xã"
