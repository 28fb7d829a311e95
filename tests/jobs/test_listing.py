"""What can be read of a scenario: a line a job, what became of all, where errors came from."""

import io

import pytest

from thalweg.jobs import AbstractJob, Job, Scheduler


def listed(scenario, what="list"):
    file = io.StringIO()
    getattr(scenario, what)(file)
    return file.getvalue()


def test_a_job_as_text_says_what_it_is_at(clock, job):
    one, late = job("one"), Job(job("x").corun, "y", 9.0)
    assert str(one) == "    ⚐   <Job `one`>"
    Scheduler(one, late).orchestrate(clock, timeout=2.0)
    assert str(one) == "  ☉ ☓   <Job `one` -> 'one'>"
    assert repr(late) == "  ☉ ↺   <Job `NOLABEL`>"


@pytest.mark.parametrize("forever", [False, True])
@pytest.mark.parametrize("critical", [False, True])
@pytest.mark.parametrize("state", ["idle", "running", "done", "failed"])
def test_the_signs_of_a_job(clock, job, state, critical, forever):
    seconds = {"running": 100.0}.get(state, 1.0)
    error = ValueError("no luck") if state == "failed" else None
    one = job("one", seconds, error=error, critical=critical, forever=forever)
    scenario = Scheduler(one, job("other", 2.0))
    if state != "idle":
        scenario.orchestrate(clock, timeout=10.0)
    signs = {"idle": "  ⚐", "running": "☉ ↺", "done": "☉ ☓", "failed": "★ ☓"}[state]
    how = "CRIT. EXC." if critical else "exception"
    end = {"done": " -> 'one'", "failed": f" => {how}:!!ValueError:no luck!!"}.get(state, "")
    assert str(one) == f"{'⚠' if critical else ' '} {signs} {'∞' if forever else ' '} <Job `one`{end}>"


def test_a_list_before_the_run(job):
    a, b = job("a"), job("b")
    c = job("c", required=[a, b])
    assert listed(Scheduler(c, a, b)).splitlines() == [
        "01     ⚐   <Job `a`>",
        "02     ⚐   <Job `b`>",
        "03     ⚐   <Job `c`> - requires:{01, 02}",
    ]


def test_a_list_after_failures_that_are_not_critical(clock, job):
    a = job("a")
    boom = job("boom", error=ValueError("after 1 s"), required=a)
    scenario = Scheduler(a, boom, job("c", required=boom), job("monitor", 100.0, forever=True))
    scenario.orchestrate(clock)
    assert listed(scenario).splitlines() == [
        "01   ☉ ☓   <Job `a` -> 'a'>",
        "02   ★ ☓   <Job `boom` => exception:!!ValueError:after 1 s!!> - requires:{01}",
        "03   ☉ ☓   <Job `c` -> 'c'> - requires:{02}",
        "04   ☉ ↺ ∞ <Job `monitor`>",
    ]


def test_a_list_after_a_critical_failure(clock, job):
    a = job("a")
    boom = job("boom", error=ValueError("after 1 s"), required=a, critical=True)
    scenario = Scheduler(a, boom, job("c", required=boom))
    scenario.orchestrate(clock)
    assert listed(scenario).splitlines() == [
        "01   ☉ ☓   <Job `a` -> 'a'>",
        "02 ⚠ ★ ☓   <Job `boom` => CRIT. EXC.:!!ValueError:after 1 s!!> - requires:{01}",
        "03     ⚐   <Job `c`> - requires:{02}",
    ]


def test_all_jobs_of_a_critical_scheduler_are_listed_as_critical(job):
    inner = Scheduler(job("b"), label="inner")
    scenario = Scheduler(job("a"), job("c", critical=False), inner, critical=True)
    expected = [
        "01 ⚠   ⚐   <Job `a`>",
        "02     ⚐   <Job `c`>",
        "03 ⚠   ⚐   <Scheduler `inner`>",
        "04 > ⚠   ⚐   <Job `b`>",
    ]
    assert listed(scenario).splitlines() == expected


def test_numbers_have_as_many_digits_as_they_need(job):
    lines = listed(Scheduler(*(job(f"j{k}") for k in range(100)))).splitlines()
    assert (lines[0][:4], lines[-1][:4]) == ("001 ", "100 ")


def test_a_class_of_ones_own_is_listed_by_its_name():
    class Probe(AbstractJob):
        pass

    assert listed(Scheduler(Probe(label="x"))) == "01     ⚐   <Probe `x`>\n"


def test_a_requirement_that_is_not_there_is_listed_by_its_name(job):
    assert listed(Scheduler(job("a", required=job("outside")))) == "01     ⚐   <Job `a`> - requires:{`outside`}\n"


def test_jobs_in_a_circle_are_listed_all_the_same(job):
    a, b = job("a"), job("b")
    a.requires(b)
    b.requires(a)
    assert listed(Scheduler(a, b)).splitlines() == [
        "01     ⚐   <Job `a`> - requires:{02}",
        "02     ⚐   <Job `b`> - requires:{01}",
    ]


class Narrow(io.TextIOWrapper):
    """A file that can hold ASCII only."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="ascii")

    def text(self):
        self.flush()
        return self.buffer.getvalue().decode("ascii")


def test_where_the_signs_cannot_be_written_there_are_others(clock, job):
    boom = job("boom", error=ValueError("é"), critical=True)
    scenario = Scheduler(job("a", 0.5), boom, job("c", required=boom), job("ü", 100.0, forever=True))
    scenario.orchestrate(clock)
    file = Narrow()
    scenario.list(file)
    assert file.text().splitlines() == [
        "01   o x   <Job `a` -> 'a'>",
        r"02 ! * x   <Job `boom` => CRIT. EXC.:!!ValueError:\xe9!!>",
        "03     .   <Job `c`> - requires:{02}",
        r"04   o ~ 8 <Job `\xfc`>",
    ]


def test_a_list_goes_to_standard_output(job, capsys):
    Scheduler(job("a")).list()
    assert capsys.readouterr().out == "01     ⚐   <Job `a`>\n"


def test_a_debrief_says_why_and_where_errors_came_from(clock, job):
    boom = job("boom", error=ValueError("no luck"), critical=True)
    scenario = Scheduler(boom, job("c", required=boom))
    scenario.orchestrate(clock)
    lines = listed(scenario, "debrief").splitlines()
    assert lines[:4] == [
        "1D + 0R + 1I = 2: for the critical job 'boom' raised ValueError: no luck",
        *listed(scenario).splitlines(),
        "boom:",
    ]
    assert lines[4] == "    Traceback (most recent call last):"
    assert "conftest.py" in lines[5], "the first line is one of the job's own"
    assert lines[-1] == "    ValueError: no luck"
    assert "thalweg" not in "".join(line for line in lines if "File" in line).replace("/tests/", "")


def test_a_debrief_names_jobs_within(clock, job):
    scenario = Scheduler(Scheduler(job("boom", error=ValueError("no luck")), label="inner"))
    scenario.orchestrate(clock)
    assert "inner/boom:" in listed(scenario, "debrief").splitlines()


def test_a_debrief_tells_of_shutdowns_that_went_wrong(clock):
    class Broken(AbstractJob):
        async def co_run(self):
            pass

        async def co_shutdown(self):
            raise OSError("broken")

    scenario = Scheduler(Broken(label="link"))
    scenario.orchestrate(clock)
    lines = listed(scenario, "debrief").splitlines()
    assert lines[0] == "1D + 0R + 0I = 1: and co_shutdown of 'link' failed"
    assert lines[2] == "co_shutdown of link:"
    assert lines[-1] == "    OSError: broken"


def test_values_and_errors_that_cannot_be_shown_are_listed_all_the_same(clock):
    class Shy:
        def __repr__(self):
            raise RuntimeError

    class ShyError(Exception):
        def __str__(self):
            raise RuntimeError

    async def give(value):
        return value

    async def boom():
        raise ShyError

    scenario = Scheduler(Job(give, Shy()), Job(boom), Job(give, "long " * 100), Job(give, "two\nlines"))
    verdict = scenario.orchestrate(clock)
    lines = listed(scenario).splitlines()
    assert lines[0].endswith("<Job `NOLABEL` -> <Shy: it has no readable repr>>")
    assert lines[1].endswith("=> exception:!!ShyError:(its message cannot be shown)!!>")
    assert len(lines[2]) < 250
    assert lines[3].endswith("-> 'two\\nlines'>")
    assert str(verdict) == "True, though 'boom' raised ShyError: (its message cannot be shown)"
