"""Small questionnaires for tests, written as the Markdown tables that authors write."""

from survey_app.questionnaires.definition import Definition
from survey_app.questionnaires.xlsform import read_xlsform

SCALE = """
| choices |           |      |           |          |       |
|         | list_name | name | label::Tiếng Việt (vi) | label::English (en) | level |
|         | muc       | 1    | Kém       | Poor     | 1     |
|         | muc       | 2    | Tốt       | Good     | 2     |
|         | muc       | KB   | Không biết | Don't know |     |
|         | co_khong  | co   | Có        | Yes      |       |
|         | co_khong  | khong | Không    | No       |       |
"""
TWO_LEVELS = {"coefficients": {"1": "0", "2": "1"}}  # rules of a round whose scale is SCALE
HEADINGS = "type | name | label::Tiếng Việt (vi) | label::English (en) | required | relevant | appearance | criterion"


def make_source(*rows: str, choices: str = SCALE, headings: str = HEADINGS) -> bytes:
    """An XLSForm in Markdown; each row is written as its cells joined by «|», missing ones at the end left out."""
    width = headings.count("|") + 1
    lines = ["| survey |" + " |" * width, f"|  | {headings} |"]
    lines += [f"|  | {row} |" + " |" * (width - row.count("|") - 1) for row in rows]
    return ("\n".join(lines) + "\n" + choices).encode()


def make_definition(*rows: str, choices: str = SCALE) -> Definition:
    """The questionnaire of `make_source`."""
    return read_xlsform(make_source(*rows, choices=choices), "thu.md")


# A screening question, a service block that it opens, one question for everybody.
SCREENED = (
    "select_one co_khong | da_lam | Đã làm chưa? | Done? | yes",
    "begin_group | phuc_vu | Phục vụ | Service | | ${da_lam} != 'khong'",
    "select_one muc | q_1_1 | Thái độ? | Attitude? | yes | | likert | 1.1",
    "integer | so_lan | Mấy lần? | How often?",
    "text | vi_sao | Vì sao nhiều lần? | Why so often? | | ${so_lan} >= 3",
    "end_group",
    "note | cam_on | Cảm ơn. | Thanks. | | ${da_lam} = 'khong'",
    "select_multiple co_khong | khac | Gì nữa? | What else?",
)
