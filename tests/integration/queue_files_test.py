#!/usr/bin/env python3
"""`sluice queue verify|repair`, `sluice versions` and `sluice upgrade` on files that an engine wrote and
that were damaged afterwards.

Usage: queue_files_test.py SLUICE
"""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import send_message
from smtp_sink import Sink

SLUICE = ""


def body(number):
    return f"Subject: {number}\r\n\r\n".encode() + f"message {number} ".encode() * 500 + b"\r\n"


class QueueFiles(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, delivery="paused = true")
        self.addCleanup(self.engine.__exit__)
        self.engine.start()
        for number in range(1, 4):
            send_message(self.engine.port, "from@example.org", ("user@example.com",), body(number))

    def sluice(self, *words, status=0):
        done = subprocess.run([SLUICE, *words, "--config", self.engine.config], timeout=30,
                              capture_output=True, check=False, cwd=self.engine.folder)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return (done.stdout + done.stderr).decode()

    def damage(self, needle):
        shard = os.path.join(self.engine.folder, "queue", "shard-0")
        for name in sorted(os.listdir(shard)):
            if not name.startswith("segment-"):
                continue
            with open(os.path.join(shard, name), "r+b") as file:
                at = file.read().find(needle)
                if at >= 0:
                    file.seek(at)
                    file.write(b"?")
                    return name, at
        raise AssertionError("not found in the queue")

    def test_damage_is_found_set_aside_and_costs_one_message(self):
        for words in (("queue", "verify"), ("queue", "repair"), ("upgrade",)):
            self.assertIn("in use by process", self.sluice(*words, status=1))
        self.assertIn("segments of format 2", self.sluice("versions"))
        self.engine.stop()
        self.assertIn("Nothing is damaged.", self.sluice("queue", "verify"))
        self.assertIn("everything is of this version", self.sluice("upgrade", "--check"))

        name, at = self.damage(b"message 2 message 2")
        found = json.loads(self.sluice("queue", "verify", "--json", status=1))
        self.assertFalse(found["ok"])
        shard = found["shards"][0]
        self.assertEqual(len(shard["lost"]), 1)
        ranges = [(segment["file"], damage["begin"], damage["end"])
                  for segment in shard["segments"] for damage in segment["damages"]]
        self.assertEqual(len(ranges), 1)
        self.assertEqual(ranges[0][0], name)
        self.assertTrue(ranges[0][1] <= at < ranges[0][2], (ranges, at))
        self.assertIn("would do: ", self.sluice("queue", "repair", "--dry-run"))
        self.sluice("queue", "verify", status=1)
        self.assertIn("what is left of it is in damaged/mid-", self.sluice("queue", "repair"))
        self.assertIn("Nothing is damaged.", self.sluice("queue", "verify"))
        self.assertIn("nothing is damaged", self.sluice("queue", "repair"))

        self.engine.start()
        self.assertEqual(self.engine.queued(), 2)
        self.sluice("mta-control", "pause-mode", "status")

    def test_the_log_says_what_the_next_start_finds(self):
        self.engine.kill()
        self.damage(b"message 1 message 1")
        self.engine.start()
        self.engine.wait_for_log(r"Queue shard-0: the last engine did not close this queue")
        self.engine.wait_for_log(r"Queue shard-0: segment file \d+: offset \d+ to \d+: a record "
                                 r"with a wrong checksum")
        self.engine.wait_for_log(r"Queue shard-0: MID \d+ is not whole")
        self.assertEqual(self.engine.queued(), 2)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
