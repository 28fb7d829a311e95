"""The command `thalweg`: what it does, and what it says when it cannot."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import thalweg
from thalweg.cli import main

MODEL = """
import thalweg as tw
from helper import double

dsp = tw.Dispatcher()
dsp.add_function("area of", lambda width, length: width * length, ["width", "length"], ["area"])
dsp.add_function("width of", lambda area, length: area / length, ["area", "length"], ["width"])
dsp.add_function("twice", double, ["area"], ["double area"])
dsp.add_data("area", unit="m2")
print("a model that prints")
number = 3
"""
TABLE = "room,width,length,area\nhall,2.0,4.0,\nbath,,2.0,3.0\nattic,1.0,,\n"
FILLED = "room,width,length,area\nhall,2.0,4.0,8\nbath,1.5,2.0,3.0\nattic,1.0,,\n"


@pytest.fixture(autouse=True)
def files(folder):
    Path("model.py").write_text(MODEL)
    Path("helper.py").write_text("def double(x):\n    return 2 * x\n")
    Path("rooms.csv").write_text(TABLE)


def run(*words):
    return main(list(words))


def names():
    return {path.name for path in Path().iterdir()} - {"__pycache__"}


def refused(capsys, *words, code=2):
    """Give what is said on standard error by a command that must fail."""
    before = names()
    assert run(*words) == code
    output, error = capsys.readouterr()
    assert output == ""
    assert "Traceback" not in error
    assert names() == before
    return error


def test_a_table_is_filled_and_reported(capsys):
    assert run("fill", "model.py:dsp", "rooms.csv", "-o", "out.csv", "--report", "report.txt") == 0
    assert Path("out.csv").read_text() == FILLED
    assert "row 1 hall: by area of from width, length, at distance 2" in Path("report.txt").read_text()
    output, error = capsys.readouterr()
    assert output == ""
    assert "thalweg: 2 of 4 holes filled in 3 rows, 2 open\n" in error
    assert "the model does not know 'room'; left as it was" in error


def test_the_table_goes_to_standard_output_and_nothing_else_does(capsys):
    assert run("fill", "model.py:dsp", "rooms.csv", "-q") == 0
    output, error = capsys.readouterr()
    assert output == FILLED
    assert error == "a model that prints\n"


def test_the_table_comes_from_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(TABLE))
    assert run("fill", "model.py:dsp", "-") == 0
    assert capsys.readouterr().out == FILLED


def test_a_table_can_take_its_own_place():
    assert run("fill", "model.py:dsp", "rooms.csv", "-o", "rooms.csv") == 0
    assert Path("rooms.csv").read_text() == FILLED


def test_columns_are_added_or_chosen(capsys):
    assert run("fill", "model.py", "rooms.csv", "--add", "double area") == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["room,width,length,area,double area", "hall,2.0,4.0,8,16"]
    assert run("fill", "model.py", "rooms.csv", "--only", "width") == 0
    assert capsys.readouterr().out.splitlines()[1:3] == ["hall,2.0,4.0,", "bath,1.5,2.0,3.0"]


def test_new_numbers_have_as_many_digits_as_wanted(capsys):
    Path("rooms.csv").write_text("width,length,area\n,3.000,1\n")
    assert run("fill", "model.py", "rooms.csv", "--digits", "3") == 0
    assert capsys.readouterr().out == "width,length,area\n0.333,3.000,1\n"


@pytest.mark.parametrize("kind", ["csv", "json", "md", "txt"])
def test_a_report_of_each_kind_is_written(kind):
    assert run("fill", "model.py", "rooms.csv", "-o", "out.csv", "--report", f"report.{kind}") == 0
    assert "area of" in Path(f"report.{kind}").read_text()


def test_other_kinds_of_files(folder):
    assert run("fill", "model.py", "rooms.csv", "-o", "out.xlsx") == 0
    assert run("fill", "model.py", "out.xlsx", "-o", "out.parquet") == 0
    assert run("fill", "model.py", "out.parquet", "-o", "out.tsv") == 0
    assert Path("out.tsv").read_text().splitlines()[1] == "hall\t2\t4\t8"


def test_a_model_in_a_package():
    Path("pack").mkdir()
    Path("pack/__init__.py").write_text("")
    Path("pack/model.py").write_text("from thalweg import Dispatcher\ninner = Dispatcher()\ninner.add_data('x')\n")
    assert run("run", "pack.model:inner", "-i", "x=1") == 0


def test_a_model_is_loaded_without_a_trace():
    path, modules = list(sys.path), set(sys.modules)
    run("run", "model.py:dsp", "-i", "width=1")
    assert sys.path == path
    assert "helper" not in set(sys.modules) - modules


def test_two_models_may_have_helpers_of_the_same_name(capsys):
    Path("other").mkdir()
    Path("other/model.py").write_text(MODEL)
    Path("other/helper.py").write_text("def double(x):\n    return 20 * x\n")
    for model in ("model.py", "other/model.py"):
        run("run", model, "-i", "area=1", "-o", "double area")
    assert capsys.readouterr().out == "double area = 2\ndouble area = 20\n"


def test_a_blueprint_is_a_model():
    Path("model.py").write_text("from thalweg import Blueprint\nblue = Blueprint()\nblue.add_data('x')\n")
    assert run("run", "model.py:blue", "-i", "x=1") == 0


BAD_TABLES = {
    "an unknown column that looks like a datum": (
        "widht,length\n1,2\n",
        "rooms.csv: column 'widht' is no datum of the model; did you mean 'width'",
    ),
    "no column of the model": ("a,b\n1,2\n", "no column is a datum of the model; its data are 'width', 'length'"),
    "text among numbers": ("width,length\n1,2\nx,2\n3,4\n", "column 'width', row 2: 'x' is no number"),
    "nothing": ("", "rooms.csv: the table is empty"),
    "no row": ("width,length\n", "rooms.csv: the table has a header but no row"),
    "a row too long": ("width,length\n1,2,3\n", "rooms.csv: line 2 has 3 cells, but the header has 2"),
    "a column twice": ("width,width\n1,2\n", "2 columns 'width'"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_is_refused(capsys, case):
    text, message = BAD_TABLES[case]
    Path("rooms.csv").write_text(text)
    error = refused(capsys, "fill", "model.py:dsp", "rooms.csv", "-o", "out.csv", "--report", "report.csv")
    assert message.removeprefix("rooms.csv: ") in error


def test_a_column_can_be_kept_and_a_stranger_refused(capsys):
    Path("rooms.csv").write_text("widht,length\n1,2\n")
    assert run("fill", "model.py", "rooms.csv", "--keep", "widht") == 0
    capsys.readouterr()
    Path("rooms.csv").write_text(TABLE)
    assert "column 'room' is no datum" in refused(capsys, "fill", "model.py", "rooms.csv", "--strict", "-o", "out.csv")


BAD_MODELS = {
    "no such file": ("none.py:dsp", "there is no model file 'none.py'"),
    "no such module": ("none.model:dsp", "there is no module 'none'"),
    "a file without its end": ("model:dsp", None),
    "no such name": ("model.py:dps", "nothing called 'dps'; did you mean 'dsp'?"),
    "no dispatcher": ("model.py:number", "'number' in model.py is a int, not a Dispatcher; its dispatchers are dsp"),
    "no model at all": ("helper.py", "helper.py has no dispatcher"),
    "no file and no module": ("what is this", "is neither a file that ends in .py nor a module"),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_bad_model_is_refused(capsys, case):
    model, message = BAD_MODELS[case]
    if message is None:
        assert run("fill", model, "rooms.csv", "-o", "out.csv") == 0  # it is a module of this folder
    else:
        assert message in refused(capsys, "fill", model, "rooms.csv", "-o", "out.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import thalweg\n\n1 / 0\n", "model.py, line 3: ZeroDivisionError: division by zero"),
        ("x = 1\nx +\n", "model.py, line 2: SyntaxError: invalid syntax"),
        ("import not_there\n", "model.py, line 1: ModuleNotFoundError: No module named 'not_there'"),
        ("\nimport broken\n", "broken.py, line 2: NameError: name 'what' is not defined"),
        ("raise SystemExit(5)\n", "model.py, line 1: SystemExit: 5"),
        (
            "import thalweg\nd = thalweg.Dispatcher()\nd.add_function('f', 3)\n",
            "model.py, line 3: BuildError: ",
        ),
        (
            "import thalweg\nd = thalweg.Dispatcher()\ne = thalweg.Dispatcher()\n",
            "several dispatchers; name one: model.py:d",
        ),
    ],
)
def test_a_model_file_that_raises_is_refused_with_its_line(capsys, text, message):
    Path("model.py").write_text(text)
    Path("broken.py").write_text("\nwhat\n")
    assert message in refused(capsys, "fill", "model.py", "rooms.csv", "-o", "out.csv")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.csv", "-o", "out.csv"], "thalweg: none.csv: No such file or directory"),
        (["rooms.csv", "-o", "out.dat"], "no kind of table ends in '.dat'"),
        (["rooms.csv", "-o", "out.csv", "--report", "report.pdf"], "no kind of report ends in '.pdf'"),
        (["rooms.csv", "-o", "none/out.csv"], "there is no folder 'none'"),
        (["rooms.csv", "-o", "out.csv", "--report", "out.csv"], "both the table and the report"),
        (["rooms.csv", "-o", "out.csv", "--add", "aera"], "the model does not know 'aera'; did you mean 'area'?"),
        (["rooms.csv", "--digits", "0"], "0 is below 1"),
        (["model.py", "-o", "out.csv"], "no kind of table ends in '.py'"),
    ],
)
def test_bad_words_are_refused(capsys, words, message):
    assert message in refused(capsys, "fill", "model.py", *words)


def test_an_old_file_survives_an_error(capsys):
    Path("out.csv").write_text("old")
    Path("rooms.csv").write_text("width,length\n1,2\nx,2\n3,4\n")
    refused(capsys, "fill", "model.py", "rooms.csv", "-o", "out.csv")
    assert Path("out.csv").read_text() == "old"


def test_nothing_is_written_if_the_second_file_cannot_be(monkeypatch, capsys):
    monkeypatch.setattr(
        "thalweg.tables.files.dump_table", lambda *args, **options: (_ for _ in ()).throw(OSError("full"))
    )
    assert "full" in refused(capsys, "fill", "model.py", "rooms.csv", "-o", "out.csv", "--report", "report.txt")


def test_an_interrupt_leaves_nothing_behind(monkeypatch, capsys):
    def interrupt(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("thalweg.tables.files.dump_table", interrupt)
    assert "interrupted" in refused(capsys, "fill", "model.py", "rooms.csv", "-o", "out.csv", code=130)


def test_debug_shows_the_traceback_and_changes_no_code(capsys):
    assert run("fill", "model.py", "none.csv", "--debug") == 2
    error = capsys.readouterr().err
    assert error.startswith("Traceback")
    assert error.endswith("thalweg: none.csv: No such file or directory\n")


def test_a_model_is_asked_once(capsys):
    assert run("run", "model.py:dsp", "-i", "width=2", "-i", "length=1.5", "-o", "area", "-o", "double area") == 0
    assert capsys.readouterr().out == "area = 3.0 m2\ndouble area = 6.0\n"


def test_without_outputs_everything_is_computed(capsys):
    assert run("run", "model.py:dsp", "-i", "width=2", "-i", "length=1.5") == 0
    assert capsys.readouterr().out == "area = 3.0 m2\ndouble area = 6.0\n"


def test_the_answer_as_json(capsys):
    assert run("run", "model.py:dsp", "-i", "width=2", "-i", "length=1.5", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "values": {"area": 3.0, "double area": 6.0},
        "failures": [],
    }


def test_the_answer_is_explained(capsys):
    assert run("run", "model.py:dsp", "-i", "width=2", "-i", "length=1.5", "-o", "area", "--explain") == 0
    output = capsys.readouterr().out
    assert output.startswith("area = 3.0 m2\n\n")
    assert "from area of(width, length), at distance 2" in output


def test_values_are_json_or_numbers_or_text(capsys):
    Path("model.py").write_text(
        "import thalweg\nd = thalweg.Dispatcher()\nd.add_function('show', lambda *x: repr(x), list('abcdef'), ['y'])\n"
    )
    words = ["a=.5", "b=text", "c=[1, 2]", 'd="3"', "e=true", "f=a=b"]
    assert run("run", "model.py", *[word for each in words for word in ("-i", each)], "-o", "y") == 0
    assert capsys.readouterr().out == "y = (0.5, 'text', [1, 2], '3', True, 'a=b')\n"


def test_a_failure_on_the_way_is_told(capsys):
    Path("model.py").write_text(
        "import thalweg\nd = thalweg.Dispatcher()\nd.add_function('f', lambda x: 1 / x, ['x'], ['y'])\n"
        "d.add_function('g', lambda x: x, ['x'], ['y'], weight=3)\n"
    )
    assert run("run", "model.py", "-i", "x=0", "-o", "y") == 0
    output, error = capsys.readouterr()
    assert output == "y = 0\n"
    assert "thalweg: f (error): ZeroDivisionError: division by zero; instead y from g" in error


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (["-i", "widht=2"], "the model does not know 'widht'; did you mean 'width'?", 2),
        (["-i", "width=2", "-o", "aera"], "the model does not know 'aera'; did you mean 'area'?", 2),
        (["-i", "width"], "'width' is no NAME=VALUE", 2),
        (["-i", "width=2", "-i", "width=3"], "'width' is given twice", 2),
        (["-i", "width=2", "-o", "area"], "'area' cannot be computed from the given inputs", 1),
    ],
)
def test_a_bad_question_is_refused(capsys, words, message, code):
    assert message in refused(capsys, "run", "model.py:dsp", *words, code=code)


def test_what_is_missing_is_told(capsys):
    assert run("missing", "model.py:dsp", "-i", "width", "-o", "area") == 0
    assert "length\n" in capsys.readouterr().out
    assert run("missing", "model.py:dsp", "-i", "area", "-o", "double area") == 0
    assert capsys.readouterr().out == "nothing is missing\n"
    assert "does not know 'widht'" in refused(capsys, "missing", "model.py:dsp", "-i", "widht", "-o", "area")


def test_a_model_is_checked(capsys):
    Path("model.py").write_text(
        "import thalweg as tw\ndsp = tw.Dispatcher()\n"
        "def one(x) -> float:\n    return x\n"
        "dsp.add_function('one', one, ['x'], ['a', 'b'])\n"
        "sound = tw.Dispatcher()\nsound.add_function('f', abs, ['x'], ['y'])\n"
    )
    assert run("check", "model.py:dsp") == 1
    assert capsys.readouterr().out.startswith("error: one: ")
    assert run("check", "model.py:sound") == 0
    assert capsys.readouterr().out == "nothing to say against it\n"


def test_help_and_version_and_no_words_at_all(capsys):
    assert run("--help") == 0
    assert "fill the holes of a table" in capsys.readouterr().out
    assert run("--version") == 0
    assert capsys.readouterr().out == f"thalweg {thalweg.__version__}\n"
    assert run() == 2
    assert "usage: thalweg" in capsys.readouterr().err


def process(*words, **options):
    words = [sys.executable, "-m", "thalweg", *words]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, **options)


def test_python_m_thalweg_is_the_command():
    done = process("fill", "model.py:dsp", "rooms.csv")
    assert (done.returncode, done.stdout) == (0, FILLED)


def test_help_loads_neither_numpy_nor_networkx():
    code = "import sys; from thalweg.cli import main; main(['--help']); print({'numpy', 'networkx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_reader_that_goes_away_is_no_error():
    Path("rooms.csv").write_text("width,length,area\n" + "2,3,\n" * 50_000)
    words = [sys.executable, "-m", "thalweg", "fill", "model.py:dsp", "rooms.csv", "-q"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as done:
        assert done.stdout.readline() == "width,length,area\n"
        done.stdout.close()
        error = done.stderr.read()
    assert "Traceback" not in error
    assert "Exception ignored" not in error
