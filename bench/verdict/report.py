#!/usr/bin/env python3
"""Recall at equal false positives: report.py OUT prints the table and writes OUT/verdict.json, roc.dat
and, with gnuplot, roc.svg.

Each scanner's threshold is set where at most the given share of the ham is above it; recall is the
share of the spam above it. What is at the threshold counts as let through. The interval is of 95 %, by
drawing messages with replacement 1,000 times, the same ones for all scanners, the thresholds set anew
each time; the seed is fixed. In how many of these draws ours is ahead of a peer is told as well, and
what each finds at the score from which on it says spam by default.
"""
import argparse
import bisect
import itertools
import json
import os
import random
import shutil
import subprocess

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01)
DRAWN_RATE = 0.001
DRAWS = 1000
SPAM_SCORES = {"sluice": 5.0, "sluice, stock rules": 5.0, "spamassassin": 5.0, "rspamd": 6.0}  # add_header
PEERS = ("spamassassin", "rspamd")
POOLS = (  # name, pools
    ("same sources", ("trec07p", "sa-csdmc")),
    ("trec07p", ("trec07p",)),
    ("sa-csdmc", ("sa-csdmc",)),
    ("unseen sources", ("modern",)),
)


def read_list(out):
    with open(os.path.join(out, "list.tsv")) as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return {path: (label, pool) for part, label, pool, path in rows if part == "test"}


def read_tsv(path):
    scores = {}
    with open(path, errors="replace") as file:
        for line in file:
            name, score, *_ = line.rstrip("\n").split("\t")
            scores[name] = float(score)
    return scores


def read_ours(path):
    """The score of each message with all rules, and that without our own."""
    both, stock = {}, {}
    with open(path, errors="replace") as file:
        for row in map(json.loads, file):
            both[row["file"]] = row["score"]
            own = sum(hit["score"] for hit in row["hits"] if hit["rule"].startswith("SL_"))
            stock[row["file"]] = row["score"] - own
    return both, stock


def threshold_of(ham, rate):
    """The lowest score that at most `rate` of the ham (sorted, falling) is above."""
    return ham[int(rate * len(ham))]


def recall(ham, spam, rate):
    threshold = threshold_of(ham, rate)
    return (len(spam) - bisect.bisect_right(spam, threshold)) / len(spam)


def drawn_recalls(columns):
    """The recalls of each scanner at DRAWN_RATE in each of the draws. `columns`: its ham and spam scores, each
    in the same order of messages for all."""
    draw = random.Random(7)
    hams, spams = map(len, next(iter(columns.values())))
    recalls = {name: [] for name in columns}
    for _ in range(DRAWS):
        few_ham = draw.choices(range(hams), k=hams)
        few_spam = draw.choices(range(spams), k=spams)
        for name, (ham, spam) in columns.items():
            recalls[name].append(recall(sorted((ham[i] for i in few_ham), reverse=True),
                                        sorted(spam[i] for i in few_spam), DRAWN_RATE))
    return recalls


def measure(ham, spam, recalls, usual):
    """`ham` sorted falling, `spam` rising."""
    result = {"ham": len(ham), "spam": len(spam), "at": {}}
    for rate in RATES:
        result["at"][str(rate)] = {"recall": recall(ham, spam, rate), "threshold": threshold_of(ham, rate)}
    recalls = sorted(recalls)
    result["low"], result["high"] = recalls[round(0.025 * DRAWS)], recalls[round(0.975 * DRAWS) - 1]
    result["usual"] = {"score": usual, "false positives": sum(score >= usual for score in ham) / len(ham),
                       "recall": sum(score >= usual for score in spam) / len(spam)}
    return result


def curve(ham, spam):
    """False positives and recall at each number of ham let above."""
    points = []
    for above in range(min(len(ham), 200)):
        threshold = ham[above]
        points.append((above / len(ham), (len(spam) - bisect.bisect_right(spam, threshold)) / len(spam)))
    return points


def print_row(title, name, measured):
    cells = " | ".join(f"{100 * measured['at'][str(rate)]['recall']:.1f}" for rate in RATES)
    usual = measured["usual"]
    print(f"| {title} | {measured['ham']}, {measured['spam']} | {name} | {cells} | "
          f"{100 * measured['low']:.1f} to {100 * measured['high']:.1f} | {usual['score']:g}: "
          f"{100 * usual['false positives']:.2f}, {100 * usual['recall']:.1f} |")


def plot(out, names):
    if shutil.which("gnuplot") is None:
        return
    panels = [pool for pool in POOLS if pool[0] in ("same sources", "unseen sources")]
    script = [f'set terminal svg size 1000,480 font "sans,13"; set output "{out}/roc.svg"',
              "set multiplot layout 1,2; set key bottom right; set grid; set logscale x",
              'set xrange [0.0003:0.03]; set yrange [0:1]; set xlabel "false positives"; set ylabel "recall"',
              'set format x "%g"; set arrow from 0.001,0 to 0.001,1 nohead dashtype 2']
    for panel, _ in panels:
        lines = ", ".join(f'"{out}/roc.dat" using ($1):(strcol(3) eq "{panel.replace(" ", "_")}" && '
                          f'strcol(4) eq "{name.replace(" ", "_")}" ? $2 : NaN) with lines linewidth 2 title "{name}"'
                          for name in names)
        script.append(f'set title "{panel}"; plot {lines}')
    subprocess.run(["gnuplot"], input="\n".join(script), text=True, check=False)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("out")
    out = options.parse_args().out
    labels = read_list(out)
    both, stock = read_ours(os.path.join(out, "sluice.json"))
    scanners = {
        "sluice": both,
        "sluice, stock rules": stock,
        "spamassassin": read_tsv(os.path.join(out, "spamassassin.tsv")),
        "rspamd": read_tsv(os.path.join(out, "rspamd.tsv")),
    }
    scanners = {name: scores for name, scores in scanners.items() if scores}
    common = set.intersection(*(set(scores) for scores in scanners.values())) & labels.keys()
    order = sorted(common)
    print(f"{len(order)} messages that all have scored\n")
    print("| | ham, spam | scanner | " + " | ".join(f"{100 * r:g} %" for r in RATES) + " | 95 % at 0.1 % | "
          "as it comes: from, false positives, recall |")
    print("|---|---|---|" + "---|" * (len(RATES) + 2))
    result, ahead = {}, []
    with open(os.path.join(out, "roc.dat"), "w") as data:
        for title, pools in POOLS:
            columns = {name: tuple([scores[p] for p in order if labels[p][0] == label and labels[p][1] in pools]
                                   for label in ("ham", "spam")) for name, scores in scanners.items()}
            drawn = drawn_recalls(columns)
            for name, (ham, spam) in columns.items():
                ham.sort(reverse=True)
                spam.sort()
                measured = measure(ham, spam, drawn[name], SPAM_SCORES[name])
                result.setdefault(title, {})[name] = measured
                print_row(title, name, measured)
                for false, caught in curve(ham, spam):
                    data.write(f"{false:.6f} {caught:.6f} {title.replace(' ', '_')} {name.replace(' ', '_')}\n")
            for name, peer in itertools.product(columns, PEERS):
                if name not in PEERS and peer in columns:
                    share = sum(a > b for a, b in zip(drawn[name], drawn[peer])) / DRAWS
                    result[title][name].setdefault("ahead of", {})[peer] = share
                    ahead.append(f"{title}, {name} of {peer}: {100 * share:.1f} %")
    print("\nAhead at 0.1 % in so many of the draws:\n\n" + "\n".join(f"* {line}" for line in ahead))
    with open(os.path.join(out, "verdict.json"), "w") as file:
        json.dump(result, file, indent=1)
    plot(out, list(scanners))


if __name__ == "__main__":
    main()
