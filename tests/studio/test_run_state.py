"""Who works in a run's folder, without keeping anybody from working in it."""

import os
from pathlib import Path

from tunesmith.files import folder_lock
from tunesmith.studio.run_state import working_process


def test_a_run_of_a_terminal_is_seen_by_its_lock_until_it_lets_go(tmp_path: Path) -> None:
    assert working_process(tmp_path) is None
    with folder_lock(tmp_path):
        assert working_process(tmp_path) == os.getpid()
    assert working_process(tmp_path) is None, "a process that goes on to live has let go"


def test_looking_takes_no_lock(tmp_path: Path) -> None:
    with folder_lock(tmp_path):
        for _ in range(3):
            working_process(tmp_path)
    with folder_lock(tmp_path):
        pass


def test_a_process_id_that_another_process_bears_now_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "job.pid").write_text(str(os.getpid()))
    assert working_process(tmp_path) == os.getpid()
    os.utime(tmp_path / "job.pid", (1_000_000, 1_000_000))
    assert working_process(tmp_path) is None
