"""The commands that ask a model: what they answer, to people and to programs."""

import io
import json
import sys
from pathlib import Path

import pytest

from thalweg.cli import main

RIVER = "thalweg.cli.river"
KNOWN = ["-i", "width=12", "-i", "depth=1.5", "-i", "speed=0.5"]
MODEL = """
import thalweg as tw

inner = tw.Dispatcher(name="inner")
inner.add_function("double", lambda a: 2 * a, ["a"], ["b"])
inner.set_default_value("c", 1)

dsp = tw.Dispatcher(name="outer")
dsp.add_dispatcher(inner, {"x": "a"}, {"b": "y"}, dsp_id="inner")
dsp.add_function("fails", lambda x: 1 / 0, ["x"], ["z"])
dsp.add_function("dear", lambda y: y + 1, ["y"], ["z"], weight=9)
dsp.add_function("effect", lambda z: None, ["z"])
"""


@pytest.fixture(autouse=True)
def model(folder):
    Path("model.py").write_text(MODEL)


def asked(capsys, *words, code=0):
    """Give the JSON document that a command prints."""
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def said(capsys, *words, code=0):
    """Give what a command prints."""
    assert main(list(words)) == code
    return capsys.readouterr()


def test_run_tells_values_and_failures(capsys):
    told = asked(capsys, "run", "model.py:dsp", "-i", "x=2", "-o", "z")
    assert told == {
        "values": {"z": 5},
        "failures": [
            {"node": "fails", "kind": "error", "error": "ZeroDivisionError: division by zero", "instead": {"z": "dear"}}
        ],
    }


def test_run_explains_to_programs_too(capsys):
    told = asked(capsys, "run", RIVER, "-i", "width=2", "-i", "depth=3", "-o", "area", "--explain")
    assert [each["datum"] for each in told["explanations"]] == ["width", "depth", "area"]
    assert told["explanations"][2] == {
        "datum": "area",
        "value": 6,
        "provider": "section",
        "distance": 2.0,
        "inputs": {"width": 0.0, "depth": 0.0},
        "alternatives": [],
    }


def test_numbers_that_json_has_not_are_texts(capsys):
    told = asked(capsys, "run", RIVER, "-i", "width=inf", "-i", "depth=1", "-o", "area")
    assert told["values"] == {"area": "Infinity"}


ODD = """
import thalweg as tw

class Mute:
    def __str__(self):
        raise RuntimeError("no text")
    __repr__ = __str__

loop = [1]
loop.append(loop)
dsp = tw.Dispatcher()
for name, value in {"loop": loop, "long": 10**5000, "mute": Mute(), "text": "h\u00e9"}.items():
    dsp.add_function(f"make {name}", lambda x, value=value: value, ["x"], [name])
"""


def test_values_that_are_hard_to_tell_are_told_as_far_as_they_can_be(capsys):
    Path("odd.py").write_text(ODD)
    words = ("run", "odd.py", "-i", "x=1", "-o", "loop", "-o", "long", "-o", "mute")
    told = asked(capsys, *words)["values"]
    assert told == {"loop": [1, "[1, [...]]"], "long": "1" + "0" * 5000, "mute": "<Mute: it has no readable str>"}
    assert said(capsys, *words).out.splitlines() == [
        "loop = [1, [...]]",
        "long = <int: it has no readable repr>",
        "mute = <Mute: it has no readable repr>",
    ]


def test_inputs_come_from_a_file_and_the_command_line_goes_before_it(capsys, monkeypatch):
    Path("known.json").write_text('{"width": 12, "depth": 1.5, "speed": 7}')
    assert (
        said(capsys, "run", RIVER, "--input-file", "known.json", "-i", "speed=0.5", "-o", "flow").out
        == "flow = 9.0 m3/s\n"
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"width": 2, "depth": 3}'))
    assert said(capsys, "run", RIVER, "--input-file", "-", "-o", "area").out == "area = 6 m2\n"
    assert said(capsys, "plan", RIVER, "--input-file", "known.json", "-o", "area").out.startswith("1. section(")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "known.json is no JSON: Expecting property name"),
        ("[1]", "known.json holds a list; it must be an object of values by name"),
        (b"\xff", "known.json is no JSON: 'utf-8' codec can't decode"),
        (None, "known.json: No such file or directory"),
    ],
)
def test_a_bad_file_of_inputs_is_refused(capsys, text, message):
    if text is not None:
        Path("known.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert message in said(capsys, "run", RIVER, "--input-file", "known.json", code=2).err


def test_plan_tells_calls_in_order_with_costs(capsys):
    told = asked(capsys, "plan", "model.py:dsp", "-i", "x", "-o", "effect")
    assert [call["function"] for call in told["calls"]] == ["fails", "effect"]
    assert told["calls"][0] == {"function": "fails", "inputs": ["x"], "outputs": ["z"], "weight": 0.0, "distance": 2.0}
    assert (told["given"], told["defaults"], told["unreachable"]) == (["x"], [], [])
    told = asked(capsys, "plan", "model.py:dsp", "-i", "y", "-o", "z")
    assert told["calls"] == [{"function": "dear", "inputs": ["y"], "outputs": ["z"], "weight": 9.0, "distance": 11.0}]
    assert told["distances"] == {"y": 0.0, "z": 11.0}
    assert told["providers"] == {"y": None, "z": "dear"}


def test_plan_says_what_is_given_within(capsys):
    output = said(capsys, "plan", "model.py:dsp", "-i", "x=2", "-o", "y").out
    assert output == "1. inner/double(inner/a) gives inner/b, at distance 2\ngiven: x\n"
    assert said(capsys, "plan", "model.py:dsp", "-i", "y", "-o", "y").out == "nothing has to be called\ngiven: y\n"


def test_plan_says_what_is_out_of_reach(capsys):
    output, error = said(capsys, "plan", RIVER, "-i", "width", "-o", "area", code=1)
    assert output == "nothing has to be called\n"
    assert error == "thalweg: 'area' cannot be computed from the given inputs; it would help to give 'depth'\n"
    told = asked(capsys, "plan", RIVER, "-i", "width", "-o", "area", code=1)
    assert (told["unreachable"], told["missing"]) == (["area"], [["depth"]])


def test_plan_calls_nothing(capsys):
    Path("model.py").write_text(MODEL.replace("lambda x: 1 / 0", "exit"))
    assert said(capsys, "plan", "model.py:dsp", "-i", "x", "-o", "z").out.startswith("1. fails(x)")


def test_explain_says_why_and_why_not(capsys):
    output = said(capsys, "explain", "model.py:dsp", "-i", "x=2", "-o", "z").out
    assert "z = 5: from dear(y), at distance 13" in output
    assert "    not fails: failed, ZeroDivisionError: division by zero" in output
    output = said(capsys, "explain", RIVER, "-i", "width=2", "-o", "flow", code=1).out
    assert "flow: it cannot be had" in output
    assert "nothing gives 'slope', 'depth'" in output


def test_explain_tells_programs(capsys):
    told = asked(capsys, "explain", "model.py:dsp", "-i", "x=2", "-o", "z")
    z = next(each for each in told["explanations"] if each["datum"] == "z")
    assert (z["provider"], z["value"], z["inputs"]) == ("dear", 5, {"y": 2.0})
    assert z["alternatives"] == [
        {
            "provider": "fails",
            "state": "failed",
            "distance": None,
            "missing": [],
            "error": "ZeroDivisionError: division by zero",
        }
    ]
    told = asked(capsys, "explain", RIVER, "-i", "width=2", "-o", "area", code=1)
    assert told["why_not"] == [
        {
            "datum": "area",
            "reason": "unreachable",
            "missing": ["depth"],
            "failures": [],
            "alternatives": [
                {
                    "provider": "section",
                    "state": "missing inputs",
                    "distance": None,
                    "missing": ["depth"],
                    "error": None,
                }
            ],
        }
    ]


def test_missing_and_check_tell_programs(capsys):
    told = asked(capsys, "missing", RIVER, "-i", "width=2", "-o", "area")
    assert told == {"outputs": ["area"], "missing": [["depth"]]}
    Path("bad.py").write_text(
        "import thalweg as tw\ndsp = tw.Dispatcher()\n"
        "def one(x) -> float:\n    return x\ndsp.add_function('one', one, ['x'], ['a', 'b'])\n"
    )
    (finding,) = asked(capsys, "check", "bad.py", code=1)["findings"]
    assert (finding["severity"], finding["kind"], finding["node"]) == ("error", "arity", "one")


def test_an_error_tells_programs(capsys):
    told = asked(capsys, "run", RIVER, "-i", "width=2", "-o", "area", code=1)["error"]
    assert (told["code"], told["type"], told["outputs"], told["missing"]) == (
        1,
        "UnreachableError",
        ["area"],
        [["depth"]],
    )
    told = asked(capsys, "run", RIVER, "-i", "widht=2", code=2)["error"]
    assert told["message"] == "the model does not know 'widht'; did you mean 'width'?"
    told = asked(capsys, "run", "model.py:dsp", "-i", "x=2", "-o", "z", "--executor", "thread", code=2)["error"]
    assert told["message"].startswith("unknown executor 'thread'; did you mean 'threads'?")


def test_failures_that_stand_in_the_way_are_told(capsys):
    Path("model.py").write_text(MODEL.replace('"dear"', '"dear", lambda y: 0 / 0, ["y"], ["z"]) #'))
    error = said(capsys, "run", "model.py:dsp", "-i", "x=2", "-o", "z", code=1).err
    assert "thalweg: fails (error): ZeroDivisionError: division by zero\n" in error
    assert "thalweg: dear (error): ZeroDivisionError: division by zero\n" in error
    assert error.endswith("thalweg: 'z' cannot be computed from the given inputs; failed: fails, dear\n")


def test_debug_shows_the_tracebacks_of_failures(capsys):
    error = said(capsys, "run", "model.py:dsp", "-i", "x=2", "-o", "z", "--debug").err
    assert 'model.py", line' in error
    assert "ZeroDivisionError: division by zero" in error


def test_quiet_says_nothing_beside_the_answer(capsys):
    assert said(capsys, "run", "model.py:dsp", "-i", "x=2", "-o", "z", "-q") == ("z = 5\n", "")


@pytest.mark.parametrize("executor", ["sync", "async", "threads", "processes", "parallel"])
def test_a_model_of_a_file_runs_on_every_executor(capsys, executor):
    Path("model.py").write_text(
        "from dataclasses import dataclass\nimport thalweg as tw\ndsp = tw.Dispatcher()\n"
        "@dataclass\nclass Point:\n    x: float\n"
        "@dsp.function(outputs=['point'])\ndef make(x):\n    print('made')\n    return Point(x)\n"
        "@dsp.function(outputs=['same'])\ndef look(point):\n    return type(point) is Point\n"
        "dsp.add_function('back', lambda point: point.x, ['point'], ['y'])\n"
    )
    output = said(capsys, "run", "model.py", "-i", "x=2", "-o", "y", "-o", "same", "--executor", executor).out
    assert output == "y = 2\nsame = True\n"


def test_a_run_that_takes_too_long_is_ended(capsys):
    Path("model.py").write_text(
        "import thalweg as tw\nfrom threading import Event\ndsp = tw.Dispatcher()\n"
        "dsp.add_function('wait', lambda x: Event().wait(30), ['x'], ['y'])\n"
    )
    error = said(
        capsys, "run", "model.py", "-i", "x=2", "-o", "y", "--executor", "threads", "--timeout", "0.1", code=1
    ).err
    assert error.endswith("thalweg: the run took longer than its timeout of 0.1 s\n")


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_refused(capsys, seconds):
    assert f"{seconds!r} is no time above 0" in said(capsys, "run", RIVER, f"--timeout={seconds}", code=2).err


def test_fill_tells_programs_and_takes_an_executor(capsys):
    Path("rivers.csv").write_text("name,width,depth,area\na,12,1.5,\nb,,2,16\nc,,,4\n")
    words = ["fill", RIVER, "rivers.csv", "-o", "out.csv"]
    assert asked(capsys, *words) == {"rows": 3, "filled": 2, "open": 2, "unknown": ["name"]}
    filled = Path("out.csv").read_text()
    said(capsys, *words, "--executor", "threads")
    assert Path("out.csv").read_text() == filled == "name,width,depth,area\na,12,1.5,18\nb,8,2,16\nc,,,4\n"
    assert "did you mean 'threads'" in said(capsys, *words, "--executor", "thread", code=2).err
    error = said(capsys, "fill", RIVER, "rivers.csv", "--json", code=2).err
    assert "the table and --json cannot both go to standard output" in error


FORMATS = {
    "svg": b"<svg",
    "dot": b"digraph",
    "mermaid": b"flowchart LR",
    "mmd": b"flowchart LR",
    "html": b"<!DOCTYPE html>",
    "json": b"{",
    "png": b"\x89PNG",
    "pdf": b"%PDF",
}


@pytest.mark.parametrize("end", FORMATS)
def test_a_picture_of_every_format(capsys, end):
    told = asked(capsys, "plot", RIVER, f"river.{end}")
    assert (told["subject"], told["boxes"], told["arrows"]) == ("model", 12, 18)
    content = Path(f"river.{end}").read_bytes()
    assert FORMATS[end].lower() in content[:400].lower()


def test_a_picture_of_a_run_and_of_a_plan(capsys):
    told = asked(capsys, "plot", RIVER, "run.json", *KNOWN, "-o", "flow")
    assert told["subject"] == "run"
    assert "2 of 5 functions were called" in Path("run.json").read_text()
    told = asked(capsys, "plot", RIVER, "plan.mmd", "-i", "width", "-i", "depth", "-o", "area", "--plan", "--used")
    assert (told["subject"], told["boxes"]) == ("plan", 4)
    output, error = said(capsys, "plot", "model.py:dsp", "run.svg", "-i", "x=2", "-o", "z")
    assert output == ""
    assert "fails (error): ZeroDivisionError" in error
    assert "run.svg: run of outer" in error


def test_a_picture_goes_to_standard_output(capsysbinary):
    assert main(["plot", RIVER, "-", "--format", "dot"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"digraph")
    assert main(["plot", RIVER, "-", "--format", "png"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["river.gif"], "the name 'river.gif' says no format"),
        (["-", "--json"], "cannot both go to standard output"),
        (["none/river.svg"], "cannot write 'none/river.svg': No such file or directory"),
        (["river.svg", "--focus", "flwo"], "the model does not know 'flwo'; did you mean 'flow'"),
        (["river.svg", "-i", "width"], "'width' has no value; write -i width=VALUE"),
        (["river.svg", "--depth", "-1"], "-1 is below 0"),
        (["river.svg", "--depth", "all"], "'all' is no whole number"),
    ],
)
def test_a_picture_that_cannot_be_made_is_refused(capsys, words, message):
    assert message in said(capsys, "plot", RIVER, *words, code=2).err


def test_bench_measures_what_it_says(capsys):
    told = asked(capsys, "bench", "model.py:dsp", "-i", "x=2", "-o", "y", "--rounds", "3")
    assert told["rounds"] == 3
    assert list(told["seconds"]) == ["flatten", "search", "first dispatch", "dispatch", "compiled", "functions"]
    assert all(seconds > 0 for seconds in told["seconds"].values())
    assert list(told["functions"]) == told["calls"] == ["inner/double"]
    assert told["seconds"]["functions"] == told["functions"]["inner/double"]


def test_bench_finds_the_slow_function(capsys):
    Path("model.py").write_text(
        "import thalweg as tw\nfrom time import sleep\ndsp = tw.Dispatcher()\n"
        "dsp.add_function('quick', lambda x: x, ['x'], ['y'])\n"
        "dsp.add_function('slow', lambda y: sleep(0.02), ['y'], ['z'])\n"
    )
    told = asked(capsys, "bench", "model.py", "-i", "x=2", "--rounds", "2")
    assert list(told["functions"]) == ["slow", "quick"]
    assert told["functions"]["slow"] >= 0.02 > told["functions"]["quick"]
    assert told["seconds"]["dispatch"] >= 0.02
    assert told["seconds"]["search"] < 0.02


def test_bench_does_without_what_cannot_be_compiled(capsys):
    Path("model.py").write_text(
        "import thalweg as tw\ndsp = tw.Dispatcher()\n"
        "dsp.add_function('f', lambda x: x, ['x'], ['y'], executor='threads')\n"
    )
    output, error = said(capsys, "bench", "model.py", "-i", "x=2", "--rounds", "2")
    assert "it cannot be compiled" in error
    assert "compiled" not in output
    assert asked(capsys, "bench", "model.py", "-i", "x=2", "--rounds", "2")["seconds"]["compiled"] is None
    Path("model.py").write_text(
        "import thalweg as tw\ndsp = tw.Dispatcher()\nasync def f(x):\n    return x\n"
        "dsp.add_function('f', f, ['x'], ['y'])\ndsp.add_function('g', abs, ['y'], ['z'])\n"
    )
    told = asked(capsys, "bench", "model.py", "-i", "x=2", "--rounds", "2")
    assert (told["seconds"]["compiled"], list(told["functions"])) == (None, ["g"])
    assert "cannot be computed" in said(capsys, "bench", "model.py", "-o", "y", code=1).err
