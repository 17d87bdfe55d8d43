#!/usr/bin/env python3
"""What a message wants of TLS (RFC 8689), what a source gets of it, and the alert when it cannot be.

Usage: mail_tls_wishes_test.py SLUICE
"""
import os
import re
import shutil
import socket
import ssl
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from certificates import make_certificate, server_context
from sluice_engine import Engine
from smtp_peer import Peer, Refused
from smtp_sink import Sink
from tls_sink import TlsSink

SLUICE = ""
NAME = "mx.sluice.test"
LISTENER = """relay_from = ["127.0.0.0/8"]
tls = "preferred"
certificates = ["own"]
tls_off_from = ["127.0.0.2"]
tls_required_from = ["127.0.0.0/29", "127.0.0.3"]
tls_preferred_from = ["127.0.0.1"]
"""


class SourcePeer(Peer):
    """A client with an address of its own that can go on inside TLS."""

    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), 30, (source, 0))
        self.file = self.socket.makefile("rb")

    def start_tls(self):
        self.command("STARTTLS", "220")
        self.file.close()
        context = ssl._create_unverified_context()
        self.socket = context.wrap_socket(self.socket, server_hostname=NAME)
        self.file = self.socket.makefile("rb")
        return self.command("EHLO client.test")


class TlsWishes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-tls-wishes-")
        make_certificate(cls.folder, "ca", "ca.sluice.test")
        make_certificate(cls.folder, "own", NAME, "ca")
        make_certificate(cls.folder, "self", NAME)
        cls.peers = {"knows": TlsSink(server_context(cls.folder, "own")),
                     "ignorant": TlsSink(server_context(cls.folder, "own")),
                     "untrusted": TlsSink(server_context(cls.folder, "self")),
                     "bare": TlsSink()}
        cls.peers["knows"].requiretls = cls.peers["untrusted"].requiretls = True
        cls.sink = Sink()
        cls.engine = Engine(SLUICE, cls.sink.port, listener=LISTENER, extra=cls.tables())
        cls.engine.start()
        cls.count = 0

    @classmethod
    def tables(cls):
        own = os.path.join(cls.folder, "own")
        text = (f'[[certificate]]\nname = "own"\nfile = "{own}.pem"\nkey = "{own}.key"\n'
                '[alerts]\nrecipients = ["ops@example.com"]\nwindow = "2s"\n')
        for peer in cls.peers:
            text += (f'[[route]]\ndomain = "{peer}.test"\n'
                     f'next_hop = ["127.0.0.1:{cls.peers[peer].port}"]\n'
                     f'[[destination]]\ndomain = "{peer}.test"\ntls = "required"\n'
                     f'names = ["{NAME}"]\nca_file = "{os.path.join(cls.folder, "ca.pem")}"\n')
        return text

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        for peer in cls.peers.values():
            peer.stop()
        cls.sink.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def client(self, source="127.0.0.1"):
        peer = SourcePeer(self.engine.port, source)
        self.addCleanup(peer.close)
        return peer

    def send(self, peer_name, parameters="", header=""):
        """Over TLS; returns the marker that the body has."""
        TlsWishes.count += 1
        marker = f"marker-{self.count}-".encode()
        client = self.client()
        client.greet()
        client.start_tls()
        client.command(f"MAIL FROM:<sender@example.org>{parameters}")
        client.command(f"RCPT TO:<user@{peer_name}.test>")
        client.command("DATA", "354")
        client.send(f"{header}Subject: x\r\n\r\n".encode() + marker + b"\r\n.\r\n")
        client.expect("250")
        return marker

    def sink_message(self, *words):
        """The message at the ordinary next hop that has all of these words."""
        def found():
            return [m for m in self.sink.messages if all(word in m.octets for word in words)]
        self.engine.wait_until(f"a message with {words}", found)
        return found()[0]

    def test_requiretls_goes_on_to_a_verified_peer_that_knows_it(self):
        marker = self.send("knows", " REQUIRETLS")
        message = self.peers["knows"].wait_for(marker)
        self.assertTrue(message.tls)
        self.assertIn(" REQUIRETLS", message.sender)
        self.assertNotIn(" REQUIRETLS", self.peers["knows"].wait_for(self.send("knows")).sender)

    def test_requiretls_that_cannot_be_kept_is_returned_without_its_body(self):
        # The sender's own domain has no REQUIRETLS either: RFC 8689 5 has the report lost rather
        # than unprotected. The log is what tells.
        for peer, status in (("ignorant", r"5\.7\.30"), ("untrusted", r"5\.7\.10"),
                             ("bare", r"5\.7\.10")):
            with self.subTest(peer=peer):
                marker = self.send(peer, " REQUIRETLS")
                pattern = rf"Bounced: DCID \d+ MID \d+ to RID 0 - {status} .*127\.0\.0\.1:" \
                          rf"{self.peers[peer].port}"
                self.engine.wait_until(f"{peer} bounces",
                                       lambda p=pattern: re.search(p, self.engine.log()))
                self.assertFalse([m for m in self.peers[peer].messages if marker in m.octets])
                self.assertFalse([o for o in self.peers[peer].clear if marker in o])

    def test_tls_required_no_lowers_the_policy(self):
        marker = self.send("bare", header="TLS-Required: No\r\n")
        self.assertFalse(self.peers["bare"].wait_for(marker).tls)
        held = self.send("bare")
        self.sink_message(b"TLS connections to bare.test failed")
        self.assertFalse([m for m in self.peers["bare"].messages if held in m.octets])

    def test_the_alert_comes_by_mail_and_in_the_log_and_its_table_sums_up(self):
        self.send("bare")
        mail = self.sink_message(b"TLS connections to bare.test failed", b"STARTTLS not offered")
        self.assertEqual(mail.sender.split()[0], "FROM:<>")
        self.assertEqual(mail.recipients, ["TO:<ops@example.com>"])
        text = mail.octets.decode()
        self.assertIn("Subject: Warning <System>: TLS required for bare.test", text)
        times = int(re.search(r"Over the past 2 seconds .* failed (\d+) time", text).group(1))
        rows = {kind: int(count) for count, kind in re.findall(r"^ +(\d+)  (.+)\r$", text, re.M)}
        self.assertEqual(rows.pop("in all"), times)
        self.assertEqual(sum(rows.values()), times)
        self.assertRegex(self.engine.log(), r"Warning: Over the past 2 seconds TLS connections to "
                                            r"bare\.test failed \d+ times?; the last error was "
                                            r"STARTTLS not offered, host 127\.0\.0\.1 port ")

    def test_three_sources_and_three_levels_on_one_port(self):
        off, required, preferred = (self.client(f"127.0.0.{i}") for i in (2, 3, 1))
        self.assertNotIn("STARTTLS", off.greet())
        off.command("MAIL FROM:<a@example.org>")
        self.assertIn("STARTTLS", required.greet())
        with self.assertRaises(Refused) as refused:
            required.command("MAIL FROM:<a@example.org>")
        self.assertEqual(refused.exception.reply, "530 5.7.0 Must issue a STARTTLS command first")
        required.start_tls()
        required.command("MAIL FROM:<a@example.org>")
        self.assertIn("STARTTLS", preferred.greet())
        preferred.command("MAIL FROM:<a@example.org>")


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
