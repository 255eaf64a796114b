"""Rows -> token ids and masks on disk, against `datasets.map` with two processes.

    python -m bench.tokenising                            # 100,000 rows, 2 rounds, the starter's
    python -m bench.tokenising 1000000 1 TOKENIZER        # a folder or Hub name

Both begin with rows on disk (JSON Lines here, Arrow there) and use Alpaca's prompt; the peer
tokenises prompts and answers in batches and writes int32, the fastest form found for it. Runs
alternate, each in a process of its own. Memory is resident bytes of all its processes, shared
pages once, every 100 ms, less those of its own process after imports. JSON is printed; ids are
compared.
"""

# ruff: noqa: PLC0415 - each side imports only what it needs

import hashlib
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil

from bench.million_rows import SENTENCES, TASKS, sentence, total_memory

STARTER_FOLDER = Path(__file__).resolve().parent.parent / "tunesmith" / "starter" / "model"

SIDES = ("tunesmith", "datasets.map")


def main() -> None:
    """Make rows, run both sides in turns, print."""
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
        return
    given = sys.argv[1:]
    size, rounds, tokenizer = [*given, *("100000", "2", str(STARTER_FOLDER))[len(given) :]]
    with tempfile.TemporaryDirectory() as name:
        write_rows(Path(name), int(size))
        runs = [watched(side, tokenizer, Path(name)) for _ in range(int(rounds)) for side in SIDES]
    seconds = {
        side: statistics.median(run["seconds"] for run in runs if run["side"] == side)
        for side in SIDES
    }
    result = {
        "rows": int(size),
        "ratio": round(seconds["datasets.map"] / seconds["tunesmith"], 2),
        "is_same": len({run["digest"] for run in runs}) == 1,
        "load": psutil.getloadavg(),
        "runs": runs,
    }
    print(json.dumps(result, indent=2))


def write_rows(folder: Path, size: int) -> None:
    """The same rows for both sides, as each likes them best."""
    from datasets import Dataset

    from tunesmith.examples.example import Example, Message
    from tunesmith.files import write_json_lines

    def records() -> Iterator[dict[str, Any]]:
        for row in generate(size):
            asked = Message(role="user", content=row["instruction"], input=row["input"])
            answer = Message(role="assistant", content=row["response"])
            yield Example(messages=(asked, answer), source="bench").to_json()

    write_json_lines(folder / "rows.jsonl", records())
    data = Dataset.from_generator(generate, gen_kwargs={"size": size}, cache_dir=str(folder))
    data.save_to_disk(folder / "rows")


def generate(size: int) -> Iterator[dict[str, str]]:
    """Rows of 60 to 100 tokens; many words are rare and made of random letters: hard ones."""
    rng = random.Random(0)
    common = " ".join((*TASKS, *SENTENCES)).split()
    rare = [
        "".join(rng.choices("abcdefghilmnoprstuvw", k=rng.randint(4, 9))) for _ in range(50_000)
    ]
    words = [common[i % len(common)].strip("{},.?0123456") or "so" for i in range(5_000)] + rare
    for _ in range(size):
        task = rng.choice(TASKS).format(*(words[int(5e4 * rng.random() ** 3)] for _ in range(3)))
        given = sentence(rng, words) if rng.random() < 0.1 else ""
        answer = " ".join(sentence(rng, words) for _ in range(rng.randint(1, 2)))
        yield {"instruction": task, "input": given, "response": answer}


def watched(side: str, tokenizer: str, folder: Path) -> dict[str, Any]:
    """One run, and the most memory that its processes took beyond its imports."""
    command = [sys.executable, "-m", "bench.tokenising", "--measure", side, tokenizer, str(folder)]
    process = psutil.Popen(command, stdout=subprocess.PIPE)
    process.stdout.readline()  # imported
    imported = process.memory_full_info().pss
    peak = imported
    while process.poll() is None:
        peak = max(peak, total_memory(process))
        time.sleep(0.1)
    result = json.loads(process.stdout.read())
    return {"side": side, **result, "mb_above_imports": round((peak - imported) / 2**20)}


def measure(side: str, tokenizer: str, folder: Path) -> None:
    """Import, say so, work, and tell seconds and a digest of all ids and marks."""
    work = ours if side == "tunesmith" else peers
    print(json.dumps(work(tokenizer, folder)))


def ours(name: str, folder: Path) -> dict[str, Any]:
    """What `tunesmith prepare` does once the rows are divided."""
    from tunesmith.recipe.recipe import TemplateRecipe
    from tunesmith.stages.execution.progress import SilentProgress
    from tunesmith.stages.preparing.encode_file import encode_file
    from tunesmith.stages.preparing.example_encoder import EncodeCount, ExampleEncoder
    from tunesmith.templates.names import find_template
    from tunesmith.tokens.store import TokenStore, write_store
    from tunesmith.tokens.tokenizer import load_tokenizer

    print("imported", flush=True)
    started = time.perf_counter()
    tokenizer = load_tokenizer(name)
    template = find_template(TemplateRecipe(name="alpaca"), tokenizer.texts)
    encoder = ExampleEncoder(
        how=SimpleNamespace(tokenizer=tokenizer, template=template),
        max_tokens=10_000,
        when_too_long="error",
        drop=print,
        count=EncodeCount(),
    )
    path = folder / "rows.arrow"
    rows = encode_file(
        encoder, folder / "rows.jsonl", num_rows=1_000_000, progress=SilentProgress()
    )
    write_store(path, rows, key="bench")
    seconds = time.perf_counter() - started
    store = TokenStore(path, key="bench")
    digest = hashlib.sha256()
    for row in sample(len(store)):
        digest.update(store[row].ids.tobytes() + store[row].is_trained.tobytes())
    return {
        "seconds": round(seconds, 2),
        "tokens_per_row": round(encoder.count.tokens / len(store), 1),
        "digest": digest.hexdigest()[:16],
    }


def peers(name: str, folder: Path) -> dict[str, Any]:
    """`datasets.map`: two processes, batches, int32."""
    import datasets
    import numpy as np
    from transformers import AutoTokenizer

    from tunesmith.templates.alpaca import lay_out

    print("imported", flush=True)
    datasets.disable_progress_bars()
    started = time.perf_counter()
    tokenizer = AutoTokenizer.from_pretrained(name)
    ids = {"add_special_tokens": False, "return_attention_mask": False}

    def encode(batch: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        asked = zip(batch["instruction"], batch["input"], strict=True)
        prompts = ["".join(text for text, _ in lay_out(None, *pair)) for pair in asked]
        answers = [f"{text}{tokenizer.eos_token}" for text in batch["response"]]
        read, trained = tokenizer(prompts, **ids).input_ids, tokenizer(answers, **ids).input_ids
        rows = list(zip(read, trained, strict=True))
        return {
            "input_ids": [a + b for a, b in rows],
            "labels": [[-100] * len(a) + b for a, b in rows],
        }

    int32 = datasets.Sequence(datasets.Value("int32"))
    data = datasets.load_from_disk(str(folder / "rows"))
    encoded = data.map(
        encode,
        batched=True,
        num_proc=2,
        remove_columns=data.column_names,
        features=datasets.Features({"input_ids": int32, "labels": int32}),
        cache_file_name=str(folder / "peer.arrow"),
        load_from_cache_file=False,
    )
    seconds = time.perf_counter() - started
    digest = hashlib.sha256()
    for row in sample(len(encoded)):
        marks = np.array(encoded[row]["labels"]) != -100
        digest.update(np.array(encoded[row]["input_ids"], np.int32).tobytes() + marks.tobytes())
    return {"seconds": round(seconds, 2), "digest": digest.hexdigest()[:16]}


def sample(num_rows: int) -> range:
    """A thousand rows of all."""
    return range(0, num_rows, max(1, num_rows // 1000))


if __name__ == "__main__":
    main()
