"""A model as a web service: `Dispatcher.web` gives it, the extra ``thalweg[web]`` brings what it needs."""

from ..errors import MissingExtraError

try:
    from .app import Application, web
    from .limits import Limits
    from .server import Server, Site
    from .stores import FileStore, MemoryStore, RunRecord, RunStore
except ModuleNotFoundError as error:
    if error.name is None or error.name.startswith("thalweg"):
        raise
    raise MissingExtraError.of("models as web services", error.name.partition(".")[0], "web") from error

__all__ = [
    "Application",
    "FileStore",
    "Limits",
    "MemoryStore",
    "RunRecord",
    "RunStore",
    "Server",
    "Site",
    "web",
]
