"""Law 9: answers with batch 1 == answers with batch 8, greedy and sampled, uneven prompts."""

from pathlib import Path

import pytest
import torch

from tests.tiny import byte_tokenizer, tiny_network
from tunesmith.generation.generate import Continuation, Prompt, generate
from tunesmith.generation.sampling import NEAR_TIE, TieWatch
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import GenerationRecipe

PROMPTS = [
    Prompt(ids=list(range(40, 40 + length)), key=f"e{length}")
    for length in (3, 31, 8, 17, 1, 60, 25, 12)
]
GREEDY = GenerationRecipe(max_new_tokens=24)
SAMPLED = GenerationRecipe(max_new_tokens=24, temperature=0.8, top_p=0.9, seed=3)


def _answers(family: str, recipe: GenerationRecipe, size: int) -> list[Continuation]:
    register()
    network = tiny_network(family)
    for parameter in network.parameters():
        parameter.data *= 3.0  # spreads the logits of an untrained model
    model = choose_layout(network)
    answers = []
    for start in range(0, len(PROMPTS), size):
        part = PROMPTS[start : start + size]
        answers += generate(model, part, recipe=recipe, stop_ids=[257])
    return answers


@pytest.mark.parametrize("recipe", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
@pytest.mark.parametrize("family", ["llama", "gpt2", "bloom", "gemma2"])
def test_batch_size_does_not_change_answers(family: str, recipe: GenerationRecipe) -> None:
    alone, together = _answers(family, recipe, 1), _answers(family, recipe, 8)
    assert len({tuple(answer.ids) for answer in alone}) == len(PROMPTS), "the test is blind"
    for one, other in zip(alone, together, strict=True):
        assert _is_allowed(one, other)
    assert sum(answer.first_near_tie is not None for answer in alone) <= 2


def _is_allowed(one: Continuation, other: Continuation) -> bool:
    """Equal, or different only from the first near tie on."""
    if one.ids == other.ids:
        return True
    pairs = zip(one.ids, other.ids, strict=False)
    shorter = min(len(one.ids), len(other.ids))
    first = next((place for place, (a, b) in enumerate(pairs) if a != b), shorter)
    return one.first_near_tie is not None and first >= one.first_near_tie


@pytest.mark.parametrize(
    ("tie", "other", "is_allowed"),
    [
        (None, [1, 2, 3], True),
        (None, [1, 2, 4], False),
        (2, [1, 2, 4], True),
        (1, [1, 2, 4], True),
        (2, [1, 5, 3], False),
        (3, [1, 2, 3, 4], True),
        (3, [1, 2], False),
    ],
)
def test_a_difference_is_allowed_only_from_the_first_near_tie_on(
    tie: int | None, other: list[int], *, is_allowed: bool
) -> None:
    one = Continuation(ids=[1, 2, 3], finish_reason="stop", first_near_tie=tie)
    assert _is_allowed(one, Continuation(ids=other, finish_reason="stop")) == is_allowed


def test_another_seed_gives_other_samples() -> None:
    other = SAMPLED.model_copy(update={"seed": 4})
    assert _answers("llama", SAMPLED, 8) != _answers("llama", other, 8)


def test_the_first_near_tie_of_each_row_is_noticed_until_the_row_has_ended() -> None:
    watch = TieWatch(4, stop_ids=[257], prompt_length=2)
    tie = torch.tensor([0.0, 1.0, 1.0 + NEAR_TIE / 2])
    clear = torch.tensor([0.0, 1.0, 2.0])
    watch(torch.tensor([[1, 2]] * 4), torch.stack([tie, clear, clear, clear]))
    ids = torch.tensor([[1, 2, 5], [1, 2, 257], [1, 2, 5], [1, 2, 5]])
    watch(ids, torch.stack([tie, tie, clear, tie]))
    assert watch.first_ties == [0, None, None, 1]


def test_the_prompt_may_hold_the_padding_token() -> None:
    """Masks come from lengths: an end token inside a prompt is read like any other."""
    register()
    model = choose_layout(tiny_network("llama"))
    tokenizer = byte_tokenizer()
    end = tokenizer.eos_token_id
    plain = Prompt(ids=[65, 66, 67], key="a")
    with_end = Prompt(ids=[end, end, 65, 66, 67], key="b")
    long = Prompt(ids=list(range(30)), key="c")
    both = generate(model, [plain, with_end, long], recipe=GREEDY, stop_ids=[end])
    alone = generate(model, [with_end], recipe=GREEDY, stop_ids=[end])
    assert both[1].ids == alone[0].ids
    assert both[1].ids != both[0].ids


def test_a_models_own_generation_settings_do_not_leak_in(tmp_path: Path) -> None:
    register()
    model = choose_layout(tiny_network("llama"))
    before = generate(model, PROMPTS[:2], recipe=GREEDY, stop_ids=[257])
    model.inner.generation_config.repetition_penalty = 5.0
    model.inner.generation_config.do_sample = True
    assert generate(model, PROMPTS[:2], recipe=GREEDY, stop_ids=[257]) == before
    assert model.inner.generation_config.repetition_penalty == 5.0
