"""LOG.md's contents lead to every entry, by GitHub's rule of anchors, the latest one first."""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

LOG = (Path(__file__).resolve().parent.parent / "LOG.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) +(.+?)(?: +#+)? *$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]")
ADDRESS = re.compile(r"^\[([^\]]+)\]: #(\S+)$", re.MULTILINE)


def plain_anchor(heading: str) -> str:
    """Lowercase; letters, marks, digits, `_` and `-` stay, spaces are hyphens, the rest goes."""
    kept = (
        letter
        for letter in heading.lower()
        if letter in " -" or unicodedata.category(letter)[0] in "LM" or is_digit_or_joint(letter)
    )
    return "".join(kept).replace(" ", "-")


def is_digit_or_joint(letter: str) -> bool:
    return unicodedata.category(letter) in ("Nd", "Pc")


def anchors(text: str) -> Iterator[tuple[str, str]]:
    """Each heading's marks and anchor, top to bottom; one that is taken gets -1, -2, ..."""
    taken: dict[str, int] = {}
    for marks, heading in HEADING.findall(FENCED.sub("", text)):
        anchor = plain = plain_anchor(heading)
        while anchor in taken:
            taken[plain] += 1
            anchor = f"{plain}-{taken[plain]}"
        taken[anchor] = 0
        yield marks, anchor


def contents(text: str) -> str:
    return text.partition("\n## Contents\n")[2].partition("\n## ")[0]


def entries(text: str) -> list[str]:
    """Anchors of the entries below the contents, as they stand."""
    found = [anchor for marks, anchor in anchors(text) if marks == "##"]
    return found[found.index("contents") + 1 :]


def rows(text: str) -> list[list[str]]:
    lines = (line for line in contents(text).splitlines() if line.startswith("|"))
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [row for row in cells if row[0] != "subject" and set(row[0]) != {"-"}]


def faults_of_links(text: str) -> list[str]:
    """What keeps the links from leading to each entry and nowhere else."""
    pairs = ADDRESS.findall(contents(text))
    addresses = dict(pairs)
    used = {name for row in rows(text) for name in LINK.findall(row[-1])}
    reached = {addresses[name] for name in used & set(addresses)}
    return [
        *(f"no line of the contents leads to {one}" for one in entries(text) if one not in reached),
        *(f"[{name}] leads to no entry" for name, to in pairs if to not in entries(text)),
        *(f"[{name}] has no address" for name in sorted(used - set(addresses))),
        *(f"[{name}] has an address and no line" for name in addresses if name not in used),
        *(["an address has two names or a name two"] if not is_one_to_one(pairs) else []),
    ]


def is_one_to_one(pairs: list[tuple[str, str]]) -> bool:
    names, targets = {name.lower() for name, _ in pairs}, {target for _, target in pairs}
    return len(names) == len(targets) == len(pairs)


def faults_of_rows(text: str) -> list[str]:
    """Rows that are not subject, verdict, the first entry's date, entries with the newest first."""
    addresses = dict(ADDRESS.findall(contents(text)))
    newest_first = sorted(entries(text), key=lambda anchor: anchor[:10], reverse=True)
    faults = []
    for row in rows(text):
        targets = [addresses.get(name, "") for name in LINK.findall(row[-1])]
        known = [target for target in targets if target in newest_first]
        if len(row) != 4 or not all(row) or not known:
            faults.append(f"{row[0]}: a row is subject, verdict, date and entries")
        elif row[2] != known[0][:10]:
            faults.append(f"{row[0]}: {row[2]} is not the date of its first entry, {known[0]}")
        elif known != sorted(known, key=newest_first.index):
            faults.append(f"{row[0]}: the newest entry stands first")
    return faults


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        (
            "2026-11-26 · Does cost grow with rows alone?",
            "2026-11-26--does-cost-grow-with-rows-alone",
        ),
        (
            "Does the starter's study hold at 5e-4, twice?",
            "does-the-starters-study-hold-at-5e-4-twice",
        ),
        ("A 4-bit weight, `max_tokens` (negative)", "a-4-bit-weight-max_tokens-negative"),
        ("Größe in m²: 10 %", "größe-in-m-10-"),
        ("中文，标点", "中文标点"),
    ],
)
def test_anchors_follow_githubs_rule(heading: str, anchor: str) -> None:
    assert plain_anchor(heading) == anchor


def test_an_anchor_that_is_taken_gets_a_number() -> None:
    text = (
        "# A\n## A?\n## a 1\n## A\n## A-1\n    # no heading\n```sh\n# none either\n```\n## B ##\n"
    )
    assert [anchor for _, anchor in anchors(text)] == ["a", "a-1", "a-1-1", "a-2", "a-1-2", "b"]


def test_every_entry_is_reached_from_the_contents_and_every_link_leads_to_one() -> None:
    assert len(entries(LOG)) > 40
    assert faults_of_links(LOG) == []


def test_every_subject_has_its_verdict_and_the_date_of_its_newest_entry() -> None:
    assert len(rows(LOG)) > 40
    assert faults_of_rows(LOG) == []


SMALL = """# Log

## Contents

| subject | latest verdict | date | entries |
|---|---|---|---|
| speed | holds | 2026-02-02 | [fast] [slow] |
| pages | missed | 2026-01-01 | [pages] |

[fast]: #2026-02-02--fast
[slow]: #2026-01-03--slow-negative
[pages]: #2026-01-01--pages-1

## 2026-02-02 · Fast?
## 2026-01-03 · Slow (negative)
### 2026-01-01 · Pages
## 2026-01-01 · Pages?
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("", "", ""),
        ("## 2026-02-02", "## 2026-02-03 · New\n## 2026-02-02", "leads to 2026-02-03--new"),
        ("### 2026", "## 2026", "leads to 2026-01-01--pages"),
        ("Slow (", "Slower (", "[slow] leads to no entry"),
        ("--fast\n", "-fast\n", "[fast] leads to no entry"),
        ("pages-1", "pages", "[pages] leads to no entry"),
        ("[pages] |", "[page] |", "[page] has no address"),
        (" [slow] |", " |", "[slow] has an address and no line"),
        ("[slow]:", "[fast]:", "an address has two names or a name two"),
        ("02-02 | [fast] [slow]", "01-03 | [slow] [fast]", "speed: the newest entry stands first"),
        ("| 2026-02-02 |", "| 2026-01-03 |", "speed: 2026-01-03 is not the date"),
        ("| missed ", "| ", "pages: a row is subject, verdict, date and entries"),
        ("| missed |", "|", "pages: a row is subject, verdict, date and entries"),
    ],
)
def test_contents_that_are_wrong_are_noticed(old: str, new: str, fault: str) -> None:
    text = SMALL.replace(old, new, 1) if old else SMALL
    faults = "\n".join([*faults_of_links(text), *faults_of_rows(text)])
    assert fault in faults if fault else not faults
