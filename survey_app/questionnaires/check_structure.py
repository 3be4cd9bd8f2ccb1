"""Can a questionnaire be walked? Doubled names, expressions that look too far ahead, circles."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .definition import TEXT, Choice, Condition, Definition, Group, Item, Question, questions_in
from .expression import choices_named, references
from .label_values import names_in
from .message import Message, Severity


def check_structure(definition: Definition) -> list[Message]:
    """Errors that keep the questionnaire from being walked."""
    return [*_doubled_names(definition), *_References(definition).messages()]


def _doubled_names(definition: Definition) -> Iterator[Message]:
    seen: dict[str, int] = {}
    for item in sorted(definition.all_items(), key=lambda item: item.row):
        if item.name.lower() in seen:
            text = f"tên «{item.name}» đã dùng ở dòng {seen[item.name.lower()]}. Đặt tên khác."
            yield Message(Severity.ERROR, "duplicate_name", text, "survey", item.row, "name")
        seen.setdefault(item.name.lower(), item.row)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an expression stands and which questions it may look at."""

    item: Item
    column: str
    same_screen: frozenset[str]  # names that it must not look at
    also: frozenset[str]  # names that it may look at although they are not earlier
    choice: Choice | None = None  # of the item, in whose words it stands

    def error(self, kind: str, text: str) -> Message:
        if self.choice is None:
            return _error(kind, text, self.item, self.column)
        text = f"câu «{self.item.name}» dùng lựa chọn này: {text}"
        return Message(Severity.ERROR, kind, text, "choices", self.choice.row, self.column)


class _References:
    """One walk in written order; `earlier` grows with each question that a later expression may look at."""

    def __init__(self, definition: Definition) -> None:
        self._by_name = {question.name: question for question in definition.questions()}
        self._items = definition.items
        self._earlier: dict[str, Question] = {}

    def messages(self) -> Iterator[Message]:
        return self._walk(self._items, frozenset())

    def _walk(self, items: Sequence[Item], same_screen: frozenset[str]) -> Iterator[Message]:
        for item in items:
            yield from self._condition(item.relevant, _Place(item, "relevant", same_screen, frozenset()))
            if isinstance(item, Group):
                yield from self._title(item, same_screen)
                inside = frozenset(inner.name for inner in item.items) if item.one_screen else same_screen
                yield from self._walk(item.items, inside)
            else:
                yield from self._question(item, same_screen)
                if item.is_answered or item.is_computed:
                    self._earlier[item.name] = item

    def _title(self, group: Group, same_screen: frozenset[str]) -> Iterator[Message]:
        """A title stands above all screens of its section, so it may show what the section itself asks before."""
        inside = frozenset(question.name for question in questions_in(group.items))
        shown_with, also = (same_screen | inside, frozenset[str]()) if group.one_screen else (same_screen, inside)
        yield from self._names(dict.fromkeys(names_in(group.label)), _Place(group, "label", shown_with, also))

    def _question(self, question: Question, same_screen: frozenset[str]) -> Iterator[Message]:
        nothing: frozenset[str] = frozenset()
        shown_with = same_screen if question.is_shown else nothing  # a hidden value is computed after the screen
        yield from self._condition(question.calculation, _Place(question, "calculation", shown_with, nothing))
        yield from self._condition(question.choice_filter, _Place(question, "choice_filter", same_screen, nothing))
        own = same_screen | {question.name}
        yield from self._condition(question.constraint, _Place(question, "constraint", nothing, own))
        for column, texts in (("label", question.label), ("hint", question.hint)):
            place = _Place(question, column, same_screen, nothing)
            yield from self._names(dict.fromkeys(names_in(texts)), place)
        for column, texts in (
            ("required_message", question.required_message),
            ("constraint_message", question.constraint_message),
        ):
            yield from self._names(dict.fromkeys(names_in(texts)), _Place(question, column, nothing, own))
        for choice in question.choices:
            place = _Place(question, "label", same_screen, nothing, choice)
            yield from self._names(dict.fromkeys(names_in(choice.label)), place)
        if question.calculation:
            for name in references(question.calculation.tree):
                if name in self._by_name and self._by_name[name].kind == TEXT and not self._by_name[name].is_computed:
                    text = f"câu «{name}» là ý kiến viết tay, được cất riêng nên không đưa vào phép tính được."
                    yield _error("text_in_calculation", text, question, "calculation")

    def _condition(self, condition: Condition | None, place: _Place) -> Iterator[Message]:
        if condition is None:
            return
        yield from self._names(dict.fromkeys(references(condition.tree)), place)
        for name, choice in choices_named(condition.tree):
            compared = self._earlier.get(name)
            if compared and compared.choices and choice and not compared.choice(choice):
                text = f"câu «{name}» không có lựa chọn «{choice}»."
                yield _error("unknown_choice", text, place.item, place.column)

    def _names(self, names: dict[str, None], place: _Place) -> Iterator[Message]:
        for name in names:
            asked = self._by_name.get(name)
            if asked is None:
                text = f"không có câu hỏi «{name}». Kiểm tra tên trong ${{…}}."
                yield place.error("missing_reference", text)
            elif not asked.is_answered and not asked.is_computed:
                text = f"«{name}» là lời dẫn (note), không có câu trả lời."
                yield place.error("reference_to_note", text)
            elif name in place.also:
                continue
            elif self._leads_back(name, place.item.name):
                text = f"tính vòng tròn: «{name}» lại được tính từ «{place.item.name}»."
                yield place.error("calculation_loop", text)
            elif name not in self._earlier:
                text = f"câu «{name}» đứng sau (dòng {asked.row}). Chỉ hỏi được câu đứng trước."
                yield place.error("later_reference", text)
            elif name in place.same_screen:
                text = f"câu «{name}» ở cùng màn hình. Tách ra màn hình riêng."
                yield place.error("same_screen_reference", text)

    def _leads_back(self, start: str, goal: str) -> bool:
        """Whether the calculations that a question depends on lead to another question, or to itself."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name == goal:
                return True
            question = self._by_name.get(name)
            if name not in seen and question and question.calculation:
                waiting += references(question.calculation.tree)
            seen.add(name)
        return False


def _error(kind: str, text: str, item: Item, column: str) -> Message:
    return Message(Severity.ERROR, kind, text, "survey", item.row, column)
