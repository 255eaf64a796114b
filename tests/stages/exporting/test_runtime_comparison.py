"""A near tie excuses the row that has it, and no other."""

from types import SimpleNamespace
from typing import Any

import pytest

from tunesmith.generation.responder import Completion
from tunesmith.stages.exporting.runtime_comparison import equal_answers


def _completion(text: str, *, has_near_tie: bool = False) -> Completion:
    return Completion(
        example_id="a",
        model="m",
        text=text,
        num_tokens=1,
        finish_reason="stop",
        has_near_tie=has_near_tie,
    )


@pytest.mark.parametrize(
    ("tied", "read", "without"),
    [
        ([True, True, False, False], "aabb", 2),  # as many ties as differences, in other rows
        ([True, True, False, False], "bbaa", 0),
        ([True] * 4, "bbbb", 0),
        ([False] * 4, "abab", 2),
    ],
)
def test_differences_count_where_no_tie_is(tied: list[bool], read: str, without: int) -> None:
    rows: list[Any] = [SimpleNamespace(tuned=_completion("a", has_near_tie=one)) for one in tied]
    found = equal_answers(rows, [_completion(text) for text in read])
    assert found["differ_without_tie"] == without
    assert found["equal_answers"] == read.count("a")
