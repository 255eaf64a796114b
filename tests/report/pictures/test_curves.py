"""Curves: what is drawn is what was logged, the same bytes every time, and safe inside a page."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from tunesmith.report.pictures.curves import (
    AXES,
    curves_svg,
    smoothed,
    standalone_svg,
    thinned_curve,
)
from tunesmith.report.record import LogPoint, read_run_record

MakeRun = Callable[..., Path]


def points(losses: list[float], targets: list[int] | None = None) -> list[LogPoint]:
    weights = targets or [10] * len(losses)
    return [
        LogPoint(step=step, split="train", loss=loss, num_targets=weight)
        for step, (loss, weight) in enumerate(zip(losses, weights, strict=True), start=1)
    ]


@pytest.mark.parametrize("axis", AXES)
def test_curves_are_plain_drawings_with_colours_of_the_page(make_run: MakeRun, axis: str) -> None:
    svg = curves_svg(read_run_record(make_run()), axis)  # type: ignore[arg-type]
    assert svg is not None
    assert svg.startswith("<svg")
    assert "http" not in svg
    assert "font-family" not in svg
    assert {"var(--train)", "var(--validation)", "var(--rate)"} <= set(
        re.findall(r"var\(.*?\)", svg)
    )
    assert ">validation<" in svg
    assert re.findall(r"#0[1-5]0[1-5]0[1-5]", svg) == []


def test_the_same_log_gives_the_same_bytes(make_run: MakeRun) -> None:
    record = read_run_record(make_run())
    assert curves_svg(record, "step") == curves_svg(record, "step")


def test_the_picture_file_is_well_formed(make_run: MakeRun) -> None:
    svg = curves_svg(read_run_record(make_run()), "step")
    assert svg is not None
    root = ET.fromstring(standalone_svg(svg))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_a_log_without_epochs_has_no_picture_over_epochs(make_run: MakeRun, tmp_path: Path) -> None:
    folder = make_run()
    log = (folder / "log.jsonl").read_text(encoding="utf-8")
    (folder / "log.jsonl").write_text(log.replace('"epoch"', '"other"'), encoding="utf-8")
    record = read_run_record(folder)
    assert curves_svg(record, "epoch") is None
    assert curves_svg(record, "step") is not None


def test_short_runs_are_drawn_point_by_point() -> None:
    assert thinned_curve(points([3.0, 2.0, 1.0]), "step") == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert smoothed(points([3.0, 2.0, 1.0]), "step") == []


def test_long_runs_are_drawn_as_means_weighted_by_tokens() -> None:
    drawn = thinned_curve(points([1.0, 4.0] * 400, [1, 2] * 400), "step")
    assert len(drawn) == 400
    assert drawn[0] == (2, pytest.approx(3.0))


def test_windows_cover_every_step_once() -> None:
    losses = [float(step) for step in range(103)]
    means = smoothed(points(losses), "step")
    assert len(means) == 25
    assert means[0][1] == pytest.approx(sum(losses[:4]) / 4)
    assert means[-1][1] == pytest.approx(sum(losses[98:]) / 5)
