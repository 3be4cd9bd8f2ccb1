"""Forms as the documentation of ODK and xlsform.org writes them: each works, or is refused with place and reason."""

import pytest
from pyxform.xls2xform import convert

from survey_app.questionnaires.xlsform import XlsformError, read_xlsform
from survey_app.questionnaires.xlsform_writer import write_markdown, write_workbook

CHOICES = """
| choices |           |       |       |          |
|         | list_name | name  | label | state    |
|         | yes_no    | yes   | Yes   |          |
|         | yes_no    | no    | No    |          |
|         | toppings  | cheese | Cheese |        |
|         | toppings  | olives | Olives |        |
|         | states    | texas | Texas |          |
|         | states    | washington | Washington | |
|         | counties  | king  | King  | washington |
|         | counties  | cameron | Cameron | texas |
"""


def form(headings, *rows, choices="", settings=""):
    width = headings.count("|") + 1
    lines = ["| survey |" + " |" * width, f"| | {headings} |", *(f"| | {row} |" for row in rows)]
    return ("\n".join(lines) + "\n" + choices + settings).encode()


STATES = CHOICES.replace(" state    |", " state |")
PLAIN = CHOICES.replace("| washington |\n", "| |\n").replace("| texas |\n", "| |\n").replace(" state    |", " |")

CHOICES_EN_FR = """
| choices |           |      |               |              |
|         | list_name | name | label:English | label:French |
|         | yes_no    | yes  | Yes           | Oui          |
|         | yes_no    | no   | No            | Non          |
"""

WORKS = {
    "yes or no": form(
        "type | name | label | hint",
        "text | respondent_name | What is your name? | as on your papers",
        "integer | age | How old are you? | ",
        "select_one yes_no | has_child | Do you have children? | ",
        choices=PLAIN,
    ),
    "select multiple and skip logic": form(
        "type | name | label | relevant",
        "select_one yes_no | likes_pizza | Do you like pizza? | ",
        "select_multiple toppings | favorite_topping | Favorite toppings | ${likes_pizza} = 'yes'",
        "text | favorite_cheese | What is your favorite type of cheese? | selected(${favorite_topping}, 'cheese')",
        choices=PLAIN,
    ),
    "spellings of other tools": form(
        "type | name | label",
        "begin group | g | A group",
        "select one from yes_no | a | One?",
        "select all that apply from toppings | b | Many?",
        "string | c | Words?",
        "int | d | Number?",
        "end group | | ",
        choices=PLAIN,
    ),
    "languages": form(
        "type | name | label::English (en) | label::Español (es)",
        "text | name | What is your name? | ¿Cómo se llama?",
    ),
    "languages without codes": form(
        "type | name | label::English | label::French | hint::English | hint::French",
        "integer | age | How old are you? | Quel âge avez-vous ? | years | ans",
    ),
    "languages in the older spelling": form(
        "type | name | label:English | label:French | hint:English | hint:French",
        "select one from yes_no or specify other | a | A? | A ? | h | i",
        choices=CHOICES_EN_FR,
        settings="\n| settings | | |\n| | title | id_string |\n| | A form | a_form |\n",
    ),
    "constraint with message": form(
        "type | name | label | constraint | constraint_message",
        "integer | age | How old are you? | . <= 150 and . >= 0 | From 0 to 150",
        "text | phone | Phone? | regex(., '^0[0-9]{9}$') | Ten digits",
        "text | mail | E-mail? | regex(., '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,4}') | An address",
        "date | born | Born? | . < today() | In the past",
    ),
    "constraint with a string length": form(
        "type | name | label | constraint",
        "text | middle | Middle initial | string-length(.) = 1",
        "select_multiple toppings | t | Toppings | count-selected(.) <= 2 and not(selected(., 'olives'))",
        choices=PLAIN,
    ),
    "calculation": form(
        "type | name | label | calculation",
        "decimal | amount | What was the price of the meal? | ",
        "calculate | tip | | ${amount} * 0.18",
        "note | display | 18% tip for your meal is: ${tip} | ",
        "calculate | bmi | | round(${amount} div pow(1.7, 2), 1)",
        "calculate | total | | coalesce(${tip}, 0) + if(${amount} > 10, 1, 2)",
    ),
    "cascading select": form(
        "type | name | label | choice_filter",
        "select_one states | state | State? | ",
        "select_one counties | county | County? | state = ${state}",
        choices=STATES,
    ),
    "range": form(
        "type | name | label | parameters | appearance",
        "range | amount | What is the age of the child? | start=0 end=17 step=1 | ",
        "range | part | Which part? | start=1.5; end=5.5; step=.5 | no-ticks",
        "range | plain | From one to ten? | | picker",
    ),
    "rank, acknowledge, hidden, likert": form(
        "type | name | label | appearance | default",
        "rank toppings | order | Rank them | | ",
        "acknowledge | consent | I agree | | ",
        "hidden | form_kind | | | short",
        "select_one yes_no | mood | Good? | likert | ",
        choices=PLAIN,
    ),
    "or other": form("type | name | label", "select_multiple toppings or_other | t | Toppings?", choices=PLAIN),
    "randomize": form(
        "type | name | label | parameters",
        "select_one toppings | a | A? | randomize=true",
        "select_one toppings | b | B? | randomize = true, seed = 42",
        choices=PLAIN,
    ),
    "field list and table list": form(
        "type | name | label | appearance",
        "begin_group | one | On one screen | field-list",
        "text | a | A? | ",
        "text | b | B? | ",
        "end_group | | | ",
        "begin_group | table | A table | table-list",
        "select_one yes_no | c | C? | ",
        "select_one yes_no | d | D? | ",
        "end_group | | | ",
        choices=PLAIN,
    ),
    "matrix by label and list-nolabel": form(
        "type | name | label | appearance",
        "begin_group | table | A table | field-list",
        "select_one yes_no | head | | label",
        "select_one yes_no | c | C? | list-nolabel",
        "end_group | | | ",
        choices=PLAIN,
    ),
    "read only and default": form(
        "type | name | label | read_only | default | required",
        "integer | num | I am needed | | 3 | yes",
        "text | city | The city is: | yes | Reykjavik | ",
        "select_one yes_no | a | A? | | no | ",
        choices=PLAIN,
    ),
    "looks": form(
        "type | name | label | appearance",
        "select_one yes_no | a | A? | minimal",
        "select_one yes_no | b | B? | columns-2 w4",
        "text | c | C? | multiline",
        choices=PLAIN,
    ),
    "repeat": form(
        "type | name | label | repeat_count | relevant | constraint",
        "integer | hh | People in the household? | | | . < 5",
        "begin repeat | person | Person | ${hh} | | ",
        "text | first | First name? | | | ",
        "integer | age | Age of ${first}? | | ${first} != '' | ",
        "end repeat | | | | | ",
        "begin repeat | trip | Trip | 2 | ${hh} > 1 | ",
        "text | goal | Where to? | | | ",
        "end repeat | | | | | ",
    ),
    "guidance": form("type | name | label | guidance_hint", "text | a | A? | Only for interviewers"),
}

# Form -> the places that are named: (sheet, row, column), and a word of the reason.
REFUSED = {
    "metadata": (
        form("type | name | label", "start | start | ", "deviceid | device | ", "text | a | A?"),
        [("survey", 2, "type"), ("survey", 3, "type")],
        "giờ, máy, nơi hay người",
    ),
    "place": (form("type | name | label", "geopoint | place | Where?"), [("survey", 2, "type")], "nơi hay người"),
    "media": (form("type | name | label", "image | photo | Photo?"), [("survey", 2, "type")], "không chứa được tệp"),
    "barcode": (form("type | name | label", "barcode | code | Scan"), [("survey", 2, "type")], "máy ảnh"),
    "time": (form("type | name | label", "time | at | When?"), [("survey", 2, "type")], "chưa hỏi được giờ"),
    "repeat": (
        form("type | name | label", "begin repeat | child | Child", "text | n | Name?", "end repeat | |"),
        [("survey", 2, "repeat_count")],
        "ghi số lần lặp",
    ),
    "repeat without limit": (
        form(
            "type | name | label | repeat_count",
            "integer | n | How many? | ",
            "begin_repeat | child | Child | ${n}",
            "text | name | Name? | ",
            "end_repeat | | | ",
        ),
        [("survey", 3, "repeat_count")],
        "có giới hạn",
    ),
    "loop of older files": (
        form(
            "type | name | label:english",
            "begin loop over toppings | l | ",
            "integer | n | How many? ",
            "end loop | | ",
            choices=PLAIN,
        ),
        [("survey", 2, "type"), ("survey", 4, "type")],
        "begin_repeat",
    ),
    "telephone": (form("type | name | label", "phone number | p | Phone?"), [("survey", 2, "type")], "biết ai trả lời"),
    "sum over a repeat": (
        form(
            "type | name | label | repeat_count | calculation",
            "begin_repeat | child | Child | 2 | ",
            "integer | age | Age? | | ",
            "end_repeat | | | | ",
            "calculate | total | | | sum(${age})",
        ),
        [("survey", 5, "calculation")],
        "${tên_1}",
    ),
    "a film beside a label": (
        form("type | name | label | media::video", "text | a | A? | a.mp4"),
        [("survey", 2, "media::video")],
        "media::audio",
    ),
    "external choices": (
        form("type | name | label", "select_one_from_file fruits.csv | f | Fruit?"),
        [("survey", 2, "type")],
        "tệp dữ liệu khác",
    ),
    "dynamic default": (
        form("type | name | label | default", "date | d | Day? | today()"),
        [("survey", 2, "default")],
        "phải cố định",
    ),
    "conditional requirement": (
        form("type | name | label | required", "text | a | A? | ", "text | b | B? | ${a} != ''"),
        [("survey", 3, "required")],
        "Ghi yes hoặc no",
    ),
    "trigger": (
        form("type | name | label | trigger | calculation", "text | a | A? | | ", "calculate | b | | ${a} | 1 + 1"),
        [("survey", 3, "trigger")],
        "tính lại sau mỗi màn hình",
    ),
    "random": (
        form("type | name | label | calculation", "calculate | r | | random()", "text | a | A? | "),
        [("survey", 2, "calculation")],
        "mỗi lần một khác",
    ),
    "now": (
        form("type | name | label | calculation", "calculate | n | | now()", "text | a | A? | "),
        [("survey", 2, "calculation")],
        "giờ trả lời",
    ),
    "paths": (
        form("type | name | label | relevant", "text | a | A? | ", "text | b | B? | /data/a = 'x'"),
        [("survey", 3, "relevant")],
        "đường dẫn XPath",
    ),
    "pulldata": (
        form(
            "type | name | label | calculation", "text | a | A? | ", "calculate | b | | pulldata('f', 'x', 'k', ${a})"
        ),
        [("survey", 3, "calculation")],
        "tệp dữ liệu khác",
    ),
    "names with hyphens": (
        form("type | name | label", "text | my-name | A?"),
        [("survey", 2, "name")],
        "không dùng được",
    ),
    "a style of its own": (
        form(
            "type | name | label",
            "text | a | A?",
            settings="\n| settings | |\n| | form_title | style |\n| | T | theme-grid |\n",
        ),
        [("settings", 2, "style")],
        "không dùng được",
    ),
    "encryption of another tool": (
        form(
            "type | name | label",
            "text | a | A?",
            settings="\n| settings | |\n| | form_title | public_key |\n| | T | MIIB |\n",
        ),
        [("settings", 2, "public_key")],
        "khóa của đợt",
    ),
    "image map": (
        form("type | name | label | appearance", "select_one yes_no | a | A? | image-map", choices=PLAIN),
        [("survey", 2, "appearance")],
        "không dùng được",
    ),
}


@pytest.mark.parametrize("name", WORKS)
def test_a_form_of_the_documentation_works_and_leaves_as_pyxform_takes_it(name, tmp_path):
    definition = read_xlsform(WORKS[name], "form.md")
    assert read_xlsform(write_markdown(definition), "form.md") == definition
    (tmp_path / "form.xlsx").write_bytes(write_workbook(definition))
    assert convert(xlsform=str(tmp_path / "form.xlsx")).xform


@pytest.mark.parametrize("name", REFUSED)
def test_a_form_that_cannot_work_here_is_refused_with_its_place_and_the_reason(name):
    data, places, reason = REFUSED[name]
    with pytest.raises(XlsformError) as fault:
        read_xlsform(data, "form.md")
    messages = fault.value.messages
    assert [(message.sheet, message.row, message.column) for message in messages] == places
    assert reason in messages[0].text
