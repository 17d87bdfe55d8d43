#!/usr/bin/env python3
"""Antivirus through ICAP: c-icap lets mail pass; what a server finds, changes or fails at has the
configured outcome.

Usage: icap_test.py SLUICE
"""
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from icap import CICAP, CIcap, FakeIcap, modified, modified_request
from sluice_engine import Engine, free_port
from smtp_peer import Refused, send_message
from smtp_sink import Sink

SLUICE = ""
CLEAN = b"From: a@example.org\r\nSubject: test\r\n\r\nnothing to see\r\n"
LARGE = CLEAN + b"a line of text\r\n" * 20_000


class Icap(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)

    def engine(self, server, service="avscan", method="respmod"):
        engine = Engine(SLUICE, self.sink.port, extra="\n".join(
            ["", "[examination]", "threads = 1", "[antivirus]", 'engine = "icap"',
             f'server = "{server}"', f'icap_service = "{service}"',
             f'icap_method = "{method}"', ""]))
        self.addCleanup(engine.__exit__)
        engine.start()
        return engine

    def send(self, engine, octets=CLEAN):
        try:
            return send_message(engine.port, "a@example.org", ["b@example.com"], octets)
        except Refused as refused:
            return refused.reply

    def delivered(self, engine):
        engine.wait_drained()
        return self.sink.messages[-1].octets.decode("latin-1")

    @unittest.skipUnless(os.path.exists(CICAP), "c-icap is not installed")
    def test_c_icap_lets_mail_pass(self):
        server = CIcap(free_port())
        self.addCleanup(server.stop)
        engine = self.engine(f"127.0.0.1:{server.port}", "echo")
        for octets in (CLEAN, LARGE):
            self.assertTrue(self.send(engine, octets).startswith("250"))
            self.assertIn("X-Sluice-Antivirus: clean;", self.delivered(engine))
        engine = self.engine(f"127.0.0.1:{server.port}", "echo", "reqmod")
        self.assertTrue(self.send(engine, LARGE).startswith("250"))
        self.assertIn("X-Sluice-Antivirus: clean;", self.delivered(engine))
        self.assertTrue(self.send(self.engine(f"127.0.0.1:{server.port}", "nothing"))
                        .startswith("451"), "there is no such service")

    def test_the_body_is_the_message_with_a_preview_and_without(self):
        for preview in (0, 16, 4096, None):
            with self.subTest(preview=preview):
                fake = FakeIcap(preview)
                self.addCleanup(fake.stop)
                engine = self.engine(fake.server)
                for octets in (CLEAN, LARGE):
                    self.assertTrue(self.send(engine, octets).startswith("250"))
                self.assertEqual(fake.bodies, [CLEAN, LARGE])
                stamp = self.delivered(engine)
                self.assertIn('X-Sluice-Antivirus: clean;\r\n\tengine="Fake _database-1_"', stamp)

    def test_requests_as_well_as_responses(self):
        fake = FakeIcap(method="REQMOD")
        self.addCleanup(fake.stop)
        engine = self.engine(fake.server, method="reqmod")
        virus = "550 5.7.1 Message rejected: it contains a virus"
        answers = [(lambda body: b"ICAP/1.0 204 No Content\r\n\r\n", "250"),
                   (modified_request, "250"),
                   (lambda body: modified_request(body + b"!"), virus),
                   (lambda body: modified(b"a page", "403 Forbidden"), virus),
                   (modified, virus)]  # a response at once: the request goes nowhere
        for number, (answer, reply) in enumerate(answers):
            with self.subTest(number):
                fake.answer = answer
                octets = LARGE + b"%d\r\n" % number
                self.assertTrue(self.send(engine, octets).startswith(reply))
                self.assertEqual(fake.bodies[-1], octets)

    def test_every_answer_has_its_outcome(self):
        fake = FakeIcap()
        self.addCleanup(fake.stop)
        engine = self.engine(fake.server)
        found = "X-Infection-Found: Type=0; Resolution=2; Threat=Some.Virus;\r\n"
        virus, again, passed = "550 5.7.1 Message rejected: it contains a virus", "451 4.7.1", "250"
        answers = [
            (lambda body: modified(b"a page", "403 Forbidden", found), virus),
            (lambda body: modified(b"a page", "403 Forbidden"), virus),
            (lambda body: modified(body + b"!"), virus),
            (lambda body: modified(body[:-1]), virus),
            (modified, passed),
            (lambda body: re.split(b"(?<=\r)", modified(body)), passed),
            (lambda body: b"ICAP/1.0 500 Server error\r\n\r\n", again),
            (lambda body: b"HTTP/1.0 200 OK\r\n\r\n", again),
            (lambda body: modified(body).replace(b"\r\n0\r\n", b"\r\nxyz\r\n"), again),
            (lambda body: None, again),
            (lambda body: b"ICAP/1.0 204 No Content\r\n\r\n", passed),
        ]
        for number, (answer, reply) in enumerate(answers):
            with self.subTest(number):
                fake.answer = answer
                octets = CLEAN + b"%d\r\n" % number  # one that the cache does not know
                self.assertTrue(self.send(engine, octets).startswith(reply))
        engine.wait_for_log("antivirus positive: Some.Virus")
        engine.wait_for_log("antivirus positive: modified")


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
