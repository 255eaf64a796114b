"""Bars in a terminal, lines in a pipe, silence where it was asked for."""

import io
import logging
import sys
import warnings

import pytest

from tunesmith.cli.terminal import progress_bars
from tunesmith.cli.terminal.progress_bars import BarProgress, LineProgress, talking
from tunesmith.stages.execution.progress import SilentProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def no_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_bars, "silence_libraries", lambda **_: None)


def test_a_pipe_gets_lines_and_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    with talking(False, False) as spoken:
        assert isinstance(spoken, LineProgress)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with talking(False, False) as spoken:
        assert isinstance(spoken, BarProgress)
    with talking(True, False) as spoken:
        assert isinstance(spoken, SilentProgress)


def test_a_bar_shows_task_count_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with talking(False, False) as spoken:
        spoken.start("training [x]", 200)
        spoken.advance(50)
        spoken.note("half [bold]way[/bold]")
        spoken.start("answering", None)
        spoken.advance(1)
    shown = screen.getvalue()
    for part in ("training [x]", "50/200", "0:00:0", "left", "answering", "half [bold]way[/bold]"):
        assert part in shown


def test_a_task_may_be_closed_twice_and_advanced_after_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with talking(False, False) as spoken:
        spoken.advance(1)
        spoken.start("one", 1)
        spoken.close()
        spoken.close()
        spoken.advance(1)


def test_our_log_is_heard_and_warnings_of_libraries_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with talking(False, False):
        logging.getLogger("tunesmith.sources").info("312 rows were dropped")
        logging.getLogger("tunesmith.sources").debug("a detail")
        warnings.warn("deprecated", FutureWarning, stacklevel=1)
    assert capsys.readouterr().err == "312 rows were dropped\n"
    assert logging.getLogger("tunesmith").propagate
    with talking(True, False):
        logging.getLogger("tunesmith.sources").warning("not now")
    assert capsys.readouterr().err == ""


def test_v_shows_details(capsys: pytest.CaptureFixture[str]) -> None:
    with talking(False, True):
        logging.getLogger("tunesmith.sources").debug("a detail")
    assert capsys.readouterr().err == "a detail\n"
