"""Pictures and recordings beside questions: what is taken, what is refused where, and where it is seen."""

import io
import re
import struct
import zipfile
import zlib

import pytest

from survey_app.access import Role
from survey_app.questionnaires.difference import differences
from survey_app.questionnaires.media import Reference, kind_of, references_in, unpacked, with_references
from survey_app.questionnaires.models import QuestionnaireMedium
from survey_app.questionnaires.queries import definition_of, newest_version
from survey_app.questionnaires.rules import copy_questionnaires
from survey_app.questionnaires.xlsform import XlsformError, read_xlsform
from survey_app.questionnaires.xlsform_writer import write_workbook
from survey_app.rounds.models import Round
from tests.make import csrf_token, make_criteria, make_district, make_group, make_round, make_user
from tests.questionnaires.make import HEADINGS, SCALE, TWO_LEVELS, make_source

MEDIA = HEADINGS + " | media::image | media::audio::Tiếng Việt (vi) | audio::English (en)"
Q = "select_one muc | q_1_1 | Thái độ? | Attitude? | yes | | likert | 1.1 | cua.png | hoi.mp3 | ask.mp3"
SCALE_SEEN = SCALE.replace("| level |", "| level | media::image |").replace("| 1     |\n", "| 1     | cua.png |\n")


def png(red: int = 200) -> bytes:
    """A picture of one colour, 40 x 20."""

    def part(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows = zlib.compress((b"\0" + bytes([red, 80, 40]) * 40) * 20)
    header = struct.pack(">IIBBBBB", 40, 20, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")


def mp3(note: int = 0) -> bytes:
    return b"ID3\x04\0\0\0\0\0\0" + bytes([0xFF, 0xFB, 0x90, note]) * 100


def zipped(form: bytes, **files: bytes) -> bytes:
    """A .zip as an office makes it, with a folder and what a Mac puts beside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("Phiếu/phieu.md", form)
        archive.writestr("__MACOSX/._cua.png", b"x")
        for name, content in files.items():
            archive.writestr("Phiếu/" + name.replace("__", "."), content)
    return buffer.getvalue()


FILES = {"cua__png": png(), "hoi__mp3": mp3(1), "ask__mp3": mp3(2)}
FORM = make_source(Q, headings=MEDIA, choices=SCALE_SEEN)


def resolved(data: bytes, known: dict[str, str] | None = None):
    form, name, media = unpacked(data, "phieu.zip")
    return with_references(read_xlsform(form, name), known or {}, media)


def refused(data: bytes) -> list[tuple[str, str, int, str]]:
    with pytest.raises(XlsformError) as fault:
        resolved(data)
    return [(m.kind, m.sheet, m.row, m.column) for m in fault.value.messages]


def test_files_are_known_by_content():
    others = (b"\xff\xd8\xff\xe0", b"RIFF1234WEBP", b"\0\0\0 ftypM4A ", b"OggS")
    assert [kind_of(one) for one in (png(), mp3(), *others)] == [
        "image/png", "audio/mpeg", "image/jpeg", "image/webp", "audio/mp4", "audio/ogg"
    ]  # fmt: skip
    assert kind_of(b"<svg onload='alert(1)'/>") == kind_of(b"") == ""


def test_a_form_names_its_files_by_content_and_leaves_with_their_bare_names():
    definition = resolved(zipped(FORM, **FILES))
    question = definition.question("q_1_1")
    assert [language.code for language in definition.languages] == ["vi", "en"]
    assert Reference.of(question.image["vi"]).name == "cua.png"
    assert Reference.of(question.audio["en"]).size == len(mp3(2))
    assert question.choices[0].image == question.image
    again = read_xlsform(write_workbook(definition), "phieu.xlsx")
    assert again.question("q_1_1").audio == {"vi": "hoi.mp3", "en": "ask.mp3"}
    other = resolved(zipped(FORM, **(FILES | {"hoi__mp3": mp3(7)})))
    assert [change.text for change in differences(definition, other)] == ["câu «q_1_1»: đổi âm thanh"]
    assert with_references(again, references_in(definition), []) == definition


def test_what_is_missing_is_told_with_sheet_row_and_column():
    assert refused(zipped(FORM, ask__mp3=mp3())) == [
        ("missing_media", "survey", 2, "media::image (vi)"),
        ("missing_media", "survey", 2, "media::audio (vi)"),
        ("missing_media", "choices", 2, "media::image (vi)"),
    ]


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        ({"cua__png": b"<svg/>"}, ["bad_media"]),
        ({"cua__png": mp3()}, ["bad_media"]),  # a recording that calls itself a picture
        ({"cua__png": png() + b"\0" * 400 * 1024}, ["bad_media"]),
        ({"la__png": png()}, ["unused_media"]),
        ({"hai__md": FORM}, ["no_single_form"]),
    ],
)
def test_files_that_are_not_taken(files, kinds):
    assert [kind for kind, _sheet, _row, _column in refused(zipped(FORM, **(FILES | files)))] == kinds


def test_what_is_no_zip_is_refused():
    assert refused(b"PK\x03\x04 damaged") == [("not_a_zip", "", 0, "")]


@pytest.fixture
def operator(database, signed_in):
    with database.writing() as session:
        district = make_district(session)
        survey_round = make_round(session, district, code="r", rules=TWO_LEVELS)
        make_group(session, survey_round, "E")
        make_criteria(session, survey_round, [("1.1", "1.00", "survey", ["E"])])
    return signed_in(Role.OPERATOR, unit=district)


def upload(client, data: bytes, name: str):
    fields = {"csrf_token": csrf_token(client), "file": (io.BytesIO(data), name)}
    return client.post("/rounds/r/questionnaires/E/upload", data=fields)


def test_an_upload_keeps_the_files_for_the_next_one_and_another_year(operator, client, database):
    assert "chưa có tệp «cua.png»" in upload(operator, FORM, "phieu.md").text
    assert upload(operator, zipped(FORM, **FILES), "phieu.zip").status_code == 302
    changed = FORM.replace("Thái độ?".encode(), "Thái độ thế nào?".encode())
    for seconds in (8, 9):
        assert upload(operator, zipped(changed, ask__mp3=mp3(seconds)), "phieu.zip").status_code == 302
    with database.writing() as session:
        stored = session.query(QuestionnaireMedium).all()
        assert len(stored) == 4  # the recording of before may come back by undoing the last change
        source = session.query(Round).one()
        version = newest_version(session, source.groups[0].id)
        reference = Reference.of(definition_of(version).question("q_1_1").image["vi"])
        version.published_at = version.loaded_at
        made = make_round(session, source.operator_unit, code="r2", rules=TWO_LEVELS)
        make_group(session, made, "E")
        session.refresh(made)
        assert copy_questionnaires(session, source, made, make_user(session)) == 1
        assert session.query(QuestionnaireMedium).count() == 7
    address = f"/p/media/{reference.digest}/cua.png"
    answer = client.get(address)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, png(), "image/png")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    part = client.get(address, headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.data) == (206, png()[:8])
    assert client.get(f"/p/media/{'0' * 32}/cua.png").status_code == 404
    paper = operator.get("/rounds/r/questionnaires/E/paper.pdf").data
    assert len(re.findall(rb"/Subtype ?/Image", paper)) >= 1
