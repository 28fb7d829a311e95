"""The settings of a small server: where each comes from, and what follows from them.

A setting is a datum, a source of settings a function that gives all of them at once, and `NONE` for those it does not
know. What a source does not know the next one is asked for: the weights are the order of precedence, and nobody has to
write it down a second time. The filters of a setting turn its text into its value and refuse nonsense, which then
counts for nothing: the next source is asked.
"""

import argparse
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import thalweg as tw

SETTINGS = ("host", "port", "tls", "password", "workers")
COMMAND_LINE, ENVIRONMENT, FILE, DEFAULT, PERSON = 0, 10, 20, 30, 1000


class Parser(argparse.ArgumentParser):
    """A parser that raises where others would end the program: a wrong argument is a failure of one source."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the arguments."""
        raise ValueError(message)


def known(values: Mapping[str, Any]) -> list[Any]:
    """Give the values of all settings in their order, NONE for those that are not there."""
    return [values.get(name, tw.NONE) for name in SETTINGS]


def from_command_line(arguments: Sequence[str]) -> list[Any]:
    parser = Parser(argument_default=argparse.SUPPRESS)
    for name in SETTINGS:
        parser.add_argument(f"--{name}")
    return known(vars(parser.parse_args(arguments)))


def from_environment(environment: Mapping[str, str]) -> list[Any]:
    prefix = "SERVER_"
    return known({name.removeprefix(prefix).lower(): value for name, value in environment.items() if prefix in name})


def from_file(path: Path) -> list[Any]:
    """Read a TOML file; one that is missing or broken fails, and the next source is asked for everything."""
    return known(tomllib.loads(path.read_text(encoding="utf-8")))


def port_number(text: str | int) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port; it must be from 1 to 65535")
    return port


def truth(text: object) -> bool:
    words = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
    try:
        return words[str(text).lower()]
    except KeyError:
        raise ValueError(f"{text!r} is neither yes nor no") from None


def at_least_one(text: str | int) -> int:
    count = int(text)
    if count < 1:
        raise ValueError(f"{count} workers are too few")
    return count


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="settings", description="Where the settings of a server come from")
    filters: dict[str, list[Callable[[Any], Any]]] = {"port": [port_number], "tls": [truth], "workers": [at_least_one]}
    for name in SETTINGS:
        dsp.add_data(name, filters=filters.get(name))
    dsp.add_function("command line", from_command_line, ["arguments"], SETTINGS, weight=COMMAND_LINE)
    dsp.add_function("environment", from_environment, ["variables"], SETTINGS, weight=ENVIRONMENT)
    dsp.add_function("file", from_file, ["path"], SETTINGS, weight=FILE)
    dsp.set_default_value("host", "localhost", initial_dist=DEFAULT)
    dsp.set_default_value("tls", "no", initial_dist=DEFAULT)
    dsp.set_default_value("workers", 2, initial_dist=DEFAULT)

    # What follows from settings. The port depends on another setting, if nobody says otherwise.
    dsp.add_function("usual port", lambda tls: 443 if tls else 80, ["tls"], ["port"], weight=DEFAULT)
    dsp.add_function("make url", make_url, ["tls", "host", "port"], ["url"])
    dsp.add_function("make login", lambda url, password: (url, password), ["url", "password"], ["login"])
    return dsp


def make_url(tls: bool, host: str, port: int) -> str:  # noqa: FBT001 - a value like any other
    return f"http{'s' if tls else ''}://{host}:{port}/"


dsp = build()
