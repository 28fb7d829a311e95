"""In which order calls are handed out to a cluster, and which of them together."""

from thalweg.executors.bundles import Bundle, Functions
from thalweg.executors.contract import Call, GuardedCall, SpecialAttempt
from thalweg.executors.placement import Placement
from thalweg.executors.queues import WINDOW, Queues


def run():
    """What one run is told by."""

    def report(outcome):
        """Nobody is told."""

    return report


def bundle(report, number, function=abs, placement=None):
    return Bundle([SpecialAttempt(GuardedCall(number, function, (-number,), placement=placement), report)])


def handed_out(queues, places=100):
    found = []
    while (one := queues.next(places)) is not None:
        queues.begun(one)
        found.append([attempt.call.number for attempt in one.attempts])
    return found


def test_calls_of_the_earlier_run_begin_first():
    queues, first, second = Queues(Functions()), run(), run()
    for number, report in enumerate([first, second, second, first]):
        queues.add(bundle(report, number))
    assert handed_out(queues) == [[0], [3], [1], [2]]


def test_calls_of_a_higher_priority_begin_before_them():
    queues, report = Queues(Functions()), run()
    urgent, other = Placement(priority=1), Placement()
    numbers = {0: other, 1: urgent, 2: other, 3: urgent}
    bundles = {number: bundle(report, number, placement=placement) for number, placement in numbers.items()}
    assert queues.priority(bundles[1]) > queues.priority(bundles[0])
    assert queues.priority(bundles[1]) == queues.priority(bundles[3])


def test_what_nobody_takes_blocks_nothing_else():
    queues, report = Queues(Functions()), run()
    rare = Placement(queue="rare")
    for number in range(10):
        queues.add(bundle(report, number, placement=rare))
    queues.add(bundle(report, 10))
    assert handed_out(queues, places=2) == [*([number] for number in range(2 * WINDOW)), [10]]


def test_quick_calls_share_their_way_and_others_do_not():
    functions, report = Functions(), run()
    functions.took(abs, 1e-6)
    functions.took(max, 1.0)
    queues = Queues(functions)
    for number, function in enumerate([abs, abs, abs, max, min, abs, abs, abs]):
        queues.add(Bundle([SpecialAttempt(Call(number, function, (number, 0)), report)]))
    assert handed_out(queues, places=1) == [[0, 1, 2], [3]], "there is no more room"
    assert handed_out(queues, places=2) == [[4], [5]], "two places share what is there"


def test_what_is_withdrawn_is_not_handed_out():
    queues, report = Queues(Functions()), run()
    bundles = [bundle(report, number) for number in range(3)]
    for each in bundles:
        queues.add(each)
    queues.withdraw(bundles[1])
    assert handed_out(queues) == [[0], [2]]
    queues.add(bundles[1])
    assert queues.clear() == [bundles[1]]
