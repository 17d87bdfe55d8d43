#!/usr/bin/env python3
"""Antivirus through clamd: a real one finds the test virus in every wrapping; one that is gone, slow
or breaks off has the configured outcome, and no message passes unscanned and unmarked.

Usage: antivirus_test.py SLUICE
"""
import base64
import io
import os
import quopri
import socket
import struct
import subprocess
import sys
import threading
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from clamd import CLAMD, EICAR, VIRUS, Clamd, FakeClamd
from sluice_engine import Engine
from smtp_peer import Peer, Refused, send_message, stuffed
from smtp_sink import Sink

SLUICE = ""
HEADER = "From: a@example.org\r\nSubject: test\r\nMIME-Version: 1.0\r\n"
CLEAN = (HEADER + "\r\nnothing to see\r\n").encode()


def zipped(name, content):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, content)
    return archive.getvalue()


def attached(content, name="a.bin", kind="application/octet-stream"):
    return (HEADER + 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\ntext\r\n--b\r\n'
            f'Content-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + base64.encodebytes(
                content).replace(b"\n", b"\r\n") + b"--b--\r\n"


def uuencoded(content):
    lines = [b"begin 644 a.com"]
    for at in range(0, len(content), 45):
        piece = content[at:at + 45]
        triples = piece + bytes(-len(piece) % 3)
        line = bytes([32 + len(piece)])
        for i in range(0, len(triples), 3):
            value = int.from_bytes(triples[i:i + 3], "big")
            line += bytes((value >> shift & 63) + 32 or 96 for shift in (18, 12, 6, 0))
        lines.append(line.replace(b" ", b"`"))
    return b"\r\n".join(lines + [b"`", b"end", b""])


def tnef(content):
    def attribute(level, code, data):
        return struct.pack("<BII", level, code, len(data)) + data + struct.pack("<H", sum(data) & 0xffff)
    return (struct.pack("<IH", 0x223e9f78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x10000))
            + attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xffffffff, 16, 16, 0))
            + attribute(2, 0x00018010, b"a.com\0") + attribute(2, 0x0006800f, content))


WRAPPINGS = {
    "plain": HEADER.encode() + b"\r\n" + EICAR + b"\r\n",
    "base64": attached(EICAR),
    "quoted-printable": HEADER.encode() + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                        + quopri.encodestring(EICAR, quotetabs=True) + b"\r\n",
    "uuencode": HEADER.encode() + b"\r\ntext\r\n" + uuencoded(EICAR),
    "zip": attached(zipped("a.com", EICAR), "a.zip", "application/zip"),
    "zip in zip": attached(zipped("b.zip", zipped("a.com", EICAR)), "a.zip", "application/zip"),
    "rfc822": HEADER.encode() + b"Content-Type: message/rfc822\r\n\r\n" + attached(EICAR),
    "zip in rfc822": HEADER.encode() + b"Content-Type: message/rfc822\r\n\r\n"
                     + attached(zipped("blocked.exe", EICAR), "a.zip", "application/zip"),
    "tnef": attached(tnef(EICAR), "winmail.dat", "application/ms-tnef"),
}


class Antivirus(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)

    def engine(self, server, **keys):
        """The rule EICAR is off: what finds the virus here is clamd."""
        lines = [f"{key} = {value}" for key, value in keys.items()]
        engine = Engine(SLUICE, self.sink.port, rules="no_eicar.cf", extra="\n".join(
            ["", "[examination]", "threads = 2", "[antivirus]", 'engine = "clamd"',
             f'server = "{server}"'] + lines + [""]))
        with open(os.path.join(engine.folder, "no_eicar.cf"), "w", encoding="ascii") as file:
            file.write("score EICAR 0\n")
        self.addCleanup(engine.__exit__)
        engine.start()
        return engine

    def fake(self):
        fake = FakeClamd()
        self.addCleanup(fake.stop)
        return fake

    def send(self, engine, octets=CLEAN):
        try:
            return send_message(engine.port, "a@example.org", ["b@example.com"], octets)
        except Refused as refused:
            return refused.reply

    def pause_mode(self, engine, what):
        subprocess.run([SLUICE, "mta-control", "pause-mode", what, "--config", engine.config],
                       capture_output=True, timeout=60, check=True)

    def delivered(self, engine):
        engine.wait_drained()
        return self.sink.messages[-1].octets.decode("latin-1")

    @unittest.skipUnless(os.path.exists(CLAMD), "clamd is not installed")
    def test_a_real_clamd_finds_the_virus_in_every_wrapping_and_nothing_is_lost_when_it_dies(self):
        clamd = Clamd()
        self.addCleanup(clamd.stop)
        clamd.start()
        engine = self.engine(clamd.server)
        self.assertTrue(self.send(engine).startswith("250"))
        stamp = self.delivered(engine)
        self.assertIn("X-Sluice-Antivirus: clean;\r\n\tengine=\"ClamAV ", stamp)
        for wrapping, octets in WRAPPINGS.items():
            with self.subTest(wrapping):
                self.assertEqual(self.send(engine, octets),
                                 "550 5.7.1 Message rejected: it contains a virus")
        engine.wait_for_log(f"antivirus positive: {VIRUS}")

        clamd.kill()
        self.assertTrue(self.send(engine, WRAPPINGS["zip"]).startswith("550"), "the cache knows it")
        self.assertTrue(self.send(engine, CLEAN + b"new\r\n").startswith("451 4.7.1"))
        os.unlink(clamd.server)
        self.assertTrue(self.send(engine, CLEAN + b"new\r\n").startswith("451 4.7.1"))
        clamd.start()
        self.assertTrue(self.send(engine, CLEAN + b"new\r\n").startswith("250"))
        engine.wait_drained()
        self.assertEqual(len(self.sink.messages), 2)

    def test_what_could_not_be_scanned_has_the_configured_outcome(self):
        outcomes = {"defer": "451 4.7.1", "reject": "554 5.7.1", "mark": "250"}
        for outcome, reply in outcomes.items():
            with self.subTest(outcome):
                engine = self.engine("/nonexistent/clamd.sock", on_failure=f'"{outcome}"')
                self.assertTrue(self.send(engine).startswith(reply))
        stamp = self.delivered(engine)
        self.assertIn("X-Sluice-Antivirus: not scanned;\r\n\treason=\"clamd: connecting", stamp)
        self.assertIn("VIRUS_NOT_SCANNED", stamp)
        engine.wait_for_log("antivirus unscanned: clamd: connecting")

    def test_a_tagged_virus_and_one_that_is_too_large(self):
        fake = self.fake()
        engine = self.engine(fake.server, on_virus='"tag"', message_bytes_max='"64 KiB"')
        fake.behave = lambda stream: "stream: Some.Virus FOUND"
        self.assertTrue(self.send(engine).startswith("550 5.7.1 Message rejected due to content"))
        self.assertTrue(self.send(engine, CLEAN + b"long line\r\n" * 10_000).startswith("250"))
        self.assertIn("not scanned", self.delivered(engine))
        fake.behave = lambda stream: "INSTREAM size limit exceeded. ERROR"
        self.assertTrue(self.send(engine, CLEAN + b"x\r\n").startswith("250"))
        self.assertIn("beyond StreamMaxLength", self.delivered(engine))

    def test_the_stream_is_the_message_and_a_session_that_breaks_off_is_begun_anew(self):
        fake = self.fake()
        engine = self.engine(fake.server)
        large = CLEAN + b"0123456789" * 7 + b"\r\n" + b"line\r\n" * 20_000
        self.assertTrue(self.send(engine, large).startswith("250"))
        self.assertEqual(fake.streams[0], large)
        fake.behave = lambda stream: None  # it hangs up, on the old session and on the new one
        self.assertTrue(self.send(engine).startswith("451"))
        fake.behave = lambda stream: "stream: OK"
        self.assertTrue(self.send(engine).startswith("250"))

    def test_a_slow_scan_holds_up_neither_other_sessions_nor_memory(self):
        fake = self.fake()
        engine = self.engine(fake.server, timeout='"20s"')
        free = engine.worker_total("blocks_available")
        go = threading.Event()
        self.addCleanup(go.set)

        def wait(_stream):
            go.wait(60)
            return "stream: OK"
        fake.behave = wait
        peers = []
        for number in range(6):  # three times the threads
            peer = Peer(engine.port)
            self.addCleanup(peer.close)
            peer.greet()
            peer.command("MAIL FROM:<a@example.org>")
            peer.command("RCPT TO:<b@example.com>")
            peer.command("DATA", "354")
            peer.send(stuffed(CLEAN + b"%d\r\n" % number) + b".\r\n")
            peers.append(peer)
        self.assertTrue(fake.came.acquire(timeout=30))
        with Peer(engine.port) as other:  # the worker goes on
            other.greet()
            other.command("NOOP")
        for peer in peers[:3]:  # they are gone before their scan is over, or even begun
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
        engine.wait_for_log("(?s)(Message aborted MID \\d+ connection closed.*){3}")
        go.set()
        for peer in peers[3:]:
            self.assertTrue(peer.reply().startswith("250"))
        engine.wait_drained()
        self.assertEqual(len(self.sink.messages), 3)
        engine.wait_until("all blocks are back",
                          lambda: engine.worker_total("blocks_available") == free)
        self.assertEqual(engine.stop(), 0)

    def test_an_engine_that_stops_does_not_wait_for_a_scan_that_does_not_end(self):
        fake = self.fake()
        engine = self.engine(fake.server, timeout='"2s"')
        go = threading.Event()
        self.addCleanup(go.set)
        fake.behave = lambda stream: go.wait(60) and None
        self.assertTrue(self.send(engine).startswith("451"), "the time-out")
        fake.came.acquire()
        with Peer(engine.port) as peer:
            peer.greet()
            peer.command("MAIL FROM:<a@example.org>")
            peer.command("RCPT TO:<b@example.com>")
            peer.command("DATA", "354")
            peer.send(CLEAN + b".\r\n")
            self.assertTrue(fake.came.acquire(timeout=30))
            self.assertEqual(engine.stop(), 0)
        self.assertEqual(self.sink.messages, [])

    def test_what_was_taken_while_scanning_was_paused_is_scanned_before_it_goes_on(self):
        fake = self.fake()
        engine = self.engine(fake.server)
        self.pause_mode(engine, "pause-scan")
        fake.behave = lambda stream: "stream: Some.Virus FOUND" if b"bad" in stream else "stream: OK"
        self.assertTrue(self.send(engine, CLEAN + b"bad\r\n").startswith("250"))
        self.assertTrue(self.send(engine, CLEAN + b"good\r\n").startswith("250"))
        self.assertEqual(fake.streams, [])
        self.pause_mode(engine, "resume-scan")
        engine.wait_until("the good one is delivered", lambda: len(self.sink.messages) == 1)
        self.assertIn(b"good\r\n", self.sink.messages[0].octets)
        self.assertIn(b"X-Sluice-Antivirus: clean", self.sink.messages[0].octets)
        engine.wait_for_log("antivirus positive: Some.Virus")

    def test_one_message_that_cannot_be_judged_does_not_keep_the_others_from_their_scan(self):
        fake = self.fake()
        engine = self.engine(fake.server)
        self.pause_mode(engine, "pause-scan")
        fake.behave = lambda stream: "stream: odd ERROR" if b"odd" in stream else "stream: OK"
        for word in (b"odd", b"first", b"second"):
            self.assertTrue(self.send(engine, CLEAN + word + b"\r\n").startswith("250"))
        self.pause_mode(engine, "resume-scan")
        self.sink.wait_for_text(b"first\r\n")
        self.sink.wait_for_text(b"second\r\n")
        self.assertEqual(engine.status()["i_qmsgs"], 1)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
