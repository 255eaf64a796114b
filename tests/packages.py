"""Installed packages for tests: what pip would leave behind, written by hand."""

from pathlib import Path


def install(folder: Path, name: str, door: str, code: str, /, **points: str) -> Path:
    """A package of one module and its metadata, version 1.0.

    Args:
        folder: To put on `sys.path`.
        name: Of the package; its module is called the same, with `_`.
        door: sources, templates or metrics.
        code: Of the module.
        points: Name of each plug-in -> what in the module it is.
    """
    module = name.replace("-", "_")
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{point} = {module}:{inner}\n" for point, inner in points.items()]
    (metadata / "entry_points.txt").write_text(f"[tunesmith.{door}]\n{''.join(lines)}")
    path = folder / f"{module}.py"
    path.write_text(code, encoding="utf-8")
    return path


METRIC = """from tunesmith.evaluation.metric import Metric

M = Metric(name={name!r}, measure=lambda completion, reference: {mark}, description="a mark")
"""
KIND = """from tunesmith.sources.kind import Certainty, Recognition, SourceKind
from tunesmith.sources.row import Row


def recognise(file):
    return Recognition(certainty=Certainty({certainty}), reason="it was told so")


def read(file):
    yield Row(fields={{"question": "Who asks?", "answer": "{answer}"}}, source=f"{{file.name}}:1")
    {then}


K = SourceKind(name={name!r}, description="a kind", recognise=recognise, read=read)
"""


def metric_code(name: str, mark: str = "50.0") -> str:
    """A module with a metric `M` that always gives the same mark."""
    return METRIC.format(name=name, mark=mark)


def kind_code(
    name: str, certainty: int = 3, answer: str = "The plug-in does.", then: str = ""
) -> str:
    """A module with a kind `K` of one row that takes every file for its own."""
    return KIND.format(name=name, certainty=certainty, answer=answer, then=then)


LAYOUT = """from tunesmith.templates.text_template import TextLayout

def lay_out(system, instruction, given):
    return [("Ask: ", False), (instruction, True), (given, True), ({end!r}, False)]

L = TextLayout(
    name={name!r}, lay_out=lay_out, jinja={jinja!r}, markers=("Ask: ",), has_system=False,
    description="asks",
)
"""
CHAT = """from tunesmith.templates.chat_text import ChatText

TEXT = "{{% for m in messages %}}[{{{{ m.role }}}}] {{{{ m.content }}}}\\n{{% endfor %}}"
C = ChatText(
    name={name!r}, text=TEXT + "{{% if add_generation_prompt %}}[assistant] {{% endif %}}",
    description="chats",
)
"""


def layout_code(name: str, end: str = "\nAnswer: ", jinja: str | None = None) -> str:
    """A module that offers a layout; `jinja` is what it says in Jinja."""
    written = "'Ask: ' + instruction + '\\nAnswer: '" if jinja is None else jinja
    return LAYOUT.format(name=name, end=end, jinja=written)
