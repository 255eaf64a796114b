"""Six forecasts against what then happened: time and peak memory, as ratios.

    python -m bench.forecasts FOLDER [NAME ...]

Draws models with random weights in FOLDER (the starter lends its tokenizer), makes a forecast
for each configuration by the command line, trains by the same recipe in a process of its own,
and prints one JSON object a configuration: ratios of what was forecast to what happened.
"""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tunesmith.files import write_json_lines
from tunesmith.models.load import STARTER_FOLDER

MATERIAL = STARTER_FOLDER.parent / "material" / "train.jsonl"
ROWS = 200
PYTHIA = {
    "model_type": "gpt_neox",
    "vocab_size": 50304,
    "hidden_size": 512,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "intermediate_size": 2048,
    "rotary_pct": 0.25,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}
GPT2 = {"model_type": "gpt2", "vocab_size": 50304, "n_embd": 512, "n_layer": 6, "n_head": 8}
LLAMA = {
    "model_type": "llama",
    "vocab_size": 49152,
    "hidden_size": 576,
    "num_hidden_layers": 12,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "intermediate_size": 1536,
    "tie_word_embeddings": True,
}
CONFIGURATIONS: dict[str, tuple[Mapping[str, Any] | None, dict[str, Any]]] = {
    "starter full": (None, {"epochs": 2, "examples_per_step": 16, "precision": "fp32"}),
    "starter lora": (None, {"epochs": 2, "examples_per_step": 16, "method": "lora"}),
    "pythia bf16": (PYTHIA, {"epochs": 1}),
    "pythia fp32": (PYTHIA, {"epochs": 1, "precision": "fp32"}),
    "pythia lora": (PYTHIA, {"epochs": 1, "method": "lora"}),
    "gpt2": (GPT2, {"epochs": 1}),
    "llama, deep": (LLAMA, {"steps": 12}),
}


def main(folder: Path, names: list[str]) -> None:
    """Measure the named configurations, or all."""
    write_json_lines(folder / "rows.jsonl", _rows())
    for name in names or CONFIGURATIONS:
        shape, training = CONFIGURATIONS[name]
        place = folder / name.replace(" ", "-").replace(",", "")
        shutil.rmtree(place / "run", ignore_errors=True)
        recipe = _write_recipe(place, shape, training)
        expected, _ = _command("forecast", recipe)
        happened, wall = _command("train", recipe)
        start = _start()
        print(json.dumps({"name": name, **_compared(expected, happened, wall - start)}), flush=True)


def _compared(expected: dict[str, Any], happened: dict[str, Any], wall: float) -> dict[str, Any]:
    seconds, memory = expected["seconds"], expected["memory"]["peak_bytes"]
    return {
        "training_ratio": round(seconds["training"] / happened["seconds"], 3),
        "total_ratio": round(seconds["total"] / wall, 3),
        "memory_ratio": round(memory / happened["peak_memory_bytes"], 3),
        "forecast_seconds": seconds,
        "training_seconds": [seconds["training"], happened["seconds"]],
        "total_seconds": [seconds["total"], round(wall, 2)],
        "peak_megabytes": [round(memory / 1e6), round(happened["peak_memory_bytes"] / 1e6)],
        "limit": expected["limit"]["name"],
    }


def _rows() -> list[dict[str, str]]:
    """Questions with short and long answers: several rows of the starter's material as one."""
    lines = [json.loads(line) for line in MATERIAL.read_text(encoding="utf-8").splitlines()]
    rows = []
    for index in range(ROWS):
        parts = lines[index * 5 : index * 5 + 1 + index % 5]
        answer = " ".join(part["response"] for part in parts)
        rows.append({"instruction": parts[0]["instruction"], "response": answer})
    return rows


def _write_recipe(folder: Path, shape: Mapping[str, Any] | None, training: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    name = "starter" if shape is None else str(_draw_model(folder / "model", shape))
    recipe = {
        "model": {"name": name},
        "sources": [{"path": str(MATERIAL if shape is None else folder.parent / "rows.jsonl")}],
        "examples": {"split": {"validation": 0.05, "test": 0.0}},
        "template": {"name": "alpaca"},
        "training": {"learning_rate": 5e-5, "examples_per_step": 8, **training},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    return path


def _draw_model(folder: Path, shape: Mapping[str, Any]) -> Path:
    import torch  # noqa: PLC0415 - the measuring process stays small
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    if not folder.is_dir():
        torch.manual_seed(0)
        config = AutoConfig.for_model(**shape)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
        AutoTokenizer.from_pretrained(STARTER_FOLDER).save_pretrained(folder)
    return folder


def _start() -> float:
    """Seconds of Python and of what the command imports before it does anything."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import tunesmith.stages.train"], check=True)
    return time.monotonic() - started


def _command(verb: str, recipe: Path) -> tuple[dict[str, Any], float]:
    """What a command printed, and its seconds, Python's own start among them."""
    run = str(recipe.parent / "run")
    program = [sys.executable, "-m", "tunesmith", verb, str(recipe), "--run", run]
    started = time.monotonic()
    done = subprocess.run([*program, "--json", "-q"], check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result, time.monotonic() - started


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
