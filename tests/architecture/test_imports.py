"""Imports run one way, without circles, and late only where it is meant. The map: doc/architecture.md."""

import ast
import graphlib

from tests.architecture.source import FUNCTIONS, OURS, SOURCES, is_within, listed, part_of

# From the top of the house to its ground: a file imports from its own part, or from a row further down.
ROWS = (
    {"__main__"},
    {"cli"},
    {""},  # thalweg/__init__.py, the face of all
    {"mcp"},
    {"compositions", "jobs", "tasks", "web"},
    {"journal", "monitor", "plotting", "tables", "workers"},
    {"dispatcher"},
    {"executors"},
    {"errors", "signature", "text", "tokens"},
)
ROW_OF = {part: number for number, row in enumerate(ROWS) for part in row}

# The methods that may import another file of ours when they are called: they stand where people expect them, the work
# is done elsewhere, and that file knows the class.
LATE_DOORS = {
    "thalweg.dispatcher.calling": {"_driven", "_durable", "_in_thread", "_what_would_help"},
    "thalweg.dispatcher.compiled": {"_vectorized"},
    "thalweg.dispatcher.driven": {"_progress_bar"},
    "thalweg.dispatcher.functions": {"_compile"},
    "thalweg.dispatcher.many": {"_counted"},
    "thalweg.dispatcher.dispatcher": {
        "check",
        "compile",
        "get_sub_dsp",
        "get_sub_dsp_from_workflow",
        "graph",
        "map",
        "missing",
        "resume",
        "reweight",
        "shrink_dsp",
        "submit",
        "web",
    },
    "thalweg.dispatcher.seeing": {"_repr_html_", "plot", "table"},
    "thalweg.dispatcher.solution": {"critical_path", "explain", "report", "rerun", "timeline", "why_not", "workflow"},
    "thalweg.jobs.scheduler": {"_roster", "plot"},
    "thalweg.tasks.run": {"_durable", "_recorded"},
}
DOOR_STATEMENTS = 3

# Modules that cost too much to import before they are needed, or may not be installed.
LATE_MODULES = {
    "argcomplete",
    "asyncio",
    "bz2",
    "cloudpickle",
    "concurrent",
    "cryptography",
    "difflib",
    "distributed",
    "docutils",
    "fast_sugiyama",
    "graphviz",
    "gzip",
    "httpx",
    "importlib",
    "inspect",
    "logging",
    "lzma",
    "matplotlib",
    "multiprocessing",
    "networkx",
    "numpy",
    "openpyxl",
    "opentelemetry",
    "pandas",
    "pickle",
    "polars",
    "psycopg",
    "pyarrow",
    "random",
    "rich",
    "subprocess",
    "tempfile",
    "threading",
    "traceback",
}

# The files that decide and never act, and what would let them act.
DECIDING = {f"thalweg.dispatcher.{name}" for name in ("flatten", "frontier", "network", "plan", "search", "settling")}
ACTING = {
    "asyncio",
    "concurrent",
    "logging",
    "multiprocessing",
    "os",
    "queue",
    "random",
    "sched",
    "selectors",
    "signal",
    "socket",
    "subprocess",
    "thalweg.executors",
    "threading",
    "time",
}

RUNTIME = {source.module: {each.module for each in source.imports if each.runs_at_import} for source in SOURCES}


def test_every_part_of_the_house_has_a_row():
    assert {part_of(source.module) for source in SOURCES} <= set(ROW_OF)


def test_imports_run_one_way():
    against = [
        f"{source.at(each.line)}: {source.module} imports {each.module}"
        for source in SOURCES
        for each in source.imports
        if is_within(each.module, OURS)
        and part_of(each.module) != part_of(source.module)
        and ROW_OF[part_of(each.module)] <= ROW_OF[part_of(source.module)]
        and each.function not in LATE_DOORS.get(source.module, ())
    ]
    assert not against, listed(against)


def test_no_circle_of_files():
    ours = {module: {each for each in imports if is_within(each, OURS)} for module, imports in RUNTIME.items()}
    graphlib.TopologicalSorter(ours).prepare()  # raises CycleError, which names the circle


def test_files_that_decide_import_nothing_that_acts_not_even_through_others():
    for start in DECIDING & set(RUNTIME):
        reached, pending = {start}, [start]
        while pending:
            for module in RUNTIME.get(pending.pop(), set()) - reached:
                reached.add(module)
                pending.append(module)
        acting = sorted(module for module in reached if is_within(module, ACTING))
        assert not acting, f"{start} reaches {', '.join(acting)}"


def test_files_of_ours_are_imported_late_only_by_the_doors_people_expect():
    late = [
        f"{source.at(each.line)}: {each.function} imports {each.module}"
        for source in SOURCES
        for each in source.imports
        if each.is_late
        and is_within(each.module, OURS)
        and part_of(source.module) != "cli"
        and each.function not in LATE_DOORS.get(source.module, ())
    ]
    assert not late, listed(late)


def test_a_door_only_opens():
    wide = [
        f"{source.at(node.lineno)}: {node.name}"
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, FUNCTIONS)
        and node.name in LATE_DOORS.get(source.module, ())
        and len(node.body) - (ast.get_docstring(node) is not None) > DOOR_STATEMENTS
    ]
    assert not wide, listed(wide)


def test_other_modules_are_imported_late_only_if_heavy_or_optional():
    late = [
        f"{source.at(each.line)}: {each.function} imports {each.module}"
        for source in SOURCES
        for each in source.imports
        if each.is_late and not is_within(each.module, OURS) and not is_within(each.module, LATE_MODULES)
    ]
    assert not late, listed(late)
