"""Commands: `./run flask GROUP COMMAND`. Setting up and serving stand here; each subject brings its own group."""

import logging
import threading
import time
from importlib import import_module
from importlib.util import find_spec

import click
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from . import SUBJECTS
from .config import add_data_key, drop_old_data_keys, read_keys
from .data_key import check_data_key, seal_anew
from .db import Database
from .errors import Refused
from .sealed_columns import WrongKey
from .web import settings

_A_DAY = 24 * 60 * 60


def register(app: Flask) -> None:
    """Add the groups of all subjects and of the demonstration, and the commands of the program itself."""
    for package in SUBJECTS:
        if find_spec(f"survey_app.{package}.commands") is not None:
            module = import_module(f"survey_app.{package}.commands")
            for group in (module.commands, *getattr(module, "more_commands", ())):
                app.cli.add_command(group)
    for command in (setup, serve, new_data_key):
        app.cli.add_command(command)


def _database() -> Database:
    database: Database = current_app.extensions["survey_database"]
    return database


@click.command("setup")
def setup() -> None:
    """Bring the database to the newest version, load the catalogue of units, invite the first administrator."""
    prepare(_database())


def prepare(database: Database) -> None:
    """What every start needs: tables, the catalogue of units, somebody to administrate. Cheap when nothing is to do."""
    from .users.entry import invite_first_administrator

    prepare_tables(database)
    with database.writing() as session:
        sweep(session)
        invitation = invite_first_administrator(session, settings())
    if invitation:
        click.echo(invitation, err=True)


def prepare_tables(database: Database) -> None:
    """The newest tables, the catalogue of units in them, and the key file that belongs to them."""
    from . import migrate
    from .units.rules import seed_units

    if not migrate.is_current(database):
        migrate.upgrade(database)
    try:
        with database.writing() as session:
            check_data_key(session)
            seed_units(session)
    except WrongKey as fault:
        raise click.ClickException(str(fault)) from fault


@click.command("new-data-key")
def new_data_key() -> None:
    """Make a new data key and seal all personal data with it. Stop the program first; may be repeated."""
    path = settings().keys_file
    prepare_tables(_database())
    copy = add_data_key(path)
    keys = read_keys(path)
    database = Database(settings().database_url, keys.pepper, keys.data_keys)
    with database.writing() as session:
        changed = seal_anew(session)
    database.close()
    drop_old_data_keys(path)
    click.echo(f"Đã niêm phong lại {changed} giá trị bằng khóa mới.")
    if copy is not None:
        click.echo(f"Tệp khóa trước đây nằm ở {copy}: các bản sao lưu cũ chỉ đọc được bằng tệp đó.")


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
def serve(host: str) -> None:
    """Set up if needed and serve on PORT: one process, 32 threads."""
    import waitress

    from .answers.opening import finish_cleanings
    from .backups.rules import running
    from .static_files import with_static_files

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        click.get_current_context().with_resource(running(settings()))
    except Refused as fault:
        raise click.ClickException(fault.message) from fault
    database = _database()
    prepare(database)
    try:
        finish_cleanings(database)
    except Refused as fault:  # somebody reads the database: the button on the page of the opening is still there
        logging.getLogger("survey_app").warning("%s", fault.message)
    port = settings().port
    wsgi = with_static_files(app, settings().data_folder)
    try:
        server = waitress.create_server(
            wsgi, host=host, port=port, threads=32, ident=None, clear_untrusted_proxy_headers=False
        )
    except OSError:
        raise click.ClickException(
            f"Cổng {port} đang có chương trình khác dùng (có thể hệ thống đã chạy sẵn). "
            f"Mở http://{host}:{port} xem thử, hoặc chạy ở cổng khác: ./run --port {port + 1}"
        ) from None
    threading.Thread(target=_every_day, args=(database,), daemon=True).start()
    click.echo(f"Đang chạy ở http://{host}:{port}  (dừng: Ctrl+C)", err=True)
    server.run()


def sweep(session: Session) -> None:
    """What must not wait until somebody comes by: drafts whose thirty days are over, training rounds whose day came."""
    from .roster.rules import erase_old_drafts
    from .rounds.training import purge_training_rounds

    erase_old_drafts(session)
    purge_training_rounds(session)


def _every_day(database: Database) -> None:
    while True:
        time.sleep(_A_DAY)
        try:
            with database.writing() as session:
                sweep(session)
        except SQLAlchemyError:
            logging.getLogger("survey_app").exception("daily sweep failed; tried again tomorrow")
