#!/usr/bin/env python3
"""Prints the build targets that the tests of a suite need: `tools/test_programs.py BUILD SUITE`."""

import json
import os
import sys


def targets(build, suite):
    with open(os.path.join(build, "meson-info/intro-tests.json"), encoding="utf-8") as file:
        tests = json.load(file)
    inside = os.path.abspath(build) + os.sep
    words = {os.path.normpath(word) for test in tests if f"sluice:{suite}" in test["suite"]
             for word in test["cmd"]}
    return sorted(word[len(inside):] for word in words if word.startswith(inside))


if __name__ == "__main__":
    print(*targets(sys.argv[1], sys.argv[2]), sep="\n")
