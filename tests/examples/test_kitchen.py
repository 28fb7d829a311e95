"""The example of dinners: what must wait waits, what may burn burns, and the clock agrees with pen and paper."""

import pytest

from tests.executors.clock import clock_loop


@pytest.fixture(scope="module")
def model(example):
    return example("kitchen").model


def cooked(scenario, **options):
    with clock_loop() as clock:
        return scenario.orchestrate(clock, **options), clock.time()


@pytest.mark.parametrize(
    ("name", "minutes"), [("salad", 5), ("pasta", max(8 + 10, 15)), ("pasta_in_a_row", max(8 + 10, 15)), ("party", 40)]
)
def test_a_dinner_takes_as_long_as_its_longest_chain(model, name, minutes):
    assert cooked(getattr(model, name)()) == (True, minutes)


def test_a_sequence_says_what_requirements_say(model):
    by_hand, in_a_row = (
        {job.label: [other.label for other in job.required] for job in make().jobs}
        for make in (model.pasta, model.pasta_in_a_row)
    )
    assert by_hand == in_a_row


def test_the_minutes_of_a_party_add_up(model):
    party = model.party()
    cooked(party)
    assert party.jobs[-1].result() == 20 + 40 + 5


def test_a_roast_that_is_not_critical_is_told_of(model):
    verdict, minutes = cooked(model.roast(critical=False))
    assert (verdict, [job.label for job in verdict.failed], minutes) == (True, ["roast"], 70)
    assert isinstance(verdict.failed[0].raised_exception(), model.BurntError)


@pytest.mark.parametrize("critical", [True, False])
def test_the_oven_is_turned_off_whatever_happens(model, critical, capsys):
    verdict, minutes = cooked(model.roast(critical=critical))
    assert (bool(verdict), minutes) == (not critical, 60 if critical else 70)
    assert capsys.readouterr().out.splitlines()[-1].endswith("the oven is turned off")


def test_a_dinner_has_two_hobs_for_its_fish(model):
    dinner = model.dinner()
    verdict, minutes = cooked(dinner)
    assert (verdict, minutes) == (True, 30)
    assert dinner.jobs[1].own_run.verdict.seconds == 12


def test_the_clock_does_not_wait(example):
    clock = example("kitchen").clock.KitchenClock()
    try:
        assert example("kitchen").model.pasta().orchestrate(clock)
        assert clock.minutes == 18
        with pytest.raises(RuntimeError, match="everybody waits"):
            clock.run_until_complete(clock.create_future())
    finally:
        clock.close()
