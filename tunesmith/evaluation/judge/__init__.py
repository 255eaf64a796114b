"""Answers come in; scores from 0 to 100, preferences and whether to believe them go out.

A mark is a judge's score of one answer; a preference is its choice between two, asked twice.
"""
