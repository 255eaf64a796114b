"""Headless Chromium, driven over a pipe by its DevTools protocol: no driver is needed."""

import base64
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BINARY = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
    "--disable-background-networking", "--disable-dev-shm-usage",
)  # fmt: skip
_KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Tab": ("Tab", 9, "")}


@dataclass
class Page:
    """A tab, and what it has told so far."""

    to_browser: int
    from_browser: int
    session: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    _rest: bytes = b""
    _number: int = 0

    def call(self, method: str, **terms: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        self._number += 1
        sent = {"id": self._number, "method": method, "params": terms}
        if self.session:
            sent["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(sent).encode() + b"\0")
        while True:
            heard = self._heard()
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result
            self.told.append(heard)

    def _heard(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self.from_browser, 1 << 20)
            assert piece, "the browser has gone"
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        got = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def wait(self, script: str, seconds: float = 10.0) -> None:
        """Until an expression is true; in a page that is being loaded it may not be one yet."""
        ends = time.monotonic() + seconds
        while not self.run(f"(() => {{ try {{ return Boolean({script}) }} catch {{ }} }})()"):
            assert time.monotonic() < ends, (
                f"never: {script}\n{self.run('document.body?.innerText')}"
            )
            time.sleep(0.03)

    def open(self, url: str, ready: str) -> None:
        """Load a page."""
        self.call("Page.navigate", url=url)
        self.wait(ready)

    def click(self, selector: str) -> None:
        """Press what a selector finds first."""
        self.run(f"document.querySelector({selector!r}).click()")

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press and leave a key."""
        name, code, text = _KEYS[key]
        terms = {"key": name, "code": name, "windowsVirtualKeyCode": code}
        terms["modifiers"] = 8 if shift else 0
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **terms)
        self.call("Input.dispatchKeyEvent", type="keyUp", **terms)

    def view(self, width: int, height: int, scheme: str = "light") -> None:
        """The size of the window, and whether the reader likes it dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        wanted = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", features=wanted)

    def picture(self, path: Path) -> None:
        """What is seen, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def requested(self) -> set[str]:
        """The addresses that were asked for."""
        self.run("0")
        sent = (one for one in self.told if one["method"] == "Network.requestWillBeSent")
        return {one["params"]["request"]["url"] for one in sent}

    def complaints(self) -> list[str]:
        """What the page's console holds of errors, and of what its policy refused."""
        self.run("0")
        entries = [one["params"]["entry"] for one in self.told if one["method"] == "Log.entryAdded"]
        raised = [one for one in self.told if one["method"] == "Runtime.exceptionThrown"]
        return [one["text"] for one in entries if one["level"] == "error"] + list(map(str, raised))


@contextmanager
def browser_page(folder: Path) -> Iterator[Page]:
    """A new browser with one tab, ended with all its processes."""
    assert BINARY
    (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()
    ends = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (to_read, from_write)]  # not 3 or 4
    command = ["bash", "-c", f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}', "bash", BINARY, *_FLAGS]
    one = subprocess.Popen(
        [*command, f"--user-data-dir={folder}", "about:blank"],
        pass_fds=ends, start_new_session=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for handle in (to_read, from_write, *ends):
        os.close(handle)
    try:
        page = Page(to_browser=to_write, from_browser=from_read)
        target = page.call("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for name in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{name}.enable")
        yield page
    finally:
        with suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGKILL)
        one.wait()
        for handle in (to_write, from_read):
            os.close(handle)
