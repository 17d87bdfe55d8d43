#!/usr/bin/env python3
"""Recall at equal false positives: report.py OUT prints the table and writes OUT/verdict.json, roc.dat
and, with gnuplot, roc.svg.

Each scanner's threshold is set where at most the given share of the ham is above it; recall is the
share of the spam above it. What is at the threshold counts as let through. The interval is of 95 %, by
drawing messages with replacement 1,000 times, the threshold set anew each time; the seed is fixed.
"""
import argparse
import bisect
import json
import os
import random
import shutil
import subprocess

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01)
DRAWS = 1000
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


def interval(ham, spam, rate, draw):
    values = sorted(
        recall(sorted(draw.choices(ham, k=len(ham)), reverse=True), sorted(draw.choices(spam, k=len(spam))), rate)
        for _ in range(DRAWS))
    return values[round(0.025 * DRAWS)], values[round(0.975 * DRAWS) - 1]


def measure(scores, labels, pools):
    ham = sorted((s for p, s in scores.items() if labels[p][0] == "ham" and labels[p][1] in pools), reverse=True)
    spam = sorted(s for p, s in scores.items() if labels[p][0] == "spam" and labels[p][1] in pools)
    result = {"ham": len(ham), "spam": len(spam), "at": {}}
    for rate in RATES:
        low, high = interval(ham, spam, rate, random.Random(7)) if rate == 0.001 else (None, None)
        result["at"][str(rate)] = {"recall": recall(ham, spam, rate), "low": low, "high": high,
                                   "threshold": threshold_of(ham, rate)}
    return result, ham, spam


def curve(ham, spam):
    """False positives and recall at each number of ham let above."""
    points = []
    for above in range(min(len(ham), 200)):
        threshold = ham[above]
        points.append((above / len(ham), (len(spam) - bisect.bisect_right(spam, threshold)) / len(spam)))
    return points


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
    print(f"{len(common)} messages that all have scored\n")
    print("| | ham, spam | scanner | " + " | ".join(f"{100 * r:g} %" for r in RATES) + " | 95 % at 0.1 % |")
    print("|---|---|---|" + "---|" * (len(RATES) + 1))
    result = {}
    with open(os.path.join(out, "roc.dat"), "w") as data:
        for title, pools in POOLS:
            for name, scores in scanners.items():
                measured, ham, spam = measure({p: scores[p] for p in common}, labels, pools)
                result.setdefault(title, {})[name] = measured
                at = measured["at"]
                cells = " | ".join(f"{100 * at[str(r)]['recall']:.1f}" for r in RATES)
                print(f"| {title} | {measured['ham']}, {measured['spam']} | {name} | {cells} | "
                      f"{100 * at['0.001']['low']:.1f} to {100 * at['0.001']['high']:.1f} |")
                for false, caught in curve(ham, spam):
                    data.write(f"{false:.6f} {caught:.6f} {title.replace(' ', '_')} {name.replace(' ', '_')}\n")
    with open(os.path.join(out, "verdict.json"), "w") as file:
        json.dump(result, file, indent=1)
    plot(out, list(scanners))


if __name__ == "__main__":
    main()
