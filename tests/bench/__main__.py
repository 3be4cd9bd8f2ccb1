"""`./run bench [NAME]`: figures as ratios within one run, since machines and minutes differ.

start    second start until the first page, in seconds
page     bytes and requests of a respondent's first visit until the first question
lighthouse  code page, question and review on a phone, median of 5 (needs npm)
submit   accepted answers per second from 32 clients on both engines and on a slow disk, beside a bare SQLite loop
answer   CPU of the server for one complete answer, with script and without
phone [N]  N browsers (100) killed at a random moment: every finished answer arrives once
opening  20 000 envelopes opened and cleaned
roster   5 000 rows read, checked and shown; 10 000 persons exported
durability [N]  kills, power cuts, races, cut connections, wrong clock, failing disk, each with its control (N runs)
damage   1 000 damaged files uploaded
letters  letters with QR codes for one unit of 20 persons
scores   points of the demonstration round from the database
responses 200 000 responses scored, with limits and ranks of 100 places, on both engines
province 59 units rated by 750 officials on matrix pages and by 2 700 citizens: opened, scored, ranked
questionnaires  300 questions with 200 rules: import and check, next page, respondent's page
analysis 30 questions in 100 units with errors, in milliseconds; the pass beside numpy's bincount, all beside R's svyby
"""

import sys
from collections.abc import Callable

from . import (
    analysis,
    damage,
    durability,
    lighthouse,
    office,
    opening,
    page,
    phone,
    province,
    questionnaires,
    roster,
    scores,
    submit,
)

BENCHES: dict[str, Callable[[], None]] = {
    "start": office.start,
    "page": page.first_visit,
    "lighthouse": lighthouse.pages,
    "submit": submit.submissions,
    "answer": phone.cost_of_an_answer,
    "phone": phone.kills,
    "opening": opening.twenty_thousand,
    "roster": roster.large_lists,
    "damage": damage.thousand_files,
    "letters": office.letters,
    "scores": office.scores,
    "responses": scores.two_hundred_thousand,
    "province": province.whole_province,
    "analysis": analysis.thirty_items,
    "questionnaires": questionnaires.large,
}


def main(names: list[str]) -> int:
    """Run the named benches, or all; 2 for an unknown name."""
    if names[:1] == ["durability"]:
        durability.durability(int(names[1]) if len(names) > 1 else None)
        return 0
    if names[:1] == ["phone"] and names[1:2]:
        phone.kills(int(names[1]))
        return 0
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"Không có phép đo {', '.join(unknown)}. Có: {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    for name in names or BENCHES:
        print(f"== {name}")
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
