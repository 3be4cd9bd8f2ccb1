"""What the checks say about a questionnaire: one sentence with its place in the file."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops publication, a warning is for the author to think about."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Message:
    """One finding. `kind` is stable for programs, `text` Vietnamese for people; row 0, column "": no such place."""

    severity: Severity
    kind: str
    text: str
    sheet: str = ""
    row: int = 0
    column: str = ""

    @property
    def place(self) -> str:
        """«survey, dòng 18, cột label::English (en)», empty for a finding about the whole questionnaire."""
        parts = [self.sheet] if self.sheet else []
        parts += [f"dòng {self.row}"] if self.row else []
        parts += [f"cột {self.column}"] if self.column else []
        return ", ".join(parts)

    @property
    def line(self) -> str:
        """Place and sentence together, as printed on one line."""
        return f"{self.place}: {self.text}" if self.place else self.text

    @property
    def is_error(self) -> bool:
        return self.severity == Severity.ERROR


def as_json(message: Message) -> dict[str, object]:
    """The finding for `questionnaires check --json`."""
    return {
        "severity": str(message.severity),
        "kind": message.kind,
        "sheet": message.sheet or None,
        "row": message.row or None,
        "column": message.column or None,
        "text": message.text,
    }
