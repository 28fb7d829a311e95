"""What each command says of itself is true: its example is run, and gives what it shows."""

import doctest
import re
import signal
import subprocess

import pytest

from thalweg.cli.command import whole_parser
from thalweg.cli.table import COMMANDS

PARSERS = whole_parser().commands
EXAMPLES = {
    name: re.findall(r"^  \$ (.*)\n((?:(?!  \$).*\n?)*)", parser.epilog, re.M) for name, parser in PARSERS.items()
}
SAME = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_a_command_gives_what_it_shows(name):
    assert EXAMPLES[name], f"{name} has no example"
    for command, expected in EXAMPLES[name]:
        assert re.search(rf"\bthalweg {name}\b", command)
        with subprocess.Popen(
            ["bash", "-c", f"exec {command}" if "|" not in command else command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            if "Ctrl+C ends" in expected:
                output = process.stdout.readline()
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == 0
            else:
                output = process.communicate(timeout=60)[0]
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
