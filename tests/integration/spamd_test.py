#!/usr/bin/env python3
"""SpamAssassin's protocol with its own client, and with peers that mean no good.

Usage: spamd_test.py SLUICE
"""
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port
from smtp_sink import Sink

SLUICE = ""
RULES = "body LOCAL_BAD /wicked word/\nscore LOCAL_BAD 6\ndescribe LOCAL_BAD a wicked word\n"
BAD = b"From: a@example.org\nX-Spam-Status: No, trust me\nSubject: x\n\nA wicked word.\n"
GOOD = b"From: a@example.org\nSubject: x\n\nNothing.\n"


class Spamd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sink = Sink()
        cls.port = free_port()
        spamd = f'[spamd]\nbind = "127.0.0.1:{cls.port}"\ntell = true\nmessage_size_max = "100 KiB"\n' \
                'connections_max = 4\ntimeout = "2s"\n[bayes]\nenabled = true\n'
        cls.engine = Engine(SLUICE, cls.sink.port, extra=spamd, rules="local.cf")
        with open(os.path.join(cls.engine.folder, "local.cf"), "w") as file:
            file.write(RULES)
        cls.engine.start()

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        cls.sink.stop()

    def spamc(self, message, *words, status=0):
        done = subprocess.run(["spamc", "-d", "127.0.0.1", "-p", str(self.port), "-n", "10", "-t", "20", *words],
                              input=message, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done)
        return done.stdout.decode()

    def ask(self, octets):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as peer:
            peer.sendall(octets)
            peer.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: peer.recv(65536), b"")).decode()

    def test_without_descriptors_it_waits_for_one(self):
        self.assertTrue(any(self.starved() for _ in range(10)), "it had a descriptor each time")

    def starved(self):
        """False when a descriptor became free meanwhile, so that nothing was tried."""
        pid = self.engine.process.pid
        in_use = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
        free = next(number for number in range(len(in_use) + 1) if number not in in_use)
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, limits[1]))
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as peer:
                peer.sendall(b"PING SPAMC/1.5\r\n\r\n")
                before = self.cpu_ticks()
                try:
                    return not peer.recv(100)
                except TimeoutError:
                    pass
                self.assertLess(self.cpu_ticks() - before, 10, "a busy loop has 50")
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
                peer.settimeout(20)
                self.assertIn(b"PONG", peer.recv(100))
                return True
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)

    def cpu_ticks(self):
        """Of the thread that serves."""
        folder = f"/proc/{self.engine.process.pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/stat", encoding="ascii") as file:
                name, _, fields = file.read().rpartition(") ")
            if name.endswith("(spamd"):
                return sum(map(int, fields.split()[11:13]))
        self.fail("no thread is called spamd")

    @unittest.skipUnless(shutil.which("spamc"), "spamc is not installed")
    def test_spamc(self):
        self.assertIn("SPAMD/", self.spamc(b"", "-K"))
        self.assertEqual(self.spamc(BAD, "-c", status=1), "6.0/5.0\n")
        self.assertEqual(self.spamc(GOOD, "-c"), "0.0/5.0\n")
        self.assertEqual(self.spamc(BAD, "-y").strip(), "LOCAL_BAD")
        self.assertIn(" 6.0 LOCAL_BAD              BODY: a wicked word", self.spamc(BAD, "-R"))
        self.assertNotIn("LOCAL_BAD", self.spamc(GOOD, "-r"))
        marked = self.spamc(BAD)
        self.assertTrue(marked.startswith("X-Spam-Flag: YES\nX-Spam-Level: ******\n"
                                          "X-Spam-Status: Yes, score=6.0 required=5.0\n"), marked)
        self.assertNotIn("trust me", marked)
        self.assertTrue(marked.endswith("\nSubject: x\n\nA wicked word.\n"), marked)
        self.assertEqual(self.spamc(BAD, "--headers"), marked)
        headers = self.ask(b"HEADERS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(BAD) + BAD)
        self.assertTrue(headers.endswith("\nSubject: x\n\n"), headers)

    @unittest.skipUnless(shutil.which("spamc"), "spamc is not installed")
    def test_what_spamc_teaches_is_learned(self):
        self.assertIn("successfully", self.spamc(BAD, "-L", "spam"))
        self.assertIn("already", self.spamc(BAD, "-L", "spam"))
        self.assertIn("successfully", self.spamc(BAD, "-L", "forget"))

    def test_refusals(self):
        self.assertEqual(self.ask(b"CHECK SPAMC/1.5\r\nContent-length: 999999\r\n\r\n"),
                         "SPAMD/1.5 98 messages are at most 102400 octets\r\n")
        for _ in range(5):  # all of it is on its way when the answer comes
            self.assertTrue(self.ask(b"CHECK SPAMC/1.5\r\n\r\n" + b"x" * 3_000_000).startswith(
                "SPAMD/1.5 98 "))
        self.assertEqual(self.ask(b"GET / HTTP/1.1\r\n\r\n"), "SPAMD/1.5 76 Bad header line: GET / HTTP/1.1\r\n")
        self.assertEqual(self.ask(b"CHECK SPAMC/1.5\r\nContent-length: 9\r\n\r\nshort"),
                         "SPAMD/1.5 65 Content-length is 9, 5 octets came\r\n")
        self.assertEqual(self.ask(b"SKIP SPAMC/1.5\r\n\r\n"), "")

    def test_peers_that_stay_silent_make_room(self):
        silent = [socket.create_connection(("127.0.0.1", self.port), timeout=20) for _ in range(4)]
        try:
            silent[0].sendall(b"CHECK SPAMC/1.5\r\nContent-length: 100\r\n\r\nhalf")
            self.assertEqual(self.ask(b"PING SPAMC/1.5\r\n\r\n"), "SPAMD/1.5 0 PONG\r\n")
        finally:
            for peer in silent:
                peer.close()
        self.assertTrue(self.engine.alive())


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
