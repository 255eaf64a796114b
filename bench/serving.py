"""Our server against `transformers serve` and llama.cpp's: the same model and questions.

    python bench/serving.py runs/demo --json serving.json
    python bench/serving.py runs/demo --gguf runs/demo/exports/demo-f32.gguf
    python bench/serving.py runs/demo --also vllm=http://127.0.0.1:8081

Questions of the run's test set, greedy, streamed, by 1, 8 and 32 clients at once; servers take
turns, A B A B. For each: the median time to the first piece of text, tokens a second (counted by
the run's tokenizer, of texts that arrived), the largest memory, and how many texts are ours.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tokenizers import Tokenizer

PARALLEL = (1, 8, 32)
START_SECONDS = 120
OURS = "tunesmith"
LLAMA_CPP = """
import sys, threading, xllamacpp
given = xllamacpp.CommonParams()
given.model.path, given.port = sys.argv[1], int(sys.argv[2])
given.n_parallel, given.n_ctx, given.verbosity = 32, 32 * 512, -1
given.cpuparams.n_threads = given.cpuparams_batch.n_threads = 2
server = xllamacpp.Server(given)
threading.Event().wait()
"""
Told = tuple[float, str]  # seconds to the first piece, the whole text


def main() -> None:
    """Measure and print."""
    options = _options()
    model = options.run / "model"
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    questions = _questions(options.run, options.rows)
    with ExitStack() as servers:
        started = [OURS, "serve", str(options.run), "--port"]
        ours = servers.enter_context(_running(["-m", *started], 8811, name="tunesmith"))
        theirs = ["-m", "transformers.cli.transformers", "serve", str(model), "--port"]
        plain = servers.enter_context(_running(theirs, 8812, name="transformers"))
        peers = {OURS: (8811, "tuned", ours), "transformers": (8812, str(model), plain)}
        if options.gguf:
            file = str(options.gguf)
            there = servers.enter_context(_running(["-c", LLAMA_CPP, file], 8813, name="llama.cpp"))
            peers["llama.cpp"] = (8813, "tuned", there)
        for also in options.also:
            name, _, url = also.partition("=")
            peers[name] = (urlsplit(url).port or 80, name, 0)
        result = _measure(peers, questions, tokenizer, options.rounds)
    for line in result:
        print("  ".join(f"{key} {value}" for key, value in line.items()))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


def _measure(
    peers: dict[str, tuple[int, str, int]],
    questions: list[str],
    tokenizer: Tokenizer,
    rounds: int,
) -> list[dict[str, Any]]:
    lines = []
    for parallel in PARALLEL:
        seen: dict[str, list[tuple[float, float, list[str]]]] = {name: [] for name in peers}
        for _ in range(rounds):
            for name, (port, model, _) in peers.items():
                seen[name].append(_round(port, model, questions, parallel, tokenizer))
        ours = seen[OURS][0][2]
        for name, found in seen.items():
            rate = statistics.median(one[1] for one in found)
            lines.append(
                {
                    "parallel": parallel,
                    "server": name,
                    "first_ms": round(1000 * statistics.median(one[0] for one in found), 1),
                    "tokens_a_second": round(rate, 1),
                    "peak_mib": _peak_mib(peers[name][2]),
                    "texts_as_ours": sum(a == b for a, b in zip(found[0][2], ours, strict=True)),
                    "of": len(questions),
                }
            )
    return lines


def _round(
    port: int, model: str, questions: list[str], parallel: int, tokenizer: Tokenizer
) -> tuple[float, float, list[str]]:
    """Median seconds to the first piece, tokens a second, the texts."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(parallel) as pool:
        told = list(pool.map(lambda text: _ask(port, model, text), questions))
    seconds = time.perf_counter() - begun
    texts = [text for _, text in told]
    num_tokens = sum(len(tokenizer.encode(text).ids) for text in texts)
    return statistics.median(first for first, _ in told), num_tokens / seconds, texts


def _ask(port: int, model: str, text: str) -> Told:
    body = {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        "stream": True,
        "temperature": 0,
        "max_tokens": 64,
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    begun = time.perf_counter()
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    reply = connection.getresponse()
    if reply.status != 200:
        raise SystemExit(f"port {port}: {reply.status} {reply.read()[:300]!r}")
    first, pieces = 0.0, []
    for line in reply:
        if not line.startswith(b"data: {"):
            continue
        choices = json.loads(line[6:]).get("choices") or [{}]
        piece = (choices[0].get("delta") or {}).get("content") or ""
        if piece and not pieces:
            first = time.perf_counter() - begun
        pieces += [piece] if piece else []
    connection.close()
    return first or time.perf_counter() - begun, "".join(pieces)


@contextmanager
def _running(words: list[str], port: int, *, name: str) -> Iterator[int]:
    """A server in a process of its own; its id."""
    command = [sys.executable, *words, str(port)]
    with Path(f"bench-{name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)
        Path(f"bench-{name}.log").unlink()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(START_SECONDS * 5):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise SystemExit(f"no server at port {port}; see its bench-*.log")


def _peak_mib(pid: int) -> int | None:
    status = Path(f"/proc/{pid}/status")
    if not pid or not status.is_file():
        return None
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def _questions(run: Path, count: int) -> list[str]:
    rows = map(json.loads, (run / "data" / "test.jsonl").read_text().splitlines())
    return [row["instruction"] for row in rows if row.get("instruction")][:count]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gguf", type=Path, help="the same model for llama.cpp")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=URL")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
