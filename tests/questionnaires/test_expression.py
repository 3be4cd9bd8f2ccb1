import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_app.questionnaires.expression import (
    Comparison,
    Expression,
    Literal,
    Logic,
    Not,
    Reference,
    Selected,
    choices_named,
    holds,
    references,
    tree_from_json,
    tree_to_json,
)
from survey_app.questionnaires.expression_parser import ExpressionError, parse

VECTORS = json.loads(Path(__file__).with_name("expression_vectors.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['expression']} {vector['answers']}")
def test_every_vector_holds_as_written(vector):
    tree = parse(vector["expression"])
    assert holds(tree, vector["answers"]) is vector["holds"]
    assert holds(tree_from_json(json.loads(json.dumps(tree_to_json(tree)))), vector["answers"]) is vector["holds"]


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
        ("selected(${a})", "cần dấu «,»"),
        ("selected('a', 'b')", "selected("),
        ("${a} < ${b} < ${c}", "hai phép so sánh"),
        ("${} = 'x'", "chưa có tên"),
        ("(" * 40 + "1" + ")" * 40, "lồng nhau"),
        ("1 or " * 400 + "1", "dài quá"),
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
    st.builds(Reference, names), st.builds(Literal, words), st.builds(Literal, st.integers(0, 9).map(float))
)


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Comparison, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Not, inner),
        st.builds(Selected, names, words),
    )


trees = st.recursive(leaves, _grown, max_leaves=8)
answers = st.dictionaries(names, st.one_of(words, st.integers(-9, 9), st.lists(words, max_size=2)))


@given(trees, answers)
def test_any_tree_can_be_evaluated_and_survives_its_json(tree, given_answers):
    assert tree_from_json(tree_to_json(tree)) == tree
    assert holds(Not(tree), given_answers) is not holds(tree, given_answers)
