#!/usr/bin/env python3
"""A long message is work in pieces: between two of them the worker comes round to everything else, on
arrival and when what was accepted unscanned is scanned later.

Usage: slice_test.py SLUICE
"""
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import Peer
from smtp_sink import Sink

SLUICE = ""
PIECE = 4096  # octets of a read (kReadBytes in engine/worker/inbound.cc)
OCTETS = 2 * 1024 * 1024
MESSAGE = b"Subject: long\r\n\r\n" + (b"buy it now, " * 80 + b"\r\n") * (OCTETS // 962)


class Slices(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, rules="rules.cf",
                             extra='\n[cores]\nslice = "0s"\n')
        self.addCleanup(self.engine.__exit__)
        with open(os.path.join(self.engine.folder, "rules.cf"), "w", encoding="ascii") as file:
            file.write("body BUY /buy.{0,9}now/\ntflags BUY multiple\nrawbody NOW /now, buy/\n")
        self.engine.start()

    def pause_mode(self, what):
        subprocess.run([SLUICE, "mta-control", "pause-mode", what, "--config", self.engine.config],
                       timeout=30, capture_output=True, check=True)

    def ticks(self):
        return self.engine.worker_total("busy_ticks")

    def delivered(self):
        self.engine.wait_until("delivered", lambda: len(self.sink.messages) == 1)
        self.assertIn(b"BUY", self.sink.messages[0].octets[:2000])

    def test_on_arrival(self):
        with Peer(self.engine.port) as bystander, Peer(self.engine.port) as sender:
            bystander.greet()
            sender.greet()
            before = self.ticks()
            sender.message("a@example.org", ["b@example.com"], MESSAGE)
            self.assertGreaterEqual(self.ticks() - before, OCTETS // PIECE)
            bystander.command("NOOP")
        self.delivered()

    def test_after_a_pause(self):
        self.pause_mode("pause-delivery")
        self.pause_mode("pause-scan")
        with Peer(self.engine.port) as sender:
            sender.greet()
            sender.message("a@example.org", ["b@example.com"], MESSAGE)
        self.engine.wait_until("it waits", lambda: self.engine.worker_total("arriving") == 0)
        before = self.ticks()
        self.pause_mode("resume-scan")
        self.engine.wait_for_log(r"rules \[BUY")
        self.assertGreaterEqual(self.ticks() - before, OCTETS // PIECE)
        self.pause_mode("resume-delivery")
        self.delivered()


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
