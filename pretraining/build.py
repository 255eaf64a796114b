"""A seed -> everything the starter's pretraining needs; and a finished run -> the shipped model.

    python -m pretraining.build material build/starter
    tunesmith train build/starter/recipe.yaml --run build/starter/run
    tunesmith report build/starter/run
    python -m pretraining.build install build/starter/run

The pretraining itself is Tunesmith's own loop with template `plain`.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from pretraining.corpus import write_corpus
from pretraining.shape import starter_config
from pretraining.tokenizer_training import save_tokenizer, train_tokenizer
from tunesmith.errors import RecipeError
from tunesmith.files import read_json, read_json_lines, write_text
from tunesmith.models.load import STARTER_FOLDER

SEED = 0
NUM_CHARACTERS = 84_000_000
_TOKENIZER_DOCUMENTS = 12_000
_SHIPPED = ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json")

RECIPE = """\
# tunesmith train recipe.yaml --run run
# Pretrains the starter: every token of every document is trained.
model: {name: shape, weights: random}
sources: [{path: corpus.jsonl}]
examples:
  split: {validation: 0.005, test: 0.0}
  redact: []
  drop_near_duplicates: null
  group_near_duplicates: null
template: {name: plain}
training:
  epochs: 1
  examples_per_step: 24
  micro_batch: 24
  optimizer: muon
  learning_rate: 1e-2
  schedule: linear
  weight_decay: 0.1
  max_tokens: 1024
  keep: last
"""

CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
language: en
tags: [tunesmith, starter]
---

# The starter

A Llama of {parameters:,} parameters ({layers} layers, hidden size {hidden}, vocabulary
{vocabulary:,}, {context:,} positions) with a byte-level BPE tokenizer of its own. It knows a
small world (countries, elements, words, units, a company that does not exist) and follows no
instruction: it goes on with the text it is given. It is there to be tuned.

| | |
|---|---|
| text | by `pretraining/corpus.py` from seed {seed}; {tokens_seen:,} tokens, read once |
| training | Tunesmith's own loop, template `plain`, {steps:,} steps |
| time | {minutes:.0f} minutes on {machine} |
| loss | {train_loss:.3f} nats per token at the end, {validation_loss:.3f} on held-out documents |
| weights | fp32 in training with {precision} arithmetic, stored in fp16 |

![loss over steps](curves.svg)

The commands that made it stand at the head of `pretraining/build.py`. Facts come from
general knowledge and every sentence from our own program; no other text was used. It is not a
source of information: it repeats its small world and invents the rest.
"""


def write_material(folder: Path, *, num_characters: int = NUM_CHARACTERS) -> None:
    """Write corpus, tokenizer, shape and recipe into a folder."""
    write_corpus(folder / "corpus.jsonl", num_characters=num_characters, seed=SEED)
    rows = read_json_lines(folder / "corpus.jsonl")
    texts = [row["text"] for row, _ in zip(rows, range(_TOKENIZER_DOCUMENTS), strict=False)]
    tokenizer = train_tokenizer(texts)
    save_tokenizer(tokenizer, folder / "shape")
    config = starter_config(vocabulary_size=tokenizer.get_vocab_size())
    config.save_pretrained(folder / "shape")
    write_text(folder / "recipe.yaml", RECIPE)


def install(run: Path, target: Path = STARTER_FOLDER) -> None:
    """Store a run's weights in 16 bits, with tokenizer, card and loss curve, as the starter."""
    target.mkdir(parents=True, exist_ok=True)
    for name in _SHIPPED:
        shutil.copy(run / "model" / name, target / name)
    weights = load_file(run / "model" / "model.safetensors")
    halved = {name: tensor.to(torch.float16) for name, tensor in weights.items()}
    save_file(halved, target / "model.safetensors", metadata={"format": "pt"})
    shutil.copy(run / "curves.svg", target / "curves.svg")
    write_text(target / "README.md", CARD.format(**_facts(run)))


def _facts(run: Path) -> dict[str, Any]:
    config = read_json(run / "model" / "config.json")
    environment = read_json(run / "environment.json")
    lines = list(read_json_lines(run / "log.jsonl"))
    last = {line["split"]: line for line in lines}
    train = last["train"]
    return {
        "parameters": environment["parameters"],
        "layers": config["num_hidden_layers"],
        "hidden": config["hidden_size"],
        "vocabulary": config["vocab_size"],
        "context": config["max_position_embeddings"],
        "seed": SEED,
        "tokens_seen": train["tokens_seen"],
        "steps": train["step"],
        "precision": environment["precision"],
        "minutes": train["seconds"] / 60,
        "machine": f"{environment['machine']}, threads: {environment['num_threads']}",
        "train_loss": train["loss"],
        "validation_loss": last["validation"]["loss"],
    }


def main(arguments: list[str]) -> None:
    """Run one of the two commands.

    Raises:
        RecipeError: The arguments are neither `material FOLDER` nor `install RUN`.
    """
    match arguments:
        case ["material", folder]:
            write_material(Path(folder))
        case ["material", folder, num_characters]:
            write_material(Path(folder), num_characters=int(num_characters))
        case ["install", run]:
            install(Path(run))
        case _:
            raise RecipeError(
                "expected: material FOLDER [CHARACTERS], or install RUN", where="arguments"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
