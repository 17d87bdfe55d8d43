#!/usr/bin/env python3
"""Bounce verification: senders of our own are tagged on the way out, tags come off on the way in, and
bounces without a good one are marked or refused; keys are rotated by a reload.

Usage: bounce_test.py SLUICE
"""
import os
import re
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import Peer, Refused
from smtp_sink import Sink

SLUICE = ""
BODY = b"Subject: x\r\n\r\nhello\r\n"
OURS, OUTSIDE = "user@example.com", "someone@outside.test"


class BounceVerification(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        # Own hosts come from 127.0.0.2; 127.0.0.1 is the outside.
        self.engine = Engine(SLUICE, self.sink.port, listener='relay_from = ["127.0.0.2/32"]',
                             extra='[bounce_verification]\nkeys = "bounce.keys"\n'
                                   'untagged = "reject"\n')
        self.addCleanup(self.engine.__exit__)
        self.keys("0 the first secret of all")
        self.engine.start()

    def keys(self, text, mode=0o600):
        path = os.path.join(self.engine.folder, "bounce.keys")
        with open(path, "w", encoding="ascii") as file:
            file.write(text + "\n")
        os.chmod(path, mode)

    def reload(self):
        seen = self.engine.log().count("reload")
        self.engine.process.send_signal(signal.SIGHUP)
        self.engine.wait_until("reload", lambda: self.engine.log().count("reload") > seen)

    def send(self, sender, recipient, source="127.0.0.1"):
        with Peer(self.engine.port, source=source) as peer:
            peer.greet()
            peer.message(sender, [recipient], BODY)
        self.engine.wait_drained()
        return self.sink.messages[-1]

    def tagged_sender(self):
        message = self.send(OURS, OUTSIDE, source="127.0.0.2")
        return re.match(r"FROM:<([^>]*)>", message.sender).group(1)

    def refused(self, sender, recipient, source="127.0.0.1"):
        with Peer(self.engine.port, source=source) as peer:
            peer.greet()
            peer.command(f"MAIL FROM:<{sender}>")
            try:
                peer.command(f"RCPT TO:<{recipient}>")
            except Refused as refusal:
                return refusal.reply
        return None

    def test_tags_go_out_and_come_back(self):
        tagged = self.tagged_sender()
        self.assertRegex(tagged, r"^prvs=0\d{3}[0-9a-f]{6}=user@example\.com$")
        # Mail that stays in the house, and senders of others, are left alone.
        self.assertTrue(self.send(OURS, "b@example.org").sender.startswith(f"FROM:<{OURS}>"))
        self.assertTrue(self.send(OUTSIDE, OURS).sender.startswith(f"FROM:<{OUTSIDE}>"))
        # A bounce of ours arrives at the plain address; so does a reply that somebody wrote.
        self.assertEqual(self.send("", tagged).recipients, [f"TO:<{OURS}>"])
        self.assertEqual(self.send(OUTSIDE, tagged).recipients, [f"TO:<{OURS}>"])
        forged = "prvs=0" + "999" + tagged[9:]
        self.assertEqual(self.send(OUTSIDE, forged).recipients, [f"TO:<{OURS}>"])
        refusal = "550 5.7.1 Bounce of a message that this host has not sent"
        self.assertEqual(self.refused("", forged), refusal)
        self.assertEqual(self.refused("", OURS), refusal)
        self.assertIsNone(self.refused("", "postmaster@example.com"))
        self.assertIsNone(self.refused("", OURS, source="127.0.0.2"))
        # A new key signs from now on; what the old one has signed is still good.
        self.keys("1 the second secret of all\n0 the first secret of all")
        self.reload()
        self.assertRegex(self.tagged_sender(), r"^prvs=1")
        self.assertIsNone(self.refused("", tagged))
        self.keys("1 the second secret of all", mode=0o644)
        self.reload()
        self.assertIn("bounce.keys has mode 0644", self.engine.log().replace(": has", " has"))
        # Only marked from now on.
        self.keys("1 the second secret of all")
        with open(self.engine.config, encoding="ascii") as file:
            text = file.read()
        with open(self.engine.config, "w", encoding="ascii") as file:
            file.write(text.replace('untagged = "reject"', 'untagged = "mark"'))
        self.reload()
        self.assertIn(b"X-Sluice-Bounce: not verified\r\n", self.send("", OURS).octets)
        self.assertIn(b"X-Sluice-Bounce: not verified\r\n", self.send("", tagged).octets)
        self.assertNotIn(b"X-Sluice-Bounce", self.send("", self.tagged_sender()).octets)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
