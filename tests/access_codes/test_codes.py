"""The written form of personal codes."""

import itertools
import json
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_app.access_codes import codes
from survey_app.look import STATIC
from tests.browser_fixtures import NODE

VECTORS = json.loads(Path(__file__).with_name("code_vectors.json").read_text("utf-8"))
bodies = st.text(alphabet=codes.ALPHABET, min_size=codes.RANDOM_LETTERS, max_size=codes.RANDOM_LETTERS)


def test_the_alphabet_has_32_letters_and_none_that_look_alike():
    assert len(set(codes.ALPHABET)) == 32
    assert not set("ILOU") & set(codes.ALPHABET)


def test_new_codes_are_true_codes_and_differ():
    made = [codes.new_code() for _ in range(2000)]
    assert all(codes.normalise(code) == code for code in made)
    assert len(set(made)) == 2000
    # Sixty random bits: every letter occurs at every random place among 2000 codes (chance of a miss below 1e-24).
    assert all(len({code[place] for code in made}) == 32 for place in range(codes.RANDOM_LETTERS))


@given(bodies)
def test_every_single_wrong_letter_is_found(body):
    code = body + codes.check_letter(body)
    for place, letter in itertools.product(range(codes.CODE_LENGTH), codes.ALPHABET):
        wrong = code[:place] + letter + code[place + 1 :]
        assert (codes.normalise(wrong) is None) == (wrong != code)


@given(bodies)
def test_every_exchange_of_two_letters_is_found(body):
    code = body + codes.check_letter(body)
    for first, second in itertools.combinations(range(codes.CODE_LENGTH), 2):
        letters = list(code)
        letters[first], letters[second] = letters[second], letters[first]
        wrong = "".join(letters)
        assert (codes.normalise(wrong) is None) == (wrong != code)


@given(bodies)
def test_a_doubled_letter_read_as_another_double_is_found(body):
    for place in range(codes.RANDOM_LETTERS - 1):
        doubled = body[:place] + body[place] * 2 + body[place + 2 :]
        code = doubled + codes.check_letter(doubled)
        for letter in set(codes.ALPHABET) - {body[place]}:
            wrong = code[:place] + letter * 2 + code[place + 2 :]
            assert codes.normalise(wrong) is None


def test_other_mistakes_pass_about_one_time_in_32():
    chance = random.Random(7)
    body = "0123456789AB"
    code = body + codes.check_letter(body)
    trials = ["".join(chance.choice(codes.ALPHABET) for _ in range(codes.CODE_LENGTH)) for _ in range(20_000)]
    passed = sum(codes.normalise(trial) is not None for trial in trials)
    assert code not in trials
    assert 0.025 < passed / len(trials) < 0.038


@given(bodies)
def test_typed_codes_are_read_however_they_are_written(body):
    code = body + codes.check_letter(body)
    dashed = codes.printed(code)
    assert [len(part) for part in dashed.split("-")] == [4, 4, 4, 1]
    for typed in (
        dashed,
        dashed.lower(),
        f"  {dashed.replace('-', ' ')} \n",
        dashed.replace("-", "–"),
        code.replace("0", "O").replace("1", "l"),
        code.replace("0", "o").replace("1", "I"),
    ):
        assert codes.normalise(typed) == code


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["typed"] or "nothing")
def test_what_was_typed_is_read_as_meant_or_refused(vector):
    assert codes.normalise(vector["typed"]) == vector["code"]


@given(bodies)
def test_a_vietnamese_keyboard_does_not_spoil_a_code(body):
    code = body + codes.check_letter(body)
    assert codes.normalise(code.lower().replace("w", "ư")) == code
    assert codes.normalise(code.replace("DD", "Đ")) == code


def test_the_browser_reads_codes_as_the_server_does():
    chance = random.Random(6)
    letters = codes.ALPHABET + "OILUoilu-. ,#:~ưđâáàạêơă"
    typed = [vector["typed"] for vector in VECTORS]
    typed += ["".join(chance.choice(letters) for _ in range(chance.randint(0, 20))) for _ in range(500)]
    for code in [codes.new_code() for _ in range(500)]:
        place = chance.randrange(codes.CODE_LENGTH)
        typed += [code.lower(), code[:place] + chance.choice(letters) + code[place + 1 :]]
    run = f"{(STATIC / 'code.js').read_text('utf-8')}\nconst typed = {json.dumps(typed)};\n"
    run += "console.log(JSON.stringify(typed.map((one) => surveyCode.read(one))));"
    found = subprocess.run([NODE], input=run, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(found.stdout) == [codes.normalise(one) for one in typed]


def test_the_hash_is_keyed_and_repeatable():
    code = "0123456789AB" + codes.check_letter("0123456789AB")
    assert codes.hash_of(code, b"a" * 32) == codes.hash_of(code, b"a" * 32)
    assert codes.hash_of(code, b"a" * 32) != codes.hash_of(code, b"b" * 32)
    assert len(codes.hash_of(code, b"a" * 32)) == 64


def test_the_link_hides_the_code_in_the_fragment_and_fits_a_short_message():
    code = codes.new_code()
    link = codes.link("https://ks.tuangiao.gov.vn/", code)
    assert link == f"https://ks.tuangiao.gov.vn/p#{code}"
    assert len(codes.link("https://ks.dienbien.vn", code)) <= 40
