"""Functions that must be awaited."""

from __future__ import annotations

import pytest

from thalweg import Dispatcher
from thalweg.errors import BuildError


def test_a_coroutine_function_is_refused_by_name_where_nothing_awaits_it():
    async def fetch(url):
        return url

    dsp = Dispatcher()
    dsp.add_function("fetch", fetch, ["url"], ["page"])
    with pytest.raises(BuildError, match="'fetch' must be awaited"):
        dsp({"url": "x"}, executor="sync")
    assert dsp.solve(["url"]).calls == ["fetch"]
