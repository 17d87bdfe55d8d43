#!/usr/bin/env python3
"""Prints the names of the programs that did not pass in a testlog.json of `meson test`, with their
results."""

import json
import sys

PASSED = {"OK", "EXPECTEDFAIL", "SKIP"}

if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as log:
        runs = [json.loads(line) for line in log]
    print(", ".join(f"{run['name'].split(' / ')[-1]} {run['result']}" for run in runs
                    if run["result"] not in PASSED))
