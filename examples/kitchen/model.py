"""A dinner as scenarios of jobs: what is done side by side, what has to wait for what, and what may go wrong."""

import asyncio

from thalweg.jobs import AbstractJob, Job, PrintJob, Scheduler, Sequence


class BurntError(Exception):
    """Nobody looked into the oven."""


def minute() -> int:
    """What the clock on the wall says."""
    return round(asyncio.get_running_loop().time())


async def do(what: str, minutes: float) -> str:
    """Do something that takes its time; gives what has come of it."""
    print(f"{minute():3d} min  {what} ...")
    await asyncio.sleep(minutes)
    print(f"{minute():3d} min  {what}: done")
    return what


async def burn(what: str, minutes: float) -> str:
    await asyncio.sleep(minutes)
    print(f"{minute():3d} min  {what}: smoke!")
    raise BurntError(f"{minutes:g} minutes were too many for the {what}")


async def tell(bell: asyncio.Queue[str], what: str, minutes: float) -> int:
    """Do something in silence, and tell the bell when it begins and ends; gives the minutes."""
    await bell.put(f"{what} begins")
    await asyncio.sleep(minutes)
    await bell.put(f"{what} ends")
    return round(minutes)


async def listen(bell: asyncio.Queue[str]) -> None:
    """Say what the bell says, for ever."""
    while True:
        word = await bell.get()
        print(f"{minute():3d} min  ding: {word}")


async def add(*minutes: int) -> int:
    return sum(minutes)


class Oven(AbstractJob):
    """An oven that is heated once, and turned off when the dinner is over, however that ends."""

    async def co_run(self) -> str:
        """Heat it."""
        return await do("heat the oven", 10)

    async def co_shutdown(self) -> None:
        """Turn it off."""
        print(f"{minute():3d} min  the oven is turned off")


def salad() -> Scheduler:
    """Three things that do not wait for each other."""
    return Scheduler(Job(do, "wash", 3), Job(do, "cut", 5), Job(do, "mix a dressing", 4), label="salad")


def pasta() -> Scheduler:
    """The pasta waits for the water; the sauce for nothing."""
    water = Job(do, "boil water", 8, label="water")
    boil = Job(do, "boil pasta", 10, label="pasta")
    sauce = Job(do, "cook sauce", 15, label="sauce")
    boil.requires(water)
    return Scheduler(water, boil, sauce, label="pasta")


def pasta_in_a_row() -> Scheduler:
    """The same, where what comes one after the other is said as a sequence."""
    row = Sequence(Job(do, "boil water", 8, label="water"), Job(do, "boil pasta", 10, label="pasta"))
    return Scheduler(row, Job(do, "cook sauce", 15, label="sauce"), label="pasta")


def party() -> Scheduler:
    """All tell one bell, whose listener would never end; one job adds up what the others give."""
    bell: asyncio.Queue[str] = asyncio.Queue()
    soup, bread = Job(tell, bell, "soup", 20, label="soup"), Job(tell, bell, "bread", 40, label="bread")
    cheese = Job(tell, bell, "cheese", 5, label="cheese", required=soup)
    ear = Job(listen, bell, forever=True, label="ear")
    total = Job(add, soup.result, bread.result, cheese.result, label="minutes of work")
    return Scheduler(soup, ear, bread, cheese, total, label="party")


def roast(*, critical: bool) -> Scheduler:
    """A roast that burns; is the dinner off then, or does it go on without?"""
    oven = Oven(label="oven")
    meat = Job(burn, "roast", 50, label="roast", required=oven, critical=critical)
    beans = Job(do, "cook beans", 70, label="beans")
    table = PrintJob("         dinner is ready", label="table", required=[meat, beans])
    return Scheduler(oven, meat, beans, table, label="roast")


def dinner() -> Scheduler:
    """Courses as scenarios within a scenario, with two hobs for the main one."""
    first = salad()
    fish = Scheduler(
        *(Job(do, what, 6, label=what) for what in ("fry fish", "steam rice", "glaze carrots")),
        jobs_window=2,
        label="fish",
        required=first,
    )
    cake = Scheduler(Job(burn, "cake", 30, label="cake", critical=True), Job(do, "whip cream", 60), label="dessert")
    return Scheduler(first, fish, cake, PrintJob("         coffee?", required=[fish, cake]), label="dinner")
