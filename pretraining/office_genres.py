"""A random generator -> ordinary notes from a desk and from school.

They hold the everyday words that instructions are made of (request, task, sentence, keyword),
in sentences that instruct nobody.
"""

import random

from pretraining.facts import read_yaml_table
from pretraining.wordings import free_text, office_sentences


def office_notes(rng: random.Random) -> str:
    """A few notes, as a diary or a notice board holds them."""
    patterns = office_sentences()[rng.choice(("desk", "desk", "school", "school", "school"))]
    heading = f"{rng.choice(_HEADINGS)}\n" if rng.random() < 0.3 else ""
    chosen = rng.sample(patterns, rng.randint(2, 6))
    return heading + rng.choice((" ", " ", "\n")).join(_filled(rng, pattern) for pattern in chosen)


def _filled(rng: random.Random, pattern: str) -> str:
    first, second = rng.sample(free_text()["first_names"], 2)
    return pattern.format(
        n=first,
        m=second,
        d=rng.choice(sorted(read_yaml_table("departments"))),
        t=rng.choice(sorted(free_text()["topics"])),
    )


_HEADINGS = ("Notes", "## Notes", "### Notes", "### Diary", "# Notice board", "From my diary")
