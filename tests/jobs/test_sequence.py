"""Sequences: chains of jobs that may hold each other, and may grow."""

import pytest

from thalweg.errors import BuildError
from thalweg.jobs import Job, Scheduler, Sequence


async def nothing():
    pass


def jobs(names="abcdef"):
    return [Job(nothing, label=name) for name in names]


def required(*of):
    """By label, what each job requires."""
    return {job.label: "".join(other.label for other in job.required) for job in of}


def test_each_job_requires_the_one_before():
    a, b, c = jobs("abc")
    assert Sequence(a, b, c).jobs == [a, b, c]
    assert required(a, b, c) == {"a": "", "b": "a", "c": "b"}


def test_sequences_hold_sequences():
    a, b, c, d, e, f = all_jobs = jobs()
    sequence = Sequence(a, Sequence(b, Sequence(c, d)), e, Sequence(), f)
    assert sequence.jobs == all_jobs
    assert required(*all_jobs) == {"a": "", "b": "a", "c": "b", "d": "c", "e": "d", "f": "e"}


def test_the_first_job_requires_what_the_sequence_requires():
    a, b, c, d = jobs("abcd")
    sequence = Sequence(c, d, required=a)
    sequence.requires(b)
    assert required(c, d) == {"c": "ab", "d": "c"}
    assert required(*Sequence(*jobs("xy"), requires=[a, b])) == {"x": "ab", "y": "x"}


def test_who_requires_a_sequence_requires_its_last_job():
    a, b, c, d = jobs("abcd")
    c.requires(Sequence(a, b))
    Sequence(d, required=Sequence(c))
    assert required(c, d) == {"c": "b", "d": "c"}


def test_what_is_appended_comes_last():
    a, b, c, d = jobs("abcd")
    sequence = Sequence(a)
    assert sequence.append(b, Sequence(c, d)) is sequence
    assert sequence.jobs == [a, b, c, d]
    assert required(a, b, c, d) == {"a": "", "b": "a", "c": "b", "d": "c"}


def test_an_empty_sequence_passes_on_what_it_requires():
    a, b, c = jobs("abc")
    empty = Sequence(required=a)
    b.requires(empty)
    assert required(b) == {"b": "a"}
    empty.append(c)
    assert required(b, c) == {"b": "ac", "c": "a"}


def test_who_required_a_sequence_requires_what_is_appended_to_it():
    a, b, c = jobs("abc")
    inner = Sequence(a)
    Sequence(inner, c)
    inner.append(b)
    assert required(b, c) == {"b": "a", "c": "ab"}


def test_who_requires_a_sequence_no_longer_does_not_require_what_is_appended_to_it():
    a, b, c = jobs("abc")
    sequence = Sequence(a)
    c.requires(a)
    c.requires(sequence, remove=True)
    sequence.append(b)
    assert required(c) == {"c": ""}


def test_what_is_appended_is_added_to_the_scheduler_of_the_sequence():
    a, b, c, d = jobs("abcd")
    inner = Sequence(a)
    outer = Sequence(inner)
    scenario = Scheduler(outer)
    inner.append(b)
    outer.append(Sequence(c), d)
    assert set(scenario.jobs) == {a, b, c, d}


def test_a_sequence_can_be_gone_through():
    a, b = jobs("ab")
    assert list(Sequence(a, b)) == [a, b]
    assert repr(Sequence(a, b)) == "<Sequence: 'a', 'b'>"


@pytest.mark.parametrize("wrong", [[], (), set(), {}], ids=repr)
def test_a_list_of_jobs_is_an_error_that_says_what_to_write(wrong):
    with pytest.raises(BuildError, match=r"a \w+ of jobs was given where jobs are meant; write Sequence\(\*jobs\)"):
        Sequence(wrong)


def test_what_is_no_job_is_refused():
    with pytest.raises(BuildError, match=r"5 is neither a job nor a sequence; write Sequence\(Job"):
        Sequence(5)
