"""One question and its answer -> USER: and ASSISTANT:, as Vicuna was tuned."""

from tunesmith.templates.text_template import TextLayout

RULES = "A chat between a curious user and an assistant."


def lay_out(system, instruction, given):
    asked = [(" USER: ", False), (instruction, True)]
    if given:
        asked += [("\n", False), (given, True)]
    opening = (RULES, False) if system is None else (system, True)
    return [opening, *asked, (" ASSISTANT: ", False)]


VICUNA = TextLayout(
    name="vicuna",
    lay_out=lay_out,
    jinja=f"('{RULES}' if system is none else system) + ' USER: ' + instruction + ' ASSISTANT: '",
    markers=(" USER: ", " ASSISTANT: "),
    has_system=True,
    description="one turn of Vicuna",
)
