"""Loading the catalogue into the database."""

from datetime import date

import pytest
from sqlalchemy import func, select

from survey_app.audit import AuditEntry
from survey_app.errors import Invalid
from survey_app.units.models import Ban, Unit
from survey_app.units.rules import DATA, seed_units

HEAD = "code,name,kind,parent,valid_from,valid_to,successor_code,address_place,aliases\n"
NO_BAN = b"code,name,kind,commune_code,valid_from,valid_to,successor_code\n"


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_a_second_load_changes_nothing(database):
    with database.writing() as session:
        assert seed_units(session).changed == 302
    with database.writing() as session:
        assert seed_units(session).changed == 0
        assert (count(session, Unit), count(session, Ban), count(session, AuditEntry)) == (116, 186, 1)


def test_a_changed_row_takes_the_values_of_the_file(database):
    with database.writing() as session:
        seed_units(session)
        content = (
            (DATA / "units.csv").read_bytes().replace("Phòng Nội vụ".encode(), "Phòng Nội vụ và Tôn giáo".encode())
        )
        assert seed_units(session, units=content).changed == 1
        unit = session.scalar(select(Unit).where(Unit.code == "TG-NV"))
        assert (unit.name, unit.search_key) == ("Phòng Nội vụ và Tôn giáo", "phong noi vu va ton giao")


def test_units_stand_under_the_parent_of_their_time(database):
    with database.writing() as session:
        seed_units(session)
        by_key = {(unit.code, unit.valid_from): unit for unit in session.scalars(select(Unit))}
        province, district = by_key["11", date(2020, 1, 1)], by_key["099", date(2020, 1, 1)]
        old, new = by_key["03253", date(2020, 1, 1)], by_key["03253", date(2025, 7, 1)]
        assert old.path == f"/{province.id}/{district.id}/{old.id}/"
        assert new.path == f"/{province.id}/{new.id}/"
        school = by_key["TG-MN-01", date(2025, 7, 1)]
        assert school.path == f"{new.path}{school.id}/"


def test_a_parent_that_is_missing_or_below_its_child_is_refused(database):
    with database.writing() as session:
        with pytest.raises(Invalid, match="không có đơn vị cấp trên mã «Z»"):
            seed_units(session, units=(HEAD + "A,Xã A,xa,Z,2020-01-01,,,,").encode(), ban=NO_BAN)
        circle = "A,Xã A,xa,B,2020-01-01,,,,\nB,Xã B,xa,A,2020-01-01,,,,"
        with pytest.raises(Invalid, match="nằm dưới chính nó"):
            seed_units(session, units=(HEAD + circle).encode(), ban=NO_BAN)
