"""What the tests in a browser share: a round that is open for answers."""

import pytest

from tests.answers.make import OpenRound, make_open_round
from tests.browser_fixtures import Server


@pytest.fixture
def made(server: Server) -> OpenRound:
    """An open round with six persons and their codes."""
    with server.database.writing() as session:
        return make_open_round(session, server.app.extensions["survey_settings"].keys.pepper, persons=(6,))
