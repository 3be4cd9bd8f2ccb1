"""How is a questionnaire written as XLSForm again? As Markdown tables, as a workbook, or as an XForm for ODK."""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Any, Final, TypeAlias

from ..errors import Refused
from .definition import Condition, Definition, Group, Item, Question, Texts, choice_lists
from .media import name_of
from .xlsform_repeat import folded

Rows: TypeAlias = list[list[str]]  # heading first

_LAST_COLUMNS: Final = (
    *("required", "relevant", "constraint", "calculation", "choice_filter", "default", "read_only"),
    *("appearance", "parameters", "criterion", "rates", "repeat_count"),
)


def to_sheets(definition: Definition) -> dict[str, Rows]:
    """The sheets survey, choices and settings, without columns that would be empty."""
    survey_heads, survey_cells = _columns(
        definition,
        ("type", "name"),
        ("label", "hint", "guidance_hint", "required_message", "constraint_message", "media::image", "media::audio"),
        _LAST_COLUMNS,
    )
    lists = choice_lists(definition)
    further = sorted({column for listed in lists.values() for choice in listed for column in choice.cells})
    choice_heads, choice_cells = _columns(
        definition, ("list_name", "name"), ("label", "media::image"), ("level", *further)
    )
    choices = [
        choice_cells(
            {**choice.cells, "list_name": list_name, "name": choice.name, "level": _text(choice.level)},
            {"label": choice.label, "media::image": _names(choice.image)},
        )
        for list_name, listed in lists.items()
        for choice in listed
    ]
    settings = {
        "form_title": definition.title,
        "form_id": definition.form_id,
        "version": definition.version,
        "default_language": f"{definition.languages[0].name} ({definition.languages[0].code})",
        "group": definition.group,
    }
    settings = {name: value for name, value in settings.items() if value}
    sheets = {
        "survey": _without_empty_columns([survey_heads, *_survey_rows(definition.items, survey_cells, definition)]),
        "choices": _without_empty_columns([choice_heads, *choices]),
        "settings": [list(settings), list(settings.values())],
    }
    return sheets if choices else {name: rows for name, rows in sheets.items() if name != "choices"}


_Cells: TypeAlias = Callable[[dict[str, str], dict[str, Texts]], list[str]]


def _columns(
    definition: Definition, first: Sequence[str], translated: Sequence[str], last: Sequence[str]
) -> tuple[list[str], _Cells]:
    """The headings of a sheet, and the function that puts plain and translated cells under them."""
    spoken = [(column, language) for column in translated for language in definition.languages]
    heads = [*first, *(f"{column}::{language.name} ({language.code})" for column, language in spoken), *last]

    def cells(plain: dict[str, str], texts: dict[str, Texts]) -> list[str]:
        middle = [texts.get(column, {}).get(language.code, "") for column, language in spoken]
        return [*(plain.get(name, "") for name in first), *middle, *(plain.get(name, "") for name in last)]

    return heads, cells


def _survey_rows(items: Sequence[Item], cells: _Cells, definition: Definition) -> Iterator[list[str]]:
    for item in items:
        if isinstance(item, Group):
            kind, times = "group", ""
            if repeat := folded(item, definition):
                item, times = repeat
                kind = "repeat"
            appearance = "table-list" if item.table else "field-list" if item.one_screen else ""
            relevant = _source(item.relevant)
            opening = {"type": f"begin_{kind}", "name": item.name, "relevant": relevant, "appearance": appearance}
            opening |= {"rates": " ".join(item.rates), "repeat_count": times}
            yield cells(opening, {"label": item.label})
            yield from _survey_rows(item.items, cells, definition)
            yield cells({"type": f"end_{kind}"}, {})
        else:
            yield _question_row(item, cells)


def _question_row(question: Question, cells: _Cells) -> list[str]:
    plain = {
        "type": f"{question.kind} {question.list_name}".strip(),
        "name": question.name,
        "required": "yes" if question.required else "",
        "relevant": _source(question.relevant),
        "constraint": _source(question.constraint),
        "calculation": _source(question.calculation),
        "choice_filter": _source(question.choice_filter),
        "default": question.default,
        "read_only": "yes" if question.read_only else "",
        "appearance": question.appearance,
        "parameters": " ".join(f"{name}={value}" for name, value in question.parameters.items()),
        "criterion": question.criterion,
    }
    texts = {
        "label": question.label,
        "hint": question.hint,
        "guidance_hint": question.guidance,
        "required_message": question.required_message,
        "constraint_message": question.constraint_message,
        "media::image": _names(question.image),
        "media::audio": _names(question.audio),
    }
    return cells(plain, texts)


def _names(files: Texts) -> Texts:
    """The bare names of stored files."""
    return {language: name_of(text) for language, text in files.items()}


def _source(condition: Condition | None) -> str:
    return condition.source if condition else ""


def _text(value: int | None) -> str:
    return "" if value is None else str(value)


def _without_empty_columns(rows: Rows) -> Rows:
    """The rows without empty columns; the labels of a language stay, also while none is translated."""
    kept = [
        place
        for place, heading in enumerate(rows[0])
        if heading.startswith("label::") or any(row[place] for row in rows[1:])
    ]
    return [[row[place] for place in kept] for row in rows]


def write_markdown(definition: Definition) -> bytes:
    """The questionnaire as Markdown tables, columns aligned so that a change is readable in a diff."""
    parts = [f"# {definition.title}\n"]
    for sheet, rows in to_sheets(definition).items():
        parts.append(_markdown_table(sheet, rows))
    return "\n".join(parts).encode()


def _markdown_table(sheet: str, rows: Rows) -> str:
    escaped = [["", *(cell.replace("|", r"\|") for cell in row)] for row in rows]
    table = [[sheet, *([""] * len(rows[0]))], *escaped]
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in table
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


def write_workbook(definition: Definition) -> bytes:
    """The questionnaire as an .xlsx that offices edit: one sheet each, heading frozen, every cell as text."""
    import xlsxwriter

    buffer = BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8F0FA", "border": 1})
        cell_format = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        for sheet_name, rows in to_sheets(definition).items():
            sheet = book.add_worksheet(sheet_name)
            sheet.freeze_panes(1, 2 if sheet_name != "settings" else 0)
            for place, heading in enumerate(rows[0]):
                longest = max(len(row[place]) for row in rows)
                sheet.set_column(place, place, min(60, max(10, longest + 2)))
                sheet.write_string(0, place, heading, head)
            for number, row in enumerate(rows[1:], start=1):
                for place, cell in enumerate(row):
                    if cell:
                        sheet.write_string(number, place, cell, cell_format)
    return buffer.getvalue()


def write_xform(definition: Definition) -> bytes:
    """The questionnaire as the XForm that ODK Collect, Enketo and Kobo run, made by pyxform.

    Raises Refused for a matrix, whose rows are the units of a round.
    """
    matrix = next((group for group in definition.groups() if group.rates), None)
    if matrix is not None:
        raise Refused(
            f"survey, dòng {matrix.row}, cột rates: XForm không có bảng đánh giá nhiều đơn vị, mỗi câu sẽ chỉ hỏi một "
            "lần, không có tên đơn vị. Tải phiếu ở dạng .xlsx hoặc .md."
        )
    from pyxform.xls2xform import convert

    sheets: dict[str, Any] = {"sheet_names": ["survey", "choices", "settings"]}
    for name, (heading, *rows) in to_sheets(definition).items():
        sheets[name] = [{key: cell for key, cell in zip(heading, row, strict=True) if cell} for row in rows]
        sheets[f"{name}_header"] = [dict.fromkeys(heading)]
    xform: str = convert(xlsform=sheets, form_name="data", pretty_print=True).xform
    return xform.encode()
