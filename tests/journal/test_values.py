"""Values come back as they were, or are not kept at all."""

import contextlib
import datetime
import decimal
import enum
import math
import zoneinfo
from collections import OrderedDict, namedtuple
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalweg import EMPTY, NONE
from thalweg.errors import UnkeptValueError
from thalweg.journal.values import Unkept, decode, encode
from thalweg.tokens import UNKNOWN

ROME = zoneinfo.ZoneInfo("Europe/Rome")
Point = namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    RED = 1


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(codec=None, exclude_categories=()))
    | st.binary()
    | st.decimals()
    | st.fractions()
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.sampled_from([NONE, EMPTY, ..., range(2, 9, 3), PurePosixPath("a/b"), PureWindowsPath("c:/d"), Path("e")])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.sampled_from(["~tuple", "~", "~dict"]), inner)
        | st.dictionaries(st.integers() | st.text() | st.tuples(st.integers()), inner)
    ),
    max_leaves=10,
)


def is_same(one, two):
    """Are two values equal, and of the same types throughout?"""
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        pairs = zip(one.items(), two.items(), strict=True)
        return len(one) == len(two) and all(is_same(a, b) and is_same(x, y) for (a, x), (b, y) in pairs)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(is_same, one, two))
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(two)) or (one == two and math.copysign(1, one) == math.copysign(1, two))
    if isinstance(one, complex):
        return is_same(one.real, two.real) and is_same(one.imag, two.imag)
    if isinstance(one, decimal.Decimal):
        return repr(one) == repr(two)
    if isinstance(one, datetime.datetime):
        return (
            one.replace(tzinfo=None) == two.replace(tzinfo=None) and one.fold == two.fold and one.tzinfo == two.tzinfo
        )
    return one == two


@given(values)
def test_a_value_comes_back_as_it_was(value):
    assert is_same(decode(*encode(value)), value)


@given(values)
def test_the_same_value_has_the_same_bytes(value):
    assert encode(decode(*encode(value))) == encode(value)


@given(st.sets(st.integers() | st.text()), st.randoms())
def test_a_set_has_the_same_bytes_however_it_was_filled(members, chance):
    shuffled = list(members)
    chance.shuffle(shuffled)
    assert encode(set(shuffled)) == encode(members)
    assert decode(*encode(frozenset(members))) == frozenset(members)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(10)[::2],
        np.array(["a", "bc"]),
        np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"),
        np.zeros(0),
        np.array(1.5),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.arange(3, dtype=">i2"),
    ],
)
def test_an_array_comes_back_as_it_was_alone_and_within_others(array):
    form, data = encode(array)
    assert form == "npy"
    for back in (decode(form, data), decode(*encode({"a": [array]}))["a"][0]):
        assert back.dtype == array.dtype
        assert back.flags.writeable
        np.testing.assert_array_equal(back, array)


def test_long_parts_lie_behind_the_rest_as_they_are():
    value = {"a": (np.arange(10_000), b"\n" * 10_000), "b": [b"short"]}
    form, data = encode(value)
    assert form == "parts"
    assert len(data) < 91_000
    back = decode(form, data)
    np.testing.assert_array_equal(back["a"][0], value["a"][0])
    assert back["a"][1] == value["a"][1]
    assert back["b"] == value["b"]


@pytest.mark.parametrize(
    "scalar",
    [
        np.float32(1.5),
        np.int64(-3),
        np.bool_(True),
        np.str_("ab"),
        np.str_(""),
        np.bytes_(b"ab"),
        np.datetime64("2026-01-01T00:00", "ms"),
        np.timedelta64(3, "h"),
        np.complex128(1 + 2j),
    ],
)
def test_a_scalar_of_numpy_keeps_its_type(scalar):
    back = decode(*encode([scalar]))[0]
    assert type(back) is type(scalar)
    assert back == scalar
    assert back.dtype == scalar.dtype or not str(scalar)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(10**5000, id="long"),
        pytest.param(-(10**5000), id="long and negative"),
        bytearray(b"a"),
        slice(1, None, 2),
        NotImplemented,
        Unkept("a.B"),
    ],
)
def test_rarer_values_come_back_too(value):
    back = decode(*encode(value))
    assert type(back) is type(value)
    assert back == value


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Point(1, 2),
        OrderedDict(a=1),
        Colour.RED,
        ValueError("no"),
        len,
        np.array([object()]),
        np.ma.masked_array([1, 2], [True, False]),
        np.void(b"ab"),
        np.arange(4.0).view(np.memmap),
        np.arange(4.0).reshape(2, 2).view(np.matrix),
        datetime.datetime(2026, 1, 1, tzinfo=type("Zone", (datetime.tzinfo,), {})()),
        UNKNOWN,
        {object(): 1},
        [{1, (2, object)}],
        iter([]),
    ],
)
def test_what_would_not_come_back_as_it_was_is_not_kept(value):
    with pytest.raises(UnkeptValueError):
        encode(value)


def test_an_offset_keeps_what_it_is_called():
    hour = datetime.timedelta(hours=1)
    for zone in (datetime.timezone(hour, "CET"), datetime.timezone(hour), datetime.UTC):
        moment = datetime.datetime(2026, 1, 1, tzinfo=zone)
        back = decode(*encode([moment]))[0]
        assert (back, back.tzname()) == (moment, moment.tzname())


def test_what_lies_within_itself_is_not_kept():
    value = []
    value.append(value)
    with pytest.raises(UnkeptValueError, match="within itself"):
        encode(value)


def test_a_pickle_is_made_and_read_by_choice_only():
    form, data = encode(Colour.RED, pickle=True)
    assert form == "pickle"
    assert decode(form, data, pickle=True) is Colour.RED
    with pytest.raises(UnkeptValueError, match="could run any code"):
        decode(form, data)
    with pytest.raises(UnkeptValueError, match="does not pickle"):
        encode(lambda: 0, pickle=True)


def test_what_has_a_safe_form_is_never_pickled():
    assert encode((1, 2), pickle=True) == encode((1, 2))


@pytest.mark.parametrize(
    ("form", "data"),
    [("later", b""), ("json", b'{"~later":1}'), ("json", b'{"~os.system":"true"}')],
)
def test_what_another_version_has_written_is_an_error(form, data):
    with pytest.raises(UnkeptValueError, match="unknown to this version"):
        decode(form, data)


@given(st.sampled_from(["json", "npy", "parts"]), st.binary())
def test_rubbish_is_an_error_of_a_kind_that_is_expected(form, data):
    with contextlib.suppress(ValueError, LookupError, TypeError):
        decode(form, data)
