"""Parcels on their way: very many small graphs, each of which is weighed, labelled, insured and handed over.

weigh --+--> label ---+--> hand_over
        +--> insure --+
"""

import asyncio
import random
from typing import Any

from thalweg import Policy
from thalweg.compositions import (
    Composition,
    ContinueAfterErrorException,
    DAGNote,
    HttpInstrument,
    NodeRunner,
    TryAgainException,
)
from thalweg.errors import ServiceError

WEIGH, LABEL, INSURE, HAND_OVER = (DAGNote(name) for name in ("weigh", "label", "insure", "hand over"))
PATIENCE = Policy(tries=3, pause_seconds=0.01, errors=(TryAgainException,))
STEPS = {HAND_OVER: {LABEL, INSURE}, INSURE: {WEIGH}, LABEL: {WEIGH}}


class Parcel(Composition):
    """A parcel in the hands of people who take between 1 and 100 ms for each step."""

    def configure_node_runner(self, node: DAGNote) -> NodeRunner:  # noqa: ARG002 - one step is like another
        """Let a step take its time."""
        seconds = random.uniform(0.001, 0.1)  # noqa: S311 - no secret
        return NodeRunner().prepare(delay=seconds).run(asyncio.sleep)


class Booking(Composition):
    """A parcel that is booked with services, each of which is asked by HTTP.

    Without an insurance it travels nevertheless, so what goes wrong there is no reason to stop.
    """

    def __init__(self, number: int, url: str, ask: HttpInstrument, **callbacks: Any) -> None:
        super().__init__(STEPS, retry=PATIENCE, **callbacks)
        self.number = number
        self.url = url
        self.ask = ask

    def configure_node_runner(self, node: DAGNote) -> NodeRunner:
        """Ask the service of a step; it gets what those before it have said."""
        known = {str(before): self.results.get(before) for before in sorted(self.graph.get(node, ()), key=str)}
        request = {"url": f"{self.url}/{node.node_name.replace(' ', '-')}", "json": {"parcel": self.number} | known}
        return NodeRunner().prepare(**request).run(self.ask_insurer if node == INSURE else self.ask)

    async def ask_insurer(self, **request: Any) -> Any:
        """Ask, and go on if there is no answer to be had."""
        try:
            return await self.ask(**request)
        except ServiceError as error:
            raise ContinueAfterErrorException(f"it goes uninsured: {error.text}") from error
