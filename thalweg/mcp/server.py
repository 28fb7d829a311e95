"""Tools on the wire: a server of the Model Context Protocol, over standard input and output or over HTTP.

What the functions of a model print must not come between the messages: whoever serves over standard streams puts
standard output aside first, as ``thalweg mcp`` does.
"""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from importlib.metadata import PackageNotFoundError, version
from io import TextIOWrapper
from typing import Any, BinaryIO

import anyio
import mcp.types as protocol
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from ..errors import BuildError
from ..web.limits import Limits
from ..web.problems import Problem
from ..web.security import Guard, is_loopback
from ..web.server import Site
from ..web.values import dump
from .lines import input_lines
from .schemas import Tool
from .tools import Toolbox

__all__ = ["http_site", "make_server", "serve_stdio"]

_INSTRUCTIONS = (
    "A model of functions that depend on each other: give the data that you know, ask for those that you want. "
    "Ask `describe` first; `reachable` and `missing` say what can be had from what, `compute` and `explain` compute it."
)


def make_server(box: Toolbox) -> Server[Any]:
    """A server that answers by tools.

    Parameters
    ----------
    box : Toolbox

    Returns
    -------
    mcp.server.lowlevel.Server
        To be run by any transport of the package ``mcp``.

    Examples
    --------
    >>> import asyncio, mcp
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher(name="circle")
    >>> _ = dsp.add_function("square", lambda radius: 3 * radius**2, ["radius"], ["area"])
    >>> box = Toolbox(dsp)
    >>> async def ask():
    ...     async with mcp.Client(make_server(box)) as client:
    ...         return await client.call_tool("compute", {"inputs": {"radius": 2}, "outputs": ["area"]})
    >>> asyncio.run(ask()).structured_content
    {'values': {'area': 12}, 'failures': []}
    >>> box.close()
    """

    async def list_tools(_: Any, __: Any) -> protocol.ListToolsResult:
        return protocol.ListToolsResult(tools=[_described(tool) for tool in box.tools.values()])

    async def call_tool(_: Any, asked: protocol.CallToolRequestParams) -> protocol.CallToolResult:
        if asked.name not in box.tools:
            known = ", ".join(box.tools)
            raise MCPError(protocol.INVALID_PARAMS, f"there is no tool {asked.name!r}; there are {known}")
        try:
            answer = await box.call(asked.name, asked.arguments or {})
        except Problem as problem:
            return _refusal(problem)
        return protocol.CallToolResult(content=[_text(json.dumps(answer))], structured_content=answer)

    about = f"{box.description} " if box.description else ""
    return Server(
        box.name,
        version=_version(),
        title=f"Model {box.name}",
        instructions=about + _INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _version() -> str:
    try:
        return version("thalweg")
    except PackageNotFoundError:  # it is run from its sources
        return ""


def _described(tool: Tool) -> protocol.Tool:
    return protocol.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes,
        output_schema=tool.gives,
        annotations=protocol.ToolAnnotations(read_only_hint=not tool.calls),
    )


def _refusal(problem: Problem) -> protocol.CallToolResult:
    """An error of the tool: what happened, and the facts in JSON for who can mend the question."""
    facts = {name: value for name, value in problem.facts.items() if value}
    told: list[protocol.ContentBlock] = [_text(problem.detail)]
    if facts:
        told.append(_text(dump(facts).decode()))
    return protocol.CallToolResult(content=told, is_error=True)


def _text(text: str) -> protocol.TextContent:
    return protocol.TextContent(text=text)


def serve_stdio(box: Toolbox, output: BinaryIO) -> None:
    """Serve over standard input and output, until the input ends or the program is interrupted.

    Parameters
    ----------
    box : Toolbox
    output : binary file
        Standard output, put aside so that nothing but answers comes there.

    Notes
    -----
    An interrupt is raised as KeyboardInterrupt when everything has been let go.
    """
    text = TextIOWrapper(output, encoding="utf-8")

    async def serve(lines: Any) -> None:
        server = make_server(box)
        async with stdio_server(lines, anyio.wrap_file(text)) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        with input_lines() as lines:
            anyio.run(serve, lines)
    finally:
        box.close()
        text.detach()  # the file is the caller's


def http_site(box: Toolbox, host: str = "127.0.0.1", port: int = 0) -> Site:
    """A place where the tools are served over streamable HTTP, at the path ``/mcp``.

    Parameters
    ----------
    box : Toolbox
    host : str, optional
        A loopback address: whoever reaches it may have the model compute.
    port : int, optional
        0, the default, for a free one.

    Raises
    ------
    BuildError
        The address can be reached from other machines.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> with http_site(Toolbox(Dispatcher())).run() as server:
    ...     server.url + "/mcp"
    'http://127.0.0.1:.../mcp'
    """
    if not is_loopback(host):
        raise BuildError(f"{host!r} can be reached from other machines, and nothing guards the model; give 127.0.0.1")
    return Site(_Served(box, host), host, port)


class _Served:
    """The tools as an application that a site can serve."""

    def __init__(self, box: Toolbox, host: str) -> None:
        self.box = box
        self.guard = Guard(None, (), insecure=False)
        # Streams are open as long as their clients like: at the end nobody waits for them.
        self.limits = Limits(run_seconds=1.0, body_seconds=1.0, shutdown_seconds=1.0)
        self.application = make_server(box).streamable_http_app(host=host)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            try:
                self.guard.check(scope)
            except Problem as problem:
                await problem.response()(scope, receive, send)
                return
        await self.application(scope, receive, send)

    async def close(self) -> None:
        """Let the threads go."""
        self.box.close()
