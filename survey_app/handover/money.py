"""Sums of money in words (*số tiền bằng chữ*), as they stand under a list of payments."""

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES = ("", " nghìn", " triệu")


def in_words(number: int) -> str:
    """A whole number from 0 on in Vietnamese words: 12 005 → «mười hai nghìn không trăm linh năm».

    Above a billion the words begin anew with «tỷ». Raises ValueError for a negative number.
    """
    if number < 0:
        raise ValueError("a sum of money is not negative")
    if number == 0:
        return _DIGITS[0]
    billions, rest = divmod(number, 10**9)
    parts = [f"{in_words(billions)} tỷ"] if billions else []
    for scale in (2, 1, 0):
        triple = rest // 1000**scale % 1000
        if triple:
            parts.append(_triple(triple, leading=not parts) + _SCALES[scale])
    return " ".join(parts)


def _triple(number: int, leading: bool) -> str:
    """Three digits; after other words also an empty hundred is said: «không trăm linh năm»."""
    hundreds, tens, ones = number // 100, number // 10 % 10, number % 10
    words = [] if leading and not hundreds else [_DIGITS[hundreds], "trăm"]
    if tens == 1:
        words.append("mười")
    elif tens:
        words += [_DIGITS[tens], "mươi"]
    elif ones and words:
        words.append("linh")
    if ones:
        words.append(_one(ones, tens))
    return " ".join(words)


def _one(ones: int, tens: int) -> str:
    if ones == 1 and tens > 1:
        return "mốt"
    if ones == 4 and tens > 1:
        return "tư"
    return "lăm" if ones == 5 and tens else _DIGITS[ones]


def dong_in_words(amount: int) -> str:
    """«Một triệu hai trăm nghìn đồng»: with a capital, as under a list of payments."""
    words = in_words(amount)
    return f"{words[0].upper()}{words[1:]} đồng"
