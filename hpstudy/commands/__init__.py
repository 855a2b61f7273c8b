"""What the commands of `cli.py` do: call the floors below and print.

Results go to stdout, everything else to stderr.
"""
