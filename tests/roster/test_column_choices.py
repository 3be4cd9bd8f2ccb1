"""«Cột này là …» is remembered for the unit, and only for it."""

import io

import openpyxl
import pytest
from sqlalchemy import select

from survey_app.audit import AuditEntry
from survey_app.roster.column_choices import remember_columns
from survey_app.roster.drafts import choose_columns, draft_from_json
from survey_app.roster.models import ColumnChoice
from survey_app.roster.rules import check_upload, receive_upload, save_draft
from tests.roster.asked_round import make_asked_round, make_citizen, make_file
from tests.roster.test_rules import officer


def file_with(*citizens, **headings: str) -> bytes:
    """A file of citizens with some headings of its own: F="Liên lạc"."""
    book = openpyxl.load_workbook(io.BytesIO(make_file(list(citizens))))
    for letter, text in headings.items():
        book["Người dân"][f"{letter}3"] = text
    memory = io.BytesIO()
    book.save(memory)
    return memory.getvalue()


ODD = file_with(make_citizen(1), make_citizen(2), F="Liên lạc")


def fields(upload) -> dict[str, str | None]:
    return {column.label: column.field for column in draft_from_json(upload.reading).tables[0].columns}


@pytest.fixture
def chosen(database):
    """A round in which the commune said that «Liên lạc» is the phone."""
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        upload = receive_upload(session, asked.round, asked.commune, ODD, "ds.xlsx", by)
        assert "missing_column" in {problem.kind for problem in check_upload(session, upload).blocking}
        draft = draft_from_json(upload.reading)
        remember_columns(session, asked.commune, draft, 0, {6: "phone"}, by)
        save_draft(upload, draft, by)
    return asked


def test_the_next_file_of_the_unit_with_the_same_heading_is_read_without_asking(database, chosen):
    with database.writing() as session:
        asked = chosen
        upload = receive_upload(session, asked.round, asked.commune, ODD, "lan-2.xlsx", officer(session, asked))
        assert fields(upload)["Liên lạc"] == "phone"
        assert check_upload(session, upload).blocking == []
        notes = draft_from_json(upload.reading).notes
        assert "cột «Liên lạc» là «Số điện thoại»" in notes[0]
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "round.columns_chosen")).one()
        assert entry.sentence == "Xã Quài Cang chọn cột của tệp: Liên lạc: «Số điện thoại»"


def test_marks_and_punctuation_of_the_heading_do_not_matter_but_other_units_do(database, chosen):
    with database.writing() as session:
        asked = chosen
        content = file_with(make_citizen(1), make_citizen(2), F="LIÊN  LẠC:")
        upload = receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", officer(session, asked))
        assert fields(upload)["LIÊN LẠC:"] == "phone"
        by = officer(session, asked, asked.other)
        upload = receive_upload(session, asked.round, asked.other, ODD, "ds.xlsx", by)
        assert fields(upload)["Liên lạc"] is None


def test_a_wrong_choice_is_corrected_and_the_correction_is_remembered(database, chosen):
    with database.writing() as session:
        asked = chosen
        by = officer(session, asked)
        upload = receive_upload(session, asked.round, asked.commune, ODD, "ds.xlsx", by)
        draft = draft_from_json(upload.reading)
        remember_columns(session, asked.commune, draft, 0, {6: None, 7: "note"}, by)
        stored = {one.heading: one.field for one in session.scalars(select(ColumnChoice))}
        assert stored == {"lien lac": "", "tthc": "note"}
        again = receive_upload(session, asked.round, asked.commune, ODD, "ds.xlsx", by)
        assert (fields(again)["Liên lạc"], fields(again)["TTHC"]) == (None, "note")


def test_a_new_choice_takes_the_field_from_the_column_that_had_it(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        by = officer(session, asked)
        content = file_with(make_citizen(1), make_citizen(2), G="Điện thoại nhà")
        upload = receive_upload(session, asked.round, asked.commune, content, "ds.xlsx", by)
        draft = draft_from_json(upload.reading)
        assert fields(upload)["Số điện thoại"] == "phone"
        choose_columns(draft, 0, {6: "phone", 7: "phone"})
        assert {c.label: c.field for c in draft.tables[0].columns}["Điện thoại nhà"] == "phone"
        assert {c.label: c.field for c in draft.tables[0].columns}["Số điện thoại"] is None
