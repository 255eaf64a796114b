"""Texts that join and leave while others are written, each on terms of its own."""

from threading import Event

import pytest
import torch

from tests.tiny import tiny_network
from tunesmith.generation.decoding_loop import Writer
from tunesmith.generation.generate import generate
from tunesmith.generation.prompt import (
    AskedText,
    Continuation,
    GenerationListeners,
    Prompt,
    TokenChoice,
)
from tunesmith.models.forward import LanguageModel, choose_layout, own_attention
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import GenerationRecipe

STOPS = [*range(0, 12)]
BEGINNING = [7, 77, 177, 17, 71, 117, 27, 72, 127, 37]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    register()
    network = tiny_network("llama")
    for parameter in network.parameters():
        parameter.data *= 3.0  # spreads the logits of an untrained model
    return choose_layout(network)


def _asked(num: int, *, listeners: GenerationListeners | None = None) -> list[AskedText]:
    """Greedy and sampled texts of all lengths, at several temperatures and limits."""
    generator = torch.Generator().manual_seed(num)
    return [
        AskedText(
            prompt=Prompt(
                ids=[
                    *(BEGINNING if place % 3 else ()),
                    *torch.randint(256, (3 + 5 * place,), generator=generator).tolist(),
                ],
                key=f"k{place}",
            ),
            recipe=GenerationRecipe(
                max_new_tokens=4 + 7 * place,
                **({"temperature": place / 3, "top_p": 0.8, "seed": place} if place % 3 else {}),
            ),
            listeners=listeners or GenerationListeners(),
        )
        for place in range(num)
    ]


def _alone(model: LanguageModel, asked: AskedText) -> Continuation:
    return generate(model, [asked.prompt], recipe=asked.recipe, stop_ids=STOPS)[0]


def _drain(writer: Writer) -> dict[int, Continuation]:
    ended = {}
    while not writer.is_idle:
        ended.update(writer.step())
    return ended


def test_texts_that_join_one_by_one_are_those_written_alone(model: LanguageModel) -> None:
    writer = Writer(model, stop_ids=STOPS, num_at_once=4)
    writer.begin_with(BEGINNING)
    ended: dict[int, Continuation] = {}
    asked = _asked(9)
    for number, one in enumerate(asked):
        writer.add(number, one)
        ended.update(writer.step())
    ended.update(_drain(writer))
    for number, one in enumerate(asked):
        alone = _alone(model, one)
        assert alone.first_near_tie is None, "choose another seed: a tie excuses a difference"
        assert ended[number] == alone
    assert len({tuple(text.ids) for text in ended.values()}) == len(asked)


def test_a_text_that_begins_otherwise_takes_nothing_from_those_that_share(
    model: LanguageModel,
) -> None:
    writer = Writer(model, stop_ids=STOPS, num_at_once=8)
    writer.begin_with(BEGINNING)
    asked = _asked(6)
    sharing = [number for number in range(6) if number % 3]
    for number in sharing:
        writer.add(number, asked[number])
    ended = dict(writer.step())
    for number in {*range(6)} - {*sharing}:
        writer.add(number, asked[number])
    ended.update(_drain(writer))
    assert [ended[number] for number in range(6)] == [_alone(model, one) for one in asked]
    writer.begin_with(BEGINNING)
    for number in sharing:
        writer.add(number, asked[number])
    again = _drain(writer)
    assert all(again[number] == ended[number] for number in sharing)


def test_a_cancelled_text_leaves_at_once_and_the_others_stay(model: LanguageModel) -> None:
    event = Event()
    writer = Writer(model, stop_ids=[], num_at_once=2)
    first, second, waiting = (
        AskedText(
            prompt=Prompt(ids=[n + 20, n + 30, n + 40], key="a"),
            recipe=GenerationRecipe(max_new_tokens=12),
            listeners=GenerationListeners(cancelled=event if n != 1 else None),
        )
        for n in range(3)
    )
    for number, one in enumerate((first, second, waiting)):
        writer.add(number, one)
    writer.step()
    writer.step()
    event.set()
    ended = dict(writer.step())
    assert sorted(ended) == [0, 2]
    assert len(ended[0].ids) == 2
    assert ended[2].ids == []
    whole = generate(model, [second.prompt], recipe=second.recipe, stop_ids=[])[0]
    assert _drain(writer) == {1: whole}


def test_each_token_is_told_with_the_probabilities_of_the_whole_text(model: LanguageModel) -> None:
    heard: list[TokenChoice] = []
    listeners = GenerationListeners(on_token=heard.append, num_likely=3)
    asked = _asked(1, listeners=listeners)[0]
    writer = Writer(model, stop_ids=STOPS, num_at_once=2)
    writer.add(0, asked)
    (text,) = _drain(writer).values()
    assert [one.token for one in heard] == text.ids
    assert text == _alone(model, asked)
    ids = [*asked.prompt.ids, *text.ids]
    with torch.no_grad(), own_attention(model):
        logits = model.network(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    logprobs = logits.log_softmax(dim=-1)[len(asked.prompt.ids) - 1 :]
    for place, one in enumerate(heard):
        assert one.logprob == pytest.approx(float(logprobs[place, one.token]), abs=1e-4)
        assert one.likely[0] == (one.token, one.logprob)
        assert len(one.likely) == 3


def test_many_short_texts_join_after_a_long_one(model: LanguageModel) -> None:
    """The places of the cache grow while its length is more than those that go on need."""
    asked = _asked(6)
    long = AskedText(
        prompt=Prompt(ids=[*range(20, 200)], key="long"), recipe=GenerationRecipe(max_new_tokens=2)
    )
    writer = Writer(model, stop_ids=STOPS, num_at_once=16)
    writer.add(6, long)
    writer.add(5, asked[5])
    ended: dict[int, Continuation] = {}
    while 6 not in ended:
        ended.update(writer.step())
    for number in range(5):
        writer.add(number, asked[number])
    ended.update(_drain(writer))
    assert [ended[number] for number in range(7)] == [_alone(model, one) for one in [*asked, long]]


def test_memory_is_given_back_between_texts(model: LanguageModel) -> None:
    writer = Writer(model, stop_ids=[], num_at_once=16)
    writer.begin_with(BEGINNING)
    writer.add(0, _asked(2)[1])
    writer.step()
    blocks = writer._cache._own
    assert all(keys.shape[0] == 1 for keys, _ in blocks.values()), "room for texts that are not"
    _drain(writer)
    writer.begin_with(BEGINNING)
    assert not writer._cache._own
    assert writer._cache.num_shared == len(BEGINNING)
