"""The application: which address is answered by what.  It holds the parts together and decides nothing itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Unpack
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ..dispatcher import Dispatcher
from ..dispatcher.seeing import WebOptions
from ..errors import BuildError
from .ahead import Ahead
from .answers import Answers, answered, members_of
from .drawing import Drawings
from .exposure import ServedModel, expose_model
from .filling import Fillings
from .limits import Admission, Limits, read_body
from .openapi import document
from .page import is_public, page_answer, static_answer, wants_page
from .problems import Problem, bug, plain, unknown_address
from .questions import FunctionForm, ModelForm, Question
from .running import Runner, Workshop
from .runs import Runs, described, least
from .schema import kinds_of
from .security import Guard
from .server import Server, Site
from .stores import store_of
from .values import dump

__all__ = ["Application", "web"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Handler = Callable[[Request], Awaitable[Response]]

RESERVED = frozenset(
    ("drawing", "fill", "missing", "openapi.json", "plan", "runs", "static")
)  # first parts of addresses that are not a model's
_LOG = logging.getLogger("thalweg.web")


class Application:
    """A model as an ASGI application.

    Parameters
    ----------
    dsp : Dispatcher
        It is served as it is now; later changes are not.
    expose : str or iterable of Hashable, optional
        The nodes that can be reached, by id, or by path within sub-dispatchers; by default all.  A function that is
        exposed has an address of its own; a datum can be given, asked for and seen.  What is not exposed takes part in
        the runs, and is never named.
    name : str, optional
        First part of the addresses; by default the name of the model, or ``"model"``.
    token : str, optional
        What clients must show as ``Authorization: Bearer ...``.  Without one only this machine is answered.
    hosts : str or iterable of str, optional
        Names by which the server may be called, besides those of a loopback address.
    insecure : bool, optional
        Answer everybody, and say so in the log.
    quick : bool, optional
        All calls are short, whatever they are given: make them on the event loop, which costs less than in a thread.
        While one is made nobody else is answered, and no limit of time holds.
    limits : Limits, optional
    runs : str, Path or RunStore, optional
        File in which long runs are kept over restarts; by default they are in memory.
    journal : str, Path or Journal, optional
        Where the values of long runs are recorded while they are at work, so that one that a restart has cut off goes
        on from them; see `thalweg.journal`.
    debug : bool, optional
        Tell tracebacks to clients.

    Raises
    ------
    UnknownNodeError
        A node to be exposed is not in the model.
    BuildError
        The token is short, two nodes have one address, the file of runs cannot be opened ...
    JournalError
        The journal cannot be opened.

    Notes
    -----
    To be served by any ASGI server, mounted in another application, or served by `site`.  The lifespan events of ASGI
    begin again the long runs that a file has kept, and end those that are at work; a mounted application gets none, and
    does the first of these when it is first asked about runs.
    """

    def __init__(self, dsp: Dispatcher, **options: Unpack[WebOptions]) -> None:
        self.limits: Limits = options.get("limits") or Limits()
        self.guard = Guard(options.get("token"), options.get("hosts", ()), insecure=options.get("insecure", False))
        self.debug = options.get("debug", False)
        exposure = expose_model(dsp, options.get("expose"), options.get("name"))
        first = exposure.root.path.partition("/")[0]
        if first in RESERVED:
            raise BuildError(f"{first!r} is an address of the server; give another one by web(name=...)")
        self.exposure = exposure
        self.kinds = kinds_of(exposure.root.dsp)
        self.forms: dict[str, ModelForm | FunctionForm] = {}
        limits = self.limits
        self.answers = Answers(debug=self.debug, run_seconds=limits.run_seconds)
        slow = Answers(debug=self.debug, run_seconds=limits.long_run_seconds)
        self.runner = Runner(limits.at_work + limits.runs_at_work, is_quick=options.get("quick", False))
        self.admission = Admission(limits.at_work, limits.waiting, limits.retry_seconds)
        root = self.form_of(exposure.root.path)
        assert isinstance(root, ModelForm)
        self.runs = Runs(root, slow, self.runner, limits, store_of(options.get("runs")), journal=options.get("journal"))
        workshop = Workshop(self.runner, self.admission, limits.run_seconds, debug=self.debug)
        ahead, drawings = Ahead(root, workshop, limits), Drawings(root, workshop, limits, self.runs)
        fillings = Fillings(root.model, workshop, limits)
        self.starlette = self._routes(
            [
                Route("/missing", _Address(POST=ahead.missing)),
                Route("/plan", _Address(POST=ahead.plan)),
                Route("/drawing", _Address(GET=drawings.model, POST=drawings.plan)),
                Route("/runs/{run}/drawing", _Address(GET=drawings.run)),
                Route("/fill", _Address(POST=fillings.fill)),
            ]
        )

    def _routes(self, others: list[Route]) -> Starlette:
        return Starlette(
            debug=False,
            routes=[
                Route("/", _Address("POST", GET=self._show)),
                Route("/static/{name}", _Address(GET=_static)),
                *others,
                Route("/openapi.json", _Address(GET=self._describe)),
                Route("/runs", _Address(GET=self._list_runs, POST=self._start_run)),
                Route("/runs/{run}", _Address(GET=self._show_run, DELETE=self._cancel_run)),
                Route("/runs/{run}/events", _Address(GET=self._follow_run)),
                Route("/{path:path}", _Unanswered(self)),
            ],
            exception_handlers={
                Problem: _tell,
                HTTPException: _tell_plain,
                ClientDisconnect: _tell_nobody,
                Exception: self._tell_bug,
            },
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] == "http":
            try:
                self.guard.check(scope, is_public=scope["method"] != "POST" and is_public(scope))
                form = self._asked(scope)
                response = None if form is None else await self.answer(form, scope, receive)
            except Problem as problem:
                response = problem.response()
            except ClientDisconnect:
                return
            except Exception as error:
                _LOG.exception("a request to %s ended by an error of the server", scope["path"])
                response = bug(error, debug=self.debug).response()
            if response is not None:
                await response(scope, receive, send)
                return
        await self.starlette(scope, receive, send)

    def _asked(self, scope: Scope) -> ModelForm | FunctionForm | None:
        """Who is asked by a question: most requests are one, and need nothing of what else an application has to do."""
        if scope["method"] != "POST":
            return None
        path, mounted_at = scope["path"], scope.get("root_path", "")
        if mounted_at and f"{path}/".startswith(f"{mounted_at}/"):
            path = path[len(mounted_at) :]
        # An address as it stands goes before the same without slashes at its ends, which may be parts of names.
        return self.form_of(path[1:]) or self.form_of(path.strip("/") or self.exposure.root.path)

    def form_of(self, path: str) -> ModelForm | FunctionForm | None:
        """How the model or function at an address reads bodies; made when it is first asked for."""
        form = self.forms.get(path)
        if form is None:
            served = self.exposure.served.get(path)
            if isinstance(served, ServedModel):
                form = self.forms[path] = ModelForm(served, self.kinds[id(served.dsp)])
            elif served is not None:
                form = self.forms[path] = FunctionForm(served)
        return form

    async def answer(self, form: ModelForm | FunctionForm, scope: Scope, receive: Receive) -> Response:
        """The answer to one question."""
        members = members_of(scope["query_string"])
        question = form.read(await read_body(scope, receive, self.limits))
        await self.admission.enter()
        served = form.model if isinstance(form, ModelForm) else form.function
        try:
            solution = await self.runner.run(
                served.dsp,
                question.inputs,
                question.outputs,
                self.admission.leave,
                seconds=least(question.seconds, self.limits.run_seconds),
                **question.options,
            )
            told = self._told(form, question, solution, members)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            raise self.answers.problem(served, question, error) from None
        return Response(told, media_type="application/json")

    def _told(
        self, form: ModelForm | FunctionForm, question: Question, solution: Any, members: frozenset[str]
    ) -> bytes:
        if isinstance(form, ModelForm):
            return dump(self.answers.of_model(form.model, question, solution, members))
        return dump(self.answers.of_function(form.function, question, solution, members))

    def describe(self, server: str = "") -> dict[str, Any]:
        """The OpenAPI document.

        Parameters
        ----------
        server : str, optional
            Where the application stands, such as ``"/model"``.
        """
        forms = {path: form for path in self.exposure.served if (form := self.form_of(path)) is not None}
        guarded = self.guard.token is not None
        return document(forms, self.kinds, self.exposure.root, server=server, is_guarded=guarded)

    async def _show(self, request: Request) -> Response:
        """The page for people, the description for programs."""
        return page_answer(request) if wants_page(request.scope["headers"]) else await self._describe(request)

    async def _describe(self, request: Request) -> Response:
        return answered(self.describe(_mounted_at(request)))

    async def _start_run(self, request: Request) -> Response:
        body = await read_body(request.scope, request.receive, self.limits)
        record = await self.runs.start(body)
        address = _address_of(request, record.id)
        return answered(described(record, address, ()), 202, {"Location": address})

    async def _list_runs(self, request: Request) -> Response:
        records = await self.runs.newest()
        return answered({"runs": [described(record, _address_of(request, record.id), ()) for record in records]})

    async def _show_run(self, request: Request) -> Response:
        members = members_of(request.scope["query_string"])
        record = await self.runs.find(request.path_params["run"])
        return answered(described(record, _address_of(request, record.id), members))

    async def _cancel_run(self, request: Request) -> Response:
        record = await self.runs.cancel(request.path_params["run"])
        return answered(described(record, _address_of(request, record.id), ()))

    async def _follow_run(self, request: Request) -> Response:
        latest = request.headers.get("last-event-id", "")
        after = int(latest) if latest.isascii() and latest.isdigit() and len(latest) < 19 else 0
        events = await self.runs.follow(request.path_params["run"], after)
        if events is None:
            return Response(status_code=204)  # which tells browsers not to come back
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _tell_bug(self, _: Request, error: Exception) -> Response:
        return bug(error, debug=self.debug).response()

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await self.runs.open()
        try:
            yield
        finally:
            await self.close()
            # By now all requests are answered: what is let go here is made anew if it is needed again.
            self.runner.close()
            self.runs.store.close()

    async def close(self) -> None:
        """End the long runs and the streams; requests at work go on."""
        await self.runs.close()

    def site(self, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Site:
        """A place where the application is to be served: see `Site`.

        Parameters
        ----------
        host, port, **options
            Of `Site`.
        """
        return Site(self, host, port, **options)


class _Address:
    """Answers the methods of one address; `others` are answered elsewhere."""

    def __init__(self, *others: str, **handlers: Handler) -> None:
        self.handlers = handlers | ({"HEAD": handlers["GET"]} if "GET" in handlers else {})
        self.allowed = ", ".join([*self.handlers, *others])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self.handlers.get(scope["method"])
        if handler is None:
            raise plain(405, {"Allow": self.allowed})
        request = Request(scope, receive, send)
        response = await handler(request)
        await response(scope, receive, send)


class _Unanswered:
    """Says why a request that is no question, or asks nobody, has no answer."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, _: Receive, __: Send) -> None:
        exposure = self.application.exposure
        path = scope["path_params"]["path"].strip("/") or exposure.root.path
        if path in exposure.served:
            raise plain(405, {"Allow": "POST"})
        raise unknown_address(path, exposure.served)


def _address_of(request: Request, run_id: str) -> str:
    return f"{_mounted_at(request)}/runs/{run_id}"


def _mounted_at(request: Request) -> str:
    """Where the application stands, as addresses have it."""
    return quote(request.scope.get("root_path", ""))


async def _static(request: Request) -> Response:
    return static_answer(request)


async def _tell(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _tell_plain(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return plain(error.status_code, error.headers).response()


async def _tell_nobody(_: Request, __: Exception) -> Response:
    return Response(status_code=400)


def web(dsp: Dispatcher, *, run: bool = False, **options: Unpack[WebOptions]) -> Application | Server:
    """A model as a web service: see `Application`.

    Parameters
    ----------
    dsp : Dispatcher
    run : bool, optional
        Serve it at once, on a free port of a loopback address.
    **options
        Of `Application`.

    Returns
    -------
    Application or Server
        The server, with ``run=True``.
    """
    application = Application(dsp, **options)
    return application.site().run() if run else application
