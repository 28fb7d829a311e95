"""Names that people know stay, and are found where they look for them."""

import pytest

import thalweg as tw

PACKAGE = [
    "Dispatcher", "SubDispatch", "SubDispatchFunction", "SubDispatchPipe", "DispatchPipe", "MapDispatch", "Blueprint",
    "BlueDispatcher", "add_function", "selector", "combine_dicts", "map_dict", "map_list", "bypass", "summation",
    "stlp", "add_args", "kk_dict", "replicate_value", "parent_func", "run_model", "save_dispatcher", "load_dispatcher",
    "START", "END", "EMPTY", "NONE", "SINK", "SELF", "PLOT",
]  # fmt: skip
MODEL = [
    "add_data", "add_function", "add_func", "add_dispatcher", "add_from_lists", "set_default_value", "dispatch",
    "get_sub_dsp", "get_sub_dsp_from_workflow", "shrink_dsp", "copy", "extend", "data_nodes", "function_nodes",
    "sub_dsp_nodes", "default_values", "solution", "get_node", "function", "solve", "check", "missing",
]  # fmt: skip
FIRST_PARAMETERS = {  # as they have been given by position
    "add_data": "data_id default_value initial_dist wait_inputs wildcard function callback description filters",
    "add_function": "function_id function inputs outputs input_domain weight inp_weight out_weight description filters",
    "add_func": "function outputs weight inputs_defaults inputs_kwargs",
    "add_dispatcher": "dsp inputs outputs dsp_id input_domain weight inp_weight",
    "add_from_lists": "data_list fun_list dsp_list",
    "set_default_value": "data_id value initial_dist",
    "dispatch": "inputs outputs inputs_dist wildcard",
    "get_sub_dsp_from_workflow": "sources graph reverse add_missing check_inputs blockers wildcard",
}


@pytest.mark.parametrize("name", PACKAGE)
def test_the_package_has(name):
    assert name in tw.__all__
    assert getattr(tw, name) is not None


@pytest.mark.parametrize("name", MODEL)
def test_a_model_has(name):
    assert hasattr(tw.Dispatcher(), name)


@pytest.mark.parametrize("name", FIRST_PARAMETERS)
def test_the_parameters_stand_where_people_put_them(name):
    import inspect

    known = FIRST_PARAMETERS[name].split()
    parameters = list(inspect.signature(getattr(tw.Dispatcher(), name)).parameters.values())
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    assert positional[: len(known)] == known
