"""A draw depends on the prompt, the seed and the shares; on nothing else."""

import numpy as np
import pytest

from tests.examples.splitting.collecting import pair
from tunesmith.errors import DataError
from tunesmith.examples.splitting.fingerprints import fingerprints
from tunesmith.examples.splitting.split import (
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
    check_split_sizes,
    draw_splits,
    fill_empty_splits,
)
from tunesmith.recipe.recipe import ExamplesRecipe, SplitRecipe

RECIPE = ExamplesRecipe()
PROMPTS = np.random.default_rng(0).integers(2**63, size=100_000, dtype=np.uint64)


def prompts(*questions: str) -> np.ndarray:
    examples = [pair(question) for question in questions]
    return fingerprints(examples, [example.id for example in examples]).prompts


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("size", [1000, 10_000, 100_000])
def test_the_shares_are_met(seed: int, size: int) -> None:
    splits, _ = draw_splits(PROMPTS[:size], ExamplesRecipe(seed=seed))
    for split, share in ((TRAIN, 0.85), (VALIDATION, 0.05), (TEST, 0.10)):
        got = (splits == split).mean()
        allowed = 0.01 if size >= 10_000 else 3 * (share * (1 - share) / size) ** 0.5
        assert abs(got - share) <= allowed, (split, got)


def test_the_split_of_known_rows_never_changes() -> None:
    splits, _ = draw_splits(prompts(*(f"question {number}" for number in range(40))), RECIPE)
    held_out = {number: SPLITS[split] for number, split in enumerate(splits.tolist()) if split}
    assert held_out == {
        8: "test", 14: "test", 17: "validation", 21: "test", 35: "validation",
    }  # fmt: skip


def test_the_answer_decides_nothing() -> None:
    examples = [pair("q", "one"), pair("q", "other", source="y:2", group="g")]
    one, other = fingerprints(examples, [example.id for example in examples]).prompts
    assert one == other


def test_another_seed_gives_another_split() -> None:
    moved = (
        draw_splits(PROMPTS[:1000], RECIPE)[0]
        != draw_splits(PROMPTS[:1000], ExamplesRecipe(seed=1))[0]
    )
    assert 150 < moved.sum() < 400


def test_another_validation_share_moves_no_row_in_or_out_of_test() -> None:
    more = ExamplesRecipe(split=SplitRecipe(validation=0.3))
    one, other = draw_splits(PROMPTS, RECIPE)[0], draw_splits(PROMPTS, more)[0]
    assert ((one == TEST) == (other == TEST)).all()


def test_shares_of_nothing_hold_nothing_out() -> None:
    none = ExamplesRecipe(split=SplitRecipe(validation=0.0, test=0.0))
    assert (draw_splits(PROMPTS, none)[0] == TRAIN).all()


@pytest.mark.parametrize("num_groups", range(1, 20))
def test_few_groups_give_each_side_one_or_are_refused(num_groups: int) -> None:
    for start in range(0, 500, num_groups):
        splits, drawn = draw_splits(PROMPTS[start : start + num_groups], RECIPE)
        before = splits.copy()
        if num_groups < 3:
            with pytest.raises(DataError, match=f"{num_groups} group"):
                fill_empty_splits(splits, drawn, RECIPE.split, {})
            continue
        fill_empty_splits(splits, drawn, RECIPE.split, {})
        assert set(splits.tolist()) == {TRAIN, VALIDATION, TEST}
        assert (splits != before).sum() <= 2


def test_only_what_was_asked_for_is_filled() -> None:
    shares = SplitRecipe(validation=0.0, test=0.1)
    for start in range(0, 300, 2):
        splits, drawn = draw_splits(PROMPTS[start : start + 2], ExamplesRecipe(split=shares))
        fill_empty_splits(splits, drawn, shares, {})
        assert sorted(splits.tolist()) == [TRAIN, TEST]


def test_one_group_can_be_trained_on() -> None:
    shares = SplitRecipe(validation=0.0, test=0.0)
    splits, drawn = draw_splits(PROMPTS[:1], ExamplesRecipe(split=shares))
    fill_empty_splits(splits, drawn, shares, {})
    assert splits.tolist() == [TRAIN]


def test_groups_that_have_a_side_count_and_stay() -> None:
    splits, drawn = np.array([TRAIN], dtype=np.int8), np.array([0.9])
    fill_empty_splits(splits, drawn, RECIPE.split, {TRAIN: 1, VALIDATION: 1})
    assert splits.tolist() == [TEST]
    splits = np.array([], dtype=np.int8)
    with pytest.raises(DataError, match=r"5 groups .* \(5 train, 0 validation, 0 test\)"):
        fill_empty_splits(splits, np.array([]), RECIPE.split, {TRAIN: 5})
    fill_empty_splits(splits, np.array([]), RECIPE.split, {TRAIN: 50})


def test_nothing_to_train_on_is_an_error_with_the_sizes() -> None:
    with pytest.raises(DataError, match="0 train, 1 validation, 2 test"):
        check_split_sizes({"validation": 1, "test": 2})
    check_split_sizes({"train": 1})
