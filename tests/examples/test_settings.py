"""The example of settings: the order of the sources, and what counts as an answer."""

from itertools import combinations

import pytest

import thalweg as tw

SOURCES = ("command line", "environment", "file")


@pytest.fixture(scope="module")
def dsp(example):
    return example("settings").model.dsp


def sources(tmp_path, said):
    """Give the sources of which those in `said` know the host by their own name."""
    path = tmp_path / "server.toml"
    path.write_text('host = "file"' if "file" in said else "workers = 3", encoding="utf-8")
    return {
        "arguments": ["--host", "command line"] if "command line" in said else [],
        "variables": {"SERVER_HOST": "environment"} if "environment" in said else {"PATH": "/bin"},
        "path": path,
    }


@pytest.mark.parametrize("said", [chosen for n in range(4) for chosen in combinations(SOURCES, n)], ids="-".join)
def test_the_first_source_that_knows_it_wins(dsp, tmp_path, said):
    solution = dsp(sources(tmp_path, said), outputs=["host"])
    assert solution["host"] == (said[0] if said else "localhost")
    assert solution.providers["host"] == (said[0] if said else tw.START)


def test_a_given_setting_needs_no_source(dsp, tmp_path):
    solution = dsp(sources(tmp_path, SOURCES) | {"host": "given"}, outputs=["host"])
    assert (solution["host"], solution.calls) == ("given", [])


@pytest.mark.parametrize(
    ("port", "is_refused"), [("1", False), ("65535", False), ("0", True), ("65536", True), ("x", True)]
)
def test_a_port_is_a_port_or_nothing(dsp, port, is_refused):
    solution = dsp({"variables": {"SERVER_PORT": port}, "tls": "yes"}, outputs=["port"])
    assert solution["port"] == (443 if is_refused else int(port))
    assert ("port" in solution.errors) == is_refused


def test_a_bad_command_line_is_a_failure_and_no_exit(dsp):
    solution = dsp({"arguments": ["--colour", "blue"], "variables": {"SERVER_HOST": "sea"}}, outputs=["host"])
    assert solution["host"] == "sea"
    assert "command line" in solution.errors


def test_only_what_is_missing_is_asked_for(example, tmp_path):
    example = example("settings")
    questions = []
    asking = example.demo.with_questions(lambda name: questions.append(name) or "swordfish")
    solution = asking(sources(tmp_path, SOURCES), outputs=["login"])
    assert questions == ["password"]
    assert solution["login"] == ("http://command line:80/", "swordfish")
