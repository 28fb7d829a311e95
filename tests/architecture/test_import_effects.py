"""Nothing happens at import: no thread, file, process, connection, exit hook or log handler, nothing heavy."""

import json
import subprocess
import sys

from tests.architecture.source import ROOT, SOURCES

# Each costs tens of milliseconds, and many users of a model never need it. (inspect comes with dataclasses.)
HEAVY = {"asyncio", "concurrent.futures", "logging", "multiprocessing", "networkx", "numpy"}

PROBE = """
import atexit, json, sys
before, hooks, acts = set(sys.modules), atexit._ncallbacks(), []

def watch(event, args):
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writes or event.split(".")[0] in ("socket", "subprocess", "_thread", "os.fork", "shutil", "sqlite3"):
        acts.append(event)

sys.addaudithook(watch)
for module in json.loads(sys.argv[1]):
    __import__(module)
watching, acts = acts, list(acts)
logging, threading = sys.modules.get("logging"), sys.modules.get("threading")
print(json.dumps({
    "acts": acts,
    "handlers": len(logging.root.handlers) if logging else 0,
    "hooks": atexit._ncallbacks() - hooks,
    "modules": sorted(set(sys.modules) - before),
    "threads": threading.active_count() - 1 if threading else 0,
}))
"""


def import_alone(*modules):
    """Import the modules in a fresh interpreter and give what came of it."""
    arguments = [sys.executable, "-B", "-W", "error", "-c", PROBE, json.dumps(modules)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_thalweg_does_nothing():
    found = import_alone("thalweg")
    assert (found["acts"], found["handlers"], found["hooks"], found["threads"]) == ([], 0, 0, 0)


def test_importing_thalweg_loads_nothing_heavy():
    heavy = HEAVY.intersection(import_alone("thalweg")["modules"])
    assert not heavy


def test_importing_every_file_of_thalweg_starts_nothing():
    found = import_alone(*(source.module for source in SOURCES if source.path.name != "__main__.py"))
    assert (found["acts"], found["handlers"], found["threads"]) == ([], 0, 0)
