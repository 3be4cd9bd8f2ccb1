"""By which rules do answers become points, and how are these rules printed with a result?

Every rule is a setting of the round (*quy tắc tính điểm*); no official text fixes them, and the choice moves a
criterion by several hundredths of a point. So they are frozen with the round and stand under every figure.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation

DONT_KNOW = "KB"
NOT_ANSWERED = ""

# Coefficients from level 1 (worst) upwards. The five-level ones are those of SIPAS: mean of (level - 1) / 4, mean of
# level / 5, and the share of the two upper levels (T2B, «hài lòng + rất hài lòng»).
PRESETS: Mapping[str, tuple[Decimal, ...]] = {
    name: tuple(Decimal(figure) for figure in figures.split())
    for name, figures in {
        "mean01": "0 0.25 0.5 0.75 1",
        "mean5": "0.2 0.4 0.6 0.8 1",
        "t2b": "0 0 0 1 1",
        "four_levels": "0 0.5 0.75 1",
        "four_levels_even": "0 0.33 0.67 1",
        "three_levels": "0 0.5 1",
    }.items()
}

CHOICES: Mapping[str, tuple[str, ...]] = {
    "dont_know": ("excluded", "zero", "middle"),
    "group_combination": ("equal", "pooled"),
    "missing_group": ("renormalise", "zero"),
    "sipas_method": ("t2b", "mean5", "mean01"),
    "sipas_groups": ("pooled", "equal"),
}

# Printed with every result but not open to choice; a settings file may repeat them, never change them.
FIXED: Mapping[str, str] = {
    "refused": "excluded",
    "rounding": "once at the leaf, 2 decimals, half up, decimal arithmetic",
    "survey_total": "sum of the rounded leaves",
}
_DESCRIPTION = re.compile(r"leaf(_[0-9A-Za-z_]+)?")


class ScoringError(ValueError):
    """Input that cannot be scored. The message is Vietnamese and says where, what and what to do."""


@dataclass(frozen=True)
class Settings:
    """The rules of scoring of one round; the defaults are the usual ones of a district round."""

    coefficients: tuple[Decimal, ...] = PRESETS["mean01"]  # from level 1 upwards
    dont_know: str = "excluded"
    group_combination: str = "equal"
    group_weights: tuple[tuple[str, Decimal], ...] = ()  # empty: all groups alike
    n_min: int = 5
    missing_group: str = "renormalise"
    sipas_method: str = "t2b"
    sipas_groups: str = "pooled"

    @classmethod
    def from_json(cls, data: object) -> "Settings":
        """Settings from a JSON object in which every key may be absent.

        Raises ScoringError that names the wrong key or value and those allowed. The `settings` of a printed
        result can be given back as they are.
        """
        if not isinstance(data, Mapping):
            raise ScoringError("Quy tắc tính điểm phải là một đối tượng JSON dạng {…}.")
        values: dict[str, object] = {}
        for key, value in data.items():
            if key in FIXED:
                _refuse_other(str(key), value, (FIXED[key],))
            elif key in _READERS:
                values[key] = _READERS[key](value)
            elif key in CHOICES:
                _refuse_other(key, value, CHOICES[key])
                values[key] = value
            elif not (isinstance(key, str) and _DESCRIPTION.fullmatch(key)):
                allowed = ", ".join(field.name for field in fields(cls))
                raise ScoringError(f"Quy tắc tính điểm: không có khóa «{key}». Các khóa dùng được: {allowed}.")
        settings = replace(cls(), **values)  # type: ignore[arg-type]
        if settings.group_weights and settings.group_combination == "pooled":
            raise ScoringError(
                "Quy tắc tính điểm: «group_weights» chỉ dùng khi «group_combination» là «equal». Bỏ một trong hai."
            )
        return settings

    def to_json(self) -> dict[str, object]:
        """The rules as JSON, figures as text: what `from_json` reads. Rules left at their usual value are in it too.

        R: `jsonlite::toJSON(rules, auto_unbox=TRUE)`."""
        return {
            "coefficients": coefficients_json(self),
            "dont_know": self.dont_know,
            "group_combination": self.group_combination,
            "group_weights": {group: str(weight) for group, weight in self.group_weights} or "equal",
            "n_min": self.n_min,
            "missing_group": self.missing_group,
            "sipas_method": self.sipas_method,
            "sipas_groups": self.sipas_groups,
        }

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels of the scale, worst first: "1", "2", …"""
        return tuple(str(number) for number in range(1, len(self.coefficients) + 1))

    @property
    def middle(self) -> Decimal:
        """What «không biết» counts under dont_know = middle: the middle level, or the mean of the two middle ones."""
        count = len(self.coefficients)
        return (self.coefficients[(count - 1) // 2] + self.coefficients[count // 2]) / 2


def coefficients_json(settings: Settings) -> dict[str, str]:
    """Level → coefficient as text, best level first, without trailing zeros. R: `as.list(setNames(format(k), L:1))`."""
    return {level: plain_text(settings.coefficients[int(level) - 1]) for level in reversed(settings.levels)}


def rule_line(settings: Settings) -> str:
    """The rules in one Vietnamese line, to stand under every table and chart of points.

    No R equivalent: a sentence of the product."""
    figures = " / ".join(_comma(value) for value in reversed(settings.coefficients))
    dont_know = {
        "excluded": "không tính «không biết»",
        "zero": "«không biết» tính 0",
        "middle": f"«không biết» tính mức giữa ({_comma(settings.middle)})",
    }[settings.dont_know]
    missing = {
        "renormalise": "nhóm không đủ mẫu thì chia lại cho các nhóm còn lại",
        "zero": "có nhóm không đủ mẫu thì tiêu chí được 0 điểm",
    }[settings.missing_group]
    sipas = {"t2b": "tỷ lệ mức 4 và 5", "mean5": "mức trung bình / 5", "mean01": "(mức trung bình − 1) / 4"}
    sipas_groups = {"pooled": "gộp các nhóm", "equal": "nhóm bằng nhau"}
    return (
        f"Thang {len(settings.coefficients)} mức {figures}; {dont_know}; {_groups_text(settings)}; "
        f"n tối thiểu {settings.n_min}; {missing}; SIPAS: {sipas[settings.sipas_method]}, "
        f"{sipas_groups[settings.sipas_groups]}; làm tròn một lần ở tiêu chí, 2 chữ số, từ nửa trở lên."
    )


def _groups_text(settings: Settings) -> str:
    if settings.group_combination == "pooled":
        return "gộp phiếu các nhóm đủ mẫu"
    if not settings.group_weights:
        return "các nhóm bằng nhau"
    return "trọng số nhóm " + ", ".join(f"{group} {_comma(weight)}" for group, weight in settings.group_weights)


def _refuse_other(key: str, value: object, allowed: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in allowed:
        raise ScoringError(
            f"Quy tắc tính điểm: «{key}» không nhận giá trị «{_shown(value)}». "
            f"Các giá trị dùng được: {', '.join(allowed)}."
        )


def _shown(value: object) -> str:
    """A value as the settings file has it; what has no place in JSON by its plain text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _figure(key: str, value: object, example: str = "0.75") -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise InvalidOperation
        figure = Decimal(str(value))
        if figure.is_finite() and not -12 <= figure.adjusted() <= 12:
            raise InvalidOperation  # exact fractions of such figures would never end
    except InvalidOperation:
        raise ScoringError(
            f'Quy tắc tính điểm: «{key}» phải là một số, ví dụ "{example}"; đang là «{_shown(value)}».'
        ) from None
    if not figure.is_finite():
        raise ScoringError(f"Quy tắc tính điểm: «{key}» phải là một số hữu hạn; đang là «{_shown(value)}».")
    return figure


def _read_coefficients(value: object) -> tuple[Decimal, ...]:
    count = len(value) if isinstance(value, Mapping) else 0
    expected = [str(number) for number in range(1, count + 1)]
    if not isinstance(value, Mapping) or not 2 <= count <= 10 or set(value) != set(expected):
        raise ScoringError(
            'Quy tắc tính điểm: «coefficients» phải ghi đủ các mức liền nhau từ "1" (2 đến 10 mức), '
            f'ví dụ {{"5": "1", "4": "0.75", "3": "0.5", "2": "0.25", "1": "0"}}; đang là «{_shown(value)}».'
        )
    figures = tuple(_figure(f"coefficients, mức {level}", value[level]) for level in expected)
    for level, figure in zip(expected, figures, strict=True):
        if not 0 <= figure <= 1:
            raise ScoringError(f"Quy tắc tính điểm: hệ số mức {level} phải từ 0 đến 1; đang là «{figure}».")
    return figures


def _read_group_weights(value: object) -> tuple[tuple[str, Decimal], ...]:
    if value == "equal":
        return ()
    if not isinstance(value, Mapping) or not value:
        raise ScoringError(
            'Quy tắc tính điểm: «group_weights» phải là "equal" hoặc trọng số từng nhóm, '
            f'ví dụ {{"A": "30", "B": "20", "C": "50"}}; đang là «{_shown(value)}».'
        )
    weights = tuple((str(group), _figure(f"group_weights, nhóm {group}", figure)) for group, figure in value.items())
    for group, weight in weights:
        if weight < 0:
            raise ScoringError(f"Quy tắc tính điểm: trọng số nhóm {group} không được âm; đang là «{weight}».")
    return weights


def _read_n_min(value: object) -> int:
    figure = _figure("n_min", value, "5")
    if figure != figure.to_integral_value() or figure < 1:
        raise ScoringError(f"Quy tắc tính điểm: «n_min» phải là số nguyên từ 1; đang là «{_shown(value)}».")
    return int(figure)


_READERS: Mapping[str, Callable[[object], object]] = {
    "coefficients": _read_coefficients,
    "group_weights": _read_group_weights,
    "n_min": _read_n_min,
}


def plain_text(value: Decimal) -> str:
    """The figure without trailing zeros after the point: 0.75, 10. R: `format(x, drop0trailing=TRUE)`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _comma(value: Decimal) -> str:
    return plain_text(value).replace(".", ",")
