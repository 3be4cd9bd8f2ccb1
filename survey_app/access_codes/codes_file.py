"""The file of issued codes, for messages and for whoever hands codes out. It holds codes in clear: for the operator."""

import csv
import io
from collections.abc import Mapping, Sequence

from . import codes
from .rules import IssuedCode

COLUMNS = ("person_no", "unit_code", "group", "code", "link")
# With the name and telephone number, to send messages from; the short form is the stable one of the command.
COLUMNS_WITH_PERSON = ("person_no", "name", "phone", *COLUMNS[1:])
# A spreadsheet takes a cell that begins so for a formula; the full-width twins are the same to it.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def codes_csv(
    issued: Sequence[IssuedCode], numbers: Mapping[int, int], survey_url: str, *, with_person: bool = False
) -> str:
    """One record for each issued code, with a heading. `numbers` gives the running number of each person by id."""
    output = io.StringIO(newline="")
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(COLUMNS_WITH_PERSON if with_person else COLUMNS)
    for one in issued:
        unit_list = one.person.unit_list
        facts = {
            "person_no": str(numbers[one.person.id]),
            "name": _as_text(one.person.name),
            "phone": one.person.phone or "",
            "unit_code": _as_text(unit_list.unit.code),
            "group": unit_list.group.code,
            "code": codes.printed(one.code),
            "link": codes.link(survey_url, one.code),
        }
        writer.writerow([facts[name] for name in (COLUMNS_WITH_PERSON if with_person else COLUMNS)])
    return output.getvalue()


def _as_text(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA_SIGNS) else value
