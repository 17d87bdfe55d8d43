#!/usr/bin/env python3
"""Compares the hits of two scanners: compare.py REFERENCE.tsv OURS.json [--json FILE] [--rows N].

REFERENCE.tsv is what reference.pl prints, OURS.json what `sluice scan --json --helpers` prints.
Agreement is the share of (message, rule) pairs that both hit among those that either hits; pairs
that neither hits, which are most, do not count.
"""
import argparse
import collections
import json
import re


def read_reference(path):
    hits = {}
    with open(path, errors="replace") as file:
        for line in file:
            name, _, *rules = line.rstrip("\n").split("\t")
            hits[name] = {rule for rule in rules if rule}
    return hits


def read_ours(path, own):
    """A file that begins with "From " is an mbox: its only message is "FILE:1"."""
    hits, several = {}, set()
    with open(path, errors="replace") as file:
        for line in file:
            row = json.loads(line)
            name = re.sub(r":\d+$", "", row["file"])
            if name in hits:
                several.add(name)  # one message for SpamAssassin: not comparable
            hits[name] = {hit["rule"] for hit in row["hits"]} - own
    return {name: rules for name, rules in hits.items() if name not in several}


class Tally:
    """Pairs of one kind of rules."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.both = 0
        self.missing = collections.defaultdict(list)
        self.extra = collections.defaultdict(list)

    def add(self, path, reference, ours):
        reference = set(filter(self.wanted, reference))
        ours = set(filter(self.wanted, ours))
        self.both += len(reference & ours)
        for rule in reference - ours:
            self.missing[rule].append(path)
        for rule in ours - reference:
            self.extra[rule].append(path)

    def summary(self):
        missing = sum(map(len, self.missing.values()))
        extra = sum(map(len, self.extra.values()))
        every = self.both + missing + extra
        return {"both": self.both, "missing": missing, "extra": extra,
                "agreement": self.both / every if every else 1.0}


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("reference")
    options.add_argument("ours")
    options.add_argument("--json", help="the same with the messages of each rule")
    options.add_argument("--own", help="`sluice rules list --json` of rules that only we have")
    options.add_argument("--rows", type=int, default=60)
    given = options.parse_args()
    reference = read_reference(given.reference)
    own = set()
    if given.own:
        with open(given.own, encoding="utf-8") as file:
            own = {rule["name"] for rule in json.load(file)} - set().union(*reference.values())
    ours = read_ours(given.ours, own)
    every = Tally(lambda rule: True)
    scored = Tally(lambda rule: not rule.startswith("__"))
    both = sorted(reference.keys() & ours.keys())
    for path in both:
        every.add(path, reference[path], ours[path])
        scored.add(path, reference[path], ours[path])
    print(f"{len(both)} messages")
    for name, tally in (("all rules", every), ("without helpers", scored)):
        sums = tally.summary()
        print(f"{name:16} both {sums['both']:7}  missing {sums['missing']:5}  "
              f"extra {sums['extra']:5}  agreement {100 * sums['agreement']:.3f} %")
    rules = sorted(every.missing.keys() | every.extra.keys(),
                   key=lambda rule: -len(every.missing[rule]) - len(every.extra[rule]))
    print(f"\n{'rule':40} {'missing':>7} {'extra':>7}")
    for rule in rules[:given.rows]:
        print(f"{rule:40} {len(every.missing[rule]):7} {len(every.extra[rule]):7}")
    if given.json:
        with open(given.json, "w") as file:
            json.dump({"messages": len(both), "all": every.summary(), "scored": scored.summary(),
                       "missing": every.missing, "extra": every.extra}, file, indent=1)


if __name__ == "__main__":
    main()
