#!/usr/bin/env python3
"""Back pressure: who may still send at each level, that levels end where they should, and that the
operator sees which resource is pressed.

Usage: back_pressure_test.py SLUICE
"""
import os
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port
from smtp_peer import Refused, send_message
from smtp_sink import Sink

SLUICE = ""
MAIL = b"Subject: x\r\n\r\nx\r\n"
OWN = '[[listener]]\nname = "own"\nbind = "127.0.0.1:{port}"\nrelay_from = ["127.0.0.1/32"]\n'
QUEUE = "[back_pressure]\nqueue_medium = 3\nqueue_high = 5\nqueue_high_ends = 3\n" \
        "queue_medium_ends = 1\n"
DISK = "[back_pressure]\ndisk_medium_ends = 0\ndisk_medium = {medium}\ndisk_high_ends = 99\n" \
       "disk_high = 100\n"


class BackPressure(unittest.TestCase):
    def start(self, limits):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.own_port = free_port()
        self.engine = Engine(SLUICE, self.sink.port, extra=OWN.format(port=self.own_port) + limits)
        self.addCleanup(self.engine.__exit__)
        self.engine.start()

    def sluice(self, *words):
        done = subprocess.run([SLUICE, *words, "--config", self.engine.config], timeout=30,
                              capture_output=True, check=True, cwd=self.engine.folder)
        return done.stdout.decode()

    def send(self, port):
        """The empty string, or the refusal."""
        try:
            send_message(port, "from@example.org", ("user@example.com",), MAIL)
            return ""
        except Refused as refusal:
            return refusal.reply

    def level(self, resource):
        return self.engine.status()["back_pressure"][resource]["level"]

    def greeting(self, port):
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(200).decode()

    def wait_for_level(self, resource, level):
        self.engine.wait_until(f"{resource} is {level}", lambda: self.level(resource) == level)

    def test_a_queue_that_grows_and_drains(self):
        self.start(QUEUE)
        outside, own = self.engine.port, self.own_port
        self.assertEqual(self.level("queue"), "low")
        self.sluice("mta-control", "pause-mode", "pause-scan")
        for _ in range(3):
            self.assertEqual(self.send(outside), "")
        self.wait_for_level("queue", "medium")
        self.assertTrue(self.send(outside).startswith("452 4.3.1"))
        self.assertIn("Pressure:     queue medium (3 messages wait for a scan)",
                      self.sluice("monitor", "mta"))
        for _ in range(2):
            self.assertEqual(self.send(own), "")
        self.wait_for_level("queue", "high")
        for port in (outside, own):
            self.assertTrue(self.greeting(port).startswith("421 4.3.2"))
        self.sluice("mta-control", "pause-mode", "resume-scan")
        self.wait_for_level("queue", "low")
        self.assertEqual(self.send(outside), "")
        self.engine.wait_drained()
        self.engine.wait_for_log(r"Back pressure of worker 0: queue medium \(3 messages wait for a "
                                 r"scan\), was low")
        self.engine.wait_for_log(r"queue high \(5 messages wait for a scan\), was medium")
        self.engine.wait_for_log(r"queue low \(\d messages wait for a scan\), was")
        self.engine.wait_for_log(r"Message aborted MID \d+ Rejected: 452 4.3.1")

    def test_a_file_system_that_is_nearly_full(self):
        self.start(DISK.format(medium=1))
        self.wait_for_level("disk", "medium")
        self.assertTrue(self.send(self.engine.port).startswith("452 4.3.1"))
        self.assertEqual(self.send(self.own_port), "")
        self.assertIn("% of the queue's file system in use", self.sluice("monitor", "mta"))


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
