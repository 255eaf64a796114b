"""A completion and its reference -> 100 where it is no longer, less the longer it is."""

from tunesmith.evaluation.metric import Metric


def brevity(completion, reference):
    if len(completion) <= len(reference):
        return 100.0
    return 100.0 * len(reference) / len(completion)


def make():
    return Metric(name="brevity", measure=brevity, description="no longer than the reference")
