"""The rules of a run in one line, in the language of the page; in Vietnamese the line that workbooks carry."""

from decimal import Decimal

from flask_babel import gettext as _

from analysis.scoring_rules import Settings, plain_text


def rule_words(settings: Settings) -> str:
    """The rules in one line, to stand under every table and chart of points on a page."""
    parts = (
        _(
            "Thang %(n)d mức %(figures)s",
            n=len(settings.coefficients),
            figures=" / ".join(_comma(value) for value in reversed(settings.coefficients)),
        ),
        _dont_know(settings),
        _groups(settings),
        _("n tối thiểu %(n)d", n=settings.n_min),
        _missing_group(settings),
        f"SIPAS: {_sipas(settings)}",
        _("làm tròn một lần ở tiêu chí, 2 chữ số, từ nửa trở lên."),
    )
    return "; ".join(parts)


def _dont_know(settings: Settings) -> str:
    if settings.dont_know == "middle":
        return str(_("«không biết» tính mức giữa (%(figure)s)", figure=_comma(settings.middle)))
    return str(_("«không biết» tính 0") if settings.dont_know == "zero" else _("không tính «không biết»"))


def _groups(settings: Settings) -> str:
    if settings.group_combination == "pooled":
        return str(_("gộp phiếu các nhóm đủ mẫu"))
    if not settings.group_weights:
        return str(_("các nhóm bằng nhau"))
    weights = ", ".join(f"{group} {_comma(weight)}" for group, weight in settings.group_weights)
    return str(_("trọng số nhóm %(weights)s", weights=weights))


def _missing_group(settings: Settings) -> str:
    if settings.missing_group == "zero":
        return str(_("có nhóm không đủ mẫu thì tiêu chí được 0 điểm"))
    return str(_("nhóm không đủ mẫu thì chia lại cho các nhóm còn lại"))


def _sipas(settings: Settings) -> str:
    methods = {
        "t2b": _("tỷ lệ mức 4 và 5"),
        "mean5": _("mức trung bình / 5"),
        "mean01": _("(mức trung bình − 1) / 4"),
    }
    groups = _("nhóm bằng nhau") if settings.sipas_groups == "equal" else _("gộp các nhóm")
    return f"{methods[settings.sipas_method]}, {groups}"


def _comma(value: Decimal) -> str:
    return plain_text(value).replace(".", ",")
