"""Frames are frozen without their faulty rows; samples are drawn, proven, and become the unit's list."""

import io
import random

import openpyxl
import pytest

from survey_app.errors import Conflict, Invalid, Refused
from survey_app.roster.models import ListState, UnitList, Upload
from survey_app.roster.rules import check_upload, receive_upload, submit_list
from survey_app.sampling.designs import Allocation, Design, Method, SizeRule, plan
from survey_app.sampling.documents import minutes_workbook
from survey_app.sampling.frames import frame_rows
from survey_app.sampling.models import SamplingFrame, Standing
from survey_app.sampling.queries import keys_on_list, rows_of
from survey_app.sampling.rules import (
    discard_frame,
    draw_sample,
    frame_from_upload,
    hand_to_unit,
    is_repeatable,
    receive_frame,
)
from tests.make import make_quota
from tests.roster.asked_round import make_citizen, make_file
from tests.sampling.place import STRATIFIED, make_place, make_rows


def receive(session, place, rows, name="sổ.xlsx"):
    asked = place.asked
    return receive_frame(session, asked.round, asked.commune, asked.citizens, make_file(rows), name, place.operator)


def test_faulty_and_repeated_rows_are_set_aside_and_counted(database):
    with database.writing() as session:
        place = make_place(session)
        rows = make_rows(30)
        rows += [
            make_citizen(31, name="Cà Thị Sai", phone="12"),
            make_citizen(32, name="Cà Thị Trẻ", birth=2020, phone="0987000111"),
        ]
        frame = receive(session, place, [*rows, rows[0]])
        assert (frame.persons, frame.rows_set_aside) == (30, 3)
        assert frame.faults == {"invalid_phone": 1, "under_age": 1, "duplicate_in_file": 1}
        assert any("chưa đủ 18 tuổi" in sentence for _sheet, _row, sentence in frame.set_aside)


def test_the_hash_of_a_frame_does_not_depend_on_the_order_of_the_file(database):
    with database.writing() as session:
        place = make_place(session)
        rows = make_rows(40)
        shuffled = random.Random(1).sample(rows, 40)
        first, second = receive(session, place, rows), receive(session, place, shuffled)
        assert first.sha256 == second.sha256
        samples = [draw_sample(session, one, STRATIFIED, place.operator, "2021") for one in (first, second)]
        picked = [[(one.frame_row, one.standing, one.position) for one in sample.members] for sample in samples]
        assert sorted(picked[0]) == sorted(picked[1])


def test_a_file_without_a_needed_column_or_person_makes_no_frame(database):
    with database.writing() as session:
        place = make_place(session)
        with pytest.raises(Refused, match="đều có lỗi"):
            receive(session, place, [make_citizen(1, phone="1")])
        book = openpyxl.load_workbook(io.BytesIO(make_file(make_rows(5))))
        book.active.delete_cols(6)
        memory = io.BytesIO()
        book.save(memory)
        asked = place.asked
        with pytest.raises(Refused, match="Thiếu cột «Số điện thoại»"):
            receive_frame(
                session, asked.round, asked.commune, asked.citizens, memory.getvalue(), "a.xlsx", place.operator
            )


@pytest.mark.parametrize(
    "design",
    [
        Design(),
        Design(method=Method.SYSTEMATIC),
        STRATIFIED,
        Design(method=Method.STRATIFIED, strata="gender", within=Method.SYSTEMATIC, allocation=Allocation.EQUAL),
        Design(method=Method.STRATIFIED, strata="ban", allocation=Allocation.NEYMAN),
        Design(method=Method.STRATIFIED, strata="ban", allocation=Allocation.POWER),
        Design(method=Method.TWO_STAGE, clusters=2),
        Design(size_rule=SizeRule.YAMANE, margin=0.3),
    ],
)
def test_every_design_draws_its_size_and_is_the_same_again(database, design):
    with database.writing() as session:
        place = make_place(session, 60)
        sample = draw_sample(session, place.frame, design, place.operator, "bốc thăm 7")
        chosen = [one for one in sample.members if one.standing == Standing.SELECTED]
        assert len(chosen) == sample.size == (10 if design.size_rule == SizeRule.YAMANE else 6)
        assert sum(one.weight for one in chosen) == pytest.approx(60, rel=0.35)
        assert is_repeatable(session, sample)
        reserves = [one for one in sample.members if one.standing == Standing.RESERVE]
        assert {one.stratum for one in reserves} == {one.stratum for one in chosen}
        sample.members[0].frame_row, sample.members[-1].frame_row = 0, sample.members[0].frame_row
        assert not is_repeatable(session, sample)
        session.expire(sample, ["members"])
        session.rollback()


@pytest.mark.parametrize("heading", ["Quy mô hộ", "Số hồ sơ trong năm", "Tổng số hồ sơ đã nộp", "Số lượt giao dịch"])
def test_a_column_of_numbers_is_a_size_to_draw_by(database, heading):
    with database.writing() as session:
        place = make_place(session)
        book = openpyxl.load_workbook(io.BytesIO(make_file(make_rows(30))))
        for number, row in enumerate(book.active.iter_rows(min_row=3)):
            book.active.cell(row[0].row, 10, heading if number == 0 else 1 + number % 4)
        memory = io.BytesIO()
        book.save(memory)
        asked = place.asked
        frame = receive_frame(
            session, asked.round, asked.commune, asked.citizens, memory.getvalue(), "a.xlsx", place.operator
        )
        assert frame_rows(frame.content)[0].measures.keys() == {heading}
        design = Design(method=Method.PPS, measure=heading)
        sample = draw_sample(session, frame, design, place.operator, "1")
        sizes = {row.number: row.measures[heading] for row in rows_of(frame)}
        for member in sample.members:
            assert member.probability == pytest.approx(6 * sizes[member.frame_row] / sum(sizes.values()))
        with pytest.raises(Invalid, match="Chọn cột quy mô"):
            draw_sample(session, frame, Design(method=Method.PPS), place.operator, "1", "thử")


def test_the_plan_shows_the_formula_with_its_figures(database):
    with database.writing() as session:
        rows = rows_of(make_place(session, 100).frame)
        found = plan(rows, Design(size_rule=SizeRule.YAMANE), 20, {})
        assert (found.size, found.population) == (80, 100)
        assert found.formula == "n = N / (1 + N·e²) = 100 / (1 + 100 × 0,05²) = 80"
        assert found.margin == pytest.approx(0.0492, abs=1e-4)
        found = plan(rows, Design(size_rule=SizeRule.PROPORTION, margin=0.1, response_rate=0.8), 20, {})
        assert found.size == 62
        assert "chia cho tỷ lệ trả lời 80 %" in found.formula
        with pytest.raises(Invalid, match="ít hơn 200 người"):
            plan(rows, Design(size_rule=SizeRule.GIVEN, given_size=200), 20, {})
        stratified = plan(rows, STRATIFIED, 20, {})
        assert [line.rows for line in stratified.strata] == [34, 33, 33]
        assert sum(line.drawn for line in stratified.strata) == 20


def test_a_second_drawing_needs_a_reason_and_nobody_draws_unseen(database):
    with database.writing() as session:
        place = make_place(session, 30)
        first = draw_sample(session, place.frame, Design(), place.operator)
        assert first.seed.isdecimal()
        with pytest.raises(Invalid, match="lý do chọn lại"):
            draw_sample(session, place.frame, Design(), place.operator)
        with pytest.raises(Conflict, match="vừa chọn mẫu"):
            draw_sample(session, place.frame, Design(), place.operator, "", "Sai tầng", seen_samples=0)
        assert draw_sample(session, place.frame, Design(), place.operator, "", "Sai tầng", 1).number == 2
        session.refresh(place.frame, ["samples"])
        with pytest.raises(Refused, match="không bỏ được"):
            discard_frame(session, place.frame, place.operator)


def test_a_large_draft_of_a_unit_becomes_a_frame_and_is_gone(database):
    with database.writing() as session:
        place = make_place(session)
        asked = place.asked
        upload = receive_upload(
            session, asked.round, asked.commune, make_file(make_rows(25)), "ds.xlsx", place.officer, "E"
        )
        frame = frame_from_upload(session, upload, place.officer)
        assert (frame.persons, frame.group.code) == (25, "E")
        session.flush()
        assert session.get(Upload, upload.id) is None
        small = receive_upload(
            session, asked.round, asked.commune, make_file(make_rows(6)), "ds.xlsx", place.officer, "E"
        )
        with pytest.raises(Refused, match="không nhiều người hơn"):
            frame_from_upload(session, small, place.officer)


def test_the_sample_becomes_the_draft_and_the_list_of_the_unit(database):
    with database.writing() as session:
        place = make_place(session, 30)
        sample = draw_sample(session, place.frame, STRATIFIED, place.operator, "5")
        upload = hand_to_unit(session, sample, place.operator)
        checked = check_upload(session, upload)
        assert checked.reading.problems == []
        chosen = {f"{place.frame.id}-{one.frame_row}" for one in sample.members if one.is_current}
        assert {person.frame_key for person in checked.reading.persons} == chosen
        with pytest.raises(Conflict, match="đang nằm trong bản nháp"):
            hand_to_unit(session, sample, place.operator)
        submit_list(session, upload, place.officer, declared=True)
        session.flush()
        assert keys_on_list(session, place.frame) == chosen
        rows = {row.number: row for row in rows_of(place.frame)}
        unit_list = session.query(UnitList).filter_by(group_id=place.frame.group_id).one()
        for person in unit_list.persons:
            row = rows[int(person.frame_key.split("-")[1])].values
            assert (person.name, person.phone, person.ban_code) == (row["name"], row["phone"], row["ban_code"])
            assert person.return_date.isoformat() == row["return_date"]


def test_a_list_that_was_handed_in_is_not_overwritten(database):
    with database.writing() as session:
        place = make_place(session, 30)
        asked = place.asked
        own = receive_upload(
            session, asked.round, asked.commune, make_file(make_rows(6)), "ds.xlsx", place.officer, "E"
        )
        submit_list(session, own, place.officer, declared=True)
        sample = draw_sample(session, place.frame, Design(), place.operator, "5")
        with pytest.raises(Refused, match="đã trình"):
            hand_to_unit(session, sample, place.operator)
        unit_list = session.query(UnitList).filter_by(group_id=place.frame.group_id).one()
        assert unit_list.state == ListState.SUBMITTED
        assert {person.frame_key for person in unit_list.persons} == {None}


def test_the_minutes_hold_all_that_is_needed_to_draw_again(database):
    with database.writing() as session:
        place = make_place(session, 30)
        sample = draw_sample(session, place.frame, STRATIFIED, place.operator, "77")
        content = minutes_workbook(sample, rows_of(place.frame))
        assert content == minutes_workbook(sample, rows_of(place.frame))
        book = openpyxl.load_workbook(io.BytesIO(content))
        facts = dict(row[:2] for row in book["Biên bản"].iter_rows(values_only=True) if row[0])
        assert facts["Hạt giống"] == "77"
        assert facts["SHA-256 của khung mẫu"] == place.frame.sha256
        assert facts["Thuật toán"] == "sha256-1"
        assert facts["Cách tính cỡ mẫu"] == "Theo chỉ tiêu: 6 người"
        selected = [row for row in book["Được chọn"].iter_rows(values_only=True) if isinstance(row[0], int)]
        assert [row[2] for row in selected] == [
            f"{place.frame.id}-{one.frame_row}" for one in sample.members if one.standing == Standing.SELECTED
        ]
        assert all(row[6] == "0,200000" and row[7] == "5,0000" for row in selected)


def test_a_frame_without_a_sample_can_be_thrown_away(database):
    with database.writing() as session:
        place = make_place(session, 10)
        make_quota(session, place.asked.leaders, place.asked.other, 1)
        discard_frame(session, place.frame, place.operator)
        session.flush()
        assert session.query(SamplingFrame).count() == 0
