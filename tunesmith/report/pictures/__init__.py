"""Numbers of a run come in; pictures as SVG text go out, in the colours of the page."""
