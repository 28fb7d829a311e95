"""A model's questions as tools of the Model Context Protocol, for language models and others who ask by themselves.

The extra ``thalweg[mcp]`` brings what it needs; ``thalweg mcp MODEL`` serves a model so.
"""

from ..errors import MissingExtraError

try:
    from .server import http_site, make_server, serve_stdio
    from .tools import Toolbox
except ModuleNotFoundError as error:
    if error.name is None or error.name.startswith("thalweg"):
        raise
    raise MissingExtraError.of("tools of the Model Context Protocol", error.name.partition(".")[0], "mcp") from error

__all__ = ["Toolbox", "http_site", "make_server", "serve_stdio"]
