"""The scoring rules of a round as data: the choices an office has, what each means, and the JSON kept with the round.

No official formula text is public, so every step that changes a figure is a setting, printed with every result: scale
coefficients, «không biết», combination of groups, n_min, a missing group, the satisfaction index (1001/QĐ-BNV).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..errors import Invalid
from ..text import N_, number_text
from .sheet_table import decimal_of


@dataclass(frozen=True)
class Choice:
    """One value of a setting: its words on the form and what choosing it means."""

    value: str
    label: str
    meaning: str


@dataclass(frozen=True)
class Setting:
    """One setting with its choices; the first is the default."""

    name: str
    label: str
    choices: tuple[Choice, ...]

    @property
    def default(self) -> str:
        return self.choices[0].value


# Named scales: level -> coefficient, 5 (or the highest) the best.
COEFFICIENTS: dict[str, dict[str, str]] = {
    "5-mean01": {"5": "1", "4": "0.75", "3": "0.5", "2": "0.25", "1": "0"},
    "5-mean5": {"5": "1", "4": "0.8", "3": "0.6", "2": "0.4", "1": "0.2"},
    "5-t2b": {"5": "1", "4": "1", "3": "0", "2": "0", "1": "0"},
    "4-half": {"4": "1", "3": "0.75", "2": "0.5", "1": "0"},
    "4-thirds": {"4": "1", "3": "0.67", "2": "0.33", "1": "0"},
    "3-half": {"3": "1", "2": "0.5", "1": "0"},
}
SCALE = Setting(
    "scale",
    N_("Hệ số của từng mức trả lời"),
    (
        Choice(
            "5-mean01",
            N_("5 mức, cách đều từ 0 đến 1"),
            N_(
                "Mức 5 được trọn điểm, mức 4 được 0,75, mức 3 được 0,5, mức 2 được 0,25, mức 1 không có điểm. "
                "Dùng khi mức thấp nhất nghĩa là chưa làm được gì."
            ),
        ),
        Choice(
            "5-mean5",
            N_("5 mức, điểm chia cho 5"),
            N_("Mức 5 được trọn điểm, rồi 0,8 · 0,6 · 0,4; mức 1 vẫn được 0,2. Cho điểm cao hơn cách đều từ 0 đến 1."),
        ),
        Choice(
            "5-t2b",
            N_("5 mức, tỷ lệ hai mức cao nhất"),
            N_(
                "Mức 5 và mức 4 được trọn điểm, ba mức dưới không có điểm. "
                "Điểm là tỷ lệ người hài lòng và rất hài lòng."
            ),
        ),
        Choice(
            "4-half",
            N_("4 mức: 1 · 0,75 · 0,5 · 0"),
            N_("Cho phiếu bốn mức tốt, khá, trung bình, yếu: 1, 0,75, 0,5 và 0 điểm."),
        ),
        Choice(
            "4-thirds",
            N_("4 mức: 1 · 0,67 · 0,33 · 0"),
            N_("Cho phiếu bốn mức, bốn bậc cách đều nhau: 1, 0,67, 0,33 và 0 điểm."),
        ),
        Choice("3-half", N_("3 mức: 1 · 0,5 · 0"), N_("Cho phiếu ba mức tốt, trung bình, kém: 1, 0,5 và 0 điểm.")),
    ),
)
DONT_KNOW = Setting(
    "dont_know",
    N_("Câu trả lời «không biết»"),
    (
        Choice(
            "excluded", N_("Không tính"), N_("Người chọn «không biết» không làm tăng, không làm giảm điểm của câu đó.")
        ),
        Choice(
            "zero", N_("Tính 0 điểm"), N_("Coi «không biết» như mức thấp nhất. Điểm giảm khi nhiều người không biết.")
        ),
        Choice(
            "middle",
            N_("Tính mức giữa"),
            N_("Coi «không biết» như mức giữa của thang (thang 5 mức: mức 3), kéo điểm về giữa."),
        ),
    ),
)
GROUP_COMBINATION = Setting(
    "group_combination",
    N_("Gộp các nhóm trả lời"),
    (
        Choice(
            "equal",
            N_("Trung bình giữa các nhóm"),
            N_(
                "Tính điểm từng nhóm rồi lấy trung bình, nên 28 người của nhóm A nặng bằng 480 người của nhóm E. "
                "Điền trọng số bên dưới nếu các nhóm không nặng như nhau."
            ),
        ),
        Choice("pooled", N_("Gộp mọi phiếu"), N_("Mỗi phiếu nặng như nhau, nên nhóm đông người quyết định điểm.")),
    ),
)
MISSING_GROUP = Setting(
    "missing_group",
    N_("Khi một nhóm không đủ mẫu"),
    (
        Choice(
            "renormalise",
            N_("Chia lại cho nhóm đủ mẫu"),
            N_("Nhóm có ít câu trả lời hơn mức tối thiểu được bỏ ra ngoài."),
        ),
        Choice("zero", N_("Tiêu chí được 0 điểm"), N_("Chỉ cần một nhóm không đủ mẫu, cả tiêu chí không có điểm.")),
    ),
)
SIPAS_METHOD = Setting(
    "sipas_method",
    N_("Chỉ số hài lòng (SIPAS)"),
    (
        Choice(
            "t2b",
            N_("Tỷ lệ hài lòng và rất hài lòng"),
            N_("Số người chọn mức 4 và mức 5 chia cho số người trả lời."),
        ),
        Choice("mean5", N_("Trung bình chia 5"), N_("Điểm trung bình của thang 1–5 chia cho 5.")),
        Choice(
            "mean01", N_("Trung bình trừ 1, chia 4"), N_("Điểm trung bình trừ 1 rồi chia 4, để mức thấp nhất là 0.")
        ),
    ),
)
SIPAS_GROUPS = Setting(
    "sipas_groups",
    N_("Gộp nhóm khi tính chỉ số hài lòng"),
    (
        Choice("pooled", N_("Gộp mọi phiếu"), N_("Người dân và doanh nghiệp gộp chung theo từng câu hỏi.")),
        Choice("equal", N_("Trung bình giữa các nhóm"), N_("Tính riêng từng nhóm rồi lấy trung bình.")),
    ),
)
SETTINGS = (SCALE, DONT_KNOW, GROUP_COMBINATION, MISSING_GROUP, SIPAS_METHOD, SIPAS_GROUPS)
DEFAULT_N_MIN = 5
LARGEST_N_MIN = 1000


def default_rules() -> dict[str, Any]:
    """The rules of a new round: five levels from 0 to 1, «không biết» left out, groups equal, n_min 5."""
    return rules_from_form({setting.name: setting.default for setting in SETTINGS}, [])


def rules_from_form(form: Mapping[str, str], group_codes: list[str]) -> dict[str, Any]:
    """The rules as stored JSON, from the fields of the form (setting names, `n_min`, `weight_A` …).

    Raises Invalid with one sentence per faulty field. Weights may all be empty (groups equal) or all given.
    """
    faults: dict[str, str] = {}
    chosen: dict[str, str] = {}
    for setting in SETTINGS:
        value = form.get(setting.name) or setting.default
        chosen[setting.name] = value
        if value not in {choice.value for choice in setting.choices}:
            faults[setting.name] = f"Chọn một trong các cách ở mục «{setting.label}»."
    n_min = _n_min(form, faults)
    weights = _weights(form, group_codes, faults) if chosen["group_combination"] == "equal" else {}
    if faults:
        raise Invalid(faults)
    rules: dict[str, Any] = {"coefficients": dict(COEFFICIENTS[chosen.pop("scale")]), "n_min": n_min, **chosen}
    if weights:
        rules["group_weights"] = weights
    return rules


def _n_min(form: Mapping[str, str], faults: dict[str, str]) -> int:
    text = (form.get("n_min") or str(DEFAULT_N_MIN)).strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LARGEST_N_MIN):
        faults["n_min"] = f"Số câu trả lời tối thiểu là một số nguyên từ 1 đến {number_text(LARGEST_N_MIN)}."
        return DEFAULT_N_MIN
    return int(text)


def _weights(form: Mapping[str, str], group_codes: list[str], faults: dict[str, str]) -> dict[str, str]:
    written = {code: (form.get(f"weight_{code}") or "").strip() for code in group_codes}
    if not any(written.values()):
        return {}
    weights: dict[str, str] = {}
    for code, text in written.items():
        value = decimal_of(text)
        if not text:
            faults[f"weight_{code}"] = f"Điền trọng số của nhóm {code}, hoặc để trống tất cả các nhóm."
        elif value is None or value < 0:
            faults[f"weight_{code}"] = f"Trọng số của nhóm {code} là một số từ 0 trở lên, ví dụ 30 hoặc 12,5."
        else:
            weights[code] = str(value)
    if not faults and not any(Decimal(weight) for weight in weights.values()):
        faults[f"weight_{group_codes[0]}"] = "Ít nhất một nhóm phải có trọng số lớn hơn 0."
    return weights


def form_from_rules(rules: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the form that stand for stored rules."""
    form = {setting.name: str(rules.get(setting.name, setting.default)) for setting in SETTINGS}
    form["scale"] = next((n for n, scale in COEFFICIENTS.items() if scale == rules.get("coefficients")), SCALE.default)
    form["n_min"] = str(rules.get("n_min", DEFAULT_N_MIN))
    for code, weight in dict(rules.get("group_weights", {})).items():
        form[f"weight_{code}"] = str(weight).replace(".", ",")
    return form


def chosen_labels(rules: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The rules in words, as (setting, choice), for the page that shows them without a form."""
    form = form_from_rules(rules)
    labels = [(s.label, next(c.label for c in s.choices if c.value == form[s.name])) for s in SETTINGS]
    labels.append((N_("Số câu trả lời tối thiểu của một nhóm"), form["n_min"]))
    if weights := dict(rules.get("group_weights", {})):
        labels.append(
            (N_("Trọng số các nhóm"), " · ".join(f"{g} {str(w).replace('.', ',')}" for g, w in weights.items()))
        )
    return labels
