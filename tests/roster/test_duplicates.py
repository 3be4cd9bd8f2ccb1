"""Persons that look alike: which pairs are found, what a decision does to the lists, and how long it holds."""

import re

import pytest
from sqlalchemy import select

from survey_app.access import Role
from survey_app.audit import AuditEntry
from survey_app.errors import Conflict, Invalid, Refused
from survey_app.roster.likeness import Certainty, alike
from survey_app.roster.lock_rules import lock_roster, readiness
from survey_app.roster.models import ListState, PairDecision, Person
from survey_app.roster.pair_rules import Choice, decide
from survey_app.roster.pairs import PairState, pairs_of
from survey_app.roster.persons import PersonRow
from survey_app.roster.problems import message
from survey_app.roster.queries import cards
from survey_app.roster.row_comments import open_comments
from survey_app.roster.rules import approve_faultless, approve_list, check_upload, list_problems, receive_upload
from survey_app.roster.typed_lists import Source, start_typed_list
from tests.make import csrf_token, make_group, make_list, make_person, make_quota, make_round, make_user, sign_in_client
from tests.roster.asked_round import LEADER, make_asked_round, make_citizen, make_file
from tests.roster.test_rules import hand_in, officer, operator


def person(group="E", **facts) -> PersonRow:
    plain = {"name": "Lò Văn Ngoan", "birth_year": 1948, "phone": "0323515627", "ban_code": "03289-01"}
    return PersonRow(None, 1, group, **(plain | facts))


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ({}, Certainty.CERTAIN),
        ({"name": "LO VAN NGOAN", "ban_code": "03274-01"}, Certainty.CERTAIN),
        ({"phone": "0912345678"}, Certainty.LIKELY),
        ({"name": "Lò Văn Ngoann", "ban_code": None}, Certainty.LIKELY),
        ({"name": "Lò Văn Ngoam", "phone": None}, Certainty.POSSIBLE),
        ({"phone": None, "ban_code": "03274-01"}, Certainty.POSSIBLE),
        ({"name": "Cà Thị Hoa", "birth_year": 1990}, Certainty.POSSIBLE),
        ({"name": "Cà Thị Hoa", "birth_year": 1990, "phone": None}, None),
        ({"birth_year": 1990, "phone": None}, None),
    ],
)
def test_how_sure_it_is_that_two_rows_are_one_person(other, wanted):
    judged = alike(person(), person(**other))
    assert (judged and judged[0]) == wanted


def test_y_and_i_and_d_with_a_stroke_fold_together():
    assert alike(person(name="Đào Thị Lý"), person(name="Dao Thi Li"))[0] == Certainty.CERTAIN


def two_lists(session, phone_of_second: str = "0912345671"):
    """Quài Cang and Quài Nưa both handed in citizen 1."""
    asked = make_asked_round(session)
    _leaders, kept = hand_in(session, asked)
    second = make_file([make_citizen(1, phone=phone_of_second), make_citizen(3)])
    other = hand_in(session, asked, second, asked.other)[0]
    return asked, kept, other


def one_pair(session, asked):
    pairs = pairs_of(session, asked.round)
    assert len(pairs) == 1
    return pairs[0]


def choose(session, asked, by, **choice):
    pair = one_pair(session, asked)
    return decide(session, asked.round, pair.ids, pair.seen(), Choice(**choice), by)


def test_two_different_persons_block_and_warn_nobody_any_more(database):
    with database.writing() as session:
        asked, kept, _other = two_lists(session, "0987000111")
        by = operator(session, asked)
        assert list_problems(session, kept) == []  # same name and year, another bản: not told to the units
        assert one_pair(session, asked).certainty == Certainty.POSSIBLE
        choose(session, asked, by, verdict="different")
        assert one_pair(session, asked).state == PairState.DECIDED


def test_a_decided_pair_is_approved_with_the_faultless_and_locked_without_a_reason(database):
    with database.writing() as session:
        asked, _kept, _other = two_lists(session)
        by = operator(session, asked)
        assert readiness(session, asked.round).open_pairs == 0  # not approved yet
        assert approve_faultless(session, asked.round, by) == 1
        for card in cards(session, asked.round):
            if card.state == ListState.SUBMITTED:
                approve_list(session, card.unit_list, by)
        with pytest.raises(Invalid, match="1 cặp"):
            lock_roster(session, asked.round, by)
        choose(session, asked, by, verdict="different")
        assert lock_roster(session, asked.round, by).persons == 5


def test_one_person_stays_where_the_office_says_and_the_other_list_goes_back(database):
    with database.writing() as session:
        asked, kept, other = two_lists(session)
        by = operator(session, asked)
        choose(session, asked, by, verdict="same", keep="first", note="Thay trước thứ Sáu.")
        assert (kept.state, other.state) == (ListState.SUBMITTED, ListState.RETURNED)
        assert list_problems(session, kept) == []
        session.refresh(other, ["events"])
        assert other.events[-1].comment == (
            "Dòng 1 (Lò Văn Bình): người này đã có trong danh sách khác và được giữ ở đó. "
            "Chọn người khác thay. Thay trước thứ Sáu."
        )
        assert "Quài Cang" not in other.events[-1].comment
        assert one_pair(session, asked).state == PairState.DECIDED
        written = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [entry.action for entry in written[-2:]] == ["round.pair_decided", "round.list_returned"]
        assert "Lò Văn" not in written[-2].sentence
        hand_in(session, asked, make_file([make_citizen(1), make_citizen(3)]), asked.other)
        assert one_pair(session, asked).state == PairState.OPEN  # the unit handed the same person in again
        card = next(c for c in cards(session, asked.round, asked.other) if c.group.code == "E")
        assert card.comment == ""


def test_the_reason_of_a_decision_stands_beside_the_row_and_nothing_there_says_the_opposite(database):
    with database.writing() as session:
        asked, _kept, other = two_lists(session)
        choose(session, asked, operator(session, asked), verdict="same", keep="first", note="Thay trước thứ Sáu.")
        (comment,) = open_comments(other)
        assert (comment.row, comment.name) == (1, "Lò Văn Bình")
        assert comment.words == (
            "Người này đã có trong danh sách khác và được giữ ở đó. Chọn người khác thay. Thay trước thứ Sáu."
        )
        by = officer(session, asked, asked.other)
        upload = start_typed_list(session, asked.round, asked.other, "E", by, Source.RETURNED)
        told = [message(one) for one in check_upload(session, upload).reading.problems if one.row]
        assert told == [
            "cơ quan tổ chức đã quyết định giữ người này ở danh sách khác. Chọn người khác thay, hoặc bỏ dòng này."
        ]


def test_a_row_is_taken_off_without_sending_the_list_back(database):
    with database.writing() as session:
        asked, kept, _other = two_lists(session)
        by = operator(session, asked)
        before = kept.version
        choose(session, asked, by, verdict="same", keep="second", act="remove")
        session.flush()
        assert (kept.state, [one.position for one in kept.persons]) == (ListState.SUBMITTED, [2])
        assert kept.version > before
        assert pairs_of(session, asked.round) == []
        card = next(c for c in cards(session, asked.round, asked.commune) if c.group.code == "E")
        session.refresh(card.unit_list, ["events"])
        assert "Cơ quan tổ chức đã bỏ dòng này." in card.questions[0]


def test_the_last_row_of_a_list_is_not_taken_off(database):
    with database.writing() as session:
        asked = make_asked_round(session, citizens=1)
        hand_in(session, asked, make_file([make_citizen(1)], [LEADER]))
        hand_in(session, asked, make_file([make_citizen(1)]), asked.other)
        with pytest.raises(Invalid) as caught:
            choose(session, asked, operator(session, asked), verdict="same", keep="first", act="remove")
        assert set(caught.value.faults) == {"act"}


def test_a_question_reaches_both_units_and_changes_no_list(database):
    with database.writing() as session:
        asked, kept, other = two_lists(session)
        by = operator(session, asked)
        with pytest.raises(Invalid) as caught:
            choose(session, asked, by, verdict="unclear")
        assert set(caught.value.faults) == {"note"}
        choose(session, asked, by, verdict="unclear", note="Người này ở bản nào?")
        assert one_pair(session, asked).state == PairState.ASKED
        assert {kept.state, other.state} == {ListState.SUBMITTED}
        for unit in (asked.commune, asked.other):
            card = next(c for c in cards(session, asked.round, unit) if c.group.code == "E")
            session.refresh(card.unit_list, ["events"])
            assert card.questions == ["Dòng 1 (Lò Văn Bình) có thể trùng với một dòng khác. Người này ở bản nào?"]
        assert list_problems(session, kept)  # still a warning


def test_one_person_may_stay_in_two_groups_with_a_reason_but_not_twice_in_one(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        hand_in(session, asked)
        chairwoman = make_citizen(1, name="Cà Thị Hoa", birth=1975, gender="Nữ", phone="0987654321")
        one = hand_in(session, asked, make_file([chairwoman, make_citizen(3)]), asked.other)[0]
        by = operator(session, asked)
        with pytest.raises(Invalid) as caught:
            choose(session, asked, by, verdict="same", keep="both")
        assert set(caught.value.faults) == {"note"}
        choose(session, asked, by, verdict="same", keep="both", note="Chủ tịch xã có hồ sơ riêng.")
        approve_list(session, one, by)
        assert one.state == ListState.APPROVED


def test_a_pair_that_changed_meanwhile_is_not_decided(database):
    with database.writing() as session:
        asked, kept, _other = two_lists(session)
        by = operator(session, asked)
        pair = one_pair(session, asked)
        seen = pair.seen()
        session.get_one(Person, pair.first.person_id).phone = "0323515627"
        session.flush()
        with pytest.raises(Conflict):
            decide(session, asked.round, pair.ids, seen, Choice("different"), by)
        fresh = one_pair(session, asked)
        decide(session, asked.round, fresh.ids, fresh.seen(), Choice("different"), by)
        with pytest.raises(Conflict):
            decide(session, asked.round, fresh.ids, fresh.seen(), Choice("unclear", note="Hỏi."), by)
        assert kept.state == ListState.SUBMITTED


def test_rows_without_any_difference_cannot_be_two_persons(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        for unit in (asked.commune, asked.other):
            one = make_list(session, asked.citizens, unit, state=ListState.SUBMITTED)
            make_person(session, one, name="Lò Văn Ngoan", phone="0323515627", ban_code="03289-01")
        with pytest.raises(Invalid, match="giống hệt nhau"):
            choose(session, asked, operator(session, asked), verdict="different")


def earlier_round(session, asked, **facts):
    """Last year's round of the same operator, locked, with one citizen of Quài Cang."""
    before = make_round(session, asked.district, code="tg-2020", lists_started_at=asked.round.created_at)
    before.year = 2020
    group = make_group(session, before, "E")
    make_quota(session, group, asked.commune, 1)
    one = make_list(session, group, asked.commune, state=ListState.LOCKED)
    return before, make_person(session, one, **facts)


def test_a_decision_holds_in_the_next_year_and_one_person_is_suggested_again(database):
    with database.writing() as session:
        asked, _kept, _other = two_lists(session)
        by = operator(session, asked)
        pair = one_pair(session, asked)
        first = session.get_one(Person, pair.first.person_id)
        keys = [
            (p.name, p.birth_year, p.phone, p.ban_code) for p in (first, session.get_one(Person, pair.second.person_id))
        ]
        choose(session, asked, by, verdict="different")
        later = make_round(session, asked.district, code="tg-2022")
        later.year = 2022
        group = make_group(session, later, "E")
        for unit, (name, year, phone, ban) in zip((asked.commune, asked.other), keys, strict=True):
            one = make_list(session, group, unit, state=ListState.SUBMITTED)
            make_person(session, one, name=name, birth_year=year, phone=phone, ban_code=ban)
        of_later = [p for p in pairs_of(session, later) if not p.is_earlier]
        assert [p.state for p in of_later] == [PairState.DECIDED]
        assert list_problems(session, one) == []
        session.scalars(select(PairDecision)).one().verdict = "same"
        session.flush()
        of_later = [p for p in pairs_of(session, later) if not p.is_earlier]
        assert [(p.state, p.decision.verdict) for p in of_later] == [(PairState.OPEN, "same")]
        stored = session.scalars(select(PairDecision)).one()
        assert "Lò" not in stored.first_key
        assert "0912345671" not in stored.first_key + stored.second_key


def test_a_citizen_of_an_earlier_round_is_shown_and_may_be_asked_again_or_not(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        earlier_round(session, asked, name="Lò Văn Bình", birth_year=1971, phone="0912345671", ban_code="03289-01")
        _leaders, citizens = hand_in(session, asked)
        pair = one_pair(session, asked)
        assert (pair.state, pair.second.year, pair.certainty) == (PairState.EARLIER, 2020, Certainty.CERTAIN)
        by = operator(session, asked)
        choose(session, asked, by, verdict="same", keep="first")
        assert (one_pair(session, asked).state, citizens.state) == (PairState.DECIDED, ListState.SUBMITTED)
        choose(session, asked, by, verdict="same", keep="second")
        assert citizens.state == ListState.RETURNED
        session.refresh(citizens, ["events"])
        assert "đã được hỏi năm 2020" in citizens.events[-1].comment


def test_another_operators_rounds_and_decisions_stay_apart(database):
    with database.writing() as session:
        asked, _kept, _other = two_lists(session)
        choose(session, asked, operator(session, asked), verdict="different")
        for decision in session.scalars(select(PairDecision)):
            decision.operator_unit_id = asked.commune.id
        session.flush()
        assert one_pair(session, asked).state == PairState.OPEN


def test_after_locking_only_two_persons_can_be_recorded(database):
    with database.writing() as session:
        asked, _kept, _other = two_lists(session)
        by = operator(session, asked)
        for card in cards(session, asked.round):
            approve_list(session, card.unit_list, by)
        lock_roster(session, asked.round, by, "Để sau.")
        with pytest.raises(Refused, match="khóa"):
            choose(session, asked, by, verdict="same", keep="first")
        choose(session, asked, by, verdict="different")


def test_two_persons_decided_last_year_do_not_stop_a_units_file(database):
    with database.writing() as session:
        asked = make_asked_round(session)
        rows = [make_citizen(1), make_citizen(1, phone="0987000111")]
        by = officer(session, asked)
        upload = receive_upload(session, asked.round, asked.commune, make_file(rows, [LEADER]), "ds.xlsx", by)
        assert [p.kind for p in check_upload(session, upload).blocking] == ["duplicate_in_file"]
        for unit in (asked.other, asked.district):
            phone = "0912345671" if unit is asked.other else "0987000111"
            one = make_list(session, asked.citizens, unit, state=ListState.SUBMITTED)
            make_person(session, one, name="Lò Văn Bình", birth_year=1971, phone=phone, ban_code="03289-01")
        choose(session, asked, operator(session, asked), verdict="different")
        assert [p.kind for p in check_upload(session, upload).blocking] == []


@pytest.fixture
def office(app, database):
    """The operator's browser and that of a unit officer, with one pair to decide."""
    with database.writing() as session:
        asked, _kept, _other = two_lists(session)
        users = [make_user(session, Role.OPERATOR, asked.district), make_user(session, Role.UNIT_OFFICER, asked.other)]
        stranger = make_user(session, Role.OPERATOR, asked.commune)
    return [sign_in_client(app, user) for user in (*users, stranger)]


def form_of(text: str) -> dict[str, str]:
    return {name: re.search(f'name="{name}" value="([^"]*)"', text).group(1) for name in ("pair", "seen")}


def test_the_page_shows_two_rows_decides_and_ends(office):
    operators, unit, stranger = office
    url = "/rounds/tg-2021/duplicates"
    assert unit.get(url).status_code == 403
    assert stranger.get(url).status_code == 404
    text = operators.get(url).text
    assert "Cặp 1 trên 1" in text
    assert "cùng số điện thoại; cùng tên và năm sinh" in text
    assert "Xã Quài Cang, nhóm E, dòng 1" in text
    data = {"csrf_token": csrf_token(operators), **form_of(text)}
    assert "Chọn một trong ba cách." in operators.post(url, data=data).text
    answer = operators.post(url, data=data | {"verdict": "same", "note": "Chưa chọn nơi giữ"})
    assert answer.status_code == 422
    assert "Chưa chọn nơi giữ" in answer.text
    old = operators.post(url, data=data | {"seen": "0" * 32, "verdict": "different"})
    assert (old.status_code, "Chưa ghi gì" in old.text) == (409, True)
    assert operators.post(url, data=data | {"verdict": "same", "keep": "first"}).status_code == 303
    assert "Không còn cặp nào cần xem." in operators.get(url).text
    assert "cùng một người" in operators.get(f"{url}?show=decided").text
    assert "được giữ ở đó" in unit.get("/rounds/tg-2021/lists/mine").text
    assert operators.get(f"{url}?pair=9-10&list=x&show=nowhere").status_code == 200
