"""Reading the catalogue files."""

from datetime import date

import pytest

from survey_app.errors import Invalid
from survey_app.units.catalogue_file import read_ban, read_units
from survey_app.units.rules import DATA

HEAD = "code,name,kind,parent,valid_from,valid_to,successor_code,address_place,aliases\n"


def units(*lines: str) -> bytes:
    return (HEAD + "\n".join(lines)).encode()


def test_the_shipped_catalogue_has_all_units_and_ban():
    rows = read_units((DATA / "units.csv").read_bytes())
    assert len(rows) == 116
    town = next(row for row in rows if row.code == "03253" and row.valid_to)
    assert (town.kind, town.valid_to, town.aliases) == (
        "thi_tran",
        date(2025, 6, 30),
        ("TT Tuần Giáo", "TT. Tuần Giáo"),
    )
    assert len(read_ban((DATA / "ban.csv").read_bytes())) == 186


def test_all_faults_are_told_at_once_with_row_column_and_remedy():
    with pytest.raises(Invalid) as invalid:
        read_units(
            units(
                "A,Xã A,xa,,2020-01-01,,,,",
                "B,,lang,,hôm qua,2019-01-01,,,",
                "C,Xã C,xa,,2020-01-01,2019-12-31,,,",
                "A,Xã A,xa,,2020-01-01,,,,",
            )
        )
    sentences = list(invalid.value.faults.values())
    assert len(sentences) == 5
    assert "Dòng 3, name: còn trống. Điền name." in sentences
    assert "Dòng 3, valid_from: không đọc được ngày «hôm qua». Ghi dạng 2021-12-31." in sentences
    assert any(text.startswith("Dòng 3, kind: không có loại «lang». Chọn một trong: tinh") for text in sentences)
    assert "Dòng 4, valid_to: sớm hơn valid_from. Kiểm tra lại hai ngày." in sentences
    assert any(text.startswith("Mã A từ ngày 2020-01-01 có hai dòng.") for text in sentences)


def test_a_byte_order_mark_and_decomposed_letters_do_not_matter():
    (row,) = read_units(b"\xef\xbb\xbf" + units("A,Xã Pu\u0301 Nhung,xa,,2020-01-01,,,,"))
    assert row.name == "Xã Pú Nhung"


@pytest.mark.parametrize(
    ("content", "words"),
    [("code,name\nA,Xã A".encode(), "thiếu cột: kind"), ("Xã".encode("utf-16"), "UTF-8")],
)
def test_another_file_is_refused_in_words(content, words):
    with pytest.raises(Invalid, match=words):
        read_units(content)
