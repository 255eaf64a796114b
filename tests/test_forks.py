"""Programs that the server forks are processes like any other."""

import os
import signal

import pytest

from tests.forks import Fork, ran, served


def test_what_it_prints_reads_and_ends_with_is_told() -> None:
    program = "import sys; print(sys.argv[1], input()); print('oh', file=sys.stderr); sys.exit(7)"
    process = Fork(["-c", program, "a"])
    process.stdin.write("b\n")
    assert process.communicate() == ("a b\n", "oh\n")
    assert process.returncode == 7


def test_an_error_is_shown_as_an_interpreter_shows_it() -> None:
    process = Fork(["-c", "1 / 0"])
    assert "ZeroDivisionError" in process.communicate()[1]
    assert process.returncode == 1


def test_it_can_be_killed_and_has_its_own_environment() -> None:
    process = Fork(["-c", "import os, time; print(*os.environ, flush=True); time.sleep(60)"],
                   env={"ONLY": "this"})  # fmt: skip
    assert process.stdout.readline() == "ONLY\n"
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_what_one_does_no_other_sees() -> None:
    ran(["-c", "import os, torch; torch.manual_seed(5); torch.set_num_threads(3); os.x = 1"])
    seen = ran(["-c", "import os, torch; print(torch.get_num_threads(), hasattr(os, 'x'))"])
    assert seen == "1 False\n"


def test_a_program_that_a_failed_test_left_behind_ends_with_the_session(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.forks.IMPORTS", "none")
    with served():
        process = Fork(["-c", "import time; print('up', flush=True); time.sleep(60)"])
        assert process.stdout.readline() == "up\n"
        os.kill(process.pid, signal.SIGSTOP)
    assert process.wait(5) == -signal.SIGKILL
    process.communicate()
