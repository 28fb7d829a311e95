"""Functions for worker processes, which import this file."""

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np

from thalweg import NONE


def fails(*args):
    raise ValueError("no luck", *args)


def fails_because(*args):
    try:
        fails()
    except ValueError as error:
        raise LookupError("nothing found") from error


def interrupt(*args):
    raise KeyboardInterrupt


def leave(*args):
    raise SystemExit(3)


class Odd(Exception):
    """Pickles, but cannot be made from its arguments."""

    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")
        self.first = first


class Locked(ValueError):
    """Holds what does not pickle."""

    def __init__(self, text):
        super().__init__(text)
        self.lock = threading.Lock()


class Broken:
    """Pickles, but does not unpickle."""

    def __reduce__(self):
        return fails, ("in unpickling",)


class Unpicklable:
    def __reduce__(self):
        raise TypeError("it stays here")


class Ending(BaseException):
    pass


def raise_odd():
    raise Odd("one", "two")


def raise_locked():
    raise Locked("it holds a lock")


def raise_ending():
    raise Ending("the end")


def raise_broken():
    error = ValueError("this text")
    error.what = Broken()
    raise error


def same(value):
    return value


def make_unpicklable(*args):
    return Unpicklable()


def make_broken():
    return Broken()


def add(a, b):
    return a + b


def give_none(*args):
    return NONE


def increase(value):
    return value + 1


def process():
    return os.getpid()


def kill(number=signal.SIGKILL):
    os.kill(os.getpid(), number)
    time.sleep(60)


def kill_with(*args):
    kill()


def exit_at_once(code=3):
    os._exit(code)


def wait_for(path):
    """Wait until a file is there."""
    while not Path(path).exists():
        time.sleep(0.001)
    return path


def say_and_wait(path):
    """Say that the call has begun, and never end."""
    note(path)
    time.sleep(3600)


def say_and_wait_stubbornly(path):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say_and_wait(path)


def hold_everything(path):
    """Never end, and never let another thread of the process run."""
    note(path)
    # One operation on a huge number, which nothing can interrupt.
    return pow(3, 1 << 40, (1 << 4_000_000) - 1)


def note(path, text=""):
    """Add a line to a file."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
    return text


def note_and_wait_if(path, text, gate):
    note(path, text)
    if gate is not None:
        wait_for(gate)
    return text


def note_and_die_if(path, text, dies):
    note(path, text)
    if dies:
        os._exit(1)
    return text


async def awaited(value):
    await asyncio.sleep(0)
    return value


def ones(count):
    return np.ones(count)


def double(array):
    return array * 2.0


def total(array):
    return float(array.sum())


def overwrite(array):
    array[:] = -1.0
    return float(array.sum())


def limit_memory_and_take(limit):
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    return bytearray(2 * limit)


def use_up_the_processor():
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
    while True:
        pass


_kept = []


def keep(value):
    _kept.append(value)
    return len(_kept)


def kept_total():
    return float(_kept[-1].sum())


def wait_for_and_total(path, array):
    """Say that the array is here by the first free name, wait, and add it up."""
    for number in (0, 1):
        try:
            Path(f"{path}.{number}").touch(exist_ok=False)
            break
        except FileExistsError:
            continue
    wait_for(path)
    return total(array)
