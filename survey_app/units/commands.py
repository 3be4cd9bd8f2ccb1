"""`units load`: the catalogue of another place, or a newer one."""

from pathlib import Path

import click
from flask.cli import AppGroup

from ..errors import Invalid
from ..web import database
from .rules import seed_units

commands = AppGroup("units", help="Danh mục đơn vị và bản, khối.")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@commands.command("load")
@click.option("--units", "units_file", type=_FILE, help="Tệp CSV đơn vị; mặc định: danh mục Tuần Giáo kèm theo.")
@click.option("--ban", "ban_file", type=_FILE, help="Tệp CSV bản, khối; mặc định: danh mục kèm theo.")
def load(units_file: Path | None, ban_file: Path | None) -> None:
    """Load units and bản from CSV files; rows that are there take the values of the file."""
    try:
        with database().writing() as session:
            loaded = seed_units(
                session,
                units=units_file.read_bytes() if units_file else None,
                ban=ban_file.read_bytes() if ban_file else None,
            )
    except Invalid as invalid:
        raise click.ClickException("\n".join(invalid.faults.values())) from invalid
    click.echo(f"{loaded.units} đơn vị, {loaded.ban} bản, khối; {loaded.changed} dòng mới hoặc thay đổi.")
