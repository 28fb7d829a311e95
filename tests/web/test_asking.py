"""What one can ask a served model, and what it answers."""

import math

import pytest

import thalweg as tw
from tests.web.models import announced, ask, body, kinds, problem


@pytest.fixture(scope="module")
def served():
    return body().web()


def answer(served, path, question, **options):
    response = ask(served, path, question, **options)
    assert response.status_code == 200, response.text
    return response.json()


def test_what_is_wanted_is_computed_and_nothing_else_returned(served):
    told = answer(served, "/", {"inputs": {"volume": 3}, "outputs": ["weight"]})
    assert told == {"return": {"weight": 60.0}}


def test_without_outputs_everything_is_returned(served):
    told = answer(served, "/", {"inputs": {"mass": 3.0}})["return"]
    assert told == {"mass": 3.0, "g": 10.0, "weight": 30.0, "least": 2.0, "most": 4.0}


def test_an_empty_question_is_answered_by_the_defaults(served):
    assert answer(served, "/", {}) == {"return": {"g": 10.0}}


def test_the_arguments_of_dispatch_are_understood_as_those_who_know_schedula_send_them(served):
    plain = {"inputs": {"volume": 3}, "outputs": ["weight"]}
    for question in (
        {"args": [{"volume": 3}, ["weight"]]},
        {"kwargs": plain},
        {"args": [{"volume": 3}], "kwargs": {"outputs": ["weight"]}},
    ):
        assert answer(served, "/", question)["return"] == {"weight": 60.0}


def test_the_name_of_the_model_is_an_address_of_it(served):
    assert answer(served, "/body", {"inputs": {"volume": 3}, "outputs": ["mass"]}) == {"return": {"mass": 6.0}}
    assert answer(served, "/body/", {"inputs": {"volume": 3}, "outputs": ["mass"]}) == {"return": {"mass": 6.0}}


def test_one_function_is_called(served):
    for question in (
        {"inputs": {"mass": 2.0, "g": 3.0}},
        {"args": [2.0, 3.0]},
        {"kwargs": {"mass": 2.0, "g": 3.0}},
        {"args": [2.0], "kwargs": {"g": 3.0}},
    ):
        assert answer(served, "/body/weigh", question) == {"return": 6.0}


def test_a_function_takes_the_defaults_of_its_data(served):
    assert answer(served, "/body/weigh", {"args": [2.0]}) == {"return": 20.0}


def test_a_function_with_several_outputs_gives_them_all(served):
    assert answer(served, "/body/bounds", {"args": [2.0]}) == {"return": [1.0, 3.0]}


def test_a_function_without_outputs_has_its_effect(served):
    announced.clear()
    assert answer(served, "/body/announce", {"args": [5.0]}) == {"return": None}
    assert answer(served, "/", {"inputs": {"weight": 7.0}, "outputs": ["announce"]}) == {"return": {}}
    assert announced == [5.0, 7.0]


def test_a_model_within_and_its_functions_have_addresses(served):
    assert answer(served, "/body/air", {"inputs": {"temperature": 50.0}})["return"]["density"] == 2.0
    assert answer(served, "/body/air/gas_law", {"args": [6.0, 3.0]}) == {"return": 2.0}


def test_members_of_the_answer_can_be_chosen(served):
    question = {"inputs": {"volume": 3}, "outputs": ["mass"]}
    told = answer(served, "/?data=input,return", question)
    assert told == {"input": question, "return": {"mass": 6.0}}
    assert answer(served, "/?data=input&data=return", question) == told
    assert answer(served, "/body/weigh?data=input,return", {"args": [1.0]}) == {
        "input": {"inputs": {"mass": 1.0}},
        "return": 10.0,
    }
    told = problem(ask(served, "/?data=everything", question), 400, "parameter")
    assert told["detail"] == "data=everything is unknown; it may be input, return, errors, explain"


def test_it_says_why_this_way(served):
    told = answer(served, "/?data=explain", {"inputs": {"scale": 0, "volume": 3}, "outputs": ["mass"]})["explain"]
    assert told["mass"]["provider"] == "estimate"
    assert told["mass"]["inputs"] == {"volume": 0.0}
    assert told["mass"]["alternatives"] == [
        {"provider": "measure", "state": "failed", "error": "ZeroDivisionError: float division by zero"}
    ]


def test_what_failed_on_the_way_is_told_beside_the_answer(served):
    told = answer(served, "/", {"inputs": {"scale": 0, "volume": 3}, "outputs": ["mass"]})
    assert told["return"] == {"mass": 6.0}
    assert told["errors"] == [
        {
            "node": "measure",
            "kind": "error",
            "error": "ZeroDivisionError",
            "message": "float division by zero",
            "instead": {"mass": "estimate"},
        }
    ]


def test_where_nothing_in_particular_is_wanted_a_failure_is_no_problem(served):
    told = answer(served, "/", {"inputs": {"scale": 0}})
    assert told["return"] == {"scale": 0.0, "g": 10.0}
    assert [each["node"] for each in told["errors"]] == ["measure"]


def test_the_cheaper_distance_of_an_input_decides():
    dsp = tw.Dispatcher(name="two")
    dsp.add_function("one", lambda a: "from a", ["a"], ["c"])
    dsp.add_function("other", lambda b: "from b", ["b"], ["c"])
    question = {"inputs": {"a": 1, "b": 1}, "outputs": ["c"]}
    assert answer(dsp.web(), "/", question)["return"] == {"c": "from a"}
    assert answer(dsp.web(), "/", question | {"inputs_dist": {"a": 3}})["return"] == {"c": "from b"}
    told = problem(ask(dsp.web(), "/", question | {"inputs_dist": {"a": -1}}), 422, "unfit")
    assert told["errors"] == [{"pointer": "/inputs_dist/a", "detail": "a distance is at least 0"}]
    told = problem(ask(dsp.web(), "/", {"inputs": {"a": 1}, "inputs_dist": {"b": 1}}), 422, "unfit")
    assert told["errors"] == [{"pointer": "/inputs_dist/b", "detail": "it is not among the inputs"}]


def test_a_given_value_is_computed_again_if_that_is_asked():
    dsp = tw.Dispatcher(name="again")
    dsp.add_function("f", lambda a: a + 1, ["a"], ["a2"])
    dsp.add_function("back", lambda a2: a2 * 10, ["a2"], ["a"])
    question = {"inputs": {"a": 1}, "outputs": ["a"], "wildcard": True}
    assert answer(dsp.web(), "/", question)["return"] == {"a": 20}


def test_names_that_are_no_text_are_texts_in_json():
    dsp = tw.Dispatcher(name="numbers")
    dsp.add_function(7, lambda x: x + 1, [1], [2])
    assert answer(dsp.web(), "/", {"inputs": {"1": 4}, "outputs": ["2"]})["return"] == {"2": 5}
    assert answer(dsp.web(), "/numbers/7", {"inputs": {"1": 4}})["return"] == 5
    dsp.add_data("1")
    with pytest.raises(tw.errors.BuildError, match="both called '1' in JSON"):
        dsp.web()


def test_names_with_odd_characters_have_addresses():
    dsp = tw.Dispatcher(name="a model")
    dsp.add_function("the mass [kg] / 100 % ü", lambda x: x, ["x ~/ y"], ["z"])
    served = dsp.web()
    path = "/a%20model/the%20mass%20%5Bkg%5D%20%2F%20100%20%25%20%C3%BC"
    assert answer(served, path, {"inputs": {"x ~/ y": 4}}) == {"return": 4}
    told = problem(ask(served, "/", {"inputs": {"x ~/": 1}}), 422, "unfit")
    assert told["errors"][0]["pointer"] == "/inputs/x ~0~1"


@pytest.mark.parametrize("name", ["f/", "/f", "f//g", ""])
@pytest.mark.parametrize("model", ["m", "/m", "m/"])
def test_slashes_at_the_ends_of_names_are_parts_of_addresses_but_for_the_model(name, model):
    dsp = tw.Dispatcher(name=model)
    dsp.add_function(name, lambda x: -x, ["x"], ["y"])
    dsp.add_function("f", lambda x: x, ["x"], ["z"])
    served = dsp.web()
    assert answer(served, f"/m/{name}", {"args": [4]}) == {"return": -4}
    assert answer(served, "/m/f", {"args": [4]}) == {"return": 4}
    assert answer(served, "/m", {"inputs": {"x": 4}, "outputs": ["y"]}) == {"return": {"y": -4}}


def test_coroutine_functions_are_awaited():
    dsp = tw.Dispatcher(name="waits")

    @dsp.function(outputs=["b"])
    async def wait(a: float) -> float:
        return a + 1

    assert answer(dsp.web(), "/", {"inputs": {"a": 1}}) == {"return": {"a": 1.0, "b": 2.0}}
    assert answer(dsp.web(), "/waits/wait", {"args": [1]}) == {"return": 2.0}


def test_a_model_without_a_name_has_one():
    dsp = tw.Dispatcher()
    dsp.add_function("f", lambda x: x, ["x"], ["y"])
    assert answer(dsp.web(), "/model/f", {"args": [4]}) == {"return": 4}
    assert answer(dsp.web(name="mine"), "/mine/f", {"args": [4]}) == {"return": 4}
    with pytest.raises(tw.errors.BuildError, match="'runs' is an address of the server"):
        dsp.web(name="runs")


def test_later_changes_of_the_model_are_not_served_and_requests_do_not_change_it():
    dsp = body()
    served = dsp.web()
    dsp.set_default_value("g", 1.0)
    version = dsp.version
    assert answer(served, "/", {"inputs": {"mass": 1}, "outputs": ["weight"]})["return"] == {"weight": 10.0}
    assert (dsp.version, dsp.solution) == (version, None)


def test_values_come_as_their_annotations_say():
    told = answer(
        kinds().web(),
        "/",
        {
            "inputs": {
                "point": {"x": 6, "y": 8.0},
                "day": "2026-02-03",
                "array": [[1, "NaN"], ["-Infinity", 2.5]],
                "colour": "blue",
                "note": "n",
            },
            "outputs": ["length", "later", "twice", "mixed"],
        },
    )["return"]
    assert told == {
        "length": 10.0,
        "later": "2026-02-03 and 1",
        "twice": [[2.0, "NaN"], ["-Infinity", 5.0]],
        "mixed": {"colour": "blue", "side": "left", "note": "n", "flags": "[True]"},
    }


@pytest.mark.parametrize("number", [0, -1.5, 2**70, 10**400, 1e308])
def test_numbers_come_back_as_they_were(number):
    dsp = tw.Dispatcher(name="same")
    dsp.add_function("same", lambda x: x, ["x"], ["y"])
    assert answer(dsp.web(), "/", {"inputs": {"x": number}, "outputs": ["y"]})["return"]["y"] == number


def test_numbers_that_json_lacks_are_texts_both_ways(served):
    told = answer(served, "/body/weigh", {"args": ["Infinity", 1.0]})
    assert told == {"return": "Infinity"}
    told = answer(served, "/body/weigh", {"args": ["Infinity", 0]})
    assert told == {"return": "NaN"}
    assert math.isnan(float(told["return"]))


def test_an_iterator_is_not_read():
    dsp = tw.Dispatcher(name="endless")
    dsp.add_function("f", lambda x: iter(int, 1), ["x"], ["y"])
    told = answer(dsp.web(), "/", {"inputs": {"x": 1}, "outputs": ["y"]})["return"]["y"]
    assert told["type"] == "builtins.callable_iterator"
