"""What examples share, as known values and as a property of random ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunesmith.tokens.collate import Span, collate
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.prefixes import PrefixBranch, common_beginnings


def _ids(*rows: list[int]) -> list[np.ndarray]:
    return [np.array(row, dtype=np.int32) for row in rows]


def _example(ids: list[int], trained: list[int] | None = None) -> EncodedExample:
    flags = [1] * len(ids) if trained is None else trained
    return EncodedExample(
        ids=np.array(ids, dtype=np.int32), is_trained=np.array(flags, dtype=np.bool_)
    )


def test_a_common_beginning_stands_once() -> None:
    batch = collate([_example([7, 8, 9, 1, 2]), _example([7, 8, 9, 3])], smallest_saving=1)
    assert batch.ids.tolist() == [7, 8, 9, 1, 2, 3]
    assert batch.positions.tolist() == [0, 1, 2, 3, 4, 3]
    assert batch.spans == (Span(0, 3, None, 0), Span(3, 2, 0, 3), Span(5, 1, 0, 3))


def test_the_place_before_two_answers_has_two_targets() -> None:
    parts = [_example([7, 8, 1, 2], [0, 0, 1, 1]), _example([7, 8, 3], [0, 0, 1])]
    batch = collate(parts, smallest_saving=1)
    assert batch.trained_positions.tolist() == [1, 2]
    assert batch.targets.tolist() == [1, 2, 3]
    assert batch.target_places.tolist() == [0, 1, 0]
    assert batch.target_examples.tolist() == [0, 0, 1]


def test_turns_of_one_conversation_nest() -> None:
    rows = _ids([1, 2, 3], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7, 8])
    found = common_beginnings(rows, smallest_saving=2)
    leaf = PrefixBranch(example=0, first=2, last=3)
    longer = (PrefixBranch(example=1, first=5, last=6), PrefixBranch(example=2, first=5, last=8))
    inner = PrefixBranch(example=1, first=2, last=5, children=longer)
    assert found == [PrefixBranch(example=0, first=0, last=2, children=(leaf, inner))]


def test_what_saves_too_little_is_not_shared() -> None:
    rows = _ids([1, 2, 3, 4], [1, 2, 5, 6])
    assert len(common_beginnings(rows, smallest_saving=3)) == 2
    assert len(common_beginnings(rows, smallest_saving=2)) == 1
    assert len(common_beginnings(rows, smallest_saving=None)) == 2


def test_an_example_that_begins_all_others_does_not_keep_them_from_sharing() -> None:
    rows = _ids([1], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7])
    found = common_beginnings(rows, smallest_saving=4)
    assert [branch.last - branch.first for branch in found] == [1, 5]


def test_equal_examples_keep_one_token_each() -> None:
    batch = collate([_example([5, 6, 7])] * 3, smallest_saving=1)
    assert batch.ids.tolist() == [5, 6, 7, 7, 7]
    assert batch.targets.tolist() == [6, 7] * 3


@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9), min_size=1, max_size=8),
    st.integers(1, 6),
)
def test_every_example_can_be_read_back_from_the_row(rows: list[list[int]], saving: int) -> None:
    batch = collate([_example(row) for row in rows], smallest_saving=saving)
    plain = collate([_example(row) for row in rows])
    assert batch.targets.tolist() == plain.targets.tolist()
    assert batch.target_examples.tolist() == plain.target_examples.tolist()
    assert len(batch.ids) <= len(plain.ids)
    leaves = [i for i in range(len(batch.spans)) if i not in {s.parent for s in batch.spans}]
    assert sorted(_read(batch, leaf) for leaf in leaves) == sorted(rows)
    places = batch.trained_positions[batch.target_places]
    assert batch.positions[places].tolist() == plain.positions[plain.trained_positions].tolist()
    assert batch.ids[places].tolist() == plain.ids[plain.trained_positions].tolist()
    assert len(batch.trained_positions.unique()) == len(batch.trained_positions)


def _read(batch: object, leaf: int) -> list[int]:
    span = batch.spans[leaf]
    own = batch.ids[span.start : span.start + span.length].tolist()
    return own if span.parent is None else _read(batch, span.parent) + own


@pytest.mark.parametrize("saving", [1, 3])
def test_what_continues_a_span_follows_it(saving: int) -> None:
    generator = np.random.default_rng(0)
    rows = [_example(generator.integers(2, size=12).tolist()) for _ in range(30)]
    spans = collate(rows, smallest_saving=saving).spans
    assert [span.start for span in spans] == np.cumsum(
        [0, *(s.length for s in spans[:-1])]
    ).tolist()
    for index, span in enumerate(spans):
        if span.parent is not None:
            between = range(span.parent + 1, index)
            assert all(_descends(spans, other, span.parent) for other in between)


def _descends(spans: tuple[Span, ...], index: int, ancestor: int) -> bool:
    parent = spans[index].parent
    return parent == ancestor or (parent is not None and _descends(spans, parent, ancestor))
