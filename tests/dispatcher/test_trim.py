"""Records with less."""

import pickle

import pytest

from thalweg.dispatcher.nodes import FunctionNode
from thalweg.dispatcher.trim import Pick, with_outputs
from thalweg.errors import ArityError


def node(**options):
    return FunctionNode("f", lambda: (1, 2, 3), ("a",), ("x", "y", "z"), **options)


def test_one_output_that_is_left_gets_its_value_alone():
    assert Pick(("x", "y", "z"), (1,))((10, 20, 30)) == 20


def test_outputs_that_are_left_keep_their_order():
    assert Pick(("x", "y", "z"), (0, 2))(iter([10, 20, 30])) == (10, 30)


@pytest.mark.parametrize("result", [5, None, "xyz", b"xyz", {"x": 1, "y": 2, "z": 3}, {1, 2, 3}, (1, 2), range(4)])
def test_a_result_that_is_not_as_many_values_as_there_were_outputs_is_refused(result):
    with pytest.raises(ArityError, match="3 outputs"):
        Pick(("x", "y", "z"), (0,))(result)


def test_what_picks_pickles():
    pick = Pick(("x", "y"), (0,))
    assert pickle.loads(pickle.dumps(pick)) == pick


def test_the_pick_comes_after_the_filters():
    assert [type(each) for each in with_outputs(node(filters=(tuple,)), {"x"}).filters] == [type, Pick]


def test_weights_of_arcs_go_with_their_arcs():
    assert with_outputs(node(out_weight={"x": 2.0, "y": 3.0}), {"x", "z"}).out_weight == {"x": 2.0}


def test_a_record_that_keeps_all_is_the_same_but_for_attributes_of_its_own():
    whole = node(attributes={"source": "book"})
    same = with_outputs(whole, {"x", "y", "z"})
    assert (same.function, same.filters, same.attributes) == (whole.function, (), {"source": "book"})
    assert same.attributes is not whole.attributes
