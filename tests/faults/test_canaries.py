"""Fault 47: secrets in the material stand in no file that a preparation writes, nor in its talk."""

import json
from pathlib import Path

import pytest

from tests.examples.splitting import planted
from tunesmith.__main__ import run_command

MAIL, CARD, KEY = planted.MAILS[1], planted.cards()[0], planted.keys()[3]
IBAN, PHONE, HANDLE = planted.ibans()[0], "+49 171 5550123", "@zaphod_b"
CANARIES = (MAIL, CARD, KEY, IBAN, PHONE, HANDLE, "Tr0ub4dor", "10.11.12.13")


def rows() -> list[str]:
    secrets = [*CANARIES[:6], "my password is Tr0ub4dor", "host 10.11.12.13"]
    good = [
        {
            "question": f"Question {number} about {secret}?",
            "answer": f"Ask {secret}, {number} times.",
        }
        for number, secret in enumerate(secrets * 4)
    ]
    lines = [json.dumps(row) for row in good]
    lines += [json.dumps({"question": secret, "answer": "ok"}) for secret in secrets]  # trivial
    lines += [json.dumps({"question": secret, "answer": None}) for secret in secrets]  # unreadable
    lines += [f'{{"question": "{secret}", "answer"' for secret in secrets]  # bad JSON
    lines += [f'{{"question": "{"x" * (170 + i)} {KEY}", "answer"' for i in range(25)]  # cut inside
    lines += [lines[0]]  # a duplicate
    lines += [json.dumps({secret: "1", "answer": "x"}) for secret in secrets]  # in a key
    return lines


@pytest.mark.parametrize("max_bad", ["1.0", "0.0"])
def test_no_secret_of_the_material_is_written_or_said(
    tmp_path: Path, tiny_folder: Path, capfd: pytest.CaptureFixture[str], max_bad: str
) -> None:
    data = tmp_path / "in" / "rows.jsonl"
    data.parent.mkdir()
    data.write_text("\n".join(rows()) + "\n", encoding="utf-8")
    recipe = tmp_path / "in" / "recipe.yaml"
    recipe.write_text(
        f"model: {{name: {tiny_folder}}}\nsources: [{{path: rows.jsonl}}]\n"
        f"examples: {{max_bad: {max_bad}, split: {{validation: 0.0, test: 0.2}}}}\n"
        "template: {name: question-answer}\n"
    )
    run = tmp_path / "run"
    code = run_command(["prepare", str(recipe), "--run", str(run), "--json", "-v"])
    assert code == (0 if max_bad == "1.0" else 3)
    said = "".join(capfd.readouterr())
    written = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert len(written) >= 3
    for canary in CANARIES:
        assert canary not in said, canary
        for path, content in written.items():
            assert canary.encode() not in content, f"{canary} in {path.name}"
    for path, content in written.items():  # nor the beginning of one that a preview cut off
        assert KEY[:12].encode() not in content, path.name
    dropped = (run / "data" / "dropped.jsonl").read_text(encoding="utf-8")
    assert "[email]" in dropped
    if code == 0:
        redacted = json.loads((run / "data" / "summary.json").read_text())["redacted"]
        assert set(redacted) == {"email", "card", "secret", "account", "phone", "handle", "ip"}
