#!/usr/bin/env python3
"""Mail through the engine's own TCP on net_tap, the Linux kernel's TCP as the peer on both sides: in
from swaks and a plain client, out over the same port to a next hop. In a network namespace of its own.

Exits with 77 and says why where namespaces or tap devices are not to be had.
Usage: mail_tap_test.py SLUICE
"""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from namespace import enter_namespace, skip
from sluice_engine import Engine
from smtp_peer import send_message
from smtp_sink import Sink

SLUICE = ""
DEVICE, ENGINE, HOST = "sluice0", "10.8.0.1", "10.8.0.2"
SENDER, RECIPIENT = "from@example.org", "user@example.com"

OWN_TCP = f"""
[[port]]
name = "mx0"
device = "net_tap0,iface={DEVICE}"
address = ["{ENGINE}/24"]
conflict_detection = false

[[listener]]
name = "own-tcp"
bind = "mx0:25"

[[route]]
domain = "example.com"
next_hop = ["{HOST}:2526"]
via = "mx0"
"""


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=60)


class MailOverTap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run("ip", "link", "set", "lo", "up")
        cls.engine = Engine(SLUICE, 2526, extra=OWN_TCP)
        cls.engine.start()
        run("ip", "addr", "add", f"{HOST}/24", "dev", DEVICE)
        run("ip", "link", "set", DEVICE, "up")
        cls.sink = Sink(2526, HOST)

    @classmethod
    def tearDownClass(cls):
        cls.sink.stop()
        cls.engine.__exit__()

    def test_swaks_gets_a_250_with_the_mid_and_the_message_reaches_the_next_hop(self):
        done = run("swaks", "--server", ENGINE, "--from", SENDER, "--to", RECIPIENT,
                   "--header", "Subject: over the engine's own TCP", "--body", "hello from swaks")
        reply = re.search(r"<-  250 2\.0\.0 ok: MID (\d+) accepted", done.stdout.decode())
        self.assertIsNotNone(reply, done.stdout.decode())
        message = self.sink.wait_for_text(b"hello from swaks")
        self.assertIn(f"id {self.icid_of(reply[1])}/{reply[1]}".encode(), message.octets)
        self.assertTrue(message.octets.rstrip().endswith(b"hello from swaks"))

    def test_octets_arrive_unchanged_below_the_added_header(self):
        for size in (10, 5_000, 300_000):
            subject = b"Subject: numbered up to %d\r\n" % size
            octets = subject + b"\r\n" + b"".join(
                b".%d dots and numbers\r\n" % n for n in range(size // 20))
            reply = send_message(25, SENDER, (RECIPIENT,), octets, host=ENGINE)
            self.assertRegex(reply, r"^250 2\.0\.0 ok: MID \d+")
            message = self.sink.wait_for_text(subject)
            self.assertEqual(message.after_added_header(subject), octets)

    def test_the_log_command_tells_the_story_of_a_message(self):
        reply = send_message(25, SENDER, (RECIPIENT,), b"Subject: story\r\n\r\nx\r\n", host=ENGINE)
        self.sink.wait_for_text(b"Subject: story")
        self.engine.wait_drained()
        mid = re.search(r"MID (\d+)", reply)[1]
        story = ""

        def complete():
            nonlocal story
            story = run(SLUICE, "log", "--mid", mid, "--config", self.engine.config).stdout.decode()
            return f"Message finished MID {mid} done" in story
        self.engine.wait_until("the log is written", complete)
        for line in (f"New SMTP ICID .* interface mx0 \\({ENGINE}\\) address {HOST}",
                     f"Start MID {mid} ICID", f"MID {mid} queued for delivery",
                     f"Delivery start DCID .* MID {mid} to RID \\[0\\]",
                     f"Message done DCID .* MID {mid} to RID \\[0\\]"):
            self.assertRegex(story, line)

    def icid_of(self, mid):
        pattern = re.compile(rf"Start MID {mid} ICID (\d+)")
        self.engine.wait_until("the log is written", lambda: pattern.search(self.engine.log()))
        return pattern.search(self.engine.log())[1]


if __name__ == "__main__":
    enter_namespace()
    if subprocess.run(["which", "swaks"], capture_output=True, check=False).returncode != 0:
        skip("swaks is not installed")
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main()
