"""What calls ask for, and what workers offer."""

import pickle

import pytest

from thalweg.errors import BuildError
from thalweg.executors.contract import Call, GuardedCall
from thalweg.executors.placement import Offer, Placement


@pytest.mark.parametrize(
    ("offer", "placement", "takes"),
    [
        (Offer(), Placement(), True),
        (Offer(), Placement(queue="other"), True),
        (Offer(include=["a", "b"]), Placement(queue="b"), True),
        (Offer(include=["a", "b"]), Placement(), False),
        (Offer(include=["a"], exclude=["a"]), Placement(queue="a"), False),
        (Offer(exclude=["a"]), Placement(queue="a"), False),
        (Offer(), Placement(tolerations=["spot"]), False),
        (Offer(tolerations=["spot", "slow"]), Placement(tolerations=["spot"]), True),
        (Offer(tolerations=["spot"]), Placement(), True),
        (Offer(include=[]), Placement(), False),
    ],
)
def test_a_worker_takes_what_it_offers(offer, placement, takes):
    assert offer.takes(placement) is takes


def test_what_is_announced_is_read_again():
    offer = Offer(include=["a"], exclude=["b"], tolerations=["c"])
    assert Offer.announced({"thalweg": offer(None), "nthreads": 1}) == offer
    assert Offer.announced({"nthreads": 1}) == Offer()


def test_an_offer_travels():
    offer = Offer(include="one")
    assert offer.include == ("one",)
    assert pickle.loads(pickle.dumps(offer)) == offer


@pytest.mark.parametrize(
    "options",
    [
        {"queue": ""},
        {"queue": 1},
        {"tolerations": [None]},
        {"requires": {"GPU": 0}},
        {"requires": {"GPU": "1"}},
        {"requires": {1: 1}},
        {"priority": 0.5},
    ],
    ids=repr,
)
def test_what_cannot_be_meant_is_refused(options):
    with pytest.raises(BuildError, match="give"):
        Placement(**options)


def test_a_placement_is_found_among_others():
    assert {Placement(requires={"GPU": 1}): 1}[Placement(requires={"GPU": 1})] == 1


def test_a_call_may_say_where_it_is_to_be_made():
    placement = Placement(queue="other")
    assert GuardedCall(1, abs, (1,), placement=placement).placement is placement
    assert (GuardedCall(1, abs, (1,)).placement, Call(1, abs, (1,)).placement) == (None, None)
