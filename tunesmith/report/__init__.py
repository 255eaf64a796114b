"""The files of a run come in; report.html, report.md and curves.svg go out.

Words: a record (all a report shows, read once), a line (a metric's scores side by side).
"""
