"""What is wrong with a request, as problem details (RFC 9457): the one place where errors become status codes.

=======  ==============================================================================================
status   what it says
=======  ==============================================================================================
400      it is no JSON, or a parameter of the address is wrong
401      a token is missing or wrong
403      it comes from elsewhere, and no token guards the model; or another site's page sent it
404      there is no such address, or no such run
405      the address answers other methods
408      the body did not come in time
413      the body is too long
415      the body is not said to be JSON
421      the ``Host`` is none of this server's
422      it is understood, and cannot be answered: unknown names, values of another kind, something is
         missing, functions failed on these values, the client gave it too little time
429      as many requests are at work, and wait, as there may be; ``Retry-After`` says when to come again
500      the server failed, not the model: a worker died, a value could not travel
503      the server is being shut down
504      the run took longer than it may
=======  ==============================================================================================
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from ..errors import TransferError, WorkerDied, near_misses
from .values import dump

__all__ = ["MEDIA_TYPE", "Problem", "bug", "is_of_the_server", "plain", "unknown_address"]

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Why a request is not answered.

    Parameters
    ----------
    status : int
    kind : str
        Short name of the kind of problem; the end of its ``type``.
    detail : str
        What happened, to which name, what to do.
    headers : mapping, optional
    **facts : object
        Further members of the problem details.
    """

    def __init__(
        self, status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **facts: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.facts = facts

    def body(self) -> dict[str, Any]:
        """The members of the problem details."""
        return {
            "type": f"urn:thalweg:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.facts,
        }

    def response(self) -> Response:
        """The answer that says so."""
        return Response(dump(self.body()), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def plain(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """A problem that its status says already: no such address, another method."""
    said = {
        404: ("not-found", "there is nothing at this address (GET /openapi.json lists what there is)"),
        405: ("method", f"this address answers {(headers or {}).get('Allow', 'other methods')}"),
    }
    kind, detail = said.get(status, ("http", HTTPStatus(status).phrase))
    return Problem(status, kind, detail, headers=headers)


def unknown_address(path: str, known: Iterable[str]) -> Problem:
    """There is no such model or function; something like it, maybe."""
    close = near_misses(path[:200], known)
    hint = f"; did you mean {' or '.join(f'/{other}' for other in close)}?" if close else ""
    return Problem(404, "not-found", f"there is nothing at /{path[:200]}{hint} (GET /openapi.json lists what there is)")


def is_of_the_server(error: BaseException | None) -> bool:
    """Has something failed that no other values would have helped?"""
    return isinstance(error, (WorkerDied, TransferError)) or not isinstance(error, Exception | None)


def bug(error: BaseException, *, debug: bool) -> Problem:
    """What nobody foresaw; what it was is told only to who debugs."""
    facts: dict[str, Any] = {}
    if debug:
        facts["traceback"] = "".join(traceback.format_exception(error))
    return Problem(500, "server", "the server failed; its log says how", **facts)
