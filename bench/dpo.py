"""Preferences in Tunesmith and in TRL's DPOTrainer -> the same losses, and how long each takes.

    python -m venv .bench/trl-dpo && .bench/trl-dpo/bin/pip install -r bench/peers/trl_dpo.txt
    python bench/dpo.py --golden    # writes tests/golden/dpo.json: what TRL makes of fixed rows
    python bench/dpo.py             # both train on the same rows, in turns, on this machine

Both are given the same tokens, weights, rate, order and micro-batches. Timed is all that comes
after a model is loaded: the reference's log-probabilities and the steps.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measuring.models import model_folder

from tunesmith.models.forward import choose_layout
from tunesmith.models.load import find_model, load_network
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.store import TokenStore, write_store
from tunesmith.training.distributed import Ranks
from tunesmith.training.engine import choose_engine
from tunesmith.training.feed import prefetched
from tunesmith.training.loop import update
from tunesmith.training.make_plan import TrainingTerms, make_plan
from tunesmith.training.reference_cache import ReferenceCache, with_references

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden" / "dpo.json"
BETAS, SIZES = (0.01, 0.1, 0.5), (1, 2, 5)


def main() -> None:
    """Do what was asked for."""
    arguments = _arguments()
    if arguments.ours:
        print(json.dumps(train_here(json.loads(arguments.ours.read_text(encoding="utf-8")))))
        return
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        if arguments.golden:
            write_golden(scratch, arguments.python)
        else:
            compare(scratch, arguments)


def write_golden(scratch: Path, python: Path) -> None:
    """TRL's losses of the tests' own preferences, one model as the policy, another as reference."""
    sys.path.insert(0, str(ROOT))
    from tests.tiny import save_tiny_model  # noqa: PLC0415 - of the repository, no package
    from tests.training.pairs import pair_store  # noqa: PLC0415

    for seed, place in enumerate(("model", "reference")):
        save_tiny_model(scratch / place, "llama", seed=seed)
    rows = [_ids(pair) for pair in _pairs(pair_store(scratch / "pairs.arrow"))]
    job = {
        "kind": "golden", "betas": BETAS, "sizes": SIZES, "threads": 1, "rows": rows,
        "model": str(scratch / "model"), "reference": str(scratch / "reference"),
    }  # fmt: skip
    cases = _peer(python, job, scratch)
    made = {"command": "python bench/dpo.py --golden", "trl": "1.16.0", "cases": cases}
    GOLDEN.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {GOLDEN}")


def compare(scratch: Path, arguments: argparse.Namespace) -> None:
    """Train in turns; print the seconds of each, and how many times as fast Tunesmith is."""
    tokenizers = arguments.shared / "data" / "tokenizers"
    model = model_folder(arguments.model, where=scratch / "models", tokenizers=tokenizers)
    num_pairs = arguments.steps * arguments.micro_batch * arguments.accumulate
    job = {
        "kind": "speed", "model": str(model), "beta": 0.1, "learning_rate": 1e-6,
        "rows": random_rows(num_pairs), "steps": arguments.steps, "threads": arguments.threads,
        "micro_batch": arguments.micro_batch, "accumulate": arguments.accumulate,
        "precision": arguments.precision,
    }  # fmt: skip
    contenders = ("tunesmith", "best", "defaults")
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    for turn in range(arguments.repeats):
        for name in contenders if turn % 2 == 0 else reversed(contenders):
            one = {**job, "variant": name}
            measured = (_ours if name == "tunesmith" else _peer)(arguments.python, one, scratch)
            found[name].append(measured)
            print(
                f"{name:10} {measured['seconds']:8.2f} s, steps {measured['steps_seconds']:8.2f} s"
            )
    own = found.pop("tunesmith")
    for name, peers in found.items():
        ratios = [
            statistics.median(one[key] for one in peers)
            / statistics.median(one[key] for one in own)
            for key in ("seconds", "steps_seconds")
        ]
        apart = max(abs(a - b) for a, b in zip(own[0]["losses"], peers[0]["losses"], strict=True))
        print(
            f"{ratios[0]:.2f} times as fast as TRL ({name}), steps alone {ratios[1]:.2f} times; "
            f"losses differ by {apart:.1e} at most"
        )


def random_rows(number: int) -> list[dict[str, list[int]]]:
    """Pairs as long as common preference data has them: 120 tokens of prompt, 90 of answer."""
    generator = np.random.default_rng(0)

    def tokens(median: float) -> list[int]:
        length = int(np.clip(generator.lognormal(np.log(median), 0.5), 4, 512))
        return [int(one) for one in generator.integers(5, 20_000, size=length)]

    names = {"prompt_ids": 120.0, "chosen_ids": 90.0, "rejected_ids": 90.0}
    return [{name: tokens(median) for name, median in names.items()} for _ in range(number)]


def train_here(job: dict[str, Any]) -> dict[str, Any]:
    """The job in this process, as a run of a recipe does it."""
    torch.set_num_threads(job["threads"])
    register()
    scratch = Path(job["scratch"])
    rows = []
    for index, row in enumerate(job["rows"]):
        for name in ("chosen_ids", "rejected_ids"):
            ids = np.array([*row["prompt_ids"], *row[name]], dtype=np.int32)
            marks = np.arange(len(ids)) >= len(row["prompt_ids"])
            rows.append((f"p{index}", EncodedExample(ids=ids, is_trained=marks)))
    write_store(scratch / "pairs.arrow", rows, key="bench", width=2)
    store = TokenStore(scratch / "pairs.arrow", key="bench")
    write_store(scratch / "none.arrow", [], key="bench", width=2)
    recipe = TrainingRecipe(
        objective="dpo", beta=job["beta"], steps=job["steps"], learning_rate=job["learning_rate"],
        schedule="constant", warmup_fraction=0.0, precision=job["precision"],
        examples_per_step=job["micro_batch"] * job["accumulate"], micro_batch=job["micro_batch"],
    )  # fmt: skip
    model = choose_layout(load_network(find_model(job["model"])))
    started = time.monotonic()
    terms = TrainingTerms(
        recipe=recipe, engine=choose_engine(recipe), ranks=Ranks(), folder=scratch, identity={}
    )
    plan = make_plan(model, store, TokenStore(scratch / "none.arrow", key="bench"), terms=terms)
    plan = with_references(plan, ReferenceCache(folder=scratch / "own", depends_on=[]))
    ready = time.monotonic()
    return _steps(plan, job, started=started, ready=ready, update=update)


def _steps(plan: Any, job: dict[str, Any], *, started: float, ready: float, update: Any) -> Any:
    plan.model.network.train()
    size = job["micro_batch"] * job["accumulate"]
    feed = replace(
        plan.feed,
        micro_batch=job["micro_batch"],
        rows_of_step=lambda step: list(range(step * size, (step + 1) * size)),
    )
    data = prefetched(feed.data_of(step) for step in range(job["steps"]))
    losses = [update(plan, one)[0].loss for one in data]
    ended = time.monotonic()
    return {"seconds": ended - started, "steps_seconds": ended - ready, "losses": losses}


def _pairs(store: Any) -> list[Any]:
    return [store.rows_of(index) for index in range(len(store))]


def _ids(pair: Any) -> dict[str, list[int]]:
    chosen, rejected = pair
    first = int(np.argmax(chosen.is_trained))
    return {
        "prompt_ids": chosen.ids[:first].tolist(),
        "chosen_ids": chosen.ids[first:].tolist(),
        "rejected_ids": rejected.ids[first:].tolist(),
    }


def _ours(_: Path, job: dict[str, Any], scratch: Path) -> Any:
    return _child([sys.executable, __file__, "--ours"], job, scratch)


def _peer(python: Path, job: dict[str, Any], scratch: Path) -> Any:
    return _child([str(python), str(ROOT / "bench" / "peers" / "trl_dpo.py")], job, scratch)


def _child(command: list[str], job: dict[str, Any], scratch: Path) -> Any:
    """Run one contender in a process and a folder of its own."""
    folder = scratch / "child"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "own").mkdir(parents=True)
    path = folder / "job.json"
    path.write_text(json.dumps({**job, "scratch": str(folder)}), encoding="utf-8")
    done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return json.loads(done.stdout.strip().splitlines()[-1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--golden", action="store_true", help="write TRL's losses for the tests")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "--python", type=Path, default=ROOT / ".bench" / "trl-dpo" / "bin" / "python",
        help="of the environment that TRL is in",
    )  # fmt: skip
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--model", default="pythia-70m", help="a shape of bench/measuring/models")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--micro-batch", type=int, default=4, help="pairs at once")
    parser.add_argument("--accumulate", type=int, default=2, help="micro-batches of a step")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--precision", default="bf16", choices=("bf16", "fp32"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
