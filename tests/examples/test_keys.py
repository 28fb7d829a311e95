"""The example of keys and letters: which way each request takes, and what it leaves alone."""

import pytest
from cryptography.fernet import Fernet

import thalweg as tw


@pytest.fixture(scope="module")
def dsp(example):
    return example("keys").model.dsp


def test_a_given_key_is_used_though_there_is_a_file(dsp, tmp_path):
    (tmp_path / "key").write_bytes(Fernet.generate_key())
    key = Fernet.generate_key()
    solution = dsp({"key": key, "key_file": tmp_path / "key", "plain": b"hello"}, outputs=["sealed"])
    assert solution.calls == ["seal"]
    assert Fernet(key).decrypt(solution["sealed"]) == b"hello"


def test_a_key_in_a_file_is_preferred_to_a_passphrase(dsp, tmp_path):
    (tmp_path / "key").write_bytes(Fernet.generate_key())
    given = {"key_file": tmp_path / "key", "passphrase": "secret"}
    assert dsp(given, outputs=["key"]).providers["key"] == "read_key"
    assert dsp(given | {"key_file": tmp_path / "none"}, outputs=["key"]).providers["key"] == "derive_key"


def test_the_same_passphrase_gives_the_same_key_and_another_salt_another(dsp):
    derive = tw.SubDispatchFunction(dsp, "derive", ["passphrase"], ["key"])
    assert derive("a") == derive("a")
    assert derive("a") != derive("a", salt=b"other")
    assert derive("a") != derive("b")


def test_no_file_is_ever_written_over(dsp, tmp_path):
    kept = tmp_path / "letter"
    kept.write_bytes(b"mine")
    solution = dsp({"plain": b"yours", "plain_file": kept}, raises=False)
    assert kept.read_bytes() == b"mine"
    assert solution.errors["write_plain"].kind == "refused"


def test_nothing_is_written_that_nobody_wants(dsp, tmp_path):
    dsp({"plain": b"x", "key_file": tmp_path / "k", "sealed_file": tmp_path / "s"}, outputs=["sealed"])
    assert not list(tmp_path.iterdir())


def test_a_wrong_key_does_not_open(dsp):
    sealed = Fernet(Fernet.generate_key()).encrypt(b"x")
    with pytest.raises(tw.errors.UnreachableError) as caught:
        dsp({"key": Fernet.generate_key(), "sealed": sealed}, outputs=["plain"])
    assert caught.value.failures == ("unseal",)
