"""Calls on a Dask cluster: one that is there, or one of processes of this machine that is started for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import BuildError
from .backend import Backend
from .cluster import ClusterExecutor

__all__ = ["DaskExecutor"]


class DaskExecutor(ClusterExecutor):
    """Makes calls on a Dask cluster, and leaves values there that nobody here has asked for.

    Parameters
    ----------
    address : str, optional
        Of the scheduler, such as ``"tls://10.0.0.5:8786"``; by default a cluster of our own is started, in processes of
        this machine that only it can reach, and ended with the executor.
    **options : object
        With an address: of `distributed.Client`, such as ``security=``.  Without: of `distributed.LocalCluster`, such
        as ``n_workers=4``, ``memory_limit="2GiB"``, or ``host="0.0.0.0"`` for workers of other machines.

    Attributes
    ----------
    name : str
        ``"dask"``.
    capacity : int
        Attempts of one run that it takes at once.
    takes_chains, takes_plans : bool
        True: what a dispatch will call is submitted ahead, and values stay on the workers.

    Raises
    ------
    MissingExtraError
        ``distributed`` is not installed.

    Notes
    -----
    The cluster is joined, or started, with the first call.  Scheduler and workers must have thalweg installed, and
    whatever modules the functions come from; lambdas, closures and what ``__main__`` defines travel as they are.  A
    program that starts a cluster of its own must guard its main part by ``if __name__ == "__main__":``, for the workers
    import its file.

    A call that is cancelled, or whose time is over, ends with its worker where the cluster is ours, and another worker
    is started; on a cluster of others it is left to itself.

    Examples
    --------
    >>> from thalweg import Dispatcher
    >>> dsp = Dispatcher()
    >>> dsp.add_function("half", lambda a: a / 2, ["a"], ["b"])
    'half'
    >>> with DaskExecutor(n_workers=1) as executor:
    ...     dsp({"a": 3}, ["b"], executor=executor)["b"]
    1.5
    """

    name = "dask"
    extra = "dask"

    def __init__(self, address: str | None = None, **options: Any) -> None:
        if address is not None and not isinstance(address, str):
            raise BuildError(f"address is {address!r}; give that of a scheduler, such as 'tcp://127.0.0.1:8786'")
        super().__init__()
        self.address = address
        self.options = options

    @property
    def scheduler_address(self) -> str | None:
        """Where others find the scheduler; None for a cluster of our own before its first call."""
        if self.address is not None or self._engine is None:
            return self.address
        found: str | None = self._engine.address
        return found

    def backend(self) -> Backend:
        """The cluster, not yet joined; its file is loaded when it is first needed."""
        backend: Backend = import_module(".dask_backend", __package__).DaskBackend(self.address, self.options)
        return backend
