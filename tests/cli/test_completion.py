"""TAB in real shells completes commands, options, models and their data."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.terminal import in_terminal

MODEL = """
import thalweg as tw
print("a model that prints")
small = tw.Dispatcher()
small.add_function("double", lambda height: 2 * height, ["height"], ["twice"])
"""
LINES = {
    "thalweg mis": "thalweg missing ",
    "thalweg run --obj": "thalweg run --objective ",
    "thalweg run thalweg.cli.river -o fl": "thalweg run thalweg.cli.river -o flow ",
    "thalweg run thalweg.cli.river -i rough": "thalweg run thalweg.cli.river -i roughness=",
    "thalweg run mod": "thalweg run model.py",
    "thalweg run model.py:": "thalweg run model.py:small",
    "thalweg run model.py -o tw": "thalweg run model.py -o twice ",
    "thalweg run model.py --executor thr": "thalweg run model.py --executor threads ",
    "thalweg plot model.py x.svg --focus dou": "thalweg plot model.py x.svg --focus double ",
    "thalweg plot model.py x.svg --format mer": "thalweg plot model.py x.svg --format mermaid ",
}


@pytest.fixture(autouse=True)
def model(folder):
    Path("model.py").write_text(MODEL)


def needs(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set enable-bracketed-paste off'"),
    "zsh": (["zsh", "-f", "-i"], "unset zle_bracketed_paste; autoload -U compinit; compinit -u -D"),
}


@pytest.mark.parametrize("shell", [pytest.param(name, marks=needs(name)) for name in SHELLS])
def test_tab_completes_a_line(shell):
    words, setup = SHELLS[shell]
    with in_terminal(*words, PS1="") as terminal:
        terminal.type(f"{setup}; source <(thalweg completion {shell}); echo rea''dy\n")
        terminal.wait_for("ready\r\n")
        for line, completed in LINES.items():
            terminal.type(f"{line}\t")
            terminal.wait_for(_letters(completed))
            terminal.type("\x15")  # the line goes


def _letters(text):
    """What a terminal shows of a line that is written letter by letter, with whatever moves its cursor."""
    return r"(?:\x1b\[[\d;?]*[a-zA-Z]|[\r\x08])*".join(map(_escaped, text))


def _escaped(letter):
    return rf"\{letter}" if not letter.isalnum() else letter


@needs("fish")
@pytest.mark.parametrize("line", LINES)
def test_fish_completes_a_line(line):
    script = f"thalweg completion fish | source; complete -C {line!r}"
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    offered = [text.partition("\t")[0] for text in done.stdout.splitlines()]
    assert LINES[line].split()[-1] in offered


def test_a_model_that_cannot_be_loaded_offers_nothing_and_says_nothing():
    Path("model.py").write_text("1 / 0")
    with in_terminal(*SHELLS["bash"][0], PS1="") as terminal:
        terminal.type("source <(thalweg completion bash); echo rea''dy\n")
        terminal.wait_for("ready\r\n")
        terminal.type("thalweg run model.py -o zz\t!\x15echo do''ne\n")
        terminal.wait_for("done\r\n")
        assert "Error" not in terminal.shown


def test_an_unknown_shell_is_refused():
    done = subprocess.run(["thalweg", "completion", "csh"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "invalid choice: 'csh'" in done.stderr
