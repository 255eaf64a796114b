"""Pages of real projects, labelled by hand before any was read.

`page_places.json` names, for each heading, the line of its words and the line in which its
answer begins. Under `never`: headings without a text of their own, and lines that look like
headings and are none (comments in code, targets of links).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.material import AnsweredQuestion, Section
from tunesmith.sources.read_source import read_source

PLACES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "page_places.json").read_text(encoding="utf-8")
)
QUESTIONS, SECTIONS = PLACES["questions"], PLACES["sections"]
PARTLY = set(PLACES["partly labelled"])


def place(source: str) -> int:
    return int(source.rpartition(":")[2].partition("#")[0])


def words_of(line: str) -> list[str]:
    """The first words of a line of a page, without tags, link targets and marks."""
    text = re.sub(r"<[^<>]*(?:>|$)|\]\([^()]*\)|\]\[[^\[\]]*\]|\{\w+\}|:ref:|`|&\w+;", " ", line)
    return re.findall(r"[A-Za-z]{2,}", text)[:4]


def found(folder: Path, path: str) -> dict[int, AnsweredQuestion | Section]:
    items = read_source(SourceRecipe(path=path), folder=folder)
    return {
        place(item.source): item for item in items if isinstance(item, AnsweredQuestion | Section)
    }


def scores(hits: int, num_expected: int, num_found: int) -> tuple[float, float]:
    return hits / num_found, hits / num_expected


@pytest.mark.parametrize("path", QUESTIONS)
def test_every_question_of_real_pages_has_its_own_answer(shared_data: Path, path: str) -> None:
    lines = (shared_data / path).read_text(encoding="utf-8").split("\n")
    questions = {
        k: v for k, v in found(shared_data, path).items() if isinstance(v, AnsweredQuestion)
    }
    assert sorted(questions) == [line for line, _ in QUESTIONS[path]]
    begins = {answer: line for line, answer in QUESTIONS[path]}
    for line, answer in QUESTIONS[path]:
        question = questions[line]
        assert words_of(question.question) == words_of(re.sub(r"^#+ ", "", lines[line - 1]))
        assert words_of(lines[answer - 1]) == words_of(question.answer.split("\n")[0])
        others = [number for number in begins if number != answer]
        for other in others:
            if len(lines[other - 1].split()) > 3:
                assert lines[other - 1] not in question.answer.split("\n"), (line, other)


def labelled(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    """Path, hits, expected and found of each document."""
    for path, places in SECTIONS.items():
        raw = (folder / path).read_bytes().decode("utf-8", "replace")
        lines = raw.split("\n")
        sections = found(folder, path)
        hits = 0
        for line, text in places:
            section = sections.get(line)
            wanted = words_of(lines[text - 1])
            is_hit = isinstance(section, Section) and wanted == words_of(
                next(row for row in section.text.split("\n") if words_of(row) and "```" not in row)
            )
            hits += is_hit
        never = PLACES["never"].get(path, [])
        num_wrong = sum(line in sections for line in never)
        num_found = len(places) + num_wrong if path in PARTLY else len(sections)
        yield path, hits, len(places), num_found


@pytest.mark.parametrize("kind", ["docs_md", "docs_html", "readme"])
def test_labelled_sections_of_real_documents_are_found(shared_data: Path, kind: str) -> None:
    rows = [row for row in labelled(shared_data) if row[0].startswith(kind)]
    totals = [sum(int(row[index]) for row in rows) for index in (1, 2, 3)]
    precision, recall = scores(*totals)
    assert min(precision, recall) >= 0.95, rows


def test_sections_of_a_partly_labelled_page_stand_at_headings(shared_data: Path) -> None:
    for path in PARTLY:
        lines = (shared_data / path).read_text(encoding="utf-8").split("\n")
        for line, section in found(shared_data, path).items():
            assert isinstance(section, Section)
            around = "\n".join(lines[line - 2 : line])
            assert re.search(r"<h[1-6]", around), line
            assert words_of(section.headings[-1])[:1] == words_of(lines[line - 1])[:1]


def test_the_shared_sources_have_enough_labels() -> None:
    counts = {
        kind: sum(len(places) for path, places in SECTIONS.items() if path.startswith(kind))
        + sum(len(lines) for path, lines in PLACES["never"].items() if path.startswith(kind))
        for kind in ("docs_md", "docs_html", "readme")
    }
    assert all(count >= 50 for count in counts.values()), counts
    assert sum(len(places) for places in QUESTIONS.values()) >= 100
