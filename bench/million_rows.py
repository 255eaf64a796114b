"""Read, clean, compare, divide and write generated rows: seconds, memory, duplicates found.

    python bench/million_rows.py                        # 100,000 rows
    python bench/million_rows.py 100000 300000 1000000

Alpaca-like rows of 25 to 150 words, all different but for 5 % that repeat an earlier one: 2 %
exactly, 1 % in other case and punctuation, 1 % with one word changed (long ones), 1 % with one
word in ten changed. JSON is printed; memory is that of all processes together, every 200 ms.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil

from tunesmith.examples.read_count import ReadCount
from tunesmith.files import read_json_lines
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.sources.row import Dropped
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.preparing.split_files import write_examples

TASKS = (
    "Write a short note about {0} for {1}, in the voice of {2}.",
    "Explain to {1} how {0} changes when {2} does.",
    "Summarise for {1} what {0} has to do with {2}.",
    "List the reasons why {1} would choose {0} over {2}.",
    "Describe {0} in plain words, as {1} would to {2}.",
    "Which of {0} and {2} matters more to {1}, and why?",
    "Rewrite the text below so that {1} and {2} understand {0}.",
    "Give {1} three rules for handling {0} in {2}.",
)
SENTENCES = (
    "The {0} {3} the {1} whenever a {2} is near.",
    "Most people who {3} a {0} also ask about {1}.",
    "It helps to keep the {0} away from any {4} {1}.",
    "A {4} {0} rarely lasts longer than the {1} beside it.",
    "Nobody expected that {2} would {3} so many {0}s.",
    "First look at the {0}, then at the {1}, and only then {3}.",
    "In {5} the {0} costs about {6} a year.",
    "Since {6} the {4} {1} has been part of every {0}.",
    "If the {2} fails, {3} the {0} and wait {6} minutes.",
    "{5} is known for its {4} {0} and for the {1} of {2}.",
    "Good {0}s and bad {1}s are often told apart by the {2}.",
    "Between the {0} and the {2} there is room for {6} {1}s.",
)
SYLLABLES = (
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "ke",
    "li",
    "mo",
    "nu",
    "pa",
    "re",
    "si",
    "to",
    "vu",
)
KINDS = ("exact", "case", "one word", "one in ten")
SHARES = (0.02, 0.01, 0.01, 0.01)


def main() -> None:
    """Measure each size in a process of its own, and print."""
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
        return
    sizes = [int(size) for size in sys.argv[1:]] or [100_000]
    results = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            planted = write_rows(Path(name) / "rows.jsonl", size)
            results.append({"rows": size, "planted": planted, **watched(Path(name))})
    print(json.dumps({"load": psutil.getloadavg(), "sizes": results}, indent=2))


def write_rows(path: Path, size: int) -> dict[str, int]:
    """Generate; an output's first words name a repetition's original and kind."""
    planted: Counter[str] = Counter()
    with path.open("w", encoding="utf-8") as stream:
        for row in generate(size, planted):
            stream.write(json.dumps(row) + "\n")
    return dict(planted)


def generate(size: int, planted: Counter[str], *, seed: int = 0) -> Iterator[dict[str, str]]:
    """Rows in order; repetitions follow within 1,000 rows of what they repeat."""
    rng = random.Random(seed)
    words = ["".join(rng.choices(SYLLABLES, k=rng.randint(2, 3))) for _ in range(20_000)]
    recent: list[dict[str, str]] = []
    for _ in range(size):
        kind = rng.choices((*KINDS, None), (*SHARES, 1 - sum(SHARES)))[0] if recent else None
        if kind is None:
            row = new_row(rng, words)
            recent = [*recent[-999:], row]
        else:
            planted[kind] += 1
            row = repeated(rng, words, rng.choice(recent), kind)
        yield row


def new_row(rng: random.Random, words: list[str]) -> dict[str, str]:
    """An instruction, now and then an input, and two to ten sentences."""
    task = rng.choice(TASKS).format(*rng.choices(words, k=3))
    given = sentence(rng, words) if rng.random() < 0.3 else ""
    answer = " ".join(sentence(rng, words) for _ in range(rng.randint(2, 10)))
    return {"instruction": task, "input": given, "output": answer}


def sentence(rng: random.Random, words: list[str]) -> str:
    """One of the forms, filled."""
    filling = rng.choices(words, k=5)
    return rng.choice(SENTENCES).format(*filling, rng.choice(words).title(), rng.randint(2, 9999))


def repeated(
    rng: random.Random, words: list[str], row: dict[str, str], kind: str
) -> dict[str, str]:
    """The row again, as the kind says."""
    if kind == "exact":
        return row
    if kind == "case":
        return {**row, "output": row["output"].upper().replace(".", "!")}
    parts = row["output"].split()
    num_changed = 1 if kind == "one word" else max(1, len(parts) // 10)
    for place in rng.sample(range(len(parts)), num_changed):
        parts[place] = rng.choice(words)
    return {**row, "output": " ".join(parts)}


def watched(folder: Path) -> dict[str, object]:
    """Run the measurement, and add up the memory of its processes while it runs."""
    command = [sys.executable, __file__, "--measure", str(folder)]
    process = psutil.Popen(command, stdout=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        peak = max(peak, total_memory(process))
        time.sleep(0.2)  # each look costs processor time
    result = json.loads(process.stdout.read())
    result["peak_mb"] = round(peak / 2**20)
    return result


def total_memory(process: psutil.Popen) -> int:
    """Resident bytes of a process and its children; pages they share count once."""
    total = 0
    for one in [process, *children(process)]:
        try:
            total += one.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return total


def children(process: psutil.Popen) -> list[psutil.Process]:
    """Those that are alive."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def measure(folder: Path) -> dict[str, object]:
    """What `tunesmith prepare` does before it encodes."""
    recipe = recipe_from_mapping({"sources": [{"path": str(folder / "rows.jsonl")}]})
    run, count = RunFolder(folder / "run"), ReadCount()
    marks: list[tuple[str, float, float]] = []

    class Clock(SilentProgress):
        def start(self, task: str, total: int | None) -> None:
            marks.append((task, *clocks()))

    def drop(_: Dropped) -> None:
        return

    started, _ = clocks()
    assignment = write_examples(
        Run(recipe=recipe, folder=run, paths_from=folder, progress=Clock()),
        recipe,
        count=count,
        drop=drop,
    )
    ended, cpu_seconds = clocks()
    groups = Counter(
        row["group"]
        for split in ("train", "validation", "test")
        for row in read_json_lines(run.examples(split))
        if "group" in row
    )
    times = pairwise([*marks, ("", ended, cpu_seconds)])
    return {
        "seconds": round(ended - started, 1),
        "cpu_seconds": round(cpu_seconds, 1),
        "rows_per_second": round(count.num_read / (ended - started)),
        "stages": {
            task: {"seconds": round(end - begun, 1), "cpu_seconds": round(cpu_end - cpu_begun, 1)}
            for (task, begun, cpu_begun), (_, end, cpu_end) in times
        },
        "dropped": dict(count.dropped),
        "joined": sum(groups.values()) - len(groups),
        "splits": assignment.num_rows(),
    }


def clocks() -> tuple[float, float]:
    """Seconds that have passed, and those of processors, ended children included."""
    return time.perf_counter(), sum(os.times()[:4])


if __name__ == "__main__":
    main()
