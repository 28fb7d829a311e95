"""A model as tools, asked by the client of the package: over the standard streams of a process, and over HTTP."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError

import thalweg as tw
from thalweg.cli.river import river
from thalweg.mcp import Toolbox, make_server

MODEL = """
import os
import subprocess
import sys
import thalweg as tw

print("a model that prints")
dsp = tw.Dispatcher(name="talker", description="Says much.")

@dsp.function(outputs=["y"])
def loud(x: float) -> float:
    '''Says what it does.'''
    print("loud is called")
    os.write(1, b"and writes\\n")
    subprocess.run(["echo", "and has others write"], check=True)
    rest = sys.stdin.read()
    assert rest == "", rest
    return 2 * x

@dsp.function(outputs=["w"])
def wait(pipe: str) -> str:
    with open(pipe) as file:
        return file.read()

@dsp.function(outputs=["v"])
def broken(x: float) -> float:
    raise ValueError("out of order")

@dsp.function(outputs=["u"])
def leaves(x: float) -> float:
    raise SystemExit(7)

@dsp.function(outputs=["z"], executor="processes")
def elsewhere(y: float) -> float:
    print("elsewhere is called")
    return y + 1

dsp.add_data("x", unit="m", description="what is known")
dsp.add_data("secret", 3)
"""
RIVER = ("thalweg.cli.river",)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL)


def process(*words):
    return {"command": sys.executable, "args": ["-W", "error", "-m", "thalweg", "mcp", *words]}


@asynccontextmanager
async def client_of(*words, mode="auto"):
    """Connect a client to a process that serves a model; what that says on standard error goes into a file."""
    with open_file("said.txt") as file:
        transport = stdio_client(StdioServerParameters(**process(*words)), errlog=file)
        async with Client(transport, mode=mode, read_timeout_seconds=60) as client:
            yield client


def open_file(name):
    return Path(name).open("w+")


def asked(*questions, words=RIVER, mode="auto"):
    """Give the answers to questions, each a tool and its arguments."""

    async def ask():
        async with client_of(*words, mode=mode) as client:
            return [await client.call_tool(name, arguments) for name, arguments in questions]

    return asyncio.run(asyncio.wait_for(ask(), 120))


def told(result):
    """Give an answer that is none of an error; as text and as a structure it is the same."""
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def refused(result):
    assert result.is_error
    return result.content[0].text


def test_a_model_is_described_by_tools_with_schemas():
    async def ask():
        async with client_of(*RIVER) as client:
            return client.server_info, client.instructions, (await client.list_tools()).tools

    info, instructions, tools = asyncio.run(ask())
    assert (info.name, info.title) == ("river", "Model river")
    assert instructions.startswith("Water that flows in a channel")
    assert [tool.name for tool in tools] == ["describe", "reachable", "compute", "explain", "missing"]
    assert {tool.name for tool in tools if not tool.annotations.read_only_hint} == {"compute", "explain"}
    compute = next(tool for tool in tools if tool.name == "compute")
    width = compute.input_schema["$defs"]["Data_of_river"]["properties"]["width"]
    assert (width["x-unit"], width["description"]) == ("m", "Width of the water")
    assert all(tool.input_schema["type"] == tool.output_schema["type"] == "object" for tool in tools)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_questions_are_answered(mode):
    known = {"width": 12, "depth": 1.5, "speed": 0.5}
    answers = asked(
        ("describe", {"names": ["flow", "roughness"]}),
        ("reachable", {"inputs": ["width", "depth"]}),
        ("compute", {"inputs": known, "outputs": ["flow"]}),
        ("explain", {"inputs": known, "outputs": ["flow"]}),
        ("missing", {"outputs": ["flow"], "inputs": ["width"], "k": 2}),
        mode=mode,
    )
    describe, reachable, compute, explain, missing = map(told, answers)
    assert describe["data"]["flow"] == {
        "kind": {"type": "number"},
        "unit": "m3/s",
        "description": "Water that passes in a second",
    }
    assert describe["data"]["roughness"]["default"] == 0.035
    assert reachable == {
        "computable": {
            "roughness": {"distance": 0.0, "provider": None},
            "area": {"distance": 2.0, "provider": "section"},
        },
        "calls": ["section"],
        "out_of_reach": ["speed", "flow", "slope"],
    }
    assert compute == {"values": {"flow": 9.0}, "failures": []}
    assert explain["values"] == {**known, "area": 18.0, "flow": 9.0}
    why = explain["explanations"]["speed"]
    assert why["provider"] == "START"
    assert why["alternatives"] == [
        {"provider": "speed from flow", "state": "dearer", "distance": 6.0},
        {"provider": "manning", "state": "missing inputs", "missing": ["slope"]},
    ]
    assert missing == {"missing": [["area", "speed"], ["depth", "speed"]]}


@pytest.fixture(scope="module")
def talker(tmp_path_factory):
    """Give the answers of one process to several questions, one after the other, and what it said meanwhile."""
    folder = tmp_path_factory.mktemp("talker")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("model.py").write_text(MODEL)
        results = asked(
            ("describe", {}),
            ("compute", {"inputs": {"x": 2}, "outputs": ["z"]}),
            ("compute", {"inputs": {"x": 2}, "outputs": ["v"]}),
            ("compute", {"inputs": {"x": 2}, "outputs": ["u"]}),
            ("compute", {"inputs": {"x": 3}, "outputs": ["y"]}),
            words=["model.py"],
        )
    names = ("describe", "elsewhere", "broken", "leaves", "after")
    return dict(zip(names, results, strict=True)) | {"said": (folder / "said.txt").read_text()}


def test_all_of_a_model_is_described(talker):
    answer = told(talker["describe"])
    assert answer["description"] == "Says much."
    assert list(answer["data"]) == ["x", "y", "pipe", "w", "v", "u", "z", "secret"]
    assert answer["data"]["x"] == {"kind": {"type": "number"}, "unit": "m", "description": "what is known"}
    assert answer["functions"]["loud"] == {"takes": ["x"], "gives": ["y"], "description": "Says what it does."}


def test_what_functions_write_does_not_come_between_the_messages(talker):
    assert told(talker["elsewhere"])["values"] == {"z": 5.0}
    assert told(talker["after"])["values"] == {"y": 6.0}
    for line in ("a model that prints", "loud is called", "and writes", "and has others write", "elsewhere is called"):
        assert f"{line}\n" in talker["said"]


def test_a_failure_is_told_with_its_reason(talker):
    assert refused(talker["broken"]) == "'v' cannot be had from what is given; broken failed: ValueError: out of order"


def test_a_function_that_leaves_ends_no_server(talker):
    assert refused(talker["leaves"])
    assert not talker["after"].is_error


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("compute", {"inputs": {"widht": 1}}, "/inputs/widht: unknown name 'widht'; did you mean 'width'?"),
        ("compute", {"inputs": {"width": "wide"}}, "/inputs/width: Input should be a valid number"),
        ("compute", {"outputs": ["flwo"]}, "/outputs/0: unknown name 'flwo'; did you mean 'flow'?"),
        ("compute", {"input": {}}, "/input: unknown name 'input'; did you mean 'inputs'"),
        ("compute", {"inputs": {"width": 1}, "outputs": ["area"]}, "it would help to give 'depth'"),
        ("reachable", {"inputs": ["widht"]}, "/inputs: unknown name 'widht'; did you mean 'width'?"),
        ("reachable", {"inputs": "width"}, "/inputs: it is no list of names"),
        ("reachable", {"inputs": [], "objective": "best"}, "/objective: 'best' is none; it may be 'span' or 'tree'"),
        ("missing", {"inputs": ["width"]}, "/outputs: nothing is wanted"),
        ("missing", {"outputs": ["flow"], "k": 0}, "/k: it is no whole number from 1 to 100"),
        ("missing", {"outputs": ["flow"], "kk": 1}, "/kk: unknown name 'kk'"),
        ("describe", {"names": ["none"]}, "/names: unknown name 'none'"),
    ],
)
def test_a_wrong_question_is_an_error_of_the_tool(tool, arguments, message, box):
    assert message in refused(asyncio.run(box(tool, arguments)))


def test_half_of_a_character_is_an_error_of_the_tool(box):
    assert "this is no JSON" in refused(asyncio.run(box("compute", {"inputs": {"width": "\ud800"}})))


def test_a_number_that_clients_do_not_read_is_a_text():
    dsp = tw.Dispatcher(name="powers")
    dsp.add_function("power", lambda x: 10**x, ["x"], ["y"])
    with boxed(dsp) as ask:
        long, short = [told(asyncio.run(ask("compute", {"inputs": {"x": x}}))) for x in (5000, 50)]
    assert long["values"]["y"] == "1" + "0" * 5000
    assert short["values"]["y"] == 10**50


@pytest.fixture
def box():
    """Ask the river in this process, by the same client."""
    with boxed(river) as ask:
        yield ask


@contextmanager
def boxed(dsp):
    """Give what asks a model in this process."""
    toolbox = Toolbox(dsp)

    async def ask(name, arguments):
        async with Client(make_server(toolbox)) as client:
            try:
                return await client.call_tool(name, arguments)
            except MCPError as error:
                return error

    try:
        yield ask
    finally:
        toolbox.close()


@dataclass
class Point:
    x: float
    y: float


def test_kinds_of_ones_own_are_described_and_understood():
    dsp = tw.Dispatcher(name="points")

    @dsp.function(outputs=["norm"])
    def measure(point: Point, factors: np.ndarray) -> float:
        return float(factors.sum()) * (point.x**2 + point.y**2) ** 0.5

    with boxed(dsp) as ask:
        answer = told(asyncio.run(ask("describe", {})))
        assert answer["data"]["point"]["kind"] == {"$ref": "#/$defs/Point"}
        assert answer["$defs"]["Point"]["required"] == ["x", "y"]
        inputs = {"point": {"x": 3, "y": 4}, "factors": [1, 2]}
        assert told(asyncio.run(ask("compute", {"inputs": inputs, "outputs": ["norm"]})))["values"] == {"norm": 15.0}
        assert "/inputs/point/y: it is missing" in refused(asyncio.run(ask("compute", {"inputs": {"point": {"x": 3}}})))


def test_an_unknown_tool_is_an_error_of_the_protocol(box):
    error = asyncio.run(box("guess", {}))
    assert error.message == "there is no tool 'guess'; there are describe, reachable, compute, explain, missing"


def test_only_what_is_exposed_is_named():
    words = ["model.py", "--expose", "x", "--expose", "y", "--expose", "v"]
    describe, compute, secret, broken = asked(
        ("describe", {}),
        ("compute", {"inputs": {"x": 2}, "outputs": ["y"]}),
        ("compute", {"outputs": ["secret"]}),
        ("compute", {"inputs": {"x": 2}, "outputs": ["v"]}),
        words=words,
    )
    assert list(told(describe)["data"]) == ["x", "y", "v"]
    assert told(describe)["functions"] == {}
    assert told(compute)["values"] == {"y": 4.0}
    assert "unknown name 'secret'" in refused(secret)
    assert "broken" not in str(broken.content)


@pytest.fixture
def pipe():
    """Give a pipe that nobody writes to: who opens it waits."""
    os.mkfifo("pipe")
    return "pipe"


@pytest.mark.filterwarnings("ignore:ping is removed")
def test_a_long_computation_does_not_hold_up_others(pipe):
    async def ask():
        async with client_of("model.py", mode="legacy") as client:
            long = asyncio.create_task(client.call_tool("compute", {"inputs": {"pipe": pipe}, "outputs": ["w"]}))
            await client.send_ping()
            short = await client.call_tool("reachable", {"inputs": ["x"]})
            quick = await client.call_tool("compute", {"inputs": {"x": 1}, "outputs": ["y"]})
            assert not long.done()
            await asyncio.to_thread(Path(pipe).write_text, "at last")
            return told(short), told(quick), told(await long)

    short, quick, long = asyncio.run(asyncio.wait_for(ask(), 120))
    assert "y" in short["computable"]
    assert quick["values"] == {"y": 2.0}
    assert long["values"] == {"w": "at last"}


def test_a_computation_that_takes_too_long_is_ended(pipe):
    own, after = asked(
        ("compute", {"inputs": {"pipe": pipe}, "outputs": ["w"], "timeout": 0.1}),
        ("compute", {"inputs": {"x": 1}, "outputs": ["y"]}),
        words=["model.py"],
    )
    assert "it took longer than 0.1 s" in refused(own)
    assert told(after)["values"] == {"y": 2.0}
    (late,) = asked(
        ("compute", {"inputs": {"pipe": pipe}, "outputs": ["w"]}),
        words=["model.py", "--timeout", "0.2"],
    )
    assert "it took longer than 0.2 s" in refused(late)


def test_who_gives_up_does_not_harm_others(pipe):
    async def ask():
        async with client_of("model.py") as client:
            long = asyncio.create_task(client.call_tool("compute", {"inputs": {"pipe": pipe}, "outputs": ["w"]}))
            await client.call_tool("reachable", {"inputs": ["x"]})
            long.cancel()
            return told(await client.call_tool("compute", {"inputs": {"x": 1}, "outputs": ["y"]}))

    assert asyncio.run(asyncio.wait_for(ask(), 120))["values"] == {"y": 2.0}


def started(*words):
    command = process(*words)
    return subprocess.Popen(
        [command["command"], *command["args"]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_ends_with_its_input_and_by_an_interrupt():
    ping = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"})
    for end in (lambda served: served.stdin.close(), lambda served: served.send_signal(signal.SIGINT)):
        with started("thalweg.cli.river") as served:
            served.stdin.write(f"{ping}\n")
            served.stdin.flush()
            assert json.loads(served.stdout.readline())["id"] == 1
            end(served)
            assert served.wait(60) == 0
            assert served.stderr.read() == ""


def test_what_is_no_message_is_answered_by_an_error_or_not_at_all():
    with started("thalweg.cli.river") as served:
        for line in (
            "no json",
            "[]",
            "{}",
            '{"jsonrpc":"2.0","id":1,"method":"none"}',
            '{"jsonrpc":"2.0","id":2,"method":"ping"}',
        ):
            served.stdin.write(f"{line}\n")
        served.stdin.flush()
        for text in served.stdout:
            answer = json.loads(text)
            if answer.get("id") == 2:
                break
            assert "error" in answer
        assert answer["result"] == {}


def test_http_answers_this_machine_alone():
    with started("thalweg.cli.river", "--http", "--port", "0") as served:
        url = re.fullmatch(r"river at (http://127\.0\.0\.1:\d+/mcp) \(Ctrl\+C ends\)\n", served.stdout.readline())[1]

        async def ask():
            async with Client(url, read_timeout_seconds=60) as client:
                return told(
                    await client.call_tool("compute", {"inputs": {"width": 2, "depth": 3}, "outputs": ["area"]})
                )

        assert asyncio.run(asyncio.wait_for(ask(), 60))["values"] == {"area": 6.0}
        assert httpx.post(url, headers={"Host": "elsewhere.example"}).status_code == 421
        assert httpx.post(url, headers={"Origin": "http://elsewhere.example"}).status_code == 403
        served.send_signal(signal.SIGINT)
        assert served.wait(60) == 0
    with started("thalweg.cli.river", "--http", "--host", "0.0.0.0", "--port", "0") as served:
        assert served.wait(60) == 2
        assert "can be reached from other machines" in served.stderr.read()
