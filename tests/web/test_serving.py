"""The command ``thalweg serve``."""

import os
import signal
import subprocess
import sys

import httpx
import pytest

from tests.web.test_server import PATIENCE_SECONDS
from thalweg.cli import main

MODEL = """
import thalweg as tw
dsp = tw.Dispatcher(name="room")
@dsp.function(outputs=["area"])
def multiply(width: float, length: float) -> float:
    print("a word of the model")
    return width * length
"""
ASKED = {"inputs": {"width": 2, "length": 3}, "outputs": ["area"]}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("THALWEG_TOKEN", raising=False)
    (tmp_path / "model.py").write_text(MODEL)


def serving(*words, **environment):
    words = [sys.executable, "-m", "thalweg", "serve", "model.py", "--port", "0", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, env=os.environ | environment)


def address_of(process):
    line = process.stdout.readline()
    assert line.startswith("room at http://127.0.0.1:"), line + process.stderr.read()
    assert line.endswith(" (Ctrl+C ends)\n")
    return line.split()[2]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted(number):
    with serving() as process:
        url = address_of(process)
        assert httpx.post(url, json=ASKED).json() == {"return": {"area": 6.0}}
        process.send_signal(number)
        output, error = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, output, error) == (0, "", "a word of the model\n")


def test_the_token_is_read_from_a_file_or_the_environment(tmp_path):
    (tmp_path / "token").write_text("a-token-of-enough-characters\n")
    shown = {"Authorization": "Bearer a-token-of-enough-characters"}
    for words, environment in (
        (["--token-file", "token"], {}),
        ([], {"THALWEG_TOKEN": "a-token-of-enough-characters"}),
    ):
        with serving(*words, **environment) as process:
            url = address_of(process)
            assert httpx.post(url, json=ASKED).status_code == 401
            assert httpx.post(url, json=ASKED, headers=shown).status_code == 200
            process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)


def test_what_is_served_is_narrowed_and_runs_are_kept(tmp_path):
    words = ["--expose", "width", "--expose", "length", "--expose", "area", "--runs", "runs.sqlite", "--quick"]
    for _ in range(2):
        with serving(*words) as process:
            url = address_of(process)
            assert httpx.post(f"{url}/room/multiply", json={"args": [2, 3]}).status_code == 404
            assert httpx.post(f"{url}/runs", json=ASKED).status_code == 202
            process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)
    with serving(*words) as process:
        url = address_of(process)
        runs = httpx.get(f"{url}/runs").json()["runs"]
        for each in runs:
            httpx.get(url + each["events"], timeout=PATIENCE_SECONDS)
        assert [httpx.get(url + each["url"]).json()["return"] for each in runs] == [{"area": 6.0}] * 2
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--host", "0.0.0.0"], "nothing guards the model; give --token-file, --client-ca or --insecure"),
        (["--port", "70000"], "there is no port 70000"),
        (["--token-file", "none"], "none: No such file or directory"),
        (["--token-file", "model.py"], "the token is short or has odd characters"),
        (["--expose", "widht"], "the model does not know 'widht'; did you mean 'width'?"),
        (["--certificate", "none"], "the certificate or the key cannot be read"),
        (["--journal", "no folder/runs.db"], "the journal no folder/runs.db: it cannot be used"),
        (["--key", "none"], "key needs the certificate that it belongs to"),
        (["--timeout", "inf"], "'inf' is no time above 0"),
        (["--timeout", "0"], "'0' is no time above 0"),
        (["--client-ca", "none"], "client_ca needs a certificate of the server"),
        (["--runs", "."], "the runs cannot be kept in '.'"),
        (["--at-work", "0"], "0 is below 1"),
        (["none.py"], "unrecognized arguments: none.py"),
    ],
)
def test_what_cannot_be_served_is_refused(words, message, capsys):
    assert main(["serve", "model.py", *words]) == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert message in error
    assert "Traceback" not in error
