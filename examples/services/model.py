"""The price of a parcel abroad, by services that may be down: the nearest one that answers is believed.

The rate of exchange comes from the bank, else from its mirror, else from the file of yesterday, and if nothing else
is left by a rule of thumb. Services fail in their own ways: nobody listens, an error code, no answer in
time, an answer that makes no sense. Each is an exception here, and an exception is all that the model needs to know.
"""

import json
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import thalweg as tw

BANK, MIRROR, YESTERDAY, THUMB = 0, 10, 100, 1000
PATIENCE_SECONDS = 2.0
RATES = {"CHF": 1.0, "SEK": 11.0, "JPY": 160.0}
ZONES = {"CHF": 1, "SEK": 2, "JPY": 4}


def fetch(path: str, server: str) -> Any:
    """Give what a service answers to a request for `path`."""
    try:
        with urllib.request.urlopen(server + path, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - ours
            return json.load(answer)
    except HTTPError as error:
        error.close()  # the code says enough; what comes with it is not read
        raise


def rate_from(server: str, currency: str) -> float:
    return float(fetch(f"/rates/{currency}", server)["rate"])


def rate_of_yesterday(file: Path, currency: str) -> float:
    return float(json.loads(file.read_text(encoding="utf-8"))[currency])


def plausible(rate: float) -> float:
    """Refuse a rate that cannot be: a service that answers nonsense is no better than one that is silent."""
    if not 0.01 < rate < 1000:
        raise ValueError(f"a rate of {rate:g} is not plausible")
    return rate


def postage(weight_kg: float, zone: int) -> float:
    """Give the postage in euro: a base for the zone, and so much for each kilogram begun."""
    return 4.0 + 2.5 * zone + (1.5 + zone) * -(-weight_kg // 1)


def build() -> tw.Dispatcher:
    dsp = tw.Dispatcher(name="parcel", description="What a parcel costs in the money of its receiver")
    dsp.add_data("rate", filters=[plausible], description="units of the currency for one euro")
    dsp.add_function("bank", rate_from, ["bank_url", "currency"], ["rate"], weight=BANK)
    dsp.add_function("mirror", rate_from, ["mirror_url", "currency"], ["rate"], weight=MIRROR)
    dsp.add_function("yesterday", rate_of_yesterday, ["rates_file", "currency"], ["rate"], weight=YESTERDAY)
    dsp.add_function("rule of thumb", lambda currency: RATES[currency], ["currency"], ["rate"], weight=THUMB)

    dsp.add_function("zone service", partial(fetch, "/zone"), ["post_url"], ["zone"])
    dsp.add_function("zone by hand", lambda currency: ZONES[currency], ["currency"], ["zone"], weight=10)
    dsp.add_function("table of postage", postage, ["weight_kg", "zone"], ["euro"])
    dsp.add_function("exchange", lambda euro, rate: euro * rate, ["euro", "rate"], ["price"])
    return dsp


dsp = build()
