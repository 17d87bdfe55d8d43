#!/usr/bin/env python3
"""The main job in small: starts the gateway with tools/demo.toml, sends the demo mails through the
DPDK data path, shows what became of them, and keeps serving on 127.0.0.1:2525 until Ctrl-C.

With --once: stops after the table; exit status 0 only if every message came out as expected."""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
WORK = BUILD / "demo"
SLUICE = BUILD / "tools/sluice/sluice"
LOADGEN = BUILD / "tools/loadgen/loadgen"
SINK = BUILD / "tools/loadgen/sink/sink"
MAILS = ROOT / "tests/data/demo"
LARGE_MAIL = BUILD / "tools/loadgen/demo/ham-large-attachment.eml"
CONFIG = WORK / "demo.toml"
GATEWAY = "192.0.2.10:25"  # the engine's address on the virtual wire
START_S, DELIVER_S, STOP_S = 30, 60, 40


def fail(text):
    print(f"error: {text}", file=sys.stderr)
    sys.exit(1)


def wait_until(what, seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    fail(f"{what} took longer than {seconds} s; see {WORK}/*.log")


class Demo:
    def __init__(self):
        self.children = []

    def prepare(self):
        shutil.rmtree(WORK, ignore_errors=True)
        (WORK / "delivered").mkdir(parents=True)
        text = (ROOT / "tools/demo.toml").read_text()
        cpus = sorted(os.sched_getaffinity(0))  # the last one works, the first one controls
        text = text.replace('workers = "1"', f'workers = "{cpus[-1]}"')
        CONFIG.write_text(text)
        shutil.copy(ROOT / "tools/demo.cf", WORK)

    def start(self, name, command):
        log = open(WORK / f"{name}.log", "w")
        child = subprocess.Popen([str(c) for c in command], cwd=WORK, stdout=log, stderr=log,
                                 stdin=subprocess.DEVNULL, start_new_session=True)
        self.children.append((name, child))
        return child

    def start_servers(self):
        self.start("sink", [SINK, "--listen", "127.0.0.1:2526", "--directory", "delivered",
                            "--time-limit", "864000"])
        engine = self.start("engine", [SLUICE, "run", "--config", CONFIG])

        def up():
            if engine.poll() is not None:
                fail("the engine did not start:\n" + (WORK / "engine.log").read_text())
            return "listening:" in (WORK / "engine.log").read_text()
        wait_until("starting the engine", START_S, up)

    def stop(self):
        for _, child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for name, child in reversed(self.children):
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                print(f"{name} did not stop in {STOP_S} s: killed", file=sys.stderr)
                child.kill()
        self.children.clear()


def status():
    answer = subprocess.run([SLUICE, "monitor", "mta", "--json", "--config", CONFIG],
                            capture_output=True, text=True)
    return json.loads(answer.stdout) if answer.returncode == 0 else None


def total(stat, key):
    return sum(worker[key] for worker in stat["workers"])


def send_mails():
    """Through the DPDK data path: the generator is a second process on the other end of vhost."""
    results = WORK / "results.jsonl"
    command = [LOADGEN, "--transport", "dpdk",
               "--device", "net_virtio_user0,path=wire.sock,queues=1,queue_size=1024",
               "--address", "192.0.2.20/24", "--target", GATEWAY, "--corpus", MAILS,
               "--corpus", LARGE_MAIL, "--connections", "4", "--results", results, "--json"]
    with open(WORK / "loadgen.json", "w") as report:
        done = subprocess.run([str(c) for c in command], cwd=WORK, stdout=report)
    if not results.exists():
        fail(f"the load generator stopped with status {done.returncode} before it sent anything")
    report = json.loads((WORK / "loadgen.json").read_text())
    return report, [json.loads(line) for line in results.read_text().splitlines()]


def judge(results, expected, delivered):
    """One row per mail: what came out, and whether that is what was expected."""
    rows = []
    for result in results:
        name = Path(result["file"]).name
        want = expected.get(name, {"reply": "250", "delivered": True})
        right = str(result["code"]).startswith(str(want["reply"])[:3])
        message = delivered.get(result["mid"]) if result["mid"] else None
        if want["delivered"]:
            right = right and message is not None
            if message is not None and "scl" in want:
                low, high = want["scl"]
                right = right and low <= message["scl"] <= high
        else:
            right = right and message is None
        rows.append({"file": name, "reply": result["reply"], "right": right,
                     "scl": message["scl"] if message else None})
    missing = set(expected) - {row["file"] for row in rows}
    rows += [{"file": name, "reply": "was not sent", "right": False, "scl": None} for name in missing]
    return sorted(rows, key=lambda row: row["file"])


def read_delivered():
    """By MID, out of what the next hop stored: the SCL that the gateway stamped."""
    found = {}
    for path in (WORK / "delivered").iterdir():
        head = path.read_bytes()[:8192].decode("latin-1")
        trace = re.search(r"\bid (\d+)/(\d+)", head)  # of our Received line, the first: ICID/MID
        scl = re.search(r"^X-Sluice-SCL: (-?\d+)\r$", head, re.MULTILINE)
        if trace:
            found[trace[2]] = {"scl": int(scl[1]) if scl else None}
    return found


def print_table(rows, report, stat):
    width = max(len(row["file"]) for row in rows)
    print(f"\n  {'mail':{width}}  SCL  reply")
    for row in rows:
        scl = "-" if row["scl"] is None else row["scl"]
        mark = " " if row["right"] else "!"
        print(f"{mark} {row['file']:{width}}  {scl:>3}  {row['reply'][:70]}")
    worker = stat["workers"][0]
    handled = max(1, total(stat, "messages_accepted") + total(stat, "messages_rejected"))
    by_scl = ", ".join(f"{scl}: {count}" for scl, count in
                       sorted(worker["scl"].items(), key=lambda item: int(item[0])) if count)
    answers = ", ".join(f"{count} x {code}" for code, count in sorted(report["codes"].items()))
    print(f"\nmessages    {report['messages']} sent, answered {answers}")
    print(f"by SCL      {by_scl}")
    print(f"delivered   {sum(row['scl'] is not None for row in rows)} at the next hop")
    print(f"rate        {report['messages_per_second']:.0f} messages/s "
          f"({report['octets_per_second'] / 1e6:.1f} MB/s) over DPDK, closed loop")
    print("core time   per message, microseconds:")
    for name, cycles in worker["stage_cycles"].items():
        print(f"            {name:10} {cycles / stat['tsc_hz'] * 1e6 / handled:8.1f}")
    print(f"            {'all':10} {worker['busy_cycles'] / stat['tsc_hz'] * 1e6 / handled:8.1f}")


def serve():
    print("\nserving on 127.0.0.1:2525 (try: swaks --server 127.0.0.1:2525 --to user@example.com); "
          "Ctrl-C stops")
    before = status() or fail("the engine is gone; see " + str(WORK / "engine.log"))
    while True:
        time.sleep(1)
        now = status()
        if now is None:
            fail("the engine is gone; see " + str(WORK / "engine.log"))
        rate = total(now, "messages_accepted") - total(before, "messages_accepted")
        line = (f"{now['as_of']}  i_qmsgs {now['i_qmsgs']}  o_qmsgs {now['o_qmsgs']}  "
                f"d_qmsgs {now['d_qmsgs']}  sessions {total(now, 'sessions')}  "
                f"accepted {total(now, 'messages_accepted')} ({rate}/s)")
        print(f"\r\033[K{line}" if sys.stdout.isatty() else line,
              end="" if sys.stdout.isatty() else "\n", flush=True)
        before = now


def port_is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true", help="stop after the table")
    arguments = parser.parse_args()
    for port in (2525, 2526):
        if not port_is_free(port):
            fail(f"port {port} of 127.0.0.1 is in use: is a demo already running?")
    demo = Demo()
    try:
        demo.prepare()
        demo.start_servers()
        report, results = send_mails()
        wait_until("delivering the mails", DELIVER_S,
                   lambda: (s := status()) and s["d_qmsgs"] == 0 and s["i_qmsgs"] == 0)
        expected = json.loads((MAILS / "expected.json").read_text())
        expected = {entry["file"]: entry for entry in expected}
        rows = judge(results, expected, read_delivered())
        print_table(rows, report, status())
        wrong = [row["file"] for row in rows if not row["right"]]
        if wrong:
            print("\nnot as expected: " + ", ".join(wrong))
        if not arguments.once:
            serve()
        return 1 if wrong else 0
    except KeyboardInterrupt:
        print()
        return 0
    finally:
        demo.stop()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
