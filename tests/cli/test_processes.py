"""The command as a process: exit codes, pipes, interrupts, terminals."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.terminal import in_terminal
from thalweg.cli.codes import Exit
from thalweg.cli.table import COMMANDS

RIVER = "thalweg.cli.river"
# Functions that say when they begin, and then wait until somebody writes into their pipe.
MODEL = """
import os
import thalweg as tw

dsp = tw.Dispatcher(name="slow")

def wait(name):
    os.write(2, f"{name} begins\\n".encode())
    with open(name) as pipe:
        return pipe.read()

dsp.add_function("first", lambda x: wait("first"), ["x"], ["y"])
dsp.add_function("second", lambda y: wait("second"), ["y"], ["z"])
dsp.add_function("wrong", lambda x: 1 / 0, ["x"], ["bad"])
dsp.add_data("odd", filters=[lambda value: 1 / 0])
"""


@pytest.fixture(autouse=True)
def model(folder):
    Path("slow.py").write_text(MODEL)
    for name in ("first", "second"):
        os.mkfifo(name)


def done(*words, **options):
    """Run the command to its end."""
    words = [sys.executable, "-W", "error", "-m", "thalweg", *words]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **options)


@contextmanager
def started(*words, **options):
    """Start the command; it is ended at the latest with the block."""
    words = [sys.executable, "-W", "error", "-m", "thalweg", *words]
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(words, text=True, **streams | options) as process:
        try:
            yield process
        finally:
            process.kill()


CODES = {
    "an answer": (["run", RIVER, "-i", "width=2", "-i", "depth=1", "-o", "area"], Exit.WELL),
    "help": (["--help"], Exit.WELL),
    "help of a command": (["run", "--help"], Exit.WELL),
    "out of reach": (["run", RIVER, "-i", "width=2", "-o", "area"], Exit.CANNOT),
    "a failure": (["run", "slow.py", "-i", "x=1", "-o", "bad"], Exit.CANNOT),
    "nothing helps": (["missing", RIVER, "-o", "width", "-i", "flow", "-k", "1"], Exit.WELL),
    "an unknown name": (["run", RIVER, "-i", "widht=2"], Exit.WRONG),
    "an unknown command": (["runn", RIVER], Exit.WRONG),
    "no command": ([], Exit.WRONG),
    "an unknown option": (["run", RIVER, "--inputs", "x=1"], Exit.WRONG),
    "an option that is cut": (["run", RIVER, "--out", "area"], Exit.WRONG),
    "no file": (["run", "none.py"], Exit.WRONG),
    "an unknown executor": (["run", RIVER, "-i", "width=2", "--executor", "thread"], Exit.WRONG),
    "a broken model": (["run", "broken.py", "-i", "x=1"], Exit.BROKEN),
}


@pytest.mark.parametrize("case", CODES)
def test_exit_codes(case):
    Path("broken.py").write_text(
        "import thalweg as tw\nclass Odd(tw.Dispatcher):\n"
        "    def solve(self, *a, **k):\n        raise ArithmeticError('odd')\ndsp = Odd()\ndsp.add_data('x')\n"
    )
    words, code = CODES[case]
    ended = done(*words)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert (ended.stderr == "") == (code == 0)


def test_what_nobody_foresaw_is_told_in_a_line_and_shown_by_debug():
    Path("broken.py").write_text("import thalweg as tw\nclass Odd(tw.Dispatcher):\n    solve = None\ndsp = Odd()\n")
    ended = done("run", "broken.py")
    assert ended.returncode == Exit.BROKEN
    assert ended.stderr.startswith("thalweg: TypeError: ")
    assert "(nobody foresaw this; --debug shows where it comes from)" in ended.stderr
    assert "Traceback" in done("run", "broken.py", "--debug").stderr


def test_a_function_that_leaves_leaves():
    Path("leaves.py").write_text(
        "import sys, thalweg as tw\ndsp = tw.Dispatcher()\ndsp.add_function('f', lambda x: sys.exit(7), ['x'], ['y'])\n"
    )
    assert done("run", "leaves.py", "-i", "x=1").returncode == 7


@pytest.mark.parametrize("executor", ["sync", "threads", "processes"])
def test_an_interrupt_ends_a_run(executor):
    with started("run", "slow.py", "-i", "x=1", "-o", "z", "--executor", executor) as process:
        assert process.stderr.readline() == "first begins\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == Exit.INTERRUPTED
        assert process.stdout.read() == ""
        error = process.stderr.read()
        assert error.endswith("thalweg: interrupted\n")
        assert "Traceback" not in error


def test_an_interrupt_ends_a_fill_and_leaves_nothing_half_written():
    Path("rows.csv").write_text("x,y\n1,\n2,\n")
    with started("fill", "slow.py", "rows.csv", "-o", "out.csv") as process:
        assert process.stderr.readline() == "first begins\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == Exit.INTERRUPTED
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(
    "words", [["--help"], ["run", RIVER, "--json"], ["run", RIVER, "--help"], ["completion", "bash"]]
)
def test_nobody_who_reads_is_no_traceback(words):
    with started(*words) as process:
        process.stdout.close()
        process.wait(60)
        error = process.stderr.read()
    assert process.returncode in (Exit.WELL, Exit.UNREAD)
    assert error == ""


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_no_room_for_the_answer_is_no_traceback(words):
    with Path("/dev/full").open("w") as full, started("run", RIVER, "-i", "width=2", *words, stdout=full) as process:
        assert process.wait(60) == Exit.WRONG
        assert process.stderr.read() == "thalweg: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("closed", "is_read"), [(">&-", False), ("2>&-", True), ("<&-", True), ("<&- >&- 2>&-", False)]
)
def test_a_stream_that_is_closed_leads_nowhere(closed, is_read):
    Path("rows.csv").write_text("width,depth,area\n2,3,\n")
    script = f"{sys.executable} -W error -m thalweg fill {RIVER} rows.csv {closed}"
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == Exit.WELL
    assert ended.stdout == ("width,depth,area\n2,3,6\n" if is_read else "")
    assert "Traceback" not in ended.stderr


def test_characters_that_the_output_lacks_are_escaped():
    Path("text.py").write_text("import thalweg as tw\ndsp = tw.Dispatcher()\ndsp.add_data('h\u00e9', 1)\n")
    ended = done("run", "text.py", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert (ended.returncode, ended.stdout, ended.stderr) == (Exit.WELL, "h\\xe9 = 1\n", "")


def test_who_stops_reading_ends_a_table():
    Path("rows.csv").write_text("width,depth,area\n" + "2,3,\n" * 50_000)
    with started("fill", RIVER, "rows.csv", "-q") as process:
        assert process.stdout.readline() == "width,depth,area\n"
        process.stdout.close()
        assert process.wait(60) == Exit.UNREAD
        assert process.stderr.read() == ""


def test_commands_can_be_joined_by_pipes():
    script = (
        f'echo \'{{"width": 12, "depth": 1.5}}\' | {sys.executable} -m thalweg run {RIVER} --input-file - --json'
        f' | {sys.executable} -c \'import json, sys; print(json.load(sys.stdin)["values"]["area"])\''
    )
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("18.0\n", "")


def test_standard_output_is_the_answers_alone():
    Path("loud.py").write_text(
        "import os, subprocess\nimport thalweg as tw\nprint('loaded')\ndsp = tw.Dispatcher()\n"
        "@dsp.function(outputs=['y'])\ndef loud(x):\n    print('printed')\n    os.write(1, b'written\\n')\n"
        "    subprocess.run(['echo', 'echoed'])\n    return x\n"
        "@dsp.function(outputs=['z'], executor='processes')\ndef far(y):\n    print('far')\n    return y\n"
    )
    ended = done("run", "loud.py", "-i", "x=1", "-o", "z", "--json")
    assert json.loads(ended.stdout) == {"values": {"z": 1}, "failures": []}
    assert sorted(ended.stderr.split()) == ["echoed", "far", "loaded", "printed", "written"]


@pytest.mark.parametrize("words", [["serve", RIVER], ["mcp", RIVER, "--http"]])
def test_who_serves_tells_programs_where(words):
    with started(*words, "--port", "0", "--json") as process:
        told = json.loads(process.stdout.readline())
        assert told["model"] == "river"
        assert told["url"].startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == Exit.WELL
        assert process.stdout.read() == ""


@pytest.mark.parametrize("port", ["-1", "http", "65536"])
def test_a_port_that_is_none_is_refused(port):
    assert done("serve", RIVER, f"--port={port}").returncode == Exit.WRONG


def test_a_terminal_shows_a_bar():
    words = [sys.executable, "-W", "error", "-m", "thalweg", "run", "slow.py", "-i", "x=1", "-o", "z"]
    with in_terminal(*words) as terminal:
        terminal.wait_for("first begins")
        terminal.wait_for(r"slow.*[━╸╺].*0 of 2 calls")
        Path("first").write_text("one")
        terminal.wait_for("second begins")
        terminal.wait_for("1 of 2 calls")
        Path("second").write_text("two")
        terminal.wait_for("2 of 2 calls")
        code, rest = terminal.wait()
    assert code == Exit.WELL
    assert "z = two" in rest


def test_ctrl_c_in_a_terminal_interrupts():
    words = [sys.executable, "-W", "error", "-m", "thalweg", "run", "slow.py", "-i", "x=1", "-o", "z"]
    with in_terminal(*words) as terminal:
        terminal.wait_for(r"0 of 2 calls")
        terminal.type("\x03")
        code, rest = terminal.wait()
    assert code == Exit.INTERRUPTED
    assert "thalweg: interrupted" in rest
    assert rest.rindex("\x1b[?25h") > rest.find("\x1b[?25l")  # the cursor is there again
    assert "Traceback" not in rest


@pytest.mark.parametrize("words", [["-q"], ["--json"]])
def test_quiet_and_json_show_no_bar(words):
    command = [sys.executable, "-W", "error", "-m", "thalweg", "run", "slow.py", "-i", "x=1", "-o", "z", *words]
    with in_terminal(*command) as terminal:
        terminal.wait_for("first begins\r\n")
        Path("first").write_text("one")
        terminal.wait_for("second begins\r\n")
        Path("second").write_text("two")
        code, rest = terminal.wait()
    assert code == Exit.WELL
    assert rest in ("z = two\r\n", '{"values": {"z": "two"}, "failures": []}\r\n')


def test_elsewhere_a_line_says_how_far_it_was():
    Path("nap.py").write_text(
        "import thalweg as tw\nfrom time import sleep\ndsp = tw.Dispatcher(name='nap')\n"
        "dsp.add_function('nap', lambda x: sleep(0.7), ['x'], ['y'])\n"
    )
    ended = done("run", "nap.py", "-i", "x=1")
    assert re.fullmatch(r"nap: 1 of 1 calls, \d\.\d s\n", ended.stderr)
    assert done("run", "nap.py", "-i", "x=1", "-q").stderr == ""
    assert done("run", RIVER, "-i", "width=1").stderr == ""


def test_a_table_shows_how_far_it_is():
    Path("nap.py").write_text(
        "import thalweg as tw\nfrom time import sleep\ndsp = tw.Dispatcher(name='nap')\n"
        "dsp.add_function('nap', lambda x: sleep(0.35) or x, ['x'], ['y'])\n"
    )
    Path("rows.csv").write_text("x,y\n1,\n2,\n3,3\n")
    words = [sys.executable, "-W", "error", "-m", "thalweg", "fill", "nap.py", "rows.csv", "-o", "out.csv"]
    with in_terminal(*words) as terminal:
        terminal.wait_for("3 of 3 rows")
        code, rest = terminal.wait()
    assert code == Exit.WELL
    assert "2 of 2 holes filled in 3 rows" in rest


def test_a_command_is_quick_to_start():
    code = (
        "import sys; from thalweg.cli import main; main(sys.argv[1:]);"
        "loaded = sorted(name for name in sys.modules if name.startswith('thalweg.cli.'));"
        "print(loaded, file=sys.stderr);"
        "print({'numpy', 'networkx', 'pandas', 'rich', 'asyncio', 'starlette'} & set(sys.modules), file=sys.stderr)"
    )
    words = ["run", RIVER, "-i", "width=2", "-i", "depth=3", "-o", "area", "-q"]
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, timeout=60, check=True)
    loaded, heavy = ended.stderr.splitlines()
    others = {f"thalweg.cli.{row.file or row.name}" for row in COMMANDS.values()} - {"thalweg.cli.run"}
    assert not others & set(json.loads(loaded.replace("'", '"')))
    assert heavy == "set()"
