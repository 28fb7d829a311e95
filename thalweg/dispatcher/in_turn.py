"""A run whose calls are made one after the other: each ends before the next is taken.

The plan's search is shared with other runs, so a run that meets its first failure begins one of its own.  From then on
search and run go side by side: the search pauses at what is certainly needed until it is known.  Where everything is
wanted they do so from the start, for then nothing is searched twice.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from ..executors.contract import Call
from ..tokens import UNKNOWN
from .network import Kind
from .nodes import NodeId
from .plan import Plan
from .run import Run

__all__ = ["InTurn"]


class InTurn(Run):
    """A run for an executor that finishes each call before it takes the next.

    Parameters
    ----------
    plan, given, *options
        As for `Run`.
    """

    def __init__(self, plan: Plan, given: Mapping[NodeId, Any], *options: Any) -> None:
        super().__init__(plan, given, *options)
        self.rest: Iterator[int] = iter(plan.order)  # data still to be made known
        self.ended = False  # have the steps come to their end?
        self.goals: list[int] = []
        self.unsaid: tuple[int, list[int] | None] | None = None  # a loss that the search does not know of yet
        self.all_found = True  # but for what is sought
        self.sought: set[int] = set()  # lost data; only when they are found is what is wanted sure to be in reach
        self.listening: set[int] = set()  # where the search pauses to hear of it
        self.milestones = bytearray()  # data that are certainly needed
        self.pause = bytearray()  # where the search pauses
        self.steps: Generator[int, None, None]
        self.broken = False  # what is still to be done was changed under the reader
        if plan.is_open:
            self._own()
            self.rest = self._onward() if plan.search.wanted is not None else self._all_onward()

    def close(self) -> None:
        """Do no more, and let go what is not needed for the record."""
        self.rest = iter(())  # its frame would keep the run, and the run its frame
        super().close()

    def ready(self) -> Iterator[Call]:
        """Calls that may start now, one after the other; each must be reported before the next is taken."""
        network, values, calls, stopper, held = self.network, self.values, self.calls, self.stopper, self.held
        plain, arguments = network.plain, network.arguments
        call: Call | None
        while self.active:
            self._heed()
            provider, settled = self.search.provider, self.search.settled
            for x in self.rest:
                if values[x] is not UNKNOWN or not settled[x]:
                    continue
                f = provider[x]
                function = plain[f]
                if function is not None:
                    taken = arguments[f]
                    if len(taken) == 1:
                        call = Call(f, function, (values[taken[0]],))
                    else:
                        call = Call(f, function, [values[u] for u in taken])
                else:
                    call = self._other(f, x)
                    if call is None:
                        if self.broken:
                            break
                        continue
                if stopper is not None and stopper.is_set():
                    self.stop()
                    return
                calls.append(f)
                yield call
                if self.broken:
                    break
                if function is None and (f, x) in held and not self._know(f, x, held.pop((f, x))):
                    break
            else:
                self.active = False

    def _heed(self) -> None:
        """What is still to be done has been looked at anew."""
        self.broken = False

    def _lose(self, f: int, outputs: list[int] | None = None) -> None:
        """`f` is gone, or does not give `outputs`: let the search think again."""
        self._forgo(f, outputs)
        if not self.owned:
            self._start_again(f, outputs)
        else:
            self._tell(f, outputs)
            if self.search.wanted is None:
                return
        # Other calls may now be the right ones.
        if self.ended:
            self.steps, self.ended = self.search.steps(self.pause, []), False
        self.rest = self._onward()
        self.broken = True

    def _tell(self, f: int, outputs: list[int] | None) -> None:
        """Tell the search of a loss; what may be out of reach now is sought before anything more is called."""
        kind, search = self.network.kind[f], self.search
        if kind == Kind.START:
            lost = [v for x in outputs or () for v in search.lose_seed(x)]
        elif kind == Kind.ASK:
            lost = search.refuse(f)
        else:
            lost = search.lose(f, outputs)
        if search.wanted is None:
            return
        self.sought.update([v for v in lost if not self._stands(v)])
        if self.sought:
            self._set_pauses()

    def _stands(self, x: int) -> bool:
        """Is a lost datum sure to be found, by a provider whose inputs the plan found nearer than it?

        What the plan's search settled is still in reach, as long as all that was lost since is.
        """
        planned, search, network = self.plan.search, self.search, self.network
        for f, _ in network.providers(x) if self.all_found else ():
            if f not in search.dead and (f, x) not in search.gone and network.kind[f] != Kind.COLLECT:
                for u in network.inputs[f]:
                    if not planned.settled[u] or planned.dist[u] >= planned.dist[x]:
                        break
                else:
                    return True
        return False

    def _finds(self, x: int) -> bool:
        """Does the search pause at `x` only because it was sought?  When all is found, the milestones count again."""
        self.sought.discard(x)
        if self.sought:
            return True  # nothing is called until all is found
        self._set_pauses()
        return not self.milestones[x]

    def _set_pauses(self) -> None:
        """Pause at the milestones, but while anything is sought only there; and where a loss is to be heard of."""
        self.pause[:] = bytes(len(self.pause)) if self.sought else self.milestones
        for x in (*self.sought, *self.listening):
            self.pause[x] = 1

    def _start_again(self, f: int, outputs: list[int] | None) -> None:
        """Follow a search of our own, which learns of the first loss as it comes to it.

        That is cheaper than to undo what the plan's search has found behind the loss, and leaves the plan to others.
        """
        self.search = self.plan.search.fresh()
        self._own()
        if self.network.kind[f] == Kind.START:
            self._tell(f, outputs)
        else:
            self.unsaid = (f, outputs)
            self.listening = {x for x, _ in self.network.provides[f]} if outputs is None else set(outputs)
            self._set_pauses()

    def _hears(self, x: int, f: int) -> bool:
        """Does the search pause at `x` only for the loss that it does not know of yet?  If it is there, tell it."""
        if self.unsaid is not None and f == self.unsaid[0]:
            self.listening = set()
            self._set_pauses()
            self._tell(*self.unsaid)
            self.unsaid = None
            # Where everything is wanted, an output that is not lost is settled for good, and does not come again.
            return self.search.wanted is not None or not self.search.settled[x]
        return x in self.listening and not self.milestones[x]

    def _own(self) -> None:
        """Begin to go side by side with a search that no other run uses."""
        self.owned = True
        self.search.values = self.values
        goals = self.search.wanted
        if goals is not None and not self.plan.is_open:
            goals = [x for x in goals if self.plan.search.settled[x]]
        self.milestones = self.search.milestones(goals)
        self.pause = self.milestones[:]
        self.goals = list(goals or ())[::-1]  # still to be looked at, the last one first
        self.steps = self.search.steps(self.pause, [])

    def _all_onward(self) -> Iterator[int]:
        """As `_onward`, where everything is wanted: what a datum takes is known when the search comes to it."""
        return self._onward() if self.network.collectors else self.steps

    def _onward(self) -> Iterator[int]:
        """Data to be made known, found as the run goes.

        The search pauses at each datum that is certainly needed until it is known: where everything is wanted at
        each, else at the milestones.  So a failure undoes little, and n failures cost O(n).
        """
        search, values = self.search, self.values
        provider, kind, inputs = search.provider, self.network.kind, self.network.inputs
        for x in self.steps:
            f = provider[x]
            if self.listening and self._hears(x, f):
                continue
            if x in self.sought and self._finds(x):
                continue
            taken = inputs[f] if kind[f] == Kind.FUNCTION else search.takes(f)
            for u in taken:
                if values[u] is UNKNOWN:
                    yield from search.unfold([x], values)
                    break
            else:
                yield x
        self.ended = True
        self.all_found = self.all_found and not self.sought
        self.sought.clear()
        self._set_pauses()
        if search.left > 0 and self.need_all:
            return
        while self.goals:
            x = self.goals[-1]
            if search.settled[x]:
                yield from search.unfold([x], values)
            self.goals.pop()
