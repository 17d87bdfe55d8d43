#!/usr/bin/env python3
"""Deliveries to Postfix's smtp-sink that refuses, hangs up or dawdles at each command.

Usage: smtp_sink_test.py SLUICE
"""
import email
import email.message
import email.policy
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port
from smtp_peer import Peer
from smtp_sink import Sink

SLUICE = ""
SMTP_SINK = shutil.which("smtp-sink", path=os.environ.get("PATH", "") + ":/usr/sbin")
AS_NOBODY = ["-u", "nobody"] if os.geteuid() == 0 else []
SENT, LATER, NEVER = "Message done", "Delayed", "Bounced"
OUTCOMES = {  # options of smtp-sink: what becomes of a message
    ("-f", "connect"): LATER, ("-f", "ehlo"): SENT, ("-f", "mail"): NEVER, ("-f", "rcpt"): NEVER,
    ("-f", "data"): NEVER, ("-f", "."): NEVER, ("-f", "quit"): SENT,
    ("-r", "connect"): LATER, ("-r", "ehlo"): LATER, ("-r", "mail"): LATER, ("-r", "rcpt"): LATER,
    ("-r", "data"): LATER, ("-r", "."): LATER, ("-r", "quit"): SENT,
    ("-q", "connect"): LATER, ("-q", "ehlo"): LATER, ("-q", "mail"): LATER, ("-q", "rcpt"): LATER,
    ("-q", "data"): LATER, ("-q", "."): LATER, ("-q", "quit"): SENT,
    ("-Q", "mail"): LATER, ("-Q", "."): LATER,
    ("-w", "2"): SENT, ("-8",): SENT, ("-p",): SENT, ("-e",): SENT,
}


@unittest.skipUnless(SMTP_SINK, "smtp-sink is missing (package postfix)")
class ToSmtpSink(unittest.TestCase):
    def setUp(self):
        self.sinks, self.ports = [], {}
        for options in OUTCOMES:
            port = self.ports[options] = free_port()
            self.sinks.append(subprocess.Popen([SMTP_SINK, *AS_NOBODY, *options,
                                                f"127.0.0.1:{port}", "50"]))
        self.addCleanup(self.stop_sinks)
        for port in self.ports.values():
            self.wait_for_port(port)
        self.senders = Sink()
        self.addCleanup(self.senders.stop)

    @staticmethod
    def wait_for_port(port):
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", port), 2).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.02)
        raise AssertionError("smtp-sink does not listen")

    def stop_sinks(self):
        for sink in self.sinks:
            sink.kill()
            sink.wait()

    @staticmethod
    def domain(options):
        return f"n{list(OUTCOMES).index(options)}.example.com"

    def routes(self):
        return "".join(f'[[route]]\ndomain = "{self.domain(options)}"\n'
                       f'next_hop = ["127.0.0.1:{port}"]\n' for options, port in self.ports.items())

    def test_every_fault_has_its_outcome(self):
        with Engine(SLUICE, self.senders.port, extra=self.routes(), retry="1h",
                    listener='relay_from = ["127.0.0.1"]') as engine:
            with Peer(engine.port) as peer:
                peer.greet()
                for options in OUTCOMES:
                    peer.message("a@example.org", [f"user@{self.domain(options)}"],
                                 f"Subject: {' '.join(options)}\r\n\r\n.hello\r\n".encode())
            words = f"({SENT}|{LATER}|{NEVER})"

            def outcomes():
                subjects = dict(re.findall(r"MID (\d+) Subject '(-[^']*)'", engine.log()))
                found = {}
                for word, mid in re.findall(rf"{words}:? DCID \d+ MID (\d+) to RID", engine.log()):
                    if mid in subjects:
                        found.setdefault(tuple(subjects[mid].split()), []).append(word)
                return found

            engine.wait_until("every message was tried", lambda: len(outcomes()) == len(OUTCOMES))
            for options, wanted in OUTCOMES.items():
                self.assertEqual(outcomes()[options], [wanted], options)
            bounced = sum(1 for wanted in OUTCOMES.values() if wanted == NEVER)
            waits = sum(1 for wanted in OUTCOMES.values() if wanted == LATER)
            self.assertEqual(len(self.senders.wait_for(bounced)), bounced)
            engine.wait_until("what is deferred waits, and nothing else",
                              lambda: engine.queued() == waits)


class WithoutEightBits(unittest.TestCase):
    """A peer that has neither 8BITMIME nor SMTPUTF8 gets what reads the same, or nothing."""

    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.sink.answer = lambda event, _: "250-old.test\r\n250 PIPELINING" if event == "ehlo" else None

    @staticmethod
    def message(text, octets):
        mail = email.message.EmailMessage(policy=email.policy.SMTP.clone(cte_type="8bit"))
        mail["Subject"], mail["From"] = "x", "a@example.org"
        mail.set_content(text, cte="8bit")
        inner = email.message.EmailMessage(policy=mail.policy)
        inner["Subject"] = "inner"
        inner.set_content(text, cte="8bit", subtype="html")
        mail.add_attachment(inner)
        raw = mail.as_bytes()
        boundary = mail.get_boundary().encode()
        part = (b"--" + boundary + b"\r\nContent-Type: application/octet-stream\r\n"
                b"Content-Transfer-Encoding: binary\r\n\r\n" + octets + b"\r\n")
        return raw.replace(b"--" + boundary + b"--", part + b"--" + boundary + b"--")

    @staticmethod
    def contents(octets):
        mail = email.message_from_bytes(octets, policy=email.policy.SMTP)
        return [(part.get_content_type(), part.get_payload(decode=True))
                for part in mail.walk() if not part.is_multipart()]

    def test_a_message_is_converted_and_reads_the_same(self):
        text = "".join(f"zeile {i}: gr\u00fc\u00dfe \u20ac = \t\n" for i in range(3_000)) + "x" * 900 + "\n"
        raw = self.message(text, bytes(range(128, 256)) * 7)
        with Engine(SLUICE, self.sink.port) as engine:
            with Peer(engine.port) as peer:
                peer.greet()
                peer.command("MAIL FROM:<a@example.org> BODY=8BITMIME")
                peer.command("RCPT TO:<user@example.com>")
                peer.command("DATA", "354")
                peer.send(raw.replace(b"\r\n.", b"\r\n..") + b".\r\n")
                peer.expect("250")
            (came,) = self.sink.wait_for(1)
            self.assertLess(max(came.octets), 128)
            self.assertNotIn("BODY", came.sender)
            self.assertEqual(self.contents(came.octets), self.contents(raw))
            self.assertEqual(len(self.contents(raw)), 3)
            # What cannot be had without its eighth bit goes back.
            with Peer(engine.port) as peer:
                peer.greet()
                peer.command("MAIL FROM:<a@example.org> SMTPUTF8 BODY=8BITMIME")
                peer.command("RCPT TO:<user@example.com>")
                peer.command("DATA", "354")
                peer.send("Subject: gr\u00fc\u00df\r\n\r\nx\r\n.\r\n".encode())
                peer.expect("250")
            engine.wait_for_log(r"Bounced: DCID \d+ MID \d+ to RID 0 - 5\.6\.7")


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
