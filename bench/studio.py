"""How long the studio's pages take, and how much memory, for a run of many rows.

    python bench/studio.py --rows 100000

A run is made (three answers more than the reference to each row, of a few hundred characters), the
studio is started as a process of its own, and every page is asked for: the first time, when the
files are read, and again. Memory is the process's peak (VmHWM).
"""

import argparse
import http.client
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.studio.results_run import results_run

PAGES = (
    "/",
    "/results",
    "/results?page=0 ",
    "/results",
    "/results/rows?page=4000",
    "/results/rows?tag=task%3At1&metric=chrf&low=20&high=80&order=lowest",
    "/results/rows?order=gain&page=9",
    "/results/rows?sign=repeats&model=tuned",
    "/training",
    "/arena",
)


def main() -> None:
    """Print a line a page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--words", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        results_run(folder, rows=asked.rows, length=asked.words)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        print(f"{asked.rows:,} test rows, {size / 1e6:,.0f} MB of files", flush=True)
        measure(folder)


def measure(folder: Path) -> None:
    """Start the studio and ask for each page."""
    words = [sys.executable, "-m", "tunesmith", "studio", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(re.findall(r":(\d+)", process.stdout.readline())[-1])
        try:
            for path in PAGES:
                seconds, status, length = ask(port, path)
                peak = peak_megabytes(process.pid)
                print(f"{seconds:6.3f} s  {peak:4.0f} MB  {status}  {length:>9,} B  {path}")
            time.sleep(3)  # the look at the test set is noted
            print(f"at the end {peak_megabytes(process.pid):.0f} MB at most")
        finally:
            process.terminate()


def ask(port: int, path: str) -> tuple[float, int, int]:
    """Seconds, status and length of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    began = time.perf_counter()
    headers = {"hx-request": "true"} if path.endswith(" ") else {}  # what the waiting page asks
    connection.request("GET", path.strip(), headers=headers)
    got = connection.getresponse()
    text = got.read()
    return time.perf_counter() - began, got.status, len(text)


def peak_megabytes(process_id: int) -> float:
    """The most memory that a process has held."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1e3


if __name__ == "__main__":
    main()
