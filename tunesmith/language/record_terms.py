"""The words of a run's records that a report shows -> marked, so that catalogues hold them.

The records keep them in English, as keys that programs compare; `as_shown` tells them in the
language of a page.
"""

from typing import Final

from tunesmith.language.translate import message

TERMS: Final = (
    # verdicts on models, answers, judges and what was forgotten
    message("better"),
    message("worse"),
    message("no difference shown"),
    message("not judged"),
    message("noisy, use with care"),
    message("do not use"),
    message("kept"),
    message("some loss"),
    message("forgot"),
    message("not probed"),
    # findings: how grave they are, and their rules
    message("fix first"),
    message("would help"),
    message("good to know"),
    message("not usable"),
    message("too few rows"),
    message("unbalanced labels"),
    message("answers cut"),
    message("base already good"),
    message("look-up as good"),
    message("few-shot as good"),
    message("rows too long"),
    message("much dropped"),
    message("contradictions"),
    message("doubled headers"),
    message("mixed languages"),
    message("weak task"),
    message("weak source"),
    message("nothing held out"),
    message("small test"),
    message("judge untrusted"),
    message("diverging"),
    message("hardly learned"),
    message("still falling"),
    message("rose"),
    message("few validation rows"),
    # figures of probes, as a finding tells them
    message("divergence"),
    message("perplexity"),
    message("arithmetic"),
    message("words"),
    message("sense"),
    message("form"),
    message("reading"),
    message("language"),
    message("all"),
    # rows: bands of likeness, roles, why they were dropped
    message("near"),
    message("far"),
    message("exact"),
    message("system"),
    message("user"),
    message("assistant"),
    message("tool"),
    message("exact duplicate"),
    message("near duplicate"),
    message("bridges splits"),
    message("over its weight"),
    message("too long"),
    message("no text"),
    message("other language"),
)
