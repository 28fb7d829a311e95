"""How plans are cut: nothing is lost, nothing goes in a circle, chains stay whole, and cheap calls travel together."""

from hypothesis import given
from hypothesis import strategies as st

from thalweg.executors.bundles import Bundle, Functions
from thalweg.executors.contract import Call, SpecialAttempt
from thalweg.executors.later import Later
from thalweg.executors.segments import GRAIN_SECONDS, Segments, cut


def steps_of(takes):
    """Attempts of which each takes the values of those named; and what stands for the value of each."""
    laters = [Later() for _ in takes]
    calls = [Call(number, max, [laters[one] for one in taken]) for number, taken in enumerate(takes)]
    return [SpecialAttempt(call, id) for call in calls], laters


@st.composite
def graphs(draw):
    takes = []
    for number in range(draw(st.integers(0, 40))):
        takes.append(draw(st.lists(st.integers(0, number - 1), max_size=3)) if number else [])
    seconds = draw(st.lists(st.sampled_from([1e-6, 1e-3, 0.02, 1.0]), min_size=len(takes), max_size=len(takes)))
    return takes, seconds


@given(graphs(), st.integers(1, 4))
def test_each_call_is_in_one_bundle_after_those_whose_values_it_takes(graph, places):
    takes, seconds = graph
    attempts, laters = steps_of(takes)
    bundles = cut(attempts, laters, lambda attempt: seconds[attempt.call.number], places)
    assert sorted(number for bundle in bundles for number in bundle) == list(range(len(takes)))
    bundle_of = {number: place for place, bundle in enumerate(bundles) for number in bundle}
    for bundle in bundles:
        assert bundle == sorted(bundle)
        for number in bundle:
            assert all(bundle_of[one] <= bundle_of[number] for one in takes[number])


def cut_evenly(takes, seconds, places=2):
    return cut(*steps_of(takes), lambda _: seconds, places)


def test_a_chain_is_never_cut():
    assert cut_evenly([[], *([n] for n in range(99))], 1.0) == [list(range(100))]


def test_what_is_cheap_is_one_bundle():
    wide_and_deep = [[], *([0] for _ in range(50)), *([n, n + 1] for n in range(1, 50))]
    assert len(cut_evenly(wide_and_deep, GRAIN_SECONDS / 200)) == 1


def test_what_is_dear_is_shared_out_in_pieces_that_become_smaller():
    sizes = [len(bundle) for bundle in cut_evenly([[] for _ in range(1000)], 0.02)]
    assert sizes == sorted(sizes, reverse=True)
    assert 10 < len(sizes) < 80
    assert sizes[0] <= 1000 / 2 / 2, "no place has more than half of its share at once"
    assert sizes[-1] <= 1000 / 2 / 20


def test_of_unknown_functions_a_few_bundles_go_first():
    functions, submitted = Functions(), []

    def submit(attempts, laters):
        bundle = Bundle(attempts)
        submitted.append(bundle)
        return bundle

    def noted(number):
        return lambda: number

    made = [noted(number) for number in range(2000)]
    attempts = [SpecialAttempt(Call(number, each, ()), id) for number, each in enumerate(made)]
    segments = Segments(functions, submit)
    segments.add([(attempt, None) for attempt in attempts], 2)
    first = len(submitted)
    assert 0 < sum(len(bundle.attempts) for bundle in submitted) < 2000
    for bundle in submitted[:first]:
        for attempt in bundle.attempts:
            functions.took(attempt.call.function, 1e-6)
        segments.ended(bundle, 2)
    assert sum(len(bundle.attempts) for bundle in submitted) == 2000
    assert len(submitted) - first < 3, "they have turned out to be cheap"


def test_what_has_not_been_handed_out_can_be_taken_out_again():
    functions = Functions()
    attempts = [SpecialAttempt(Call(number, lambda n=number: n, ()), id) for number in range(2000)]
    segments = Segments(functions, lambda attempts, laters: Bundle(attempts))
    segments.add([(attempt, None) for attempt in attempts], 2)
    assert segments.withdraw(attempts[-1])
    assert not segments.withdraw(attempts[-1])
    assert not segments.withdraw(attempts[0])
    assert attempts[-1] not in segments.clear()
