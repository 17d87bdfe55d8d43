#!/usr/bin/env python3
"""A message that kills or stalls the engine twice is set aside with its evidence, the queue goes on, and
the operator releases or deletes it.

Usage: poison_test.py DEADLY_SLUICE      (the command, with tests/support/deadly_message.cc in it)
"""
import json
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import send_message
from smtp_sink import Sink

SLUICE = ""


class Poison(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, extra='[cores]\nstall = "3s"\n')
        self.addCleanup(self.engine.__exit__)
        self.addCleanup(os.environ.pop, "SLUICE_DEADLY", None)
        self.engine.start()

    def sluice(self, *words):
        done = subprocess.run([SLUICE, *words, "--config", self.engine.config], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout

    def mids(self, *selector):
        listed = json.loads(self.sluice("queue", "list", *selector, "--json"))
        return [row["mid"] for row in listed["messages"]]

    def fill(self, pause):
        self.sluice("mta-control", "pause-mode", f"pause-{pause}")
        for number in range(5):
            send_message(self.engine.port, "a@example.org", ["user@example.com"],
                         f"Subject: n{number}\r\n\r\nhello\r\n".encode())
        mids = self.mids()
        self.assertEqual(len(mids), 5)
        return mids

    def die(self, deadly, stall=False):
        """An engine that starts, works, and is ended by the message."""
        os.environ["SLUICE_DEADLY"] = deadly + (":stall" if stall else "")
        with open(os.path.join(self.engine.folder, "output"), "ab") as output:
            process = subprocess.Popen([SLUICE, "run", "--config", self.engine.config],
                                       cwd=self.engine.folder, stdout=output, stderr=output)
        self.assert_ended(process, stall)

    def assert_ended(self, process, stall):
        """A worker that stalls is ended by the engine itself."""
        self.assertEqual(process.wait(60), -signal.SIGABRT if stall else -signal.SIGKILL)
        if stall:
            self.assertIn("a worker has been at one thing for 3 s (cores.stall), with MID",
                          self.engine.log())

    def resume(self, pause, deadly, stall):
        """The pause is the last thing that keeps the message away: from now on it strikes."""
        self.engine.kill()
        os.environ["SLUICE_DEADLY"] = deadly + (":stall" if stall else "")
        self.engine.start()
        subprocess.run([SLUICE, "mta-control", "pause-mode", f"resume-{pause}", "--config",
                        self.engine.config], capture_output=True, timeout=60, check=False)
        self.assert_ended(self.engine.process, stall)

    def twice(self, pause, work, stall=False):
        mids = self.fill(pause)
        deadly = f"{mids[2]}:{work}"
        self.resume(pause, deadly, stall)
        self.die(deadly, stall)
        self.engine.start()  # it would strike again
        self.engine.wait_until("the others are delivered", lambda: len(self.sink.messages) == 4)
        self.assertEqual(self.mids("--state", "poison"), [mids[2]])
        self.assertEqual(self.mids(), [mids[2]])
        self.assertIn("(poison)", self.sluice("queue", "show", str(mids[2])))
        log = self.engine.log()
        with open(os.path.join(self.engine.folder, "queue", "shard-0", "suspects"),
                  encoding="ascii") as file:
            self.assertRegex(file.read(), rf"^{mids[2]} {work} 2 \d+\n$")
        self.assertIn(f"MID {mids[2]} was in hand ({work}) when the engine ended, 2 times so far: "
                      "set aside as poison\n", log)
        self.engine.kill()  # it stays set aside
        self.engine.start()
        self.assertEqual(self.mids("--state", "poison"), [mids[2]])
        return mids[2]

    def test_at_delivery_and_released(self):
        mid = self.twice("delivery", "delivery")
        self.engine.kill()
        del os.environ["SLUICE_DEADLY"]  # mended
        self.engine.start()
        self.sluice("queue", "requeue", str(mid))
        self.engine.wait_drained()
        subjects = sorted(m.octets.split(b"Subject: ")[1][:2] for m in self.sink.messages)
        self.assertEqual(subjects, [b"n0", b"n1", b"n2", b"n3", b"n4"])

    def test_at_a_scan_that_never_ends_and_deleted(self):
        mid = self.twice("scan", "scan", stall=True)
        self.sluice("queue", "delete", str(mid))
        self.assertEqual(self.mids(), [])
        self.assertEqual(len(self.sink.messages), 4)

    def test_while_it_arrives(self):
        self.engine.kill()
        for _ in range(2):
            os.environ["SLUICE_DEADLY"] = "0:arrival"
            self.engine.start()
            with self.assertRaises(OSError):
                send_message(self.engine.port, "a@example.org", ["user@example.com"],
                             b"Subject: x\r\n\r\nhello\r\n")
            self.assert_ended(self.engine.process, False)
        del os.environ["SLUICE_DEADLY"]
        self.engine.start()
        lines = [line for line in self.engine.log().splitlines() if "was arriving" in line]
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"MID \d+ of ICID \d+ was arriving when the engine ended; it was "
                                   r"not accepted$")
        self.assertEqual(self.mids(), [])

    def test_an_engine_killed_while_nothing_is_in_hand_suspects_nobody(self):
        self.fill("delivery")
        for _ in range(3):
            self.engine.kill()
            self.engine.start()
        self.assertNotIn("was in hand", self.engine.log())


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
