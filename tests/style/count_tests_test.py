#!/usr/bin/env python3
"""The last line of tools/test counts what ran."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import count_tests  # noqa: E402


def count(cases):
    with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
        file.write(f"<testsuites><testsuite name='a'>{cases}</testsuite></testsuites>")
        file.flush()
        return count_tests.count(file.name)


class CountTests(unittest.TestCase):
    def test_each_case_counts_once_by_its_outcome(self):
        self.assertEqual(count("<testcase name='a'/><testcase name='b' status='run'/>"), (2, 0, 0))
        self.assertEqual(count("<testcase><failure/><failure/></testcase>"), (0, 1, 0))
        self.assertEqual(count("<testcase><error/></testcase>"), (0, 1, 0))
        self.assertEqual(count("<testcase><skipped/></testcase>"), (0, 0, 1))

    def test_a_case_that_a_filter_left_out_does_not_count(self):
        self.assertEqual(count("<testcase status='notrun' result='suppressed'/>"), (0, 0, 0))

    def test_a_case_skipped_by_its_own_decision_counts_as_skipped(self):
        self.assertEqual(count("<testcase status='run' result='skipped'/>"), (0, 0, 1))


if __name__ == "__main__":
    unittest.main()
