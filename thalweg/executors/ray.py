"""Calls on Ray: one that is there, or one of this machine that is started for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import BuildError
from .backend import Backend
from .cluster import ClusterExecutor
from .policy import check_count

__all__ = ["RayExecutor"]


class RayExecutor(ClusterExecutor):
    """Makes calls on Ray, and leaves values in its object store that nobody here has asked for.

    Parameters
    ----------
    num_cpus : int, optional
        Calls at once of a Ray that is started here; by default as many as there are processors.
    address : str, optional
        Of a Ray that is there, such as ``"auto"``; by default one is started that only this machine can reach, and
        ended with the executor.
    **options : object
        Further ones of `ray.init`.

    Attributes
    ----------
    name : str
        ``"ray"``.
    capacity : int
        Attempts of one run that it takes at once.
    takes_chains, takes_plans : bool
        True, as for `thalweg.executors.dask.DaskExecutor`.

    Raises
    ------
    BuildError
        `num_cpus` is not a whole number, at least 1.
    MissingExtraError
        ``ray`` is not installed.

    Notes
    -----
    A program has one Ray: where it has been initialised already, that one is used, and left as it is.  Ray has no
    queues and no priorities: calls begin in the order in which they were handed out, and one whose placement names a
    queue or tolerations is refused.  A call that is cancelled ends with its worker; one whose time is over is
    interrupted.  Values that other bundles of calls take, or that may be asked for later, must pickle.
    """

    name = "ray"
    extra = "ray"

    def __init__(self, num_cpus: int | None = None, address: str | None = None, **options: Any) -> None:
        if num_cpus is not None:
            check_count(num_cpus, "num_cpus")
            if address is not None:
                raise BuildError("num_cpus is of a Ray that is started here; leave it out where an address is given")
        super().__init__()
        self.num_cpus = num_cpus
        self.address = address
        self.options = options

    def backend(self) -> Backend:
        """The cluster, not yet joined; its file is loaded when it is first needed."""
        made: Any = import_module(".ray_backend", __package__).RayBackend
        backend: Backend = made(self.num_cpus, self.address, self.options)
        return backend
