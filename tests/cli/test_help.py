"""What each command says of itself is true: its example is run, and gives what it shows."""

import doctest
import re
import signal
import subprocess
from contextlib import contextmanager
from threading import Timer

import pytest

from thalweg.cli.command import whole_parser
from thalweg.cli.table import COMMANDS

PARSERS = whole_parser().commands
EXAMPLES = {
    name: re.findall(r"^  \$ (.*)\n((?:(?!  \$).*\n?)*)", parser.epilog, re.M) for name, parser in PARSERS.items()
}
SCHEDULER = "127.0.0.1:8786"
SAME = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@contextmanager
def started(command):
    """Start a command in a shell; it is ended at the latest with the block, or after a minute."""
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    words = ["bash", "-c", command if "|" in command else f"exec {command}"]
    with subprocess.Popen(words, text=True, **streams) as process:
        timer = Timer(60, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


@contextmanager
def with_scheduler(command, expected):
    """Give the command and its output with the address of a scheduler that is there, if they name one."""
    if SCHEDULER not in command:
        yield command, expected
        return
    with started("thalweg scheduler --port 0") as scheduler:
        address = scheduler.stdout.readline().split()[2].removeprefix("tcp://")
        yield command.replace(SCHEDULER, address), expected.replace(SCHEDULER, address)
        scheduler.send_signal(signal.SIGINT)
        scheduler.wait()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_a_command_gives_what_it_shows(name):
    assert EXAMPLES[name], f"{name} has no example"
    for command, expected in EXAMPLES[name]:
        assert re.search(rf"\bthalweg {name}\b", command)
        with with_scheduler(command, expected) as (command, expected), started(command) as process:
            if "Ctrl+C ends" in expected:
                output = process.stdout.readline()
                process.send_signal(signal.SIGINT)
                assert process.wait() == 0
            else:
                output = process.communicate()[0]
        assert doctest.OutputChecker().check_output(expected, output, SAME), output


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_the_table_says(name):
    text = PARSERS[name].format_help()
    assert text.startswith(f"usage: thalweg {name} ")
    assert COMMANDS[name].does.lower() in " ".join(text.split()).lower()


@pytest.mark.parametrize("name", COMMANDS)
def test_options_of_one_name_mean_the_same_everywhere(name):
    for action in PARSERS[name]._actions:
        for short, long in {"-i": "--input", "-o": "--output", "-q": "--quiet", "-h": "--help"}.items():
            assert (short in action.option_strings) == (long in action.option_strings)
        assert action.help, f"{action.option_strings} says nothing"
