#!/usr/bin/env python3
"""`sluice block add|list|remove` against a running engine on net_tap: what a refused source sees in each
mode, over IPv4 and IPv6, expiry, and a restart. In a network namespace of its own.

Exits with 77 and says why where namespaces or tap devices are not to be had.
Usage: block_test.py SLUICE
"""
import json
import os
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespace import enter_namespace
from sluice_engine import Engine

SLUICE = ""
DEVICE, ENGINE, ENGINE6 = "sluice0", "10.8.0.1", "fd00:8::1"
HONEST, REFUSED, HONEST6, REFUSED6 = "10.8.0.2", "10.8.0.66", "fd00:8::2", "fd00:8::66"
SILENCE_SECONDS = 1.0  # of a SYN without an answer; an answer comes at once or never

OWN_TCP = f"""
[[port]]
name = "mx0"
device = "net_tap0,iface={DEVICE}"
address = ["{ENGINE}/24", "{ENGINE6}/64"]
conflict_detection = false

[[listener]]
name = "own-tcp"
bind = "mx0:25"
"""


def run(*command, check=True):
    return subprocess.run(command, check=check, capture_output=True, timeout=60, text=True)


class Block(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("ip", "link", "set", "lo", "up")
        cls.engine = Engine(SLUICE, 1, extra=OWN_TCP)
        cls.start()

    @classmethod
    def start(cls):
        cls.engine.start()
        for address in (HONEST, REFUSED):
            run("ip", "addr", "add", f"{address}/24", "dev", DEVICE)
        for address in (HONEST6, REFUSED6):
            run("ip", "addr", "add", f"{address}/64", "dev", DEVICE, "nodad")
        run("ip", "link", "set", DEVICE, "up")
        cls.engine.wait_until("the engine answers over its own TCP",
                              lambda: cls.greeting(HONEST) == "220" and
                              cls.greeting(HONEST6) == "220", 15)

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()

    def setUp(self):
        for row in self.rows():
            self.block("remove", row)

    @staticmethod
    def greeting(source):
        """The first reply that `source` gets: its code, or how there was none."""
        target = ENGINE6 if ":" in source else ENGINE
        try:
            with socket.create_connection((target, 25), timeout=SILENCE_SECONDS,
                                          source_address=(source, 0)) as connection:
                connection.settimeout(10)
                return connection.recv(3).decode()
        except ConnectionRefusedError:
            return "reset"
        except TimeoutError:
            return "silence"
        except OSError as error:
            return str(error)

    def block(self, *arguments, check=True):
        return run(SLUICE, "block", *arguments, "--config", self.engine.config, check=check)

    def rows(self):
        entries = json.loads(self.block("list", "--json").stdout)["entries"]
        return {entry["prefix"]: entry for entry in entries}

    def test_each_mode_refuses_in_its_way_and_counts(self):
        for mode, seen in (("rst", "reset"), ("refuse", "554"), ("drop", "silence")):
            self.block("add", f"{REFUSED}/32", "fd00:8::60/124", "--mode", mode)
            with self.subTest(mode=mode):
                before = {prefix: row["hits"] for prefix, row in self.rows().items()}
                self.assertEqual(self.greeting(REFUSED), seen)
                self.assertEqual(self.greeting(REFUSED6), seen)
                self.assertEqual((self.greeting(HONEST), self.greeting(HONEST6)), ("220", "220"))
                for prefix, row in self.rows().items():
                    self.assertEqual(row["mode"], mode)
                    self.assertGreater(row["hits"], before[prefix])

    def test_a_removed_entry_refuses_no_more(self):
        self.block("add", f"{REFUSED}/32", "--mode", "rst")
        self.assertEqual(self.greeting(REFUSED), "reset")
        self.block("remove", f"{REFUSED}/32")
        self.assertEqual(self.greeting(REFUSED), "220")
        self.assertEqual(self.rows(), {})

    def test_an_entry_expires_by_itself(self):
        self.block("add", f"{REFUSED}/32", "--mode", "rst", "--for", "1s")
        self.engine.wait_until("the entry is gone", lambda: not self.rows())
        self.assertEqual(self.greeting(REFUSED), "220")

    def test_entries_survive_a_restart_with_the_time_that_is_left(self):
        self.block("add", f"{REFUSED}/32", "--mode", "rst", "--for", "1h")
        self.block("add", "2001:db8::/32")
        self.assertEqual(self.engine.stop(), 0)
        self.start()
        rows = self.rows()
        self.assertEqual(set(rows), {f"{REFUSED}/32", "2001:db8::/32"})
        self.assertTrue(0 < rows[f"{REFUSED}/32"]["seconds_left"] <= 3_600)
        self.assertIsNone(rows["2001:db8::/32"]["seconds_left"])
        self.assertEqual(self.greeting(REFUSED), "reset")

    def test_what_cannot_be_done_is_said(self):
        for arguments, said in ((("remove", "192.0.2.0/24"), "192.0.2.0/24 is not in the list"),
                                (("add", "192.0.2.0/33"), "is not a prefix"),
                                (("add", "192.0.2.1", "--for", "soon"), "--for soon")):
            done = self.block(*arguments, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    enter_namespace()
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
