"""Documents in every format, labelled by hand: which sections, with which text."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sources.reading import read_content
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.material import Section
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped

PAGES = Path(__file__).parent / "files"


class Label(NamedTuple):
    line: int
    headings: tuple[str, ...]
    text: str  # whole


LABELS: dict[str, list[Label]] = {
    "manual.md": [
        Label(7, ("Kettle",), "Kettle boils water on a schedule."),
        Label(16, ("Kettle", "Installation"), "Run `pip install kettle`."),
        Label(
            20,
            ("Kettle", "Installation", "From source"),
            "Clone the repository:\n\n```sh\n# build it\nmake\n```",
        ),
        Label(
            31,
            ("Kettle", "Schedules", "Every morning"),
            "| day | time |\n|---|---|\n| Monday | 7:00 |",
        ),
        Label(44, ("Kettle", "Cleaning"), "1. Unplug it.\n2. Use *vinegar*, see below."),
        Label(49, ("Kettle", "License"), "MIT"),
    ],
    "manual.html": [
        Label(4, ("Lamp",), "The lamp hangs\nfrom the ceiling."),
        Label(7, ("Lamp", "Safety"), "Switch off the current.\n\nWait a minute."),
        Label(
            10, ("Lamp", "Changing the bulb"), "1. Unscrew the old one.\n2. Screw in the new one."
        ),
        Label(12, ("Lamp", "Changing the bulb", "Which bulbs fit"), "```\nE27\n```"),
    ],
    "manual.txt": [
        Label(1, ("Pump handbook",), "The pump lifts water."),
        Label(6, ("Pump handbook", "Starting"), "Turn the key."),
        Label(10, ("Pump handbook", "Starting", "In winter"), "Warm it first."),
        Label(14, ("Pump handbook", "Storage"), "Keep it dry:\n\n- empty it\n- cover it"),
    ],
    "manual.rst": [
        Label(1, ("Scale",), "The scale weighs."),
        Label(
            12,
            ("Scale", "Calibration"),
            "Put one kilogram on it:\n\n```console\n$ scale --zero\n```",
        ),
        Label(21, ("Scale", "Warnings"), "> **Warning:** Not for people."),
    ],
}
LEFT_OUT = {  # line and reason of what is no section
    "manual.md": [(11, "navigation"), (37, "empty section"), (39, "navigation")],
    "manual.html": [(14, "empty section")],
    "manual.txt": [],
    "manual.rst": [],
}


def read(name: str) -> list[object]:
    return list(read_source(SourceRecipe(path=name), folder=PAGES))


def line_of(source: str) -> int:
    return int(source.rpartition(":")[2].partition("#")[0])


def labels_found(name: str) -> list[Label]:
    return [
        Label(line_of(item.source), item.headings, item.text)
        for item in read(name)
        if isinstance(item, Section)
    ]


@pytest.mark.parametrize("name", LABELS)
def test_every_labelled_section_is_found_with_its_text(name: str) -> None:
    assert labels_found(name) == LABELS[name]


@pytest.mark.parametrize("name", LABELS)
def test_what_is_no_section_is_accounted_for(name: str) -> None:
    dropped = [item for item in read(name) if isinstance(item, Dropped)]
    assert [(line_of(item.source), item.reason) for item in dropped] == LEFT_OUT[name]


@pytest.mark.parametrize("name", LABELS)
def test_the_place_of_a_section_is_the_line_of_its_heading(name: str) -> None:
    lines = (PAGES / name).read_text(encoding="utf-8").split("\n")
    for label in labels_found(name):
        assert label.headings[-1].lower() in lines[label.line - 1].lower()


def test_anchors_are_those_of_the_page() -> None:
    sources = [item.source for item in read("manual.html") if isinstance(item, Section)]
    assert sources[:2] == ["manual.html:4", "manual.html:7#safety"]


@pytest.mark.parametrize(
    ("name", "content", "subject"),
    [
        ("README.md", "# Widget\n\nIt spins.\n", "Widget"),
        ("a.md", "# Widget documentation\n\nIt spins.\n", "Widget"),
        ("a.md", "# Widget\n\nHow Widget spins, and why Widget stops.\n", "Widget"),
        ("a.md", "# Setup\n\nHow to set it up.\n", ""),
        ("a.md", "# 小部件文档\n\n它会转。\n", "小部件"),
    ],
)
def test_a_page_shows_what_it_is_about(
    tmp_path: Path, name: str, content: str, subject: str
) -> None:
    (section,) = read_content(tmp_path, name, content.encode())
    assert isinstance(section, Section)
    assert section.subject == subject


def test_links_and_badges_beside_a_text_are_no_part_of_it(tmp_path: Path) -> None:
    content = (
        b"# Tool\n\n[![a](a.svg)](https://ci.example.org) ![b](b.svg)\n\nIt works.\n\n"
        b"- [Install](#install)\n- [Use](use.md)\n\n## Install\n\nRun it.\n"
    )
    sections = read_content(tmp_path, "a.md", content)
    assert [item.text for item in sections if isinstance(item, Section)] == ["It works.", "Run it."]


def test_a_page_without_a_heading_is_called_by_its_file(tmp_path: Path) -> None:
    (section,) = read_content(tmp_path, "opening-hours.txt", b"From nine to five.\n")
    assert isinstance(section, Section)
    assert section.headings == ("Opening hours",)


def test_the_pages_of_a_folder_are_read_each_as_what_it_is(tmp_path: Path) -> None:
    pages = {
        "a/faq.md": "# FAQ\n\n## Why?\n\nSo.\n",
        "b.md": "# Tool\n\n## Install\n\nRun it.\n",
        ".git/c.md": "# Hidden\n\nText.\n",
        "d.png": "\x89PNG",
    }
    for name, content in pages.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_text(content, encoding="utf-8")
    items = list(read_source(SourceRecipe(path="docs"), folder=tmp_path))
    found = [
        (type(item).__name__, item.source, isinstance(item, Dropped) and item.reason)
        for item in items
    ]
    assert found == [
        ("AnsweredQuestion", "docs/a/faq.md:3#why", False),
        ("Section", "docs/b.md:3#install", False),
    ]


def test_a_run_in_a_folder_of_pages_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = tmp_path / "docs" / "runs" / "mine"
    run.mkdir(parents=True)
    (tmp_path / "docs" / "a.md").write_text("# Tool\n\n## Install\n\nRun it.\n")
    (run / "report.md").write_text("# Report\n\n## Test\n\nAnswers.\n")
    (run / "tunesmith-run.json").write_text("{}")
    items = list(read_source(SourceRecipe(path="docs"), folder=tmp_path))
    assert [item.source for item in items] == ["docs/a.md:3#install"]
    assert "docs: runs of tunesmith in it were left out (runs/mine)" in caplog.text
