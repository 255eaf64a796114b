"""What a run's diagnosis found -> the same words for the terminal, report.md and the page."""
