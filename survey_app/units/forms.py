"""Reading the small inputs of the unit pages."""

import re
from datetime import date

_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


def read_day(text: str | None) -> date | None:
    """The day typed as dd/mm/yyyy (or sent as yyyy-mm-dd); None when it is empty or no day of the calendar."""
    text = (text or "").strip()
    try:
        if found := _DAY.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None
