"""RunRecord -> findings: what keeps a run from being better, each with its evidence and its cure.

A *rule* looks at one thing and finds it or not; `diagnose.RULES` is the table of all of them.
"""
