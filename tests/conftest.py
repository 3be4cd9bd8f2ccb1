"""What every test may ask for: a real database (SQLite and PostgreSQL), the program, a client, a signed-in client."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule

from survey_app import create_app, migrate
from survey_app.access import Role
from survey_app.config import Settings, read_settings
from survey_app.db import Database
from tests.make import make_user, sign_in_client
from tests.postgres import TestPostgres

pytest_plugins = ["tests.browser_fixtures"]

HERE = Path(__file__).parent
ENGINES = os.environ.get("SURVEY_TEST_ENGINES", "sqlite,postgresql").split(",")


@pytest.fixture(scope="session")
def samples() -> Path:
    """Lists as offices send them, with the truth beside them."""
    return Path(os.environ.get("SURVEY_SAMPLES") or HERE / "samples")


@pytest.fixture(scope="session")
def reference() -> Path:
    """Vectors from R."""
    return Path(os.environ.get("SURVEY_REFERENCE") or HERE / "reference")


def pytest_report_header() -> str:
    folder = Path(os.environ.get("SURVEY_REFERENCE") or HERE / "reference")
    import json

    vectors = json.loads((folder / "survey_reference.json").read_text("utf-8"))
    count = len(vectors.get("vectors", vectors))
    return f"reference: {folder}, {count} vectors"


@pytest.fixture(scope="session", autouse=True)
def addresses_are_compiled_once() -> Iterator[None]:
    """Werkzeug reads and compiles each address anew for every program made here: most of what making one costs.

    What comes out hangs on the pattern alone; only the two builders are bound to their rule.
    """
    compile_rule = Rule.compile
    known: dict[object, tuple[Any, ...]] = {}

    def compiled_once(self: Rule) -> None:
        defaults = tuple(sorted((self.defaults or {}).items()))
        pattern = self.rule, self.host, self.subdomain, self.merge_slashes, self.websocket, defaults
        if pattern not in known:
            compile_rule(self)
            read = self._parts, self._trace, self._converters, self.arguments
            known[pattern] = *read, self._build.__func__, self._build_unknown.__func__
            return
        self._parts, self._trace, self._converters, arguments, build, build_unknown = known[pattern]
        self.arguments = set(arguments)
        self._build, self._build_unknown = build.__get__(self, None), build_unknown.__get__(self, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "compile", compiled_once)
        yield


class _CompiledTemplates(BytecodeCache):
    """Templates are the same for every program made here, so each is compiled once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key, bucket.checksum] = bucket.code


_TEMPLATES = _CompiledTemplates()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "survey.sqlite"
    database = Database(f"sqlite:///{path}")
    migrate.upgrade(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestPostgres]:
    """A real PostgreSQL server; call it for the address of a new database with all tables."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    server = TestPostgres()
    yield server
    server.stop()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path) -> str:
    """Address of an empty database with all tables; each test that asks runs on both engines.

    Mark a test `fresh_database` when it changes tables or looks at files: on PostgreSQL the others are given one in
    which the rows of an earlier test were deleted.
    """
    if request.param == "sqlite":
        shutil.copy(migrated_sqlite, tmp_path / "survey.sqlite")
        return f"sqlite:///{tmp_path / 'survey.sqlite'}"
    server: TestPostgres = request.getfixturevalue("postgres")
    return server() if request.node.get_closest_marker("fresh_database") else server.emptied()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return read_settings({"SURVEY_DATA": str(tmp_path), "DATABASE_URL": database_url, "SURVEY_URL": "http://localhost"})


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    app.jinja_env.bytecode_cache = _TEMPLATES
    yield app
    app.extensions["survey_database"].close()


@pytest.fixture
def database(app: Flask) -> Database:
    """The database of `app`: `with database.writing() as session: …`."""
    return app.extensions["survey_database"]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without script that is not signed in."""
    return app.test_client()


@pytest.fixture
def signed_in(app: Flask, database: Database) -> Callable[..., FlaskClient]:
    """A browser signed in with a role: `signed_in(Role.OPERATOR, unit=district)`."""

    def start(role: Role = Role.OPERATOR, **facts: object) -> FlaskClient:
        with database.writing() as session:
            user = make_user(session, role=role, **facts)  # type: ignore[arg-type]
        return sign_in_client(app, user)

    return start


@pytest.fixture(autouse=True)
def no_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to another machine."""
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address}")
        real_connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def app_sqlite(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Flask]:
    """The program on SQLite only, for what does not depend on the engine."""
    shutil.copy(migrated_sqlite, tmp_path / "survey.sqlite")
    app = create_app(read_settings({"SURVEY_DATA": str(tmp_path), "SURVEY_URL": "http://localhost"}))
    yield app
    app.extensions["survey_database"].close()


# Of these few take long: they begin first, so that no worker is left alone with them at the end.
_LONG = ("stories", "durability", "browser", "forensics", "bench")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of long tests before all others; the order within them stays."""
    root = Path(__file__).parent
    items.sort(key=lambda item: item.path.relative_to(root).parts[0] not in _LONG)
