"""The real server on a free port, for posts that meet each other."""

import threading
from collections.abc import Iterator

import pytest
import waitress
from flask import Flask

from tests.browser_fixtures import run_until_closed


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """Port of the program under the server that it really runs under."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=32)
    thread = threading.Thread(target=run_until_closed, args=(server,), daemon=True)
    thread.start()
    yield server.effective_port
    server.close()
    thread.join(timeout=5)
