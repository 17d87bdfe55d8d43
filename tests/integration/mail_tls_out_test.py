#!/usr/bin/env python3
"""TLS on the way out: every level against every kind of peer, peers that break in the middle, and
what the log says. Each peer keeps the octets that came before TLS, so that nothing of a message can
have been in the clear unseen.

Usage: mail_tls_out_test.py SLUICE
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from certificates import make_certificate, server_context
from sluice_engine import Engine
from smtp_peer import Peer
from smtp_sink import Sink
from tls_sink import TlsSink

SLUICE = ""
LEVELS = ("none", "preferred", "required", "preferred-verify", "required-verify")
CLEAR, TLS, NOTHING = "in the clear", "over TLS", "not at all"
OUTCOMES = {  # level -> what becomes of a message at a peer without TLS, untrusted, trusted
    "none": (CLEAR, CLEAR, CLEAR),
    "preferred": (CLEAR, TLS, TLS),
    "required": (NOTHING, TLS, TLS),
    "preferred-verify": (CLEAR, TLS, TLS),
    "required-verify": (NOTHING, NOTHING, TLS),
}
NAME = "mx.sluice.test"


def hang_up(connection):
    connection.close()


def talk_nonsense(connection):
    connection.sendall(b"250 ok, send it in the clear\r\n")


def refuse_the_handshake(connection):
    """An alert and nothing else: what comes next in the clear would be heard."""
    connection.sendall(b"\x15\x03\x03\x00\x02\x02\x28")


class TlsOut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-tls-out-")
        make_certificate(cls.folder, "ca", "ca.sluice.test")
        make_certificate(cls.folder, "good", NAME, "ca")
        make_certificate(cls.folder, "other", "other.sluice.test", "ca")
        make_certificate(cls.folder, "self", NAME)
        trusted = lambda: TlsSink(server_context(cls.folder, "good"))
        cls.peers = {"bare": TlsSink(), "untrusted": TlsSink(server_context(cls.folder, "self")),
                     "trusted": trusted(), "othername": TlsSink(server_context(cls.folder, "other")),
                     "refuses": trusted(), "noehlo": TlsSink(), "hangup": trusted(),
                     "nonsense": trusted(), "alert": trusted(), "implicit": TlsSink(
                         server_context(cls.folder, "good"), implicit=True)}
        cls.peers["refuses"].starttls = "454 TLS not available due to temporary reason"
        cls.peers["noehlo"].ehlo = "502 5.5.1 What is that?"
        cls.peers["hangup"].after_220 = hang_up
        cls.peers["nonsense"].after_220 = talk_nonsense
        cls.peers["alert"].after_220 = refuse_the_handshake
        cls.sink = Sink()
        cls.engine = Engine(SLUICE, cls.sink.port, extra=cls.tables(),
                            listener='relay_from = ["127.0.0.0/8"]')
        cls.engine.start()
        cls.mids = {}  # by marker

    @classmethod
    def tables(cls):
        ca = os.path.join(cls.folder, "ca.pem")
        text = ""
        for peer in cls.peers:
            port = cls.peers[peer].port
            text += f'[[route]]\ndomain = ".{peer}.test"\nnext_hop = ["127.0.0.1:{port}"]\n'
            for level in LEVELS:
                implicit = "true" if peer == "implicit" and level != "none" else "false"
                text += (f'[[destination]]\ndomain = "{level}.{peer}.test"\ntls = "{level}"\n'
                         f'names = ["{NAME}"]\nca_file = "{ca}"\nimplicit = {implicit}\n')
        return text

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        for peer in cls.peers.values():
            peer.stop()
        cls.sink.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def send(self, level, peer, header=""):
        """Returns the marker that the message carries."""
        marker = f"marker-{len(self.mids)}-{level}-{peer}"
        with Peer(self.engine.port) as client:
            client.greet()
            reply = client.message("from@example.org", [f"user@{level}.{peer}.test"],
                                   f"{header}Subject: x\r\n\r\n{marker}\r\n".encode())
        self.mids[marker] = re.search(r"MID (\d+)", reply).group(1)
        return marker

    def log_lines(self, pattern):
        return re.findall(pattern, self.engine.log(), re.MULTILINE)

    def wait_for_line(self, pattern):
        self.engine.wait_until(f"the log says {pattern}", lambda: self.log_lines(pattern))
        return self.log_lines(pattern)

    def check(self, marker, peer_name, expected):
        peer = self.peers[peer_name]
        if expected == NOTHING:
            self.wait_for_line(rf"Delayed: DCID \d+ MID {self.mids[marker]} ")
            self.assertFalse([m for m in peer.messages if marker.encode() in m.octets])
        else:
            self.assertEqual(peer.wait_for(marker.encode()).tls, expected == TLS)
        seen = any(marker.encode() in octets for octets in peer.clear)
        self.assertEqual(seen, expected == CLEAR, f"{marker} in the clear")

    def test_five_levels_and_three_peers(self):
        cells = [(level, peer, expected) for level in LEVELS
                 for peer, expected in zip(("bare", "untrusted", "trusted"), OUTCOMES[level])]
        self.assertEqual(len(cells), 15)
        markers = [self.send(level, peer) for level, peer, _ in cells]
        for marker, (level, peer, expected) in zip(markers, cells):
            with self.subTest(level=level, peer=peer):
                self.check(marker, peer, expected)

    def test_a_trusted_certificate_for_another_host_is_named_and_not_used(self):
        marker = self.send("required-verify", "othername")
        self.check(marker, "othername", NOTHING)
        self.wait_for_line(r"TLS failed: \(167772294, 'error:0A000086:SSL routines::certificate "
                           r"verify failed: the certificate is for other\.sluice\.test and not for "
                           r"mx\.sluice\.test'\)")
        marker = self.send("preferred-verify", "othername")
        self.check(marker, "othername", TLS)
        self.wait_for_line(r"DCID \d+ TLS certificate not verified: the certificate is for other")

    def test_implicit_tls(self):
        self.check(self.send("required-verify", "implicit"), "implicit", TLS)

    def test_after_the_220_nothing_is_sent_in_the_clear_at_any_level(self):
        for peer in ("hangup", "nonsense", "alert"):
            for level in LEVELS[1:]:
                with self.subTest(level=level, peer=peer):
                    marker = self.send(level, peer)
                    self.check(marker, peer, NOTHING)
            self.assertFalse([octets for octets in self.peers[peer].clear if b"MAIL" in octets])
            self.wait_for_line(rf"domain: preferred\.{peer}\.test .* reason: TLS handshake failed")

    def test_before_the_220_preferred_goes_on_in_the_clear(self):
        self.check(self.send("preferred", "refuses"), "refuses", CLEAR)
        self.wait_for_line(r"DCID \d+ TLS failed: STARTTLS unexpected response")

    def test_three_reasons_for_required_tls_that_cannot_be(self):
        details = {"refuses": (r"454-'TLS not available due to temporary reason'",
                               "unexpected SMTP response", "STARTTLS unexpected response"),
                   "noehlo": (r"502-'5\.5\.1 What is that\?'", "unexpected SMTP response",
                              "EHLO not supported"),
                   "bare": ("STARTTLS is not in the list of the peer's EHLO", "TLS required",
                            "STARTTLS not offered")}
        for peer, (detail, reason, failed) in details.items():
            with self.subTest(peer=peer):
                marker = self.send("required", peer)
                self.check(marker, peer, NOTHING)
                dcids = self.wait_for_line(
                    rf"Connection Error: DCID (\d+) domain: required\.{peer}\.test IP:127\.0\.0\.1 "
                    rf"port: {self.peers[peer].port} details: {detail} interface: 127\.0\.0\.1 "
                    rf"reason: {reason}$")
                self.wait_for_line(rf"DCID {dcids[0]} TLS failed: {failed}$")

    def sluice(self, *arguments):
        done = subprocess.run([SLUICE, *arguments, "--config", self.engine.config],
                              capture_output=True, timeout=60, check=False)
        return done.returncode, (done.stdout + done.stderr).decode()

    def test_tlsverify_shows_the_names_and_judges_as_a_third_party_would(self):
        status, text = self.sluice("tlsverify", "required-verify.trusted.test")
        self.assertEqual(status, 0, text)
        for words in (f"wanted name     {NAME}", f"host name       {NAME}",
                      f"certificate for {NAME}", "issued by CN=ca.sluice.test",
                      "Cert OK         OK"):
            self.assertIn(words, text)
        for peer, words in (("untrusted", "Cert OK         FAIL: self-signed certificate"),
                            ("othername", "FAIL: the certificate is for other.sluice.test and not "
                                          f"for {NAME}"),
                            ("bare", "FAIL: STARTTLS is not in the list"),
                            ("refuses", "FAIL: 454 TLS not available"),
                            ("hangup", "FAIL: TLS: error:0A000126:SSL routines::unexpected eof")):
            with self.subTest(peer=peer):
                status, text = self.sluice("tlsverify", f"required-verify.{peer}.test")
                self.assertEqual(status, 1, text)
                self.assertIn(words, text)

    def test_destconfig_tells_what_applies_and_where_to_change_it(self):
        status, text = self.sluice("destconfig", "show", "required-verify.bare.test")
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"tls required-verify, by \[\[destination\]\] .* in line \d+")
        self.assertIn("tls preferred, the default", self.sluice("destconfig", "show", "x.test")[1])
        self.assertIn("all others", self.sluice("destconfig", "list")[1])
        self.assertIn('tls = "required"', self.sluice("destconfig", "set", "x.test", "required")[1])
        self.assertEqual(self.sluice("destconfig", "set", "x.test", "often")[0], 1)
        self.assertIn("every 15", self.sluice("destconfig", "setup")[1])

    def test_what_has_no_tls_line_did_not_go_over_tls(self):
        for level in LEVELS:
            for peer in ("bare", "untrusted", "trusted", "refuses", "noehlo"):
                if OUTCOMES[level][0] != NOTHING or peer in ("trusted",):
                    marker = self.send(level, peer)
                    self.peers[peer].wait_for(marker.encode())
        with_tls = set(self.log_lines(r"DCID (\d+) TLS success protocol TLSv1\.\d cipher \S+$"))
        compared = 0
        for marker, mid in self.mids.items():
            for peer in self.peers.values():
                for message in peer.messages:
                    if marker.encode() not in message.octets:
                        continue
                    dcid = self.wait_for_line(rf"Delivery start DCID (\d+) MID {mid} ")[-1]
                    self.assertEqual(dcid in with_tls, message.tls, marker)
                    compared += 1
        self.assertGreater(compared, 15)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
