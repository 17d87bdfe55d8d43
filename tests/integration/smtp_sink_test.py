#!/usr/bin/env python3
"""Deliveries to Postfix's smtp-sink that refuses, hangs up or dawdles at each command.

Usage: smtp_sink_test.py SLUICE
"""
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

            engine.wait_until("every message was tried", lambda: len(outcomes()) == len(OUTCOMES), 30)
            for options, wanted in OUTCOMES.items():
                self.assertEqual(outcomes()[options], [wanted], options)
            bounced = sum(1 for wanted in OUTCOMES.values() if wanted == NEVER)
            waits = sum(1 for wanted in OUTCOMES.values() if wanted == LATER)
            self.assertEqual(len(self.senders.wait_for(bounced)), bounced)
            engine.wait_until("what is deferred waits, and nothing else",
                              lambda: engine.queued() == waits)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
