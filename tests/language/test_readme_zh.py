"""README.zh.md against README.md: the same commands, code, figures, links, headings and tree."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh.md"))
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^(?: {4}\S.*\n?)+", re.MULTILINE)
TREE = re.compile(r"<!-- tree -->.*?<!-- /tree -->", re.DOTALL)


def blocks(text: str) -> list[str]:
    """Fenced blocks but the tree, as they are; command lines without what is said of them."""
    fenced = FENCED.findall(TREE.sub("", text))
    commands = INDENTED.findall(FENCED.sub("", text))
    return [*fenced, *(re.sub(r" +# .*", "", one) for one in commands)]


def prose(text: str) -> str:
    return INDENTED.sub("", FENCED.sub("", text))


def links(text: str) -> Counter[str]:
    """Where links lead; each README to the other one."""
    found = Counter(re.findall(r"\]\(([^)]+)\)", prose(text)))
    return found - Counter(["README.md", "README.zh.md"])


def figures(text: str) -> Counter[str]:
    told = re.sub(r"\]\([^)]+\)", "]", prose(text))
    return Counter(re.findall(r"\d[\d.,]*\d|\d", told))


def names(text: str) -> Counter[str]:
    """What stands between backticks, and marks for programs."""
    return Counter(re.findall(r"`[^`\n]+`|<!-- [^>]+ -->", prose(text)))


def tree(text: str) -> list[str]:
    found = TREE.search(text)
    assert found is not None
    return [
        line[: len(line) - len(line.lstrip())] + line.split()[0] for line in found[0].split("\n")
    ]


def headings(text: str) -> list[str]:
    return [line.split()[0] for line in prose(text).splitlines() if line.startswith("#")]


@pytest.mark.parametrize("part", [blocks, links, figures, names, tree, headings])
def test_both_readmes_say_the_same(part: object) -> None:
    """Of a change in one of them the other has to hear."""
    assert callable(part)
    assert part(CHINESE) == part(ENGLISH)


def test_each_readme_leads_to_the_other_in_its_first_lines() -> None:
    assert "](README.zh.md)" in "\n".join(ENGLISH.splitlines()[:4])
    assert "](README.md)" in "\n".join(CHINESE.splitlines()[:4])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tunesmith run recipe.yaml  ", "tunesmith train recipe.yaml  "),
        ("33 seconds", "34 seconds"),
        ("docs/loop.svg", "docs/speed.svg"),
        ("  language/  ", "  languages/  "),
        ("## Speed", "## Speed\n\n## Memory"),
        ("`kill -9`", "`kill`"),
    ],
)
def test_a_change_in_one_alone_is_seen(before: str, after: str) -> None:
    assert before in ENGLISH
    changed = ENGLISH.replace(before, after)
    parts = (blocks, links, figures, names, tree, headings)
    assert any(part(CHINESE) != part(changed) for part in parts)
