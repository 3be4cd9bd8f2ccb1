"""Vietnamese text in encodings of before Unicode: TCVN3 (.VnTime), VNI and windows-1258, found and converted.

Which encoding a text has is decided by counting common Vietnamese syllables under each reading: a wrong reading
yields almost none of them.
"""

import re
import unicodedata

_TCVN3_BYTES = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ¡¢§£¤¥¦"
_TCVN3_LETTERS = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ"
_TCVN3 = dict(zip(_TCVN3_BYTES, _TCVN3_LETTERS, strict=True))

# VNI writes a vowel and then one character that carries its mark.
_VNI_MARKS = {
    "ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323",
    "â": "\u0302", "á": "\u0302\u0301", "à": "\u0302\u0300", "å": "\u0302\u0309", "ã": "\u0302\u0303",
    "ä": "\u0302\u0323", "ê": "\u0306", "é": "\u0306\u0301", "è": "\u0306\u0300", "ú": "\u0306\u0309",
    "ü": "\u0306\u0303", "ë": "\u0306\u0323",
}  # fmt: skip
_VNI_LETTERS = {"ñ": "đ", "ô": "ơ", "ö": "ư", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI_MARKED = re.compile("([aeiouyôöAEIOUYÔÖ])([" + "".join(_VNI_MARKS) + "".join(_VNI_MARKS).upper() + "])")

_COMMON = """
họ tên và năm sinh số điện thoại chức vụ giới tính nữ bản khối xã ngày ghi chú dân tộc đơn vị công tác nơi thủ tục hành
chính danh sách huyện độc lập nguyễn văn thị lãnh đạo người phòng trưởng phó chủ tịch đối tượng điều tra hội học trả kết
quả tiếp nhận hồ sơ thời gian đăng ký giấy đồng đại ủy ban nhân cộng hòa nghĩa việt thôn liên hệ
"""
_SYLLABLES = frozenset(_COMMON.split())
_CELLS = re.compile(r"([\r\n\t,;]+)")
_JUDGED = 200_000  # of a long text its beginning tells the encoding
_WORD = re.compile(r"[^\W\d_]+")


def to_unicode(text: str, encoding: str) -> str:
    """Text typed under a TCVN3 or VNI font (read as windows-1252) in Unicode NFC; other encodings come back as NFC."""
    if encoding == "TCVN3":
        return "".join(_tcvn3_cell(part) for part in _CELLS.split(text))
    if encoding == "VNI":
        return _vni(text)
    return unicodedata.normalize("NFC", text)


def old_text_to_unicode(text: str, encoding: str) -> str:
    """As `to_unicode`, for one text of a workbook that may hold both: what is Unicode already stays as it is.

    Names of sheets have no font, and cells pasted from elsewhere another one.
    """
    if any(ord(char) > 255 and not char.encode("cp1252", errors="ignore") for char in text):
        return unicodedata.normalize("NFC", text)
    converted = to_unicode(text, encoding)
    return text if _score(text) > _score(converted) else converted


def _tcvn3_cell(text: str) -> str:
    if _in_capitals(text, 3):
        return _tcvn3_letters(text).upper()
    words = [_tcvn3_word(word) for word in text.split(" ")]
    plain = [word for word in words if word[:1].isascii() and word[:1].isalpha()]
    if plain and all(word[0].isupper() for word in plain):  # «Quàng Thị ín»: the font has no capital «Í» for a name
        words = [word[:1].upper() + word[1:] for word in words]
    return " ".join(words)


def _tcvn3_letters(text: str) -> str:
    return unicodedata.normalize("NFC", "".join(_TCVN3.get(char, char) for char in text))


def _tcvn3_word(word: str) -> str:
    converted = _tcvn3_letters(word)
    return converted.upper() if _in_capitals(word, 2) else converted


def _in_capitals(text: str, fewest: int) -> bool:
    """Capitals are a font of their own (.VnTimeH): accented letters of a text in capitals arrive as small ones."""
    plain = [char for char in text if char.isascii() and char.isalpha()]
    return len(plain) >= fewest and all(char.isupper() for char in plain)


def _vni(text: str) -> str:
    def joined(match: re.Match[str]) -> str:
        vowel = match.group(1)
        base = {"ô": "ơ", "ö": "ư", "Ô": "Ơ", "Ö": "Ư"}.get(vowel, vowel)
        return unicodedata.normalize("NFC", base + _VNI_MARKS[match.group(2).lower()])

    marked = _VNI_MARKED.sub(lambda match: "\ue000" + joined(match) + "\ue001", text)
    # Letters already joined stand between private marks: «ô» made of o + circumflex is not the «ơ» of VNI.
    parts = re.split("(\ue000[^\ue001]*\ue001)", marked)
    letters = _VNI_LETTERS | {small.upper(): great.upper() for small, great in _VNI_LETTERS.items()}
    return "".join(
        part[1:-1] if part.startswith("\ue000") else "".join(letters.get(char, char) for char in part) for part in parts
    )


def _score(text: str) -> int:
    """How many common syllables with Vietnamese letters the text holds; plain ASCII ones prove nothing."""
    words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    return sum(1 for word in words if not word.isascii() and word in _SYLLABLES)


def legacy_encoding_of(text: str) -> str | None:
    """«TCVN3» or «VNI» when the text makes sense only under that reading, else None."""
    if text.isascii():
        return None
    scores = {encoding: _score(to_unicode(text, encoding)) for encoding in ("TCVN3", "VNI")}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= 3 and scores[best] > 2 * _score(text) else None


def best_decoding(content: bytes) -> tuple[str | None, str, str | None]:
    """(text, encoding, legacy name or None) of a CSV; text None when the bytes are no text at all."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(content, "utf-16"), "utf-16", None
    if content.startswith(b"\xef\xbb\xbf"):
        return _decoded(content, "utf-8-sig"), "utf-8-sig", None
    if 0 in content[:4000]:
        for encoding in ("utf-16-le", "utf-16-be"):
            text = _decoded(content, encoding)
            if text is not None and _reads_as_text(text[:4000]):
                return text, encoding, None
        return None, "", None
    if any(byte < 9 for byte in content[:4000]):
        return None, "", None
    text = _decoded(content, "utf-8")
    if text is not None:
        legacy = legacy_encoding_of(text[:_JUDGED])
        return (to_unicode(text, legacy) if legacy else text), "utf-8", legacy
    return _legacy_decoding(content)


def _legacy_decoding(content: bytes) -> tuple[str | None, str, str | None]:
    readings = {name: _read_as(content[:_JUDGED], name) for name in ("windows-1258", "TCVN3", "VNI")}
    name = max(readings, key=lambda reading: _score(readings[reading]))
    western = content[:_JUDGED].decode("latin-1")
    if _score(readings[name]) == 0 and not western.isprintable() and "\n" not in western:
        return None, "", None
    return _read_as(content, name), {"windows-1258": "cp1258"}.get(name, name.lower()), name


def _read_as(content: bytes, name: str) -> str:
    codec = {"windows-1258": "cp1258", "TCVN3": "latin-1", "VNI": "cp1252"}[name]
    return to_unicode(content.decode(codec, errors="replace"), name)


def _reads_as_text(text: str) -> bool:
    """Latin letters and marks throughout; bytes in another order, or of a program, give Chinese signs and controls."""
    latin = sum(1 for char in text if char in "\r\n\t" or " " <= char < "\u0370" or "\u1e00" <= char < "\u2100")
    return len(text) > 0 and latin >= 0.95 * len(text)


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None
