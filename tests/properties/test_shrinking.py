"""A shrunk model gives what the whole gives, whatever fails."""

from __future__ import annotations

from hypothesis import given

from tests.properties.models import Style, ask, asked, build, cases, spoken


@given(cases(Style()))
def test_the_wanted_outputs_come_by_the_same_way(case):
    dsp = build(case.model)
    names, outputs = asked(case)
    said = spoken(case.question)
    part = dsp.shrink_dsp(names, outputs, said["inputs_dist"], wildcard=said["wildcard"])
    whole, less = ask(dsp, case), ask(part, case)
    for x in whole if outputs is None else outputs:
        assert (x in whole) == (x in less)
        if x in whole:
            assert whole[x] == less[x]
            assert whole.distances[x] == less.distances[x]
            assert whole.providers[x] == less.providers[x]


@given(cases(Style()))
def test_nothing_is_left_out_where_everything_is_wanted(case):
    if case.question.outputs is None:
        dsp = build(case.model)
        names, _ = asked(case)
        part = dsp.shrink_dsp(names, inputs_dist=spoken(case.question)["inputs_dist"])
        whole, less = ask(dsp, case), ask(part, case)
        assert sorted(whole.calls) == sorted(less.calls)
        assert set(whole.errors) == set(less.errors)
