"""`make test` runs everything, and says by its exit code whether anything failed."""

import pytest

from scripts.setup import run_tests


@pytest.fixture
def calls(monkeypatch):
    made = []
    monkeypatch.setattr(run_tests.sys, "argv", ["run_tests"])
    monkeypatch.setattr(run_tests.shutil, "which", lambda name: None)

    def answer(codes):
        left = list(codes)

        def call(*arguments):
            made.append(arguments)
            return left.pop(0)

        monkeypatch.setattr(run_tests, "pytest", call)
        with pytest.raises(SystemExit) as stopped:
            run_tests.main()
        return stopped.value.code

    return made, answer


def test_every_part_runs_even_when_the_first_fails(calls):
    made, answer = calls
    assert answer([1, 0, 0]) == 1
    assert len(made) == 3


def test_a_real_process_that_fails_beside_another_is_run_again_alone(calls):
    made, answer = calls
    assert answer([0, 0, 1, 0]) == 0
    assert "--last-failed" in made[-1] and "-n" not in made[-1]


def test_a_real_process_that_fails_alone_too_fails_the_run(calls):
    _, answer = calls
    assert answer([0, 0, 1, 1]) == 1


def test_code_and_simulation_get_no_second_run(calls):
    made, answer = calls
    assert answer([0, 1, 0]) == 1
    assert len(made) == 3
