"""A design as typed: figures in Vietnamese writing, percentages, and what the frame offers to choose from."""

from collections.abc import Mapping
from typing import Any

from ..errors import Invalid
from .designs import PLACES, Allocation, Design, Method, SizeRule

_PERCENTS = {  # field -> (name on the page, lowest, highest)
    "margin": ("sai số", 0.1, 50.0),
    "confidence": ("độ tin cậy", 50.0, 99.9),
    "proportion": ("tỷ lệ ước tính", 1.0, 99.0),
    "response_rate": ("tỷ lệ trả lời", 1.0, 100.0),
    "reserve_share": ("số dự bị", 0.0, 500.0),
}
_WHOLE = {
    "given_size": ("số người", 1, 100_000),
    "minimum": ("số người ít nhất mỗi tầng", 0, 1000),
    "clusters": ("số cụm", 1, 5000),
}
DEVIATION = "sd-"


def choices_from_form(form: Mapping[str, str]) -> Design:
    """What was chosen in a form, without its figures: unknown choices are the usual ones."""
    return Design(**_choices(form))


def _choices(form: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "method": _choice(form, "method", Method, Method.SIMPLE),
        "size_rule": _choice(form, "size_rule", SizeRule, SizeRule.QUOTA),
        "allocation": _choice(form, "allocation", Allocation, Allocation.PROPORTIONAL),
        "within": Method.SYSTEMATIC if form.get("within") == Method.SYSTEMATIC else Method.SIMPLE,
        "strata": _one_of(form, "strata", PLACES, "commune"),
        "cluster_by": _one_of(form, "cluster_by", ("ban", "commune"), "ban"),
        "pps_method": _one_of(form, "pps_method", ("systematic", "sampford", "tille"), "systematic"),
        "measure": form.get("measure", "")[:200],
    }
    if "sort" in form:
        values["sort_by"] = tuple(one for one in form["sort"].split(",") if one in PLACES)
    return values


def design_from_form(form: Mapping[str, str]) -> Design:
    """The design of a form; a field that is not there keeps its usual value. Raises Invalid by field."""
    faults: dict[str, str] = {}
    values = _choices(form)
    for name, (words, low, high) in _PERCENTS.items():
        if form.get(name, "").strip():
            figure = _figure(form[name])
            if figure is None or not low <= figure <= high:
                faults[name] = f"Điền {words} từ {_shown(low)} đến {_shown(high)} phần trăm."
            else:
                values[name] = figure / 100
    for name, (words, least, most) in _WHOLE.items():
        if form.get(name, "").strip():
            figure = _figure(form[name])
            if figure is None or figure != int(figure) or not least <= figure <= most:
                faults[name] = f"Điền {words} bằng số nguyên từ {least} đến {most}."
            else:
                values[name] = int(figure)
    effect = _figure(form.get("design_effect", "") or "1")
    if effect is None or not 0.1 <= effect <= 20:
        faults["design_effect"] = "Điền hệ số thiết kế từ 0,1 đến 20, thường là 1 đến 2."
    else:
        values["design_effect"] = effect
    values["deviations"] = _deviations(form, faults)
    if values["size_rule"] == SizeRule.GIVEN and "given_size" not in values:
        faults.setdefault("given_size", "Ghi số người cần chọn.")
    if faults:
        raise Invalid(faults)
    return Design(**values)


def _choice(form: Mapping[str, str], name: str, kind: Any, usual: Any) -> Any:
    return kind(form[name]) if form.get(name) in set(kind) else usual


def _one_of(form: Mapping[str, str], name: str, known: tuple[str, ...], usual: str) -> str:
    return form[name] if form.get(name) in known else usual


def _shown(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _figure(text: str) -> float | None:
    """A number as typed here: «0,5», «5», «1.5»."""
    try:
        return float(text.strip().replace(" ", "").replace(",", "."))
    except ValueError:
        return None


def _deviations(form: Mapping[str, str], faults: dict[str, str]) -> dict[str, float]:
    found = {}
    for name, text in form.items():
        if name.startswith(DEVIATION) and text.strip():
            figure = _figure(text)
            if figure is None or not 0 <= figure <= 1e9:
                faults[name] = "Độ lệch chuẩn phải là số không âm, ví dụ 0,5."
            else:
                found[name.removeprefix(DEVIATION)] = figure
    return found
