"""Our loop writes what transformers' `generate` writes, however texts come and go."""

from itertools import islice
from threading import Event

import pytest
import torch
from transformers.generation.streamers import BaseStreamer

from tests.tiny import ROW_FAMILIES, tiny_network
from tunesmith.generation import decoding_loop, likeliest
from tunesmith.generation.generate import generate, generate_as_they_end
from tunesmith.generation.padded import generate_padded
from tunesmith.generation.prompt import Continuation, GenerationListeners, Prompt
from tunesmith.models.continue_texts import find_continuation_output
from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import GenerationRecipe

GREEDY = GenerationRecipe(max_new_tokens=24)
SAMPLED = GenerationRecipe(max_new_tokens=24, temperature=0.8, top_p=0.9, seed=3)
LENGTHS = (3, 31, 8, 17, 1, 60, 25, 12)
STOPS = [*range(100, 106)]  # texts end at different times
SHARED = [7, 77, 177, 17, 71, 117, 27, 72, 127, 37]


def _prompts(*, shared: list[int] | None = None) -> list[Prompt]:
    generator = torch.Generator().manual_seed(1)
    return [
        Prompt(
            ids=[*(shared or []), *torch.randint(256, (n,), generator=generator).tolist()],
            key=f"e{place}",
        )
        for place, n in enumerate(LENGTHS)
    ]


def _model(family: str, **changes: object) -> LanguageModel:
    register()
    network = tiny_network(family, **changes)
    for parameter in network.parameters():
        parameter.data *= 3.0  # spreads the logits of an untrained model
    return choose_layout(network)


def _equal_up_to_ties(ours: list[Continuation], theirs: list[Continuation]) -> bool:
    for one, other in zip(ours, theirs, strict=True):
        ends = len(one.ids) if one.first_near_tie is None else one.first_near_tie
        if one.ids[:ends] != other.ids[:ends]:
            return False
        if one.first_near_tie is None and one != other:
            return False
    return True


def _in_batches_of(
    model: LanguageModel, prompts: list[Prompt], size: int, recipe: GenerationRecipe = GREEDY
) -> list[Continuation]:
    sized = recipe.model_copy(update={"batch": size})
    ended = dict(generate_as_they_end(model, prompts, recipe=sized, stop_ids=STOPS))
    return [ended[number] for number in range(len(prompts))]


@pytest.mark.parametrize("shared", [None, SHARED], ids=["own", "shared"])
@pytest.mark.parametrize("family", ROW_FAMILIES)
def test_greedy_tokens_are_those_of_transformers(family: str, shared: list[int] | None) -> None:
    model, prompts = _model(family), _prompts(shared=shared)
    assert find_continuation_output(model) != "none"
    theirs = generate_padded(
        model, prompts, recipe=GREEDY, stop_ids=STOPS, listeners=GenerationListeners()
    )
    assert len({tuple(text.ids) for text in theirs}) >= 5, "the test is blind: all are alike"
    for size in (8, 3):
        assert _equal_up_to_ties(_in_batches_of(model, prompts, size), theirs)


@pytest.mark.parametrize("shared", [None, SHARED], ids=["own", "shared"])
@pytest.mark.parametrize("family", ["mistral", "gemma2", "gemma3_text", "gpt_oss"])
def test_a_sliding_window_slides_over_what_was_written(
    family: str, shared: list[int] | None
) -> None:
    model, wide = _model(family, sliding_window=6), _model(family, sliding_window=200)
    prompts = _prompts(shared=shared)
    theirs = generate_padded(
        model, prompts, recipe=GREEDY, stop_ids=STOPS, listeners=GenerationListeners()
    )
    ours = _in_batches_of(model, prompts, 3)
    assert _equal_up_to_ties(ours, theirs)
    assert ours != _in_batches_of(wide, prompts, 3), "the test is blind: the window is never full"


def test_the_rows_beside_it_and_the_order_change_no_text() -> None:
    model, prompts = _model("gpt_neox"), _prompts()
    for recipe in (GREEDY, SAMPLED):
        alone = _in_batches_of(model, prompts, 1, recipe)
        assert len({tuple(text.ids) for text in alone}) == len(prompts)
        for size in (2, 5, 8):
            assert _equal_up_to_ties(_in_batches_of(model, prompts, size, recipe), alone)
        turned = _in_batches_of(model, prompts[::-1], 3, recipe)[::-1]
        assert _equal_up_to_ties(turned, alone)


def test_sampled_texts_are_those_of_the_padded_way() -> None:
    model, prompts = _model("llama"), _prompts()
    theirs = generate_padded(
        model, prompts, recipe=SAMPLED, stop_ids=STOPS, listeners=GenerationListeners()
    )
    assert _in_batches_of(model, prompts, 3, SAMPLED) == theirs
    assert _in_batches_of(model, prompts, 3, GREEDY) != theirs


def test_a_shared_beginning_is_read_once_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, prompts = _model("qwen3"), _prompts(shared=SHARED)
    read: list[int] = []
    original = decoding_loop.continue_texts

    def counting(*arguments: object, **options: object) -> torch.Tensor:
        read.append(len(arguments[2]))  # type: ignore[arg-type]
        return original(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(decoding_loop, "continue_texts", counting)
    once = _in_batches_of(model, prompts, 8)
    assert read[:2] == [len(SHARED), sum(LENGTHS)]
    monkeypatch.setattr(decoding_loop, "_LEAST_SHARED", 1000)
    read.clear()
    assert _equal_up_to_ties(_in_batches_of(model, prompts, 8), once)
    assert read[0] == sum(LENGTHS) + len(LENGTHS) * len(SHARED)


def test_a_prompt_that_is_the_beginning_of_all_keeps_a_token_of_its_own() -> None:
    model = _model("llama")
    prompts = [Prompt(ids=SHARED, key="a"), Prompt(ids=[*SHARED, 5, 6], key="b")]
    alone = [generate(model, [p], recipe=GREEDY, stop_ids=STOPS)[0] for p in prompts]
    assert _equal_up_to_ties(generate(model, prompts, recipe=GREEDY, stop_ids=STOPS), alone)
    same = generate(model, [prompts[0]] * 3, recipe=GREEDY, stop_ids=STOPS)
    assert _equal_up_to_ties(same, [alone[0]] * 3)


def test_a_free_place_is_taken_by_a_prompt_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    model, prompts = _model("gpt_neox"), _prompts()
    going: list[int] = []
    original = decoding_loop.continue_texts

    def counting(*arguments: object, **options: object) -> torch.Tensor:
        result = original(*arguments, **options)  # type: ignore[arg-type]
        going.append(len(result))
        return result

    monkeypatch.setattr(decoding_loop, "continue_texts", counting)
    texts = _in_batches_of(model, prompts, 3)
    num_tokens = sum(len(text.ids) + (text.finish_reason == "stop") for text in texts)
    assert sum(going) == num_tokens  # no step reads for a text that has ended
    whole = [place for place, count in enumerate(going) if count == 3]
    assert whole == list(range(len(whole))), "a place was free while a prompt waited"


def test_each_text_has_its_own_limit() -> None:
    model = _model("gpt2")
    prompts = [
        Prompt(ids=prompt.ids, key=prompt.key, room=place + 1)
        for place, prompt in enumerate(_prompts())
    ]
    free = generate(model, _prompts(), recipe=GREEDY, stop_ids=[])
    limited = generate(model, prompts, recipe=GREEDY, stop_ids=[])
    for place, (one, other) in enumerate(zip(limited, free, strict=True)):
        assert one.ids == other.ids[: place + 1]
        assert one.finish_reason == "length"


class _Heard(BaseStreamer):
    def __init__(self) -> None:
        self.pieces: list[list[int]] = []
        self.is_over = False

    def put(self, value: torch.Tensor) -> None:
        self.pieces.append(value.flatten().tolist())

    def end(self) -> None:
        self.is_over = True


@pytest.mark.parametrize("family", ["llama", "bloom"])
def test_a_streamer_hears_the_prompt_and_each_token(family: str) -> None:
    model, heard = _model(family), _Heard()
    prompt = _prompts()[0]
    text = generate(
        model,
        [prompt],
        recipe=GREEDY,
        stop_ids=STOPS,
        listeners=GenerationListeners(streamer=heard),
    )[0]
    assert heard.is_over
    assert heard.pieces[0] == list(prompt.ids)
    written = [token for piece in heard.pieces[1:] for token in piece]
    assert written[: len(text.ids)] == text.ids
    assert len(written) == len(text.ids) + (text.finish_reason == "stop")


def test_texts_that_have_ended_are_given_before_others_go_on() -> None:
    model, prompts = _model("gpt_neox"), _prompts()
    texts = _in_batches_of(model, prompts, 8)
    shortest = min(range(len(texts)), key=lambda number: len(texts[number].ids))
    sized = GREEDY.model_copy(update={"batch": 8})
    endings = generate_as_they_end(model, prompts, recipe=sized, stop_ids=STOPS)
    number, text = next(iter(islice(endings, 1)))
    assert len(text.ids) == len(texts[shortest].ids)
    assert texts[number] == text


def test_cancelling_ends_all_texts_and_those_that_wait() -> None:
    model, event = _model("llama"), Event()
    event.set()
    texts = generate(
        model,
        _prompts(),
        recipe=GREEDY,
        stop_ids=STOPS,
        listeners=GenerationListeners(cancelled=event),
    )
    assert all(text == Continuation(ids=[], finish_reason="length") for text in texts)


def test_a_family_without_rows_still_answers_in_the_padded_way() -> None:
    model = _model("bloom")
    assert find_continuation_output(model) == "none"
    assert _equal_up_to_ties(
        _in_batches_of(model, _prompts(), 3), _in_batches_of(model, _prompts(), 8)
    )


@pytest.mark.parametrize("family", ["gpt_neox", "llama", "qwen2"])
def test_the_rounded_head_chooses_as_the_exact_one(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, prompts = _model(family), _prompts()
    assert find_continuation_output(model) == "hidden"
    exact = _in_batches_of(model, prompts, 3)
    chosen: list[int] = []
    original = likeliest.RoundedHead.choose

    def counting(head: likeliest.RoundedHead, hidden: torch.Tensor) -> likeliest.LikeliestTokens:
        chosen.append(len(hidden))
        return original(head, hidden)

    monkeypatch.setattr(decoding_loop, "_LARGE_HEAD", 1)
    monkeypatch.setattr(decoding_loop, "has_bf16", lambda _: True)
    monkeypatch.setattr(likeliest.RoundedHead, "choose", counting)
    assert _in_batches_of(model, prompts, 3) == exact
    assert chosen, "the rounded head was not used"


def test_heads_that_do_more_than_multiply_are_not_rounded() -> None:
    for family in ("gemma2", "granite", "cohere"):
        assert find_continuation_output(_model(family, **_scale(family))) == "logits"


def _scale(family: str) -> dict[str, object]:
    return {"granite": {"logits_scaling": 3.0}, "cohere": {"logit_scale": 0.3}}.get(family, {})
