"""Models beside each other in one server: none is mixed up, and what they share is held once."""

import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.serving.tiny_servers import RECIPE, TinyServer, events, hosted, running
from tests.tiny import byte_tokenizer, save_tiny_model, tiny_network
from tunesmith.examples.example import Message
from tunesmith.generation.responder import OpenQuestion, Responder, answer_all
from tunesmith.models.adapter import add_adapter
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.models.shared_weights import share_equal_weights
from tunesmith.recipe.lora_recipe import LoraRecipe
from tunesmith.serving.serving_limits import ServingLimits
from tunesmith.stages.responders.load_responder import named_responder

NAMES = ("base", "one", "two")


@pytest.fixture(scope="module")
def responders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Responder]:
    """A base and two adapters of it, loaded as `answer` loads them."""
    folder = tmp_path_factory.mktemp("models")
    save_tiny_model(folder / "base", "llama")
    for seed, name in enumerate(NAMES[1:]):
        _save_adapter(folder, name, seed)
    return {name: named_responder(str(folder / name), recipe=RECIPE) for name in NAMES}


def _save_adapter(folder: Path, name: str, seed: int) -> None:
    network = tiny_network("llama")
    network.name_or_path = str(folder / "base")
    targets = ["q_proj", "v_proj"]
    adapted = add_adapter(network, LoraRecipe(rank=4, targets=targets), dropout=0.0)
    generator = torch.Generator().manual_seed(seed)
    for key, parameter in adapted.named_parameters():
        if "lora_" in key:
            parameter.data.copy_(torch.randn(parameter.shape, generator=generator))
    adapted.peft_config["default"].base_model_name_or_path = str(folder / "base")
    adapted.save_pretrained(folder / name)
    byte_tokenizer().save_pretrained(folder / name)


def _alone(responder: Responder, text: str) -> str:
    question = OpenQuestion(example_id="question", messages=[Message(role="user", content=text)])
    (answer,) = answer_all(responder, [question])
    assert not answer.has_near_tie, "choose another question: a tie excuses a difference"
    return answer.text


def _ask(server: TinyServer, model: str, text: str) -> str:
    got = server.chat(model=model, messages=[{"role": "user", "content": text}])
    content: str = got.json()["choices"][0]["message"]["content"]
    return content


def test_two_adapters_and_their_base_are_never_mixed_up(responders: dict[str, Responder]) -> None:
    texts = [f"What is {number} + {number}?" for number in range(5)]
    expected = {(name, text): _alone(responders[name], text) for name in NAMES for text in texts}
    assert len({expected[name, texts[0]] for name in NAMES}) == 3, "the test is blind"
    before = sum(one.model.inner.num_parameters() for one in responders.values()) * 4
    saved = share_equal_weights([responders[name].model for name in NAMES])
    assert saved > before / 3, "two of three hold nearly all that the first holds"
    assert {key: _alone(responders[key[0]], key[1]) for key in expected} == expected
    asked = [(NAMES[at % 3], texts[at % 5]) for at in range(200)]
    models = [hosted(name, responders[name]) for name in NAMES]
    with running(models) as server, ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda pair: _ask(server, *pair), asked))
    assert answers == [expected[pair] for pair in asked]


def test_models_of_other_shapes_share_nothing() -> None:
    register()
    models = [choose_layout(tiny_network("llama", seed=seed)) for seed in (0, 1)]
    norms = sum(p.nbytes for n, p in models[0].inner.named_parameters() if "norm" in n)
    assert share_equal_weights(models) == norms  # all ones, in both
    assert share_equal_weights(models) == 0


def test_a_family_that_the_loop_cannot_read_is_served_too(
    responders: dict[str, Responder],
) -> None:
    register()
    network = tiny_network("bloom")
    for parameter in network.parameters():
        parameter.data *= 3.0
    like = responders["base"]
    responder = Responder(
        name="bloom",
        model=choose_layout(network),
        tokenizer=like.tokenizer,
        template=like.template,
        recipe=RECIPE,
    )
    texts = ["Hello", "Bye", "What?"]
    expected = [_alone(responder, text) for text in texts]
    with running([hosted("bloom", responder)]) as server, ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda text: _ask(server, "bloom", text), texts)) == expected
        asked = [{"role": "user", "content": "Hello"}]
        streamed = events(server.chat(model="bloom", messages=asked, stream=True))
        pieces = [one["choices"][0]["delta"].get("content", "") for one in streamed]
        assert "".join(pieces) == expected[0]
        refused = server.chat(model="bloom", messages=asked, logprobs=True)
        assert refused.json()["error"]["param"] == "logprobs"


@pytest.mark.slow
def test_two_hundred_at_once_for_a_while_lose_and_cross_no_answer(
    responders: dict[str, Responder],
) -> None:
    texts = [f"Say {number}!" for number in range(40)]
    expected = {(name, text): _alone(responders[name], text) for name in NAMES for text in texts}
    asked = [(NAMES[at % 3], texts[at % 40]) for at in range(2000)]
    models = [hosted(name, responders[name]) for name in NAMES]
    limits = ServingLimits(num_waiting=400, drain_seconds=5)
    with running(models, limits=limits) as server, ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda pair: _ask(server, *pair), asked))
    assert answers == [expected[pair] for pair in asked]


@pytest.mark.slow
def test_memory_stays_flat_over_five_thousand_requests(responders: dict[str, Responder]) -> None:
    with running([hosted("base", responders["base"])]) as server, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> int:
            terms = {"stream": True} if number % 2 else {}
            asked = [{"role": "user", "content": "word " * (number % 20)}]
            return server.chat(model="base", messages=asked, max_tokens=1, **terms).status

        assert set(pool.map(ask, range(1000))) == {200}
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert set(pool.map(ask, range(4000))) == {200}
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 8 * 1024, f"{(after - before) / 1024:.0f} MiB more"
