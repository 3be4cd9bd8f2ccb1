"""How does a questionnaire look on paper? A4 for printing on both sides, numbered as on the screen.

Choices carry the number by which a clerk keys them. A form of a batch names the batch on every page, never a person.
Boxes are ticked with a pen; who may skip a question is told in words where the condition is simple, and at the choice
that leads past other questions.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from .. import paper
from .definition import (
    ACKNOWLEDGE,
    DECIMAL,
    INTEGER,
    NOTE,
    RANGE,
    RANK,
    SELECT_MULTIPLE,
    SELECT_ONE,
    TEXT,
    Choice,
    Condition,
    Definition,
    Group,
    Item,
    Question,
    Texts,
    asked_when_trees,
    fill,
    questions_in,
    text_in,
)
from .expression import Expression, Literal, Operation, holds, references
from .expression import Reference as AnswerOf
from .label_values import answer_words, with_dots
from .media import Medium, Reference

_CSS = """
@page { margin: 15mm 15mm 18mm 15mm; @top-center { content: none; }
  @bottom-left { content: string(batch); font: 10pt sans-serif; width: 70%; text-align: left; }
  @bottom-center { content: none; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 10pt sans-serif; } }
.batch { string-set: batch content(); text-align: center; font-size: 10.5pt; margin: 0 0 3mm; }
@page :left { margin-right: 22mm; }
@page :right { margin-left: 22mm; }
html { font-size: 12pt; line-height: 1.3; }
body { text-align: left; }
h1 { font-size: 16pt; text-align: center; margin: 0 0 3mm; }
h2 { font-size: 13pt; margin: 5mm 0 2mm; padding: 1.5mm 2mm; background: #e8eef6; break-after: avoid; }
.about { text-align: center; margin: 0 0 4mm; }
.question { margin: 0 0 4mm; break-inside: avoid; }
.question .label { font-weight: bold; margin: 0 0 1mm; }
.hint, .skip { font-size: 10.5pt; margin: 0 0 1mm; }
.skip { font-style: italic; }
ul { list-style: none; margin: 0; padding: 0 0 0 6mm; }
li { margin: 0 0 1.5mm; padding-left: 12.5mm; text-indent: -12.5mm; break-inside: avoid; }
ul.short li { display: inline-block; width: 48%; box-sizing: border-box; }
ul.scale li { display: inline-block; margin-right: 5mm; }
.jump { font-size: 10.5pt; font-style: italic; white-space: nowrap; }
.how { border: 0.3mm solid #000; padding: 2mm 3mm; font-size: 10.5pt; margin: 0 0 4mm; }
.key { display: inline-block; width: 4.5mm; margin-right: 1mm; text-indent: 0; text-align: right; font-size: 8.5pt; }
.box, .place { display: inline-block; border: 0.4mm solid #000; }
.box { width: 4mm; height: 4mm; margin-right: 3mm; vertical-align: -0.6mm; }
.box.round { border-radius: 50%; }
.place { width: 9mm; height: 6mm; margin-right: 2mm; vertical-align: -1.5mm; }
.picture { display: block; max-width: 90mm; max-height: 60mm; margin: 1mm 0 2mm; }
li .picture { max-width: 45mm; max-height: 30mm; text-indent: 0; }
.label.matrix { font-weight: bold; margin: 4mm 0 1mm; break-after: avoid; }
table.matrix { width: 100%; border-collapse: collapse; font-size: 10.5pt; }
table.matrix th, table.matrix td { border: 0.2mm solid #888; padding: 0.8mm 1mm; text-align: center; }
table.matrix th { font-weight: normal; width: 12%; }
table.matrix th:first-child, table.matrix td:first-child { text-align: left; width: auto; }
table.matrix tr { break-inside: avoid; }
table.matrix .box { margin: 0; }
.hand-in { border: 0.3mm solid #000; padding: 2mm 3mm; margin: 6mm 0 0; break-inside: avoid; }
.hand-in h2 { margin: 0 0 1mm; padding: 0; background: none; }
.hand-in p { margin: 0 0 1mm; }
.fill { display: inline-block; border-bottom: 0.3mm dotted #000; width: 125mm; height: 6mm; }
.line { border-bottom: 0.3mm dotted #000; height: 8mm; margin-left: 6mm; }
"""
_HOW = (
    "Đánh dấu × vào ô của câu trả lời. Đánh nhầm thì khoanh tròn ô ấy rồi đánh dấu ô khác. Cạnh ô có mũi tên → thì "
    "sang thẳng câu ghi ở đó. Phiếu in hai mặt, số trang ở cuối mỗi trang."
)
_BLANK: Final = "…" * 12  # to fill in with a pen
_BLANK_DAY: Final = "…/…/……"
_LINES = 4
_TO_READ = "note"  # nothing there is answered
_COMPARED: Final = {
    "=": "bằng",
    "!=": "khác",
    "<": "nhỏ hơn",
    "<=": "nhiều nhất là",
    ">": "lớn hơn",
    ">=": "ít nhất là",
}
_TURNED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}  # 3 < n is n > 3
_SIGNS: Final = {"+": "+", "-": "−", "*": "×"}
_MOST_NAMED = 3  # choices named in a sentence about who answers
_PROMISE = (
    "Phiếu giấy không ghi tên hay mã; xin bỏ vào phong bì dán kín. Người nhận phong bì không phải người nhập phiếu."
)
_SHORT = 34  # characters of a choice that still fit half a column


@dataclass(frozen=True, slots=True)
class HandIn:
    """Nộp phiếu: whom a filled-in form is given to, its last day (dd/mm/yyyy), and whom to ask; empty: not known."""

    organisation: str = ""
    last_day: str = ""
    phone: str = ""
    hours: str = ""


def paper_form_pdf(
    definition: Definition,
    language: str,
    values: dict[str, str],
    rated_unit: str = "",
    mark: str = "",
    media: Sequence[Medium] = (),
    batch: str = "",
    hand_in: HandIn | None = None,
) -> bytes:
    """The form as PDF. `values` fill the placeholders; `media` are the stored files, of which pictures are printed.

    `batch` is the line that names a batch of forms; `hand_in` what is known of how the form comes back, the rest of it
    is left blank to be written by hand.

    Raises Refused when Pango is not installed.
    """
    title = fill(definition.title, values)
    about = Markup('<p class="about">Đang đánh giá: <b>{}</b></p>').format(rated_unit) if rated_unit else Markup("")
    if batch:
        about += Markup('<p class="batch">{}</p><p class="hint about">{}</p>').format(batch, _PROMISE)
    how = Markup('<p class="how">{}</p>').format(_HOW)
    form = _Form(definition, language, values, media).html()
    body = Markup("<body><h1>{}</h1>{}{}{}{}</body>").format(title, about, how, form, _handing_in(hand_in or HandIn()))
    return paper.html_to_pdf(str(body), title=title, css=_CSS, language=language, mark=mark)


def _handing_in(known: HandIn) -> Markup:
    """The last words of the form: to whom it is given, until when, where, and whom to ask."""
    hours = f" ({known.hours})" if known.hours else ""
    return Markup(
        '<div class="hand-in"><h2>Nộp phiếu</h2>'
        "<p>Trả lời xong, xin nộp phiếu cho <b>{}</b>, trước hết ngày <b>{}</b>.</p>"
        '<p>Nơi nhận phiếu: <span class="fill"></span></p><p>Hỏi hoặc cần giúp: gọi <b>{}</b>{}.</p></div>'
    ).format(known.organisation or _BLANK, known.last_day or _BLANK_DAY, known.phone or _BLANK, hours)


class _Form:
    """Walks through the questionnaire, numbering what takes an answer."""

    def __init__(self, definition: Definition, language: str, values: dict[str, str], media: Sequence[Medium]) -> None:
        self._language = language
        self._media = {medium.digest: medium for medium in media}
        self._definition = definition
        self._numbers = definition.numbers
        self._asked = asked_when_trees(definition)
        self._shown: Callable[[Texts], str] = lambda texts: with_dots(fill(text_in(texts, language), values))

    def html(self) -> Markup:
        return self._items(self._definition.items)

    def _items(self, items: Sequence[Item]) -> Markup:
        return Markup("").join(self._item(item) for item in items)

    def _item(self, item: Item) -> Markup:
        if isinstance(item, Group) and _is_matrix(item):
            return self._matrix(item)
        if isinstance(item, Group):
            title = self._shown(item.label)
            heading = Markup("<h2>{}</h2>").format(title) if title else Markup("")
            return heading + self._skip(item.relevant, self._range(item)) + self._items(item.items)
        if not item.is_shown or item.is_computed or item.is_heading:
            return Markup("")
        number = Markup("{}. ").format(self._numbers[item.name]) if item.is_answered else Markup("")
        hint = self._shown(item.hint)
        return Markup('<div class="question">{}<p class="label">{}{}</p>{}{}{}</div>').format(
            self._skip(item.relevant, "" if item.is_answered else _TO_READ),
            number,
            self._shown(item.label),
            self._hint(hint),
            self._picture(item.image),
            self._field(item),
        )

    def _picture(self, files: Texts) -> Markup:
        reference = Reference.of(text_in(files, self._language))
        medium = self._media.get(reference.digest) if reference else None
        if medium is None:
            return Markup("")
        content = base64.b64encode(medium.content).decode()
        return Markup('<img class="picture" alt="" src="data:{};base64,{}">').format(medium.kind, content)

    def _matrix(self, group: Group) -> Markup:
        """A table: the levels above, a row of boxes for each unit."""
        heading, *rows = [item for item in group.items if isinstance(item, Question)]
        number = Markup("{}. ").format(self._numbers[rows[0].name])
        hint = self._shown(heading.hint)
        levels = Markup("").join(
            Markup("<th>{}{}</th>").format(_key(number), self._shown(one.label))
            for number, one in enumerate(heading.choices, 1)
        )
        boxes = Markup('<td><span class="box round"></span></td>') * len(heading.choices)
        body = Markup("").join(Markup("<tr><td>{}</td>{}</tr>").format(self._shown(row.label), boxes) for row in rows)
        return Markup(
            '<p class="label matrix">{}{}</p>{}<table class="matrix"><thead><tr><th></th>{}</tr></thead>'
            "<tbody>{}</tbody></table>"
        ).format(number, self._shown(heading.label), self._hint(hint), levels, body)

    def _hint(self, hint: str) -> Markup:
        return Markup('<p class="hint">{}</p>').format(hint) if hint else Markup("")

    def _range(self, group: Group) -> str:
        """What of a section somebody answers, or only reads."""
        inside = [self._numbers[one.name] for one in questions_in(group.items) if one.is_answered]
        if not inside:
            return _TO_READ
        return f"các câu {inside[0]}–{inside[-1]} " if inside[0] < inside[-1] else ""

    def _skip(self, condition: Condition | None, what: str = "") -> Markup:
        if condition is None:
            return Markup("")
        words = self._words(condition.tree) or self._numbered(condition.source)
        if what == _TO_READ:
            return Markup('<p class="skip">Nếu {}:</p>').format(words)
        text = f"Chỉ trả lời {what}nếu {words}."
        return Markup('<p class="skip">{}</p>').format(text)

    def _jump(self, question: Question, choice: Choice) -> Markup:
        """Where the choice leads when it passes over the next question."""
        if question.kind != SELECT_ONE:
            return Markup("")
        number = self._numbers[question.name]
        later = [(one, trees) for one, trees in self._asked if one.is_answered and self._numbers[one.name] > number]
        given = {question.name: choice.name}
        left = [self._numbers[one.name] for one, trees in later if not _is_closed(trees, given)]
        if len(left) == len(later) or (left and left[0] == number + 1):
            return Markup("")
        text = f"→ sang câu {left[0]}" if left else "→ hết câu hỏi"
        return Markup(' <span class="jump">{}</span>').format(text)

    def _numbered(self, source: str) -> str:
        """A condition without words, with what stands on the sheet in place of names: numbers, and how one computes."""
        for question in reversed(list(self._definition.questions())):
            if question.is_answered:
                source = source.replace(f"${{{question.name}}}", f"câu {self._numbers[question.name]}")
            elif question.calculation:
                source = source.replace(f"${{{question.name}}}", f"({question.calculation.source})")
        return source

    def _words(self, tree: Expression) -> str:
        """A condition in words, empty for one that has none."""
        match tree:
            case Operation("=" | "!=" | "selected", (AnswerOf(name), Literal(str() as value))):
                return self._choice_words(name, value, chosen=tree.name != "!=")
            case Operation("=" | "!=", (Literal(str()) as value, AnswerOf() as asked)):
                return self._words(Operation(tree.name, (asked, value)))
            case Operation("not", (Operation("selected", (AnswerOf(name), Literal(str() as value))),)):
                return self._choice_words(name, value, chosen=False)
            case Operation("not", (Operation("=" | "!=" as operator, arguments),)):
                return self._words(Operation("!=" if operator == "=" else "=", arguments))
            case Operation(operator, (Literal() as value, asked)) if operator in _TURNED and asked != value:
                return self._words(Operation(_TURNED[operator], (asked, value)))
            case Operation(operator, (left, right)) if operator in _COMPARED:
                words = [self._quantity(one) for one in (left, right)]
                return f"{words[0]} {_COMPARED[operator]} {words[1]}" if all(words) else ""
            case Operation("and", arguments):
                return self._joined(arguments, " và ", " hoặc ")
            case Operation("or", arguments):
                return self._joined(arguments, " hoặc ", " và ")
        return ""

    def _joined(self, arguments: Sequence[Expression], word: str, other: str) -> str:
        """The parts side by side, in brackets those that hold the other word; empty where one has no words."""
        words = [self._words(one) for one in arguments]
        return word.join(f"({one})" if other in one else one for one in words) if all(words) else ""

    def _choice_words(self, name: str, value: str, *, chosen: bool) -> str:
        asked = self._definition.question(name)
        if asked is None or not asked.is_answered:
            return ""
        number = self._numbers[name]
        if not value:
            return f"câu {number} {'bỏ trống' if chosen else 'có trả lời'}"
        choice = asked.choice(value)
        if choice is None:
            return ""
        others = [one for one in asked.choices if one is not choice]
        if not chosen and asked.kind == SELECT_ONE and len(others) <= _MOST_NAMED:
            named = " hoặc ".join(f"«{self._shown(one.label)}»" for one in others)
            return f"câu {number} chọn {named}"
        return f"câu {number} {'chọn' if chosen else 'không chọn'} «{self._shown(choice.label)}»"

    def _quantity(self, part: Expression) -> str:
        """A number, the question that it answers or how it is computed; empty for what is none of these."""
        match part:
            case Literal(float() as value):
                return answer_words(None, value, self._language)
            case AnswerOf(name):
                asked = self._definition.question(name)
                if asked and asked.is_answered and asked.kind in {INTEGER, DECIMAL, RANGE}:
                    return f"câu {self._numbers[name]}"
                computed = self._quantity(asked.calculation.tree) if asked and asked.calculation else ""
                return f"({computed})" if computed else ""
            case Operation("count-selected", (AnswerOf(name),)):
                return f"số ô đã chọn ở câu {self._numbers[name]}"
            case Operation("+" | "-" | "*" as operator, (left, right)):
                words = [self._quantity(one) for one in (left, right)]
                flat = (Literal, AnswerOf)
                simple = isinstance(left, flat) and isinstance(right, flat)
                return f"{words[0]} {_SIGNS[operator]} {words[1]}" if simple and all(words) else ""
        return ""

    def _field(self, question: Question) -> Markup:
        if question.kind in {SELECT_ONE, SELECT_MULTIPLE, RANK}:
            return self._choices(question)
        if question.is_short_range:
            steps = [Choice(str(step), {"": str(step)}) for step in question.steps]
            return _list([_row(step.name, "box round") for step in steps], "scale")
        if question.kind == ACKNOWLEDGE:
            return _list([_row("Tôi xác nhận", "box", key=1)], "long")
        if question.kind == NOTE:
            return Markup("")
        span = Markup("")
        if question.kind == RANGE:
            span = Markup('<p class="hint">Từ {} đến {}.</p>').format(question.steps[0], question.steps[-1])
        return span + Markup('<div class="line"></div>') * (_LINES if question.kind == TEXT else 1)

    def _filter_words(self, question: Question) -> str:
        """On paper all choices stand there: which answers decide what may be ticked."""
        names = dict.fromkeys(references(question.choice_filter.tree)) if question.choice_filter else {}
        answered = {question.name for question in self._definition.questions() if question.is_answered}
        numbers = [f"câu {self._numbers[name]}" for name in names if name in answered]
        return f"Chỉ chọn trong các ô phù hợp với điều đã trả lời ở {', '.join(numbers)}." if numbers else ""

    def _choices(self, question: Question) -> Markup:
        kind = {SELECT_ONE: "box round", SELECT_MULTIPLE: "box", RANK: "place"}[question.kind]
        labels = [self._shown(choice.label) for choice in question.choices]
        told = ""
        if question.kind == SELECT_MULTIPLE:
            told = "Có thể chọn nhiều ô."
        elif question.kind == RANK:
            told = "Ghi số thứ tự vào từng ô: 1 là quan trọng nhất."
        told = f"{told} {self._filter_words(question)}".strip()
        words = Markup('<p class="hint">{}</p>').format(told) if told else Markup("")
        rows = [
            _row(
                label,
                kind,
                self._jump(question, choice) + self._picture(choice.image),
                0 if question.kind == RANK else key,
            )
            for key, (label, choice) in enumerate(zip(labels, question.choices, strict=True), 1)
        ]
        is_long = any(len(label) > _SHORT for label in labels)
        is_scale = question.kind == SELECT_ONE and any(choice.level for choice in question.choices)
        return words + _list(rows, "long" if is_long else "scale" if is_scale else "short")


def _is_matrix(group: Group) -> bool:
    first = group.items[0] if group.items else None
    return isinstance(first, Question) and first.heads_matrix


def _is_closed(trees: Sequence[Expression], given: Mapping[str, str]) -> bool:
    """Whether some condition looks at the given answer alone and does not hold."""
    return any(set(references(tree)) == given.keys() and not holds(tree, given) for tree in trees)


def _row(label: str, box: str, more: str = "", key: int = 0) -> Markup:
    return Markup('<li>{}<span class="{}"></span>{}{}</li>').format(_key(key), box, label, more)


def _key(number: int) -> Markup:
    """The number by which a clerk keys the choice; none where the value itself, or an order, is keyed."""
    return Markup('<span class="key">{}</span>').format(number or "")


def _list(rows: list[Markup], look: str) -> Markup:
    """Choices below one another (long), two in a line (short) or as many as a line holds (scale), read along it."""
    return Markup('<ul class="{}">{}</ul>').format(look, Markup("").join(rows))
