"""What runners call: services by HTTP, and functions in threads or wherever an executor makes calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..errors import MissingExtraError, ServiceError, ServiceUnavailable
from ..executors.contract import Call, Executor
from ..executors.event_loop import HERE, is_awaited, made_by
from ..executors.policy import Policy

if TYPE_CHECKING:
    from types import ModuleType

    import httpx

__all__ = ["CallableInstrument", "HttpInstrument"]

BUSY = frozenset((408, 425, 429, 500, 502, 503, 504))
_HARMLESS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PUT"))  # to be asked twice (RFC 9110, 9.2.2)
_SHOWN = 200  # characters of an answer in a message


class CallableInstrument:
    """A function as an executor of nodes: a plain one is called in a thread, a coroutine function is awaited.

    Parameters
    ----------
    function : callable
        Called with the parameters of the runner by name.
    retry : Policy, optional
        How often a composition tries it; by default as the function says by an attribute `retry`, else as the
        composition says.
    executor : str or Executor, optional
        Who calls it, if not a thread or the event loop: ``"processes"``, ``"dask"`` ...  The function, the parameters
        and the value must be able to travel there.

    Notes
    -----
    A plain function in a thread cannot be stopped: when its node is cancelled, or its time is over, it is waited for no
    longer than a second, and what it gives is thrown away.

    Examples
    --------
    >>> import asyncio
    >>> from thalweg.compositions import NodeRunner
    >>> runner = NodeRunner().prepare(numbers=[2, 1]).run(CallableInstrument(lambda numbers: sorted(numbers)))
    >>> asyncio.run(runner())
    [1, 2]
    """

    def __init__(
        self, function: Callable[..., Any], *, retry: Policy | None = None, executor: str | Executor | None = None
    ) -> None:
        self.function = function
        self.retry = getattr(function, "retry", None) if retry is None else retry
        self.executor = executor
        self._is_awaited = executor in HERE and is_awaited(function)
        self._by_name = _ByName(function)

    async def __call__(self, **params: Any) -> Any:
        """Call the function.

        Returns
        -------
        object
            What it gave.
        """
        if self._is_awaited:
            return await self.function(**params)
        maker = "threads" if self.executor in HERE else self.executor
        return await made_by(maker, Call(0, self._by_name, (params,)))


class _ByName:
    """A function that takes its parameters as one; it is one for all calls, so that an executor knows it again."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.func = function  # as a partial has it, so messages say its name

    def __call__(self, params: Mapping[str, Any]) -> Any:
        return self.func(**params)


class HttpInstrument:
    """A service as an executor of nodes, asked by HTTP.

    Parameters
    ----------
    url : str, optional
        What is asked for; the parameters of a runner go before what is said here, and so it is with the method.
    method : str, optional
        By default ``"POST"`` where something is sent, else ``"GET"``.
    headers : mapping, optional
        Sent with each request.
    timeout : float, optional
        How long the service may be silent [s]; a runner's own timeout is for all of a request.
    retry : Policy, optional
        How often a composition asks; by default as the composition says.
    retry_statuses : collection of int, optional
        Codes of answers that may be better another time.
    client : httpx.AsyncClient, optional
        By which it asks; it is left open.

    Notes
    -----
    In ``async with`` it keeps its connections open from one request to the next, and closes them at the end; else each
    request has a connection of its own.

    Examples
    --------
    A node with its request as its payload, and a composition that asks for it:

    >>> from thalweg.compositions import Composition, DAGNote
    >>> rate = DAGNote("rate", url="http://localhost:8080/rates", params={"currency": "SEK"})
    >>> composition = Composition({rate: ()}, node_executor=HttpInstrument(timeout=2.0))
    """

    def __init__(
        self,
        url: str | None = None,
        method: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        retry: Policy | None = None,
        retry_statuses: Collection[int] = BUSY,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self.url = url
        self.method = method
        self.headers = dict(headers or {})
        self.timeout = timeout
        self.retry = retry
        self.retry_statuses = frozenset(retry_statuses)
        self.client = client
        self._verify: Any = None
        self._open = AsyncExitStack()

    async def __call__(
        self,
        url: str | None = None,
        method: str | None = None,
        *,
        json: Any = None,
        form: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Ask the service.

        Parameters
        ----------
        url, method : str, optional
            By default those of the instrument.
        json : object, optional
            Sent as JSON.
        form : mapping, optional
            Sent as the fields of a form.
        params : mapping, optional
            The query of the URL.
        headers : mapping, optional
            Besides those of the instrument.

        Returns
        -------
        object
            The answer: what its JSON says, or its text if it is none; None if it is empty.

        Raises
        ------
        ServiceUnavailable
            There was no answer in time, or one that may be better another time; a composition tries it again.  What
            must not be asked twice (``POST``, ``PATCH``) is tried again only if the service did not get it, or says so.
        ServiceError
            The answer is an error, or its JSON is none.
        MissingExtraError
            `httpx` is not installed.
        """
        url = self.url if url is None else url
        if url is None:
            raise ValueError("there is no URL; give one to the instrument, or to the node: DAGNote(name, url=...)")
        method = method or self.method or ("GET" if json is None and form is None else "POST")
        web = _httpx()
        sent = {"json": json, "data": form, "params": params, "headers": self.headers | dict(headers or {})}
        try:
            async with AsyncExitStack() as stack:
                client = self.client
                if client is None:
                    client = await stack.enter_async_context(self._client(web))
                response = await client.request(method, url, timeout=self.timeout, **sent)
        except web.RequestError as error:
            raise self._no_answer(method, url, error, web) from error
        return self._answer(method, url, response)

    def _no_answer(self, method: str, url: str, error: Exception, web: ModuleType) -> ServiceError:
        what = f"no answer within {self.timeout:g} s" if isinstance(error, web.TimeoutException) else str(error)
        was_sent = not isinstance(error, (web.ConnectError, web.ConnectTimeout, web.PoolTimeout))
        is_passing = isinstance(error, web.TransportError) and not isinstance(error, web.UnsupportedProtocol)
        has_time = is_passing and (method.upper() in _HARMLESS or not was_sent)
        kind = ServiceUnavailable if has_time else ServiceError
        cure = "see whether the service is up" if is_passing else "see whether the URL is right"
        said = f"{method} {url}: {what or type(error).__name__}; {cure}"
        return kind(said, method=method, url=url, status=None, text="", pause_seconds=0.0)

    def _answer(self, method: str, url: str, response: httpx.Response) -> Any:
        """What a response says."""
        facts = {"method": method, "url": url, "status": response.status_code, "text": response.text}
        shown = response.text[:_SHOWN]
        if not response.is_success:
            said = f"{method} {url} answered {response.status_code} {response.reason_phrase}: {shown!r}"
            if response.status_code not in self.retry_statuses:
                raise ServiceError(said, **facts)
            pause = response.headers.get("retry-after", "")
            has_time = method.upper() in _HARMLESS or response.status_code in (425, 429, 503)
            kind = ServiceUnavailable if has_time else ServiceError
            raise kind(said, **facts, pause_seconds=float(pause) if pause.isdecimal() else 0.0)
        if not response.content:
            return None
        if "json" not in response.headers.get("content-type", ""):
            return response.text
        try:
            return response.json()
        except ValueError as error:
            raise ServiceError(
                f"{method} {url} answered what is called JSON and is none: {shown!r}", **facts
            ) from error

    def _client(self, web: ModuleType) -> httpx.AsyncClient:
        if self._verify is None:
            self._verify = web.create_ssl_context()  # takes longer than many a request
        client: httpx.AsyncClient = web.AsyncClient(verify=self._verify)
        return client

    async def __aenter__(self) -> Self:
        if self.client is None:
            self.client = await self._open.enter_async_context(self._client(_httpx()))
            self._open.callback(setattr, self, "client", None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()


def _httpx() -> ModuleType:
    try:
        import httpx
    except ImportError as error:
        raise MissingExtraError.of("nodes that ask services", "httpx", "http") from error
    return httpx
