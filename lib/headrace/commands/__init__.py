"""One command of the `headrace` program per file; headrace.cli holds the table of them."""
