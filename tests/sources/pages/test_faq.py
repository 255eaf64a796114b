"""Pages of questions in every layout, labelled by hand: which questions, which answers."""

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sources.reading import read_content
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.read_source import read_source
from tunesmith.sources.row import Dropped

PAGES = Path(__file__).parent / "files"


class Label(NamedTuple):
    line: int
    question: str
    answer: str  # whole
    headings: tuple[str, ...]


LABELS: dict[str, list[Label]] = {
    "headings.md": [
        Label(
            16,
            "What is Lantern?",
            "Lantern is a small task list that runs in a terminal.\n"
            "See the manual or [the site](https://lantern.example.org).",
            ("Lantern FAQ",),
        ),
        Label(
            23,
            "How long are they kept?",
            "Thirty days:\n\n1. daily copies for a week,\n2. weekly copies after that.\n\n"
            "```sh\n# Is this a heading? No.\nlantern backup --list\n```",
            ("Lantern FAQ", "Backups"),
        ),
        Label(
            35,
            "Where are they?",
            "In `~/.lantern/backups`.\n\n#### On Windows\n\nIn `%APPDATA%\\lantern`.",
            ("Lantern FAQ", "Backups"),
        ),
        Label(
            43,
            "Can I move them?",
            "Yes, with `lantern backup --to DIR`.",
            ("Lantern FAQ", "Backups", "Where are they?"),
        ),
        Label(
            49,
            "How long are they kept?",
            "Deleted tasks are kept for a day.",
            ("Lantern FAQ", "Sync"),
        ),
        Label(
            53,
            "Sync doesn't start",
            "Log in again with `lantern login`.",
            ("Lantern FAQ", "Sync"),
        ),
        Label(
            66,
            "How to report a bug",
            "Write to [the tracker](https://bugs.example.org/lantern).",
            ("Lantern FAQ",),
        ),
    ],
    "definitions.md": [
        Label(
            3,
            "What is a ledger?",
            "A list of all payments.\n\nEach has a date.",
            ("Questions and answers",),
        ),
        Label(
            8,
            "How do I export it?",
            "With `ledger export`:\n\n```\nledger export > all.csv\n```",
            ("Questions and answers",),
        ),
        Label(19, "Can I undo a payment?", "Yes, until midnight.", ("Questions and answers",)),
    ],
    "marked.md": [
        Label(
            5,
            "How do I cancel an order?",
            "Open it and press *Cancel*.\n\n- It must not be on its way.\n"
            "- Gifts cannot be cancelled.",
            ("Shop FAQ", "Orders"),
        ),
        Label(12, "What does express cost?", "Nine dollars.", ("Shop FAQ", "Orders")),
        Label(16, "May I change the address?", "Yes, within an hour.", ("Shop FAQ", "Orders")),
        Label(
            22,
            "Which cards do you take?",
            "All but one:\n\n> We never took store cards.\n\n**Note:** cash is fine too.",
            ("Shop FAQ", "Zahlung"),
        ),
        Label(30, "Do you send invoices?", "Yes, by mail.", ("Shop FAQ", "Zahlung")),
        Label(34, "怎么退货？", "三十天内寄回即可。", ("Shop FAQ", "中文")),
        Label(37, "运费多少？", "免费。", ("Shop FAQ", "中文")),
    ],
    "details.mdx": [
        Label(
            6,
            "Why does the light blink?",
            "It looks for a line.\n\nWait **two** minutes.",
            ("Router help",),
        ),
        Label(16, "How do I reset it?", "Hold the button for ten seconds.", ("Router help",)),
        Label(
            21,
            "Where is the password?",
            "On the label below.\n\n- Old models: in the manual",
            ("Router help",),
        ),
    ],
    "page.html": [
        Label(
            13,
            "Where do I buy tickets?",
            "At the **machine** or [online](https://shop.example.org/t); see the map.\n\n"
            "- cash\n- card\n\n```sh\ntram buy --day\n```",
            ("Tram questions", "Tickets"),
        ),
        Label(
            18,
            "What does a day ticket cost?",
            "| zone | price |\n| --- | --- |\n| A | 5 |",
            ("Tram questions", "Tickets"),
        ),
        Label(23, "May I bring a bicycle?", "Yes, after nine.", ("Tram questions", "Rules")),
        Label(
            25,
            "Are dogs allowed?",
            "On a lead.\n\nSmall ones in a bag.",
            ("Tram questions", "Rules"),
        ),
        Label(28, "Can I eat on board?", "Cold food only.", ("Tram questions", "Rules")),
        Label(30, "What if I lose my ticket?", "Buy a new one.", ("Tram questions", "Rules")),
        Label(32, "Who checks tickets?", "Staff in blue.", ("Tram questions", "Rules")),
    ],
    "help.rst": [
        Label(
            11,
            "How deep is it?",
            "Four metres; see the chart and `depth.csv`.\n\n```sh\nharbour depth\n```\n\n"
            "> **Note:** At low tide three.",
            ("Harbour FAQ", "Moorings"),
        ),
        Label(
            22,
            "Who may stay overnight?",
            "- **Visitors**: for one night\n- **Members**: for a week",
            ("Harbour FAQ", "Moorings"),
        ),
        Label(33, "What does a night cost?", "Twelve.", ("Harbour FAQ", "Fees")),
    ],
    "plain.txt": [
        Label(
            3,
            "How many books may I borrow?",
            "Ten at a time.\n\n   - children: five",
            ("Library questions",),
        ),
        Label(9, "What if I am late?", "You pay a fee.", ("Library questions",)),
        Label(14, "When are you open?", "From nine to five.", ("Opening hours",)),
        Label(17, "Do you open on Sundays?", "No.", ("Opening hours",)),
    ],
}


def read(name: str) -> list[object]:
    return list(read_source(SourceRecipe(path=name), folder=PAGES))


def labels_found(name: str) -> list[Label]:
    return [
        Label(line_of(item.source), item.question, item.answer, item.headings)
        for item in read(name)
        if isinstance(item, AnsweredQuestion)
    ]


def line_of(source: str) -> int:
    return int(source.rpartition(":")[2].partition("#")[0])


@pytest.mark.parametrize("name", LABELS)
def test_every_labelled_question_is_found_with_its_answer(name: str) -> None:
    assert labels_found(name) == LABELS[name]


def test_precision_and_recall_over_all_layouts() -> None:
    expected = {(name, *label) for name, labels in LABELS.items() for label in labels}
    found = {(name, *label) for name in LABELS for label in labels_found(name)}
    hits = len(expected & found)
    assert min(hits / len(found), hits / len(expected)) >= 0.95


@pytest.mark.parametrize("name", LABELS)
def test_the_source_of_a_question_is_the_line_where_it_stands(name: str) -> None:
    lines = (PAGES / name).read_text(encoding="utf-8").split("\n")
    for item in read(name):
        if isinstance(item, AnsweredQuestion):
            beginning = item.question.split()[0]
            assert item.source.startswith(f"{name}:")
            assert beginning in lines[line_of(item.source) - 1], item.source


def test_anchors_are_those_of_the_page() -> None:
    sources = [item.source for item in read("headings.md") if isinstance(item, AnsweredQuestion)]
    assert sources[:3] == [
        "headings.md:16#1-what-is-lantern",
        "headings.md:23#how-long-are-they-kept",
        "headings.md:35#place",
    ]
    assert "headings.md:49#how-long-are-they-kept-1" in sources
    html = [item.source for item in read("page.html") if isinstance(item, AnsweredQuestion)]
    assert html[0] == "page.html:13#where"


def test_what_is_no_pair_is_accounted_for() -> None:
    items = read("headings.md")
    assert [(i.source.partition("#")[0], i.reason) for i in items if isinstance(i, Dropped)] == [
        ("headings.md:9", "no question"),
        ("headings.md:64", "no answer"),
    ]
    (section,) = [item for item in items if isinstance(item, Section)]
    assert section.headings == ("Lantern FAQ", "Sync", "Supported platforms")


def test_a_question_asked_twice_says_so() -> None:
    repeated = [
        i.source for i in read("headings.md") if isinstance(i, AnsweredQuestion) and i.is_repeated
    ]
    assert [line_of(source) for source in repeated] == [23, 49]


def test_a_list_of_questions_without_answers_asks_nothing(tmp_path: Path) -> None:
    content = (
        b"# FAQ\n\n- What is it?\n- Why?\n\n## What is it?\n\nA tool.\n\n## Why?\n\nFor fun.\n"
    )
    items = read_content(tmp_path, "a.md", content)
    questions = [item.question for item in items if isinstance(item, AnsweredQuestion)]
    assert questions == ["What is it?", "Why?"]


def test_a_bold_question_within_an_answer_stays_in_it(tmp_path: Path) -> None:
    content = (
        b"# FAQ\n\n## What is it?\n\nA tool.\n\n**Why so small?**\n\nFor fun.\n\n## Why?\n\nSo.\n"
    )
    items = read_content(tmp_path, "a.md", content)
    answers = [item.answer for item in items if isinstance(item, AnsweredQuestion)]
    assert answers == ["A tool.\n\n**Why so small?**\n\nFor fun.", "So."]


def test_an_answer_of_links_alone_is_dropped(tmp_path: Path) -> None:
    content = b"# FAQ\n\n## What is it?\n\n[The site](https://example.org)\n\n## Why?\n\nFor fun.\n"
    items = read_content(tmp_path, "a.md", content)
    assert [i.reason for i in items if isinstance(i, Dropped)] == ["only links"]


def test_a_heading_whose_end_tag_is_missing_keeps_its_answer(tmp_path: Path) -> None:
    content = b"<h1>FAQ<h2>What is a?<p>An a.<h2>What is b?<ul><li>b<li>c"
    items = read_content(tmp_path, "a.html", content)
    pairs = [(item.question, item.answer) for item in items if isinstance(item, AnsweredQuestion)]
    assert pairs == [("What is a?", "An a."), ("What is b?", "- b\n- c")]
