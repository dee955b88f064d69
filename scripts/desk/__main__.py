"""`python -m scripts.desk` is the `desk` command where its console script is not installed."""

from scripts.desk.entry import main

main()
