"""Law 9: answers with batch 1 == answers with batch 8, greedy and sampled, uneven prompts."""

from pathlib import Path

import pytest
import torch

from tests.tiny import byte_tokenizer, tiny_network
from tunesmith.generation.generate import Continuation, Prompt, generate
from tunesmith.generation.sampling import NEAR_TIE, TieWatch
from tunesmith.models.attention import register
from tunesmith.models.forward import choose_layout
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
        assert one.ids == other.ids or one.has_near_tie
    assert sum(answer.has_near_tie for answer in alone) <= 2


def test_another_seed_gives_other_samples() -> None:
    other = SAMPLED.model_copy(update={"seed": 4})
    assert _answers("llama", SAMPLED, 8) != _answers("llama", other, 8)


def test_near_ties_are_noticed_until_a_row_has_ended() -> None:
    watch = TieWatch(3, stop_ids=[257], prompt_length=2)
    tie = torch.tensor([0.0, 1.0, 1.0 + NEAR_TIE / 2])
    clear = torch.tensor([0.0, 1.0, 2.0])
    watch(torch.tensor([[1, 2], [1, 2], [1, 2]]), torch.stack([tie, clear, clear]))
    watch(torch.tensor([[1, 2, 5], [1, 2, 257], [1, 2, 5]]), torch.stack([clear, tie, clear]))
    assert watch.has_tie == [True, False, False]


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
