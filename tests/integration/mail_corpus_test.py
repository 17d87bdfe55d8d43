#!/usr/bin/env python3
"""Every message of the development corpora through the DPDK path, twice: the second time cut into
other segments. No protocol failure, and the same reply and verdict for each message both times.

The corpora lie in ../shared/data beside the repository or below $SLUICE_SHARED; without them this
exits with 77 and says so.
Usage: mail_corpus_test.py SLUICE LOADGEN DEMO_RULES
"""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespace import skip
from sluice_engine import Engine

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SHARED = os.environ.get("SLUICE_SHARED", os.path.join(ROOT, "..", "shared"))
TIME_LIMIT_S = 600
OWN_TCP = """bare_newline = "normalise"

[[port]]
name = "mx0"
device = "net_vhost0,iface=wire.sock,queues=1"
address = ["192.0.2.10/24"]
conflict_detection = false

[[listener]]
name = "own-tcp"
bind = "mx0:25"
bare_newline = "normalise"
messages_max = 1000000
"""


def unpack(folder):
    data = os.path.join(SHARED, "data")
    archives = [name for name in sorted(os.listdir(data) if os.path.isdir(data) else [])
                if name.endswith(".tar.zst") and not name.startswith(("manifests", "sa-4", "packetdrill",
                                                                      "auth-vectors", "smtp-cases"))]
    if not archives:
        skip(f"NO CORPORA CHECKED: no archives in {data} (set SLUICE_SHARED)")
    for name in archives:
        subprocess.run(["tar", "--zstd", "-xf", os.path.join(data, name), "-C", folder], check=True)


def send_all(corpus, chunk):
    """File -> (reply code, verdict line)."""
    with Engine(sys.argv[1], 9, delivery="paused = true", extra=OWN_TCP, blocks=4096,
                rules=os.path.abspath(sys.argv[3])) as engine:
        results = os.path.join(engine.folder, "results.jsonl")
        subprocess.run([os.path.abspath(sys.argv[2]), "--transport", "dpdk", "--quiet",
                        "--device", "net_virtio_user0,path=wire.sock,queues=1,queue_size=1024",
                        "--address", "192.0.2.20/24", "--target", "192.0.2.10:25",
                        "--connections", "20", "--messages-per-connection", "100",
                        "--corpus", corpus, "--chunk", str(chunk), "--results", results,
                        "--time-limit", str(TIME_LIMIT_S)],
                       cwd=engine.folder, check=True, stdout=subprocess.DEVNULL)
        assert engine.stop() == 0
        verdicts = dict(re.findall(r"MID (\d+) using engine: (.*)", engine.log()))
        with open(results, encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
    return {row["file"]: (row["code"], verdicts.get(row["mid"])) for row in rows}


def main():
    with tempfile.TemporaryDirectory(prefix="sluice-corpus-") as corpus:
        unpack(corpus)
        whole, cut = send_all(corpus, 0), send_all(corpus, 500)
    assert whole, "nothing was sent"
    codes = {code for code, _ in whole.values()}
    assert codes <= {250, 550}, f"unexpected replies: {codes}"
    differing = [name for name in whole if whole[name] != cut.get(name)]
    assert not differing, f"another verdict with other segments: {differing[:10]}"
    print(f"{len(whole)} messages, {sum(code == 250 for code, _ in whole.values())} accepted, "
          f"same verdicts in both runs")


if __name__ == "__main__":
    main()
