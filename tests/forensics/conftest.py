"""One whole round for all attacks on an engine: they look at it and change nothing."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from survey_app import create_app
from survey_app.config import read_settings

MakeApp = Callable[[str, Path], Flask]


@pytest.fixture(scope="module")
def make_app(migrated_sqlite: Path, request: pytest.FixtureRequest) -> Iterator[MakeApp]:
    """The program on a fresh database of an engine, with a data folder of its own."""
    apps = []

    def make(engine: str, folder: Path) -> Flask:
        if engine == "sqlite":
            shutil.copy(migrated_sqlite, folder / "survey.sqlite")
            url = f"sqlite:///{folder / 'survey.sqlite'}"
        else:
            url = request.getfixturevalue("postgres")()
        app = create_app(
            read_settings({"SURVEY_DATA": str(folder), "DATABASE_URL": url, "SURVEY_URL": "http://localhost"})
        )
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.extensions["survey_database"].close()
