"""Tunesmith and its peers -> tables of speed, measured in turns on this machine.

    make bench                          # everything; some hours
    make bench ARGS=--quick             # a first impression, about ten minutes
    python bench/speed.py --only pythia-lamini --repeats 5
    python bench/speed.py --write       # nothing measured: README and plot from the results

Every peer lives in an environment of its own under `.bench/`, installed from
`bench/peers/<peer>.txt`. Results go to `bench/results/speed.json`, table by table; with
`--only`, the other tables stay as they were measured.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from measuring.child import ChildError
from measuring.page import full_page, readme_block, replace_block
from measuring.plot import draw_speed
from measuring.session import Session
from measuring.tables import NAMES, measurements
from measuring.tasks import Places

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure what was asked for and write it down."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that no child outlives it
    arguments = _arguments()
    if arguments.write:
        write_pages(json.loads(arguments.json.read_text(encoding="utf-8")))
        return
    session = Session(
        places=Places(bench=arguments.bench.resolve(), shared=arguments.shared.resolve()),
        is_quick=arguments.quick,
        repeats=arguments.repeats or (1 if arguments.quick else 3),
        wanted=tuple(arguments.contenders),
        under=tuple(arguments.under.split()),
    )
    result: dict[str, Any] = {**session.circumstances(), "tables": {}}
    if arguments.only != NAMES and arguments.json.is_file():
        result["tables"] = json.loads(arguments.json.read_text(encoding="utf-8"))["tables"]
    for name in arguments.only:
        result["tables"][name] = _measured(name, session)
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {arguments.json}")


def write_pages(result: dict[str, Any]) -> None:
    """Rewrite the README's block, the page and the plot from results."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(replace_block(text, readme_block(result)), encoding="utf-8")
    (ROOT / "docs" / "speed.md").write_text(full_page(result), encoding="utf-8")
    draw_speed(result, ROOT / "docs" / "speed.svg")


def _measured(name: str, session: Session) -> dict[str, Any]:
    print(f"{name}:", file=sys.stderr)
    started = time.monotonic()
    try:
        table = measurements(session)[name]()
    except ChildError as error:
        table = {"failed": str(error)}
        print(f"  {error}", file=sys.stderr)
    minutes = round((time.monotonic() - started) / 60, 1)
    when = {key: session.circumstances()[key] for key in ("measured", "is_quick", "repeats")}
    return {**table, **when, "minutes": minutes}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="TABLE")
    parser.add_argument("--quick", action="store_true", help="fewer steps, rounds and contenders")
    parser.add_argument("--repeats", type=int, help="rounds (3; quick: 1)")
    parser.add_argument(
        "--contenders", nargs="+", default=[], metavar="WORD", help="only whose name holds one"
    )
    parser.add_argument("--under", default="", metavar="COMMAND", help="put before every child")
    parser.add_argument("--write", action="store_true", help="README and plot from the results")
    parser.add_argument("--json", type=Path, default=ROOT / "bench" / "results" / "speed.json")
    parser.add_argument("--bench", type=Path, default=ROOT / ".bench", help="environments and runs")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    return parser.parse_args()


if __name__ == "__main__":
    main()
