import time

import pytest
from sqlalchemy import select, text

from survey_app import migrate
from survey_app.data_key import sealed_columns
from survey_app.db import Database
from survey_app.roster.models import Person, RosterVersion, Upload
from survey_app.sealed_columns import ColumnKeys, WrongKey, keys_of
from tests.make import make_district, make_group, make_list, make_person, make_round, make_user

PEPPER, KEY, OTHER = b"p" * 32, b"k" * 32, b"o" * 32


def keys(*data_keys):
    return ColumnKeys(PEPPER, data_keys or (KEY,))


def test_a_sealed_value_is_opened_again_and_never_looks_the_same():
    one, other = (keys().seal("person.phone", b"0912345678") for _ in range(2))
    assert one != other
    assert b"0912345678" not in one
    assert keys().open("person.phone", one) == keys().open("person.phone", other) == b"0912345678"


@pytest.mark.parametrize("position", [0, 1, 5, 17, -1])
def test_a_changed_byte_is_noticed(position):
    sealed = bytearray(keys().seal("person.phone", b"0912345678"))
    sealed[position] ^= 1
    with pytest.raises(WrongKey):
        keys().open("person.phone", bytes(sealed))


def test_a_value_moved_to_another_column_is_noticed():
    with pytest.raises(WrongKey, match="đã bị thay đổi"):
        keys().open("person.email", keys().seal("person.phone", b"0912345678"))


def test_another_key_opens_nothing_and_says_what_to_do():
    with pytest.raises(WrongKey, match="bản sao lưu"):
        keys(OTHER).open("person.phone", keys().seal("person.phone", b"0912345678"))


def test_an_old_key_still_opens_and_the_new_one_seals():
    old = keys().seal("person.phone", b"0912345678")
    both = keys(OTHER, KEY)
    assert both.open("person.phone", old) == b"0912345678"
    assert not both.is_current(old)
    assert both.is_current(both.seal("person.phone", b"0912345678"))


def test_without_a_key_nothing_is_sealed():
    with pytest.raises(WrongKey, match="tệp khóa"):
        ColumnKeys(b"", ()).seal("person.phone", b"0912345678")


def test_every_sealed_column_is_bound_to_its_own_place():
    found = {f"{table.name}.{column.name}": column.type.place for table, column in sealed_columns()}
    assert {place: place for place in found} == found
    assert {"person.phone", "person.email", "person.address", "upload.content", "upload.reading"} <= set(found)
    assert {"roster_version.content", "change_request.values", "privacy_request.requester"} <= set(found)


def test_a_person_is_found_by_number_and_address_through_keyed_hashes(database):
    with database.writing() as session:
        district = make_district(session)
        group = make_group(session, make_round(session, district))
        person = make_person(session, make_list(session, group, district), phone="0912345678", email="Lo.A@tg.vn")
        number = person.id
    with database.reading() as session:
        hashes = keys_of(session.get_bind().dialect)
        by_phone = select(Person.id).where(Person.phone_key == hashes.hash_of("phone", "0912345678"))
        by_email = select(Person.id).where(Person.email_key == hashes.hash_of("email", "lo.a@tg.vn"))
        assert session.scalars(by_phone).all() == session.scalars(by_email).all() == [number]
        stored = session.execute(text("SELECT phone, email FROM person")).one()
        assert b"0912345678" not in bytes(stored[0])
        assert b"Lo.A" not in bytes(stored[1])
    with database.writing() as session:
        person = session.get_one(Person, number)
        person.phone = "0987654321"
        person.email = None
    with database.reading() as session:
        person = session.get_one(Person, number)
        assert (person.phone, person.email_key) == ("0987654321", None)
        assert person.phone_key == hashes.hash_of("phone", "0987654321")


def test_a_sealed_column_cannot_be_compared_by_mistake():
    with pytest.raises(TypeError, match="keyed hash"):
        select(Person).where(Person.phone == "0912345678")
    assert "IS NULL" in str(select(Upload.id).where(Upload.content.is_(None)))


def test_two_databases_in_one_process_have_their_own_keys(tmp_path):
    first = Database(f"sqlite:///{tmp_path / 'first.sqlite'}", PEPPER, (KEY,))
    second = Database(f"sqlite:///{tmp_path / 'second.sqlite'}", PEPPER, (OTHER,))
    for database in (first, second):
        migrate.upgrade(database)
        with database.writing() as session:
            district = make_district(session)
            make_person(session, make_list(session, make_group(session, make_round(session, district)), district))
    stored = []
    for database in (first, second):
        with database.reading() as session:
            assert session.scalars(select(Person.phone)).one()
            stored.append(bytes(session.execute(text("SELECT phone FROM person")).scalar_one()))
        database.close()
    assert stored[0][1:5] != stored[1][1:5]


def test_ten_thousand_rows_are_opened_in_half_a_second(app_sqlite):
    database = app_sqlite.extensions["survey_database"]
    with database.writing() as session:
        district = make_district(session)
        unit_list = make_list(session, make_group(session, make_round(session, district)), district)
        session.add_all(
            Person(
                list_id=unit_list.id, position=n, name="Lò Văn A", phone=f"09{n:08}", search_key="", order_key=""
            )
            for n in range(10_000)
        )  # fmt: skip
    with database.reading() as session:
        rows = session.execute(text("SELECT phone FROM person")).scalars().all()
        opened = keys_of(session.get_bind().dialect)
        start = time.process_time()
        phones = [opened.open("person.phone", row) for row in rows]
        assert time.process_time() - start < 0.5
    assert len(set(phones)) == 10_000


def test_json_and_bytes_come_back_as_they_were(database):
    with database.writing() as session:
        survey_round = make_round(session)
        unit = survey_round.operator_unit
        session.add(
            RosterVersion(
                round_id=survey_round.id, number=1, content=b"\x00\xff", sha256="", persons=0,
                locked_at=survey_round.created_at, locked_by_id=make_user(session, unit=unit).id, locked_by_name="",
            )
        )  # fmt: skip
        session.add(
            Upload(
                round_id=survey_round.id, unit_id=unit.id, file_name="a.csv", content=None, sha256="",
                reading={"rows": ["Lò Văn Ún", None, 3]}, uploaded_by_id=make_user(session, unit=unit).id,
                uploaded_at=survey_round.created_at,
            )
        )  # fmt: skip
    with database.reading() as session:
        assert session.scalars(select(RosterVersion.content)).one() == b"\x00\xff"
        upload = session.scalars(select(Upload)).one()
        assert (upload.reading, upload.content) == ({"rows": ["Lò Văn Ún", None, 3]}, None)
