"""A peer's pins -> an environment of its own, or the reason why there is none."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tunesmith.files import hash_file

PEERS_FOLDER = Path(__file__).resolve().parent.parent / "peers"
_TCMALLOC = ("libtcmalloc_minimal.so.4", "libtcmalloc.so.4")
_LIBRARY_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A peer's interpreter; `missing` says why there is none.

    A failed installation is remembered until the pins change, for some take minutes to fail.
    """

    peer: str
    python: Path
    missing: str | None = None


def environment_of(peer: str, *, bench: Path, timeout_seconds: float = 1800) -> Environment:
    """Find a peer's environment, or install it from `peers/<peer>.txt`."""
    folder, pins = bench / peer, PEERS_FOLDER / f"{peer}.txt"
    python, stamp, reason = folder / "bin" / "python", folder / ".installed", folder / ".failed"
    wanted = hash_file(pins)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return Environment(peer=peer, python=python)
    if reason.is_file():
        pinned, _, said = reason.read_text(encoding="utf-8").partition("\n")
        if pinned == wanted:
            return Environment(peer=peer, python=python, missing=said)
    said = _install(folder, pins, timeout_seconds)
    if said is None:
        stamp.write_text(wanted, encoding="utf-8")
        reason.unlink(missing_ok=True)
    else:
        reason.write_text(f"{wanted}\n{said}", encoding="utf-8")
    return Environment(peer=peer, python=python, missing=said)


def _install(folder: Path, pins: Path, timeout_seconds: float) -> str | None:
    """None, or the last line of what pip said."""
    python = folder / "bin" / "python"
    print(f"Installing {pins.stem} into {folder} (some minutes, once).", file=sys.stderr)
    if not python.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    command = [str(python), "-m", "pip", "install", *quiet, "--requirement", str(pins)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not installed after {timeout_seconds:.0f} seconds"
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.splitlines() if "ERROR" in line] or ["pip failed"]
    return lines[0].removeprefix("ERROR: ")[:300]


def find_tcmalloc() -> Path | None:
    """The allocator's library, where a Linux distribution puts it."""
    places = (Path(folder) / name for folder in _LIBRARY_FOLDERS for name in _TCMALLOC)
    return next((place for place in places if place.is_file()), None)
