"""Law 6: examples in one row do not see each other, and a row equals the padded batch."""

import numpy as np
import pytest
import torch

from tests.tiny import ROW_FAMILIES, random_example, tiny_network
from tunesmith.models.forward import LanguageModel, choose_layout, row_logits, trained_logits
from tunesmith.models.rows.attention import register
from tunesmith.tokens.collate import Span, collate
from tunesmith.tokens.encode import EncodedExample
from tunesmith.training.step import accumulate_gradients

LENGTHS = (17, 40, 9, 26)
MIXTURE = "gpt_oss"  # its experts multiply whichever tokens were routed to them together


@pytest.fixture(autouse=True)
def _registered() -> None:
    register()


def _gradient(
    model: LanguageModel, examples: list, *, saving: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    model.network.zero_grad()
    batch = collate(examples, smallest_saving=saving)
    loss = accumulate_gradients(model, [batch], num_targets=batch.num_targets, precision="fp32")
    gradients = [p.grad.reshape(-1) for p in model.network.parameters() if p.grad is not None]
    return loss, torch.cat(gradients)


@pytest.mark.parametrize("family", ROW_FAMILIES)
def test_a_row_gives_the_loss_and_gradient_of_the_padded_batch(family: str) -> None:
    examples = [random_example(length, seed=length) for length in LENGTHS]
    row = choose_layout(tiny_network(family))
    assert row.layout == "rows", row.layout_reason
    padded = LanguageModel(
        network=tiny_network(family), layout="padded", layout_reason="", own_attention="sdpa"
    )
    row_loss, row_gradient = _gradient(row, examples)
    padded_loss, padded_gradient = _gradient(padded, examples)
    assert abs(row_loss - padded_loss) / padded_loss < 1e-5
    assert (row_gradient - padded_gradient).norm() / padded_gradient.norm() < 1e-5


@pytest.mark.parametrize("window", [{}, {"sliding_window": 5}], ids=["", "window"])
@pytest.mark.parametrize("family", ROW_FAMILIES)
def test_a_beginning_that_stands_once_changes_neither_loss_nor_gradient(
    family: str, window: dict[str, int]
) -> None:
    """Nested as in a conversation unrolled turn by turn, and beside examples that share none."""
    model = choose_layout(tiny_network(family, **window))
    examples = _nested()
    shared = collate(examples, smallest_saving=1)
    assert len(shared.ids) < 0.7 * sum(len(example.ids) for example in examples)
    assert max(_depth(shared.spans, index) for index in range(len(shared.spans))) == 3
    loss, gradient = _gradient(model, examples)
    shared_loss, shared_gradient = _gradient(model, examples, saving=1)
    assert abs(shared_loss - loss) / loss < 1e-5
    assert (shared_gradient - gradient).norm() / gradient.norm() < 1e-5


def _nested() -> list:
    preamble, history, more = (random_example(n, seed=n, num_prompt=3) for n in (12, 9, 7))
    first = joined(preamble, history)
    tails = [random_example(n, seed=50 + n, num_prompt=1) for n in (5, 8, 3, 6)]
    beginnings = (preamble, first, joined(first, more), joined(first, more))
    ends = [joined(one, tail) for one, tail in zip(beginnings, tails, strict=True)]
    return [random_example(11, seed=1), *ends, random_example(4, seed=2)]


def joined(one: EncodedExample, other: EncodedExample) -> EncodedExample:
    return EncodedExample(
        ids=np.concatenate([one.ids, other.ids]),
        is_trained=np.concatenate([one.is_trained, other.is_trained]),
    )


def _depth(spans: tuple[Span, ...], index: int) -> int:
    parent = spans[index].parent
    return 0 if parent is None else 1 + _depth(spans, parent)


@pytest.mark.parametrize("family", [name for name in ROW_FAMILIES if name != MIXTURE])
def test_other_ids_in_one_example_leave_the_others_bit_equal(family: str) -> None:
    model = choose_layout(tiny_network(family))
    examples = [random_example(length, seed=length) for length in LENGTHS]
    changed = [examples[0], random_example(LENGTHS[1], seed=999), *examples[2:]]
    with torch.no_grad():
        before = _all_logits(model, examples)
        after = _all_logits(model, changed)
    for place in (0, 2, 3):
        assert torch.equal(before[place], after[place])
    assert not torch.equal(before[1], after[1])


@pytest.mark.parametrize("family", ["llama", "gpt2", MIXTURE])
def test_another_length_leaves_the_others_within_rounding(family: str) -> None:
    model = choose_layout(tiny_network(family))
    examples = [random_example(length, seed=length) for length in LENGTHS]
    changed = [random_example(33, seed=5), *examples[1:]]
    with torch.no_grad():
        before, after = _all_logits(model, examples), _all_logits(model, changed)
    for place in (1, 2, 3):
        assert (before[place] - after[place]).abs().max() < 1e-5


@pytest.mark.parametrize("family", ["mistral", "gemma2", "gemma3_text", "gpt_oss"])
def test_a_sliding_window_is_kept(family: str) -> None:
    """With a window shorter than the examples, a row still equals each example alone."""
    model = choose_layout(tiny_network(family, sliding_window=4))
    assert model.layout == "rows", model.layout_reason
    alone = tiny_network(family, sliding_window=4)
    wide = tiny_network(family, sliding_window=4096)
    examples = [random_example(length, seed=length) for length in LENGTHS]
    with torch.no_grad():
        together = _all_logits(model, examples)
        for example, logits in zip(examples, together, strict=True):
            ids = torch.from_numpy(example.ids).long()[None]
            assert (alone(input_ids=ids).logits[0] - logits).abs().max() < 1e-4
            assert (wide(input_ids=ids).logits[0] - logits).abs().max() > 1e-4


def test_a_family_that_leaks_falls_back_to_padding_and_says_so() -> None:
    model = choose_layout(tiny_network("bloom"))
    assert model.layout == "padded"
    assert "bloom" in model.layout_reason


def test_the_padded_fallback_equals_each_example_alone() -> None:
    model = choose_layout(tiny_network("bloom"))
    examples = [random_example(length, seed=length) for length in LENGTHS]
    batch = collate(examples)
    with torch.no_grad():
        together = trained_logits(model, batch)
        alone = torch.cat([trained_logits(model, collate([example])) for example in examples])
    assert (together - alone).abs().max() < 1e-5


def _all_logits(model: LanguageModel, examples: list) -> list[torch.Tensor]:
    batch = collate(examples)
    logits = row_logits(model.network, batch, keep=torch.arange(len(batch.ids)))
    return list(logits.split([span.length for span in batch.spans]))
