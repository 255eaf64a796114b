"""The tables of keys and of task templates, as docs/ holds them; `make golden` writes them."""

from tunesmith.examples.tasks.library import TaskTemplate, library
from tunesmith.examples.tasks.task_examples import example_row
from tunesmith.recipe.commented import flow, is_of_list
from tunesmith.recipe.fields import walk
from tunesmith.recipe.section import RecipeSection


def reference_table() -> str:
    """All keys as a Markdown table: key, default, what it takes, what it means."""
    rows = ["| key | default | takes | meaning |", "|---|---|---|---|"]
    for field in walk():
        is_told_before = is_of_list(field) and field.path[0] != "sources"  # groups like judge's
        if isinstance(field.default, RecipeSection) or is_told_before:
            continue
        path = ".".join(field.path).replace("sources.", "sources.0.")
        default = "required" if field.is_required else f"`{flow(field.default)}`"
        cells = (f"`{path}`", default, field.allowed, field.description)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


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
