"""The files of a run come in; report.html and report.md go out."""
