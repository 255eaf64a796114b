"""Answering with Tunesmith against transformers' `generate`: the same prompts, the same tokens.

    python bench/answering.py --json answering.json          # 110 prompts x 64 tokens
    python bench/answering.py --shared 300                   # a system prompt before each
    python bench/answering.py --stop 0.02                    # texts end early, at random

Pythia-70M's shape with random weights, prompts of 30 to 110 tokens, greedy, fp32. Ways:
`tunesmith`; `batch N`: left-padded batches of N, sorted by length; `one by one`: a batch of 1.
They take turns, A B A B; medians of the rounds and ratios are printed. One by one takes long,
so it answers only every tenth prompt and its time counts tenfold.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, GenerationConfig, GPTNeoXConfig

from tunesmith.generation.generate import generate_as_they_end
from tunesmith.generation.prompt import Prompt
from tunesmith.models.forward import LanguageModel, choose_layout, own_attention
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import GenerationRecipe

VOCABULARY = 50304
ONE_IN = 10
Texts = list[list[int]]


def main() -> None:
    """Measure and print."""
    options = _options()
    model, prompts = _model(), _prompts(options)
    generator = np.random.default_rng(1)
    # Ids that end a text: each token is one of them with the probability asked for.
    stops = np.flatnonzero(generator.random(VOCABULARY) < options.stop).tolist()
    ways: dict[str, Callable[[], Texts]] = {
        "tunesmith": lambda: _ours(model, prompts, stops, options.tokens)
    }
    for size in options.batches:
        ways[f"batch {size}"] = lambda size=size: _theirs(
            model, prompts, stops, options.tokens, size
        )
    if options.one_by_one:
        some = prompts[ONE_IN // 2 :: ONE_IN]
        ways["one by one"] = lambda: _theirs(model, some, stops, options.tokens, 1)
    seconds, texts = _take_turns(ways, options.rounds)
    if "one by one" in seconds:
        seconds["one by one"] *= len(prompts) / len(prompts[ONE_IN // 2 :: ONE_IN])
    result = {
        "prompts": len(prompts),
        "prompt_tokens": sum(map(len, prompts)),
        "new_tokens": sum(map(len, texts["tunesmith"])),
        "threads": torch.get_num_threads(),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "ratio": {name: round(value / seconds["tunesmith"], 2) for name, value in seconds.items()},
        "equal_texts": _equal(texts),
    }
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--prompts", type=int, default=110)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--shared", type=int, default=0, help="tokens all prompts begin with")
    parser.add_argument("--stop", type=float, default=0.0, help="share of ids that end a text")
    parser.add_argument("--batches", type=int, nargs="*", default=[8, 16, 32, 64, 110])
    parser.add_argument("--one-by-one", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where to write the result")
    return parser.parse_args()


def _model() -> LanguageModel:
    register()
    torch.manual_seed(0)
    config = GPTNeoXConfig(
        vocab_size=VOCABULARY,
        hidden_size=512,
        num_hidden_layers=6,
        num_attention_heads=8,
        intermediate_size=2048,
        rotary_pct=0.25,
    )
    return choose_layout(AutoModelForCausalLM.from_config(config).eval())


def _prompts(options: argparse.Namespace) -> Texts:
    """Shortest first, as both sides like them best."""
    generator = np.random.default_rng(0)
    shared = generator.integers(VOCABULARY, size=options.shared).tolist()
    lengths = sorted(generator.integers(30, 110, size=options.prompts).tolist())
    return [[*shared, *generator.integers(VOCABULARY, size=n).tolist()] for n in lengths]


def _ours(model: LanguageModel, prompts: Texts, stops: list[int], num_new: int) -> Texts:
    asked = [Prompt(ids=ids, key=str(place)) for place, ids in enumerate(prompts)]
    recipe = GenerationRecipe(max_new_tokens=num_new)
    ended = dict(generate_as_they_end(model, asked, recipe=recipe, stop_ids=stops))
    return [ended[number].ids for number in range(len(prompts))]


@torch.inference_mode()
def _theirs(
    model: LanguageModel, prompts: Texts, stops: list[int], num_new: int, size: int
) -> Texts:
    """The best of transformers: batches of similar length, padded on the left."""
    texts: Texts = []
    settings = GenerationConfig(
        max_new_tokens=num_new, do_sample=False, pad_token_id=0, eos_token_id=stops or None
    )
    with own_attention(model):
        for start in range(0, len(prompts), size):
            part = prompts[start : start + size]
            width = max(map(len, part))
            ids = torch.tensor([[0] * (width - len(row)) + row for row in part])
            mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in part])
            output = model.network.generate(
                input_ids=ids, attention_mask=mask, generation_config=settings
            )
            texts += [_cut(row, set(stops)) for row in output[:, width:].tolist()]
    return texts


def _cut(ids: list[int], stops: set[int]) -> list[int]:
    return ids[: next((place for place, token in enumerate(ids) if token in stops), len(ids))]


def _take_turns(
    ways: dict[str, Callable[[], Texts]], rounds: int
) -> tuple[dict[str, float], dict[str, Texts]]:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    texts: dict[str, Any] = {}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            texts[name] = way()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in taken.items()}, texts


def _equal(texts: dict[str, Texts]) -> dict[str, str]:
    """How many texts are those of Tunesmith, way by way."""
    ours = texts["tunesmith"]
    counts = {}
    for name, theirs in texts.items():
        mine = ours[ONE_IN // 2 :: ONE_IN] if name == "one by one" else ours
        same = sum(a == b for a, b in zip(mine, theirs, strict=True))
        counts[name] = f"{same} of {len(mine)}"
    return counts


if __name__ == "__main__":
    main()
