#!/usr/bin/env python3
"""Prints "PASSED FAILED SKIPPED" over the test cases in a JUnit report of `meson test`."""

import sys
import xml.etree.ElementTree


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    # GoogleTest reports a filtered case as "notrun" and GTEST_SKIP() as result="skipped".
    if case.get("status") == "notrun":
        return "none"
    if case.find("skipped") is not None or case.get("result") == "skipped":
        return "skipped"
    return "passed"


def count(path):
    totals = {"passed": 0, "failed": 0, "skipped": 0, "none": 0}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        totals[outcome(case)] += 1
    return totals["passed"], totals["failed"], totals["skipped"]


if __name__ == "__main__":
    print(*count(sys.argv[1]))
