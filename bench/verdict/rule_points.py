#!/usr/bin/env python3
"""What the rules give each message without the classifier: rule_points.py SCAN.json prints "path TAB points".

SCAN.json is what `sluice scan --json --bayes DATABASE` printed, so that the scores are those beside a classifier.
"""
import json
import sys

with open(sys.argv[1], errors="replace") as rows:
    for row in map(json.loads, rows):
        points = sum(hit["score"] for hit in row["hits"] if not hit["rule"].startswith("BAYES_"))
        print(f"{row['file']}\t{points:.3f}")
