"""A log that grows, is cut, or holds anything -> its curves."""

import json
import re
from pathlib import Path

from tunesmith.files import write_json_lines
from tunesmith.studio.training_curve import LogReader, training_svg


def line(step: int, split: str = "train", loss: float = 1.0) -> dict[str, object]:
    record = {
        "step": step,
        "split": split,
        "loss": loss,
        "seconds": step / 2,
        "tokens_seen": 7 * step,
    }
    return {**record, "learning_rate": 1e-4} if split == "train" else record


def test_only_what_has_come_is_read_and_a_half_line_waits(tmp_path: Path) -> None:
    log, reader = tmp_path / "log.jsonl", LogReader()
    assert reader.curves(log).step == 0
    write_json_lines(log, [line(0, "validation"), line(1)])
    assert reader.curves(log).step == 1
    whole = json.dumps(line(2))
    with log.open("a") as stream:
        stream.write(whole[:20])
        stream.flush()
        assert reader.curves(log).step == 1
        stream.write(whole[20:] + "\n")
    log.write_bytes(b"#" * 10 + log.read_bytes()[10:])  # what was read is not read again
    found = reader.curves(log)
    assert (found.step, found.num_unread) == (2, 0)
    assert list(found.validation_steps) == [0]
    assert (found.tokens_per_second, found.step_seconds) == (14.0, 0.5)


def test_a_log_that_was_cut_or_begun_anew_is_read_anew(tmp_path: Path) -> None:
    log, reader = tmp_path / "log.jsonl", LogReader()
    write_json_lines(log, [line(step) for step in range(1, 9)])
    assert reader.curves(log).step == 8
    write_json_lines(log, [line(step, loss=2.0) for step in range(1, 12)])
    assert list(reader.curves(log).losses) == [2.0] * 11
    write_json_lines(log, [line(1)])
    assert list(reader.curves(log).steps) == [1]
    log.unlink()
    assert reader.curves(log).step == 0


def test_lines_that_are_no_records_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text('nonsense\n[1]\n{"step": 1}\n{"step": "<b>", "loss": 1, "split": "train"}\n\n')
    found = LogReader().curves(log)
    assert (found.num_unread, found.step) == (4, 0)
    assert training_svg(found, num_steps=None, label="") == ""


def test_a_long_log_is_drawn_with_few_points_that_stay_on_the_paper(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    losses = [line(step, loss=3.0 / step) for step in range(1, 5001)]
    write_json_lines(log, [*losses, line(5000, "validation", 0.5)])
    drawn = training_svg(LogReader().curves(log), num_steps=6000, label='"><script>')
    assert "<script>" not in drawn
    assert "style=" not in drawn
    lines = re.findall(r'points="(.*?)"', drawn)
    points = [float(one) for one in re.findall(r"([\d.-]+),", " ".join(lines))]
    assert 300 <= len(points) <= 900
    assert all(0 <= one <= 760 for one in points)
    assert ">6,000<" in drawn


def test_losses_that_are_all_alike_are_drawn(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    write_json_lines(log, [line(1), line(2), line(3, "validation", 1.0)])
    assert "<polyline" in training_svg(LogReader().curves(log), num_steps=None, label="")
