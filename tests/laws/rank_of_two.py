"""Run by torchrun: the first rank is an interpreter of its own, the second a fork of the server.

So one of the two pays for its imports, and the orders of their hashes differ.
"""

import os
import runpy
import sys
from pathlib import Path

from tests.forks import Fork


def main() -> None:
    if os.environ["RANK"] == "0":
        runpy.run_module("tunesmith", run_name="__main__", alter_sys=True)
        return
    process = Fork(["-m", "tunesmith", *sys.argv[1:]], cwd=Path.cwd())
    out, err = process.communicate()
    sys.stdout.write(out)
    sys.stderr.write(err)
    sys.exit(process.returncode)


if __name__ == "__main__":
    main()
