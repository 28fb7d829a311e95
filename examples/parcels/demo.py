"""A thousand parcels, a hundred at a time; then three that are booked with services on this machine."""

import asyncio
import sys
from collections import Counter

from model import HAND_OVER, STEPS, WEIGH, Booking, Parcel
from server import PostOffice

from thalweg.compositions import HttpInstrument, Perform, Status
from thalweg.errors import CycleError


async def a_thousand() -> None:
    print("A thousand parcels, at most a hundred at a time")
    ends: Counter[Status] = Counter()

    def ended(_parcel: Parcel, status: Status, _error: BaseException | None, _seconds: float) -> None:
        ends[status] += 1

    async with Perform(high_water=100, low_water=50) as perform:
        for _ in range(1000):
            await perform.add(Parcel(STEPS, schedule_done_cb=ended))
    print(f"  {dict(ends)}, at once: {perform.metrics.most_running}")


async def three(office: PostOffice) -> None:
    async with HttpInstrument(timeout=30.0) as ask:
        for number, title in ((2, "A light parcel"), (6, "One that nobody insures"), (20, "One that is too heavy")):
            print(f"\n{title}")
            office.asked.clear()
            troubles: list[str] = []

            def note(step: object, state: str, error: BaseException | None, troubles: list[str] = troubles) -> None:
                if error is not None:
                    troubles.append(f"{step} {state}: {getattr(error, 'text', '') or error}")

            booking = Booking(number, office.url, ask, node_processing_done_cb=note)
            status = await booking.start(raises=False)
            for trouble in sorted(troubles):  # who answers first is not ours to say
                print(f"  {trouble}")
            print(f"  {status}: {booking.results.get(HAND_OVER, 'it stays here')}")
            print(f"  asked: {', '.join(sorted(office.asked))}")


async def main() -> int:
    await a_thousand()
    with PostOffice() as office:
        await three(office)
    print("\nOne that is to be handed over before it is weighed")
    try:
        await Parcel(STEPS | {WEIGH: {HAND_OVER}}).start()
    except CycleError as error:
        print(f"  refused: in a circle of {len(error.cycle) - 1} steps, from {error.cycle[0]} to {error.cycle[-1]}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
