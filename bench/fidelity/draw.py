#!/usr/bin/env python3
"""Draws messages out of corpora by the hash of their octets: draw.py FOLDER [COUNT] prints paths.

FOLDER holds a folder for each unpacked corpus. Of each the same share is taken, at most 1 MiB a
message; the same octets are taken once.
"""
import hashlib
import os
import sys

MESSAGE_BYTES_MAX = 1 << 20
MAIL = (  # the corpora that are mail
    "csdmc2010", "dsn-bounces", "enron-skilling", "filter-test-messages", "glitchy-spam-2023-2025",
    "lists-ham-2021-2026", "mime-torture", "phishing-pot", "sa-public", "trec07p-half")


def messages(folder):
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            lists = name.startswith("README") or name.endswith((".md", ".tsv", ".json", ".csv"))
            if not lists and os.path.getsize(path) <= MESSAGE_BYTES_MAX:
                yield path


def drawn(folder, count):
    by_hash = {}
    for path in messages(folder):
        with open(path, "rb") as file:
            by_hash.setdefault(hashlib.sha256(file.read()).hexdigest(), path)
    return sorted(by_hash.items())[:count]


def main():
    folder = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 3_000
    present = [name for name in MAIL if os.path.isdir(os.path.join(folder, name))]
    if not present:
        sys.exit(f"{folder}: none of the corpora is here: {', '.join(MAIL)}")
    every = [pair for name in present
             for pair in drawn(os.path.join(folder, name), count // len(present))]
    print("\n".join(path for _, path in sorted(every)))


if __name__ == "__main__":
    main()
