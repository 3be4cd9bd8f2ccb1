"""A thousand damaged files through the real page: what comes back, how long the slowest takes, how much memory."""

import resource
import time
from collections import Counter
from io import BytesIO
from pathlib import Path

from survey_app.access import Role
from survey_app.roster.models import Upload
from tests.make import csrf_token, make_user, sign_in_client
from tests.roster.asked_round import make_asked_round
from tests.roster.damage import damaged_files

from .roster import program

FILES, SEED = 1000, 2021
SECONDS_BUDGET, MEMORY_BUDGET = 20, 512
_SAMPLES = Path(__file__).parents[1] / "samples"


def thousand_files() -> None:
    """Status by status; a 5xx or a draft that the check page cannot show stops the run."""
    outcomes: Counter[int] = Counter()
    slowest, slow_name = 0.0, ""
    with program() as (app, database):
        with database.writing() as session:
            officer = make_user(session, Role.UNIT_OFFICER, make_asked_round(session).commune)
        client = sign_in_client(app, officer)
        token = csrf_token(client)
        for name, content in damaged_files(_SAMPLES, SEED, FILES):
            begin = time.perf_counter()
            answer = client.post(
                "/rounds/tg-2021/lists/uploads", data={"csrf_token": token, "file": (BytesIO(content), name)}
            )
            answer.request.environ["wsgi.input"].close()
            outcomes[answer.status_code] += 1
            assert answer.status_code in (303, 422), (name, answer.status_code)
            if answer.status_code == 303:
                assert client.get(answer.headers["Location"]).status_code == 200, name
            took = time.perf_counter() - begin
            if took > slowest:
                slowest, slow_name = took, name
        with database.reading() as session:
            assert session.query(Upload).count() == outcomes[303]
    print(f"{FILES} damaged files: {outcomes[303]} read, {outcomes[422]} refused, none else, none half stored")
    print(f"slowest {slowest:.2f} s (at most {SECONDS_BUDGET}): {slow_name}")
    own = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM"))
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(
        f"memory: program {int(own.split()[1]) // 1024} MB, reading process {child} MB (at most {MEMORY_BUDGET} each)"
    )
