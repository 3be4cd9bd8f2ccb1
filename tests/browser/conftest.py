"""What the tests in a browser share: a round that is open for answers."""

from collections.abc import Iterator

import pytest

from tests.answers.make import OpenRound, make_open_round
from tests.browser.phone import Line
from tests.browser_fixtures import Server


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    """The line between phone and server, which a test cuts."""
    line = Line(server.url)
    yield line
    line.close()


@pytest.fixture
def made(server: Server) -> OpenRound:
    """An open round with six persons and their codes."""
    with server.database.writing() as session:
        return make_open_round(session, server.app.extensions["survey_settings"].keys.pepper, persons=(6,))
