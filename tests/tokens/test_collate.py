"""Examples end to end in one row, as known values."""

import numpy as np
import pytest

from tests.tiny import random_example
from tunesmith.tokens.collate import Span, collate
from tunesmith.tokens.encode import EncodedExample


def _example(ids: list[int], trained: list[int]) -> EncodedExample:
    return EncodedExample(
        ids=np.array(ids, dtype=np.int32), is_trained=np.array(trained, dtype=np.bool_)
    )


def test_two_examples_in_a_row() -> None:
    batch = collate([_example([10, 11, 12, 13], [0, 0, 1, 1]), _example([20, 21, 22], [0, 1, 0])])
    assert batch.ids.tolist() == [10, 11, 12, 13, 20, 21, 22]
    assert batch.positions.tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert batch.spans == (Span(0, 4), Span(4, 3))
    assert batch.trained_positions.tolist() == [1, 2, 4]
    assert batch.targets.tolist() == [12, 13, 21]
    assert batch.target_examples.tolist() == [0, 0, 1]
    assert batch.num_targets == 3


def test_the_first_token_of_an_example_is_never_a_target() -> None:
    batch = collate([_example([10, 11], [1, 1]), _example([20, 21], [1, 0]), _example([30], [1])])
    assert batch.targets.tolist() == [11]
    assert batch.trained_positions.tolist() == [0]
    assert batch.target_examples.tolist() == [0]
    assert batch.spans == (Span(0, 2), Span(2, 2), Span(4, 1))


def test_an_example_in_the_middle_may_have_no_target() -> None:
    parts = [_example([1, 2], [0, 1]), _example([3, 4], [0, 0]), _example([5, 6], [0, 1])]
    batch = collate(parts)
    assert batch.target_examples.tolist() == [0, 2]
    assert batch.targets.tolist() == [2, 6]


def test_the_examples_stay_as_they_were() -> None:
    example = _example([10, 11], [1, 1])
    collate([example, example])
    assert example.is_trained.tolist() == [True, True]


def test_everything_is_int64() -> None:
    batch = collate([_example([10, 11], [0, 1])])
    names = ("ids", "positions", "trained_positions", "targets", "target_examples")
    assert {str(getattr(batch, name).dtype) for name in names} == {"torch.int64"}


@pytest.mark.parametrize("lengths", [[2], [7, 3, 1, 12], [1, 1, 1]])
def test_a_row_holds_each_example_as_it_stands_alone(lengths: list[int]) -> None:
    examples = [random_example(n, seed=n, num_prompt=0) for n in lengths]
    batch = collate(examples)
    for index, (example, span) in enumerate(zip(examples, batch.spans, strict=True)):
        alone = collate([example])
        part = slice(span.start, span.start + span.length)
        is_own = batch.target_examples == index
        assert batch.ids[part].tolist() == alone.ids.tolist()
        assert batch.positions[part].tolist() == alone.positions.tolist()
        assert batch.targets[is_own].tolist() == alone.targets.tolist()
        shifted = batch.trained_positions[is_own] - span.start
        assert shifted.tolist() == alone.trained_positions.tolist()
