"""The library -> a Markdown page part: every template with its columns and an example."""

from tunesmith.examples.tasks.library import TaskTemplate, library
from tunesmith.examples.tasks.task_examples import example_row


def library_tables() -> str:
    """One table a kind of task."""
    lines: list[str] = []
    task = None
    for template in library().values():
        if template.task != task:
            task = template.task
            lines += ["", f"## {task[:1].upper()}{task[1:]}", ""]
            lines += ["| `task` | what is asked | columns | an example |", "|---|---|---|---|"]
        lines.append(_line(template))
    return "\n".join(lines[1:]) + "\n"


def _line(template: TaskTemplate) -> str:
    columns = ", ".join(f"`{name}`: {kind}" for name, kind in template.columns.items())
    maker = example_row(template)
    asked, answered = maker.messages(template.wordings[0], maker.values(template.example))
    prompt = "\n\n".join(text for text in (asked.content, asked.input) if text)
    cells = (f"`{template.name}`", template.about, columns, f"{prompt}\n→ **{answered.content}**")
    return "| " + " | ".join(_cell(text) for text in cells) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
