#!/usr/bin/env python3
"""Attachment rules with action = "strip": the part gives way to a note, everything else arrives octet
by octet as it was sent; what cannot be taken out is refused; and a kill loses nothing.

Usage: strip_test.py SLUICE
"""
import base64
import io
import os
import subprocess
import sys
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import Refused, send_message
from smtp_sink import Sink

SLUICE = ""
SECRET = b"0123456789abcdef" * 30
RULE = """
[[attachment_rule]]
name = "NO_SECRETS"
file_name = ["*.secret"]
action = "strip"
"""
REFUSAL = "550 5.7.1 Message rejected: an attachment is not allowed here"


def zipped(name, octets):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, octets)
    return file.getvalue()


def attachment(name, kind, octets):
    text = base64.encodebytes(octets).replace(b"\n", b"\r\n")[:-2]
    return (f'Content-Type: {kind}; name="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + text


def note(name, kind, octets):
    return ("Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
            "An attachment was taken out of this message.\r\n\r\n"
            f"Name: {name}\r\nType: {kind}\r\nSize: {len(octets)} octets\r\nRule: NO_SECRETS"
            ).encode()


def multipart(boundary, *parts):
    return (f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\nPreamble\r\n'.encode() +
            b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts) +
            b"--" + boundary.encode() + b"-- \r\nEpilogue \r\n")


class Strip(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.start()

    def start(self, extra=""):
        self.engine = Engine(SLUICE, self.sink.port, extra=RULE + extra)
        self.addCleanup(self.engine.__exit__)
        self.engine.start()

    def send(self, octets):
        try:
            return send_message(self.engine.port, "a@example.org", ["b@example.com"], octets)
        except Refused as refused:
            return refused.reply

    def pause_mode(self, what):
        subprocess.run([SLUICE, "mta-control", "pause-mode", what, "--config", self.engine.config],
                       timeout=30, capture_output=True, check=True)

    def delivered(self):
        self.engine.wait_until("delivered", lambda: len(self.sink.messages) == 1)
        octets = self.sink.messages[0].octets
        at = octets.index(b"Subject: test")
        return octets[:at].decode("latin-1"), octets[at:]

    HEAD = b"Subject: test\r\nMIME-Version: 1.0\r\n"
    ODD = b"Content-Type: text/plain;\r\n\tcharset=\"x\"\r\nX-Odd :  y \r\n\r\ntext\t\r\n\r\n"

    def make(self, filler=b""):
        """A message with three secrets, and what is to come of it."""
        archive = zipped("plan.secret", SECRET)
        parts = [("a.secret", "application/octet-stream", SECRET),
                 ("all.zip", "application/zip", archive),
                 ("b.secret", "image/jpeg", SECRET)]
        return [self.HEAD + multipart("out", self.ODD + filler, first,
                                      b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n" +
                                      multipart("in", self.ODD, second), third, self.ODD)
                for first, second, third in ([make(*part) for part in parts]
                                             for make in (attachment, note))]

    def test_parts_give_way_to_notes(self):
        message, expected = self.make()
        self.assertRegex(self.send(message), "^250")
        head, octets = self.delivered()
        self.assertEqual(octets, expected)
        for name, size in (("a.secret", len(SECRET)), ("b.secret", len(SECRET))):
            self.assertIn("X-Sluice-Attachment: removed; rule=NO_SECRETS;\r\n"
                          f'\toctets={size}; name="{name}"\r\n', head)
            self.engine.wait_for_log(rf"MID \d+ attachment taken out: {name} \({size} octets\) "
                                     "rule NO_SECRETS")
        self.assertEqual(head.count("X-Sluice-Attachment"), 3)

    def test_of_a_large_message_that_is_killed(self):
        message, expected = self.make(b"a line of text\r\n" * 400_000)
        self.pause_mode("pause-delivery")
        self.assertRegex(self.send(message), "^250")
        self.engine.kill()
        self.engine.start()
        self.pause_mode("resume-delivery")
        self.assertEqual(self.delivered()[1], expected)

    def test_what_cannot_be_taken_out_is_refused(self):
        self.assertEqual(self.send(self.HEAD + attachment("a.secret", "image/png", SECRET) + b"\r\n"),
                         REFUSAL)
        self.engine.wait_drained()
        self.assertEqual(self.sink.messages, [])

    def test_without_room_it_may_come_again(self):
        self.start("\n[examination]\nblocks_max = 16\n")
        large, _ = self.make(b"a line of text\r\n" * 40_000)
        self.assertEqual(self.send(large),
                         "452 4.3.1 Insufficient system resources, try again later")
        message, expected = self.make()
        self.assertRegex(self.send(message), "^250")
        self.assertEqual(self.delivered()[1], expected)

    def test_after_a_pause_it_is_held(self):
        message, _ = self.make()
        self.pause_mode("pause-scan")
        self.assertRegex(self.send(message), "^250")
        self.pause_mode("resume-scan")
        self.engine.wait_for_log(r"MID \d+ held: .* would have been refused on arrival")
        self.assertEqual(self.sink.messages, [])


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
