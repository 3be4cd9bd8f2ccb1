import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_app.questionnaires.expression import (
    Column,
    Expression,
    Literal,
    Operation,
    Own,
    Reference,
    Surroundings,
    answer_text,
    choices_named,
    evaluate,
    holds,
    references,
    tree_from_json,
    tree_to_json,
    uses,
)
from survey_app.questionnaires.expression_parser import ExpressionError, parse
from survey_app.questionnaires.expression_values import FUNCTIONS
from tests.questionnaires.make_expressions import written

VECTORS = json.loads(Path(__file__).with_name("expression_vectors.json").read_text("utf-8"))
COLUMNS = frozenset({"tinh", "cap", "name"})  # of the sheet `choices`, for the vectors of choice_filter


def surroundings_of(vector):
    return Surroundings(vector.get("own", ""), vector.get("today", ""), vector.get("row", {}))


def value_of(vector):
    """The expected value; JSON has no NaN and no infinity, so those stand as {"number": "NaN"}."""
    value = vector["value"]
    if isinstance(value, dict):
        return float(value["number"])
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['expression']} {vector['answers']}")
def test_every_vector_holds_as_written(vector):
    tree = parse(vector["expression"], COLUMNS)
    for one in (tree, tree_from_json(json.loads(json.dumps(tree_to_json(tree))))):
        if "holds" in vector:
            assert holds(one, vector["answers"], surroundings_of(vector)) is vector["holds"]
        else:
            got = evaluate(one, vector["answers"], surroundings_of(vector))
            assert written(got) == written(value_of(vector))


def test_the_vectors_use_every_function():
    used = {name for vector in VECTORS for name in FUNCTIONS if uses(parse(vector["expression"], COLUMNS), name)}
    assert used == set(FUNCTIONS)


def test_a_computed_value_is_kept_as_text_and_no_number_as_nothing():
    assert [answer_text(value) for value in (2.0, 0.5, "x", True, False, float("nan"), float("inf"))] == [
        *("2", "0.5", "x", "1", "0", "", "")
    ]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("${a} = ", "chưa viết xong"),
        ("${a} == 'x'", "«=» đứng sai chỗ"),
        ("${a} = 'x' and", "chưa viết xong"),
        ("${a} = 'x' ${b}", "không hiểu từ"),
        ("(${a} = 'x'", "cần dấu «)»"),
        ("${a} = 'x", "không hiểu"),
        ("count(${a}) > 1", "«count» không dùng được"),
        ("now() > 1", "giờ trả lời không được ghi"),
        ("random() > 1", "không kiểm tra lại được"),
        ("sqrt(4)", "Các hàm dùng được"),
        ("/data/a = 'x'", "đường dẫn XPath"),
        ("../a = 'x'", "đường dẫn XPath"),
        ("selected(${a})", "cần 2 giá trị"),
        ("today(1)", "không có gì trong ngoặc"),
        ("a = 'x'", "Câu hỏi viết ${a}"),
        ("regex(${a}, ${b})", "viết thẳng trong dấu nháy"),
        ("regex(${a}, '(?=x)')", "không dùng (?…)"),
        ("regex(${a}, '((x{99}){99}){99}')", "lặp quá nhiều lần"),
        ("regex(${a}, '(((){999}){999}){999}')", "lặp quá nhiều lần"),
        ("regex(${a}, '[x')", "thiếu dấu «]»"),
        ("regex(${a}, '(x')", "thiếu dấu «)»"),
        ("regex(${a}, 'x++')", "hai dấu lặp liền nhau"),
        ("regex(${a}, 'x^y')", "đứng sai chỗ"),
        (r"regex(${a}, '\1')", "không dùng được"),
        (r"regex(${a}, '\p{L}')", "không dùng được"),
        ("regex(${a}, '[b-a]')", "viết sai"),
        ("1234567890123456789 > 1", "dài quá 15 chữ số"),
        ("${a} < ${b} < ${c}", "hai phép so sánh"),
        ("${} = 'x'", "chưa có tên"),
        ("(" * 40 + "1" + ")" * 40, "lồng nhau"),
        ("1 or " * 800 + "1", "dài quá"),
        ("", "chưa viết xong"),
    ],
)
def test_a_faulty_condition_is_refused_with_the_reason(source, words):
    with pytest.raises(ExpressionError) as fault:
        parse(source)
    assert words in str(fault.value)


def test_a_condition_tells_the_questions_and_choices_that_it_looks_at():
    tree = parse("${a} = 'x' or not(selected(${b}, 'y') and ${c} >= 3)")
    assert list(references(tree)) == ["a", "b", "c"]
    assert list(choices_named(tree)) == [("a", "x"), ("b", "y")]


def test_a_stored_tree_of_another_shape_is_refused():
    for data in (["xor", ["value", 1], ["value", 2]], ["answer", 3], "x", ["and", ["value", 1]], []):
        with pytest.raises(ValueError, match="not an expression"):
            tree_from_json(data)


names = st.sampled_from(["a", "b", "c"])
words = st.sampled_from(["", "x", "4", "KB", "x y"])
leaves = st.one_of(
    st.builds(Reference, names),
    st.builds(Own),
    st.builds(Column, names),
    st.builds(Literal, words),
    st.builds(Literal, st.integers(0, 9).map(float)),
)


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def called(name: str) -> st.SearchStrategy[Expression]:
        function = FUNCTIONS[name]
        arguments = st.lists(inner, min_size=function.least, max_size=min(function.most, 3)).map(tuple)
        return st.builds(Operation, st.just(name), arguments)

    return st.sampled_from(sorted(FUNCTIONS.keys() - {"regex"})).flatmap(called)


trees = st.recursive(leaves, _grown, max_leaves=8)
answers = st.dictionaries(names, st.one_of(words, st.integers(-9, 9), st.floats(-9, 9), st.lists(words, max_size=2)))


@given(trees, answers)
def test_any_tree_can_be_evaluated_and_survives_its_json(tree, given_answers):
    assert tree_from_json(tree_to_json(tree)) == tree
    assert holds(Operation("not", (tree,)), given_answers) is not holds(tree, given_answers)


def test_a_condition_stored_by_an_earlier_version_still_reads():
    assert tree_from_json(["selected", "a", "x"]) == parse("selected(${a}, 'x')")
