#!/usr/bin/env python3
"""Draws the messages of the comparison: draw.py CORPORA OUT [--scale F].

Writes them to OUT/mail without the fields of other filters, and OUT/list.tsv: part, label, pool and
path of each. What lies in which part follows from the letters of a message's body alone, so the same
body, whatever its header and corpus, is in one part only, and there once.
"""
import argparse
import collections
import hashlib
import os
import re

MESSAGE_BYTES_MAX = 256 * 1024

# Pools that have both kinds of mail from the same place are halved into a part to train on and one to
# test on. The others have one kind only: a classifier that was shown them would know the place, not
# spam. They are tested on and never trained on.
POOLS = {
    "trec07p": ("trec07p-half",),
    "sa-csdmc": ("sa-public", "csdmc2010"),
    "modern": ("phishing-pot", "glitchy-spam-2023-2025", "lists-ham-2021-2026", "enron-skilling"),
}
HALVED = ("trec07p", "sa-csdmc")
LABELS = {"ham": "ham", "hard-ham": "ham", "spam": "spam", "phish": "spam"}
WANTED = {  # messages, before --scale
    ("trec07p", "train", "ham"): 1500, ("trec07p", "train", "spam"): 1500,
    ("trec07p", "test", "ham"): 2500, ("trec07p", "test", "spam"): 1500,
    ("sa-csdmc", "train", "ham"): 1000, ("sa-csdmc", "train", "spam"): 700,
    ("sa-csdmc", "test", "ham"): 1500, ("sa-csdmc", "test", "spam"): 700,
    ("modern", "test", "ham"): 3000, ("modern", "test", "spam"): 2000,
}
OTHER_FILTERS = re.compile(
    rb"(x-spam-.*|x-ms-exchange-organization-.*|x-ms-exchange-forest-.*|x-forefront-.*|x-microsoft-antispam.*|"
    rb"x-ms-exchange-crosstenant.*|x-exchange-antispam.*|authentication-results.*|arc-.*|received-spf|x-barracuda-.*|"
    rb"x-bogosity|x-virus-.*|x-mozilla-.*|x-sid-.*|status|x-status|x-sender-ip|x-eopattributedmessage):", re.I)


def cleaned(octets):
    """Without the mbox line and the fields of other filters; line ends as they are."""
    if octets.startswith(b"From "):
        octets = octets[octets.index(b"\n") + 1:]
    kept, keep, at = [], True, 0
    while at < len(octets):
        end = octets.find(b"\n", at)
        end = len(octets) if end < 0 else end + 1
        line = octets[at:end]
        if line in (b"\n", b"\r\n"):
            break
        if not line[:1] in b" \t":
            keep = not OTHER_FILTERS.match(line)
        if keep:
            kept.append(line)
        at = end
    return b"".join(kept) + octets[at:]


def body_key(octets):
    body = re.split(rb"\r?\n\r?\n", octets, maxsplit=1)[-1]
    letters = re.sub(rb"[^a-z]", b"", body.lower())
    if len(letters) < 32:
        letters = re.sub(rb"[^a-z]", b"", octets.lower())
    return hashlib.sha256(b"verdict" + letters).hexdigest()


def messages(corpora, pool):
    for corpus in POOLS[pool]:
        top = os.path.join(corpora, corpus)
        if os.path.isdir(os.path.join(top, corpus)):  # each archive unpacked in a folder of its own
            top = os.path.join(top, corpus)
        for folder, label in LABELS.items():
            root = os.path.join(top, folder)
            for parent, _, names in os.walk(root):
                for name in names:
                    path = os.path.join(parent, name)
                    if os.path.getsize(path) <= MESSAGE_BYTES_MAX:
                        yield path, label


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("corpora")
    options.add_argument("out")
    options.add_argument("--scale", type=float, default=1.0, help="share of the messages wanted")
    given = options.parse_args()
    drawn = collections.defaultdict(list)
    seen = set()
    for pool in POOLS:
        for path, label in sorted(messages(given.corpora, pool)):
            with open(path, "rb") as file:
                octets = cleaned(file.read())
            key = body_key(octets)
            if key in seen:
                continue
            seen.add(key)
            part = "train" if pool in HALVED and int(key[:8], 16) % 2 else "test"
            drawn[pool, part, label].append((key, octets, path))
    with open(os.path.join(given.out, "list.tsv"), "w") as table:
        for (pool, part, label), count in WANTED.items():
            folder = os.path.join(given.out, "mail", part, label)
            os.makedirs(folder, exist_ok=True)
            few = sorted(drawn[pool, part, label])[:round(count * given.scale)]
            for key, octets, _ in few:
                path = os.path.join(folder, f"{pool}-{key[:16]}.eml")
                with open(path, "wb") as file:
                    file.write(octets)
                table.write(f"{part}\t{label}\t{pool}\t{path}\n")
            print(f"{pool:10} {part:6} {label:5} {len(few)} of {len(drawn[pool, part, label])}")


if __name__ == "__main__":
    main()
