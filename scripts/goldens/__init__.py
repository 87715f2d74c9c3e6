"""One module per family of goldens; each has `cases()`, a list of plain dicts."""
