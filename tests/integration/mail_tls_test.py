#!/usr/bin/env python3
"""STARTTLS and implicit TLS with clients that are not ours: Python's ssl, swaks, openssl s_client.

Usage: mail_tls_test.py SLUICE [offload]     the latter: handshakes run on a CPU of their own
"""
import concurrent.futures
import itertools
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port
from smtp_peer import Peer, Refused
from smtp_sink import Sink

SLUICE = ""
OFFLOAD = False
CLIENT_HELLO_BEGIN = bytes.fromhex("16030100c8010000c40303")  # more is announced than comes
SENDER, RECIPIENT = "from@example.org", "user@example.com"


def make_certificate(folder, kind, *options):
    """A self-signed certificate for mx.sluice.test; the [[certificate]] table that names it."""
    file, key = (os.path.join(folder, f"{kind}.{end}") for end in ("pem", "key"))
    subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", *options, "-keyout", key,
                    "-out", file, "-days", "1", "-subj", "/CN=mx.sluice.test",
                    "-addext", "subjectAltName=DNS:mx.sluice.test"],
                   check=True, capture_output=True, timeout=60)
    return f'[[certificate]]\nname = "{kind}"\nfile = "{file}"\nkey = "{key}"\n'


def listener(name, port, level):
    return (f'[[listener]]\nname = "{name}"\nbind = "127.0.0.1:{port}"\ntls = "{level}"\n'
            'certificates = ["ecdsa", "rsa"]\n')


class TlsPeer(Peer):
    """A Peer that can go on inside TLS."""

    def wrap(self, context):
        self.file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname="mx.sluice.test")
        self.file = self.socket.makefile("rb")

    def start_tls(self, context):
        self.command("STARTTLS", "220 Go ahead with TLS")
        self.wrap(context)


class MailTls(unittest.TestCase):
    numbers = itertools.count()  # of messages: each is known by its subject

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-tls-")
        cls.sink = Sink()
        cls.implicit, cls.required = free_port(), free_port()
        cls.limited, cls.limited_implicit = free_port(), free_port()
        tables = make_certificate(cls.folder, "ecdsa", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        tables += make_certificate(cls.folder, "rsa", "rsa:2048")
        tables += listener("submissions", cls.implicit, "implicit")
        tables += listener("strict", cls.required, "required")
        limit = 'handshakes_per_source = 1\nhandshakes_burst = 2\n'
        tables += listener("limited", cls.limited, "preferred") + limit
        tables += listener("limited-implicit", cls.limited_implicit, "implicit") + limit
        if OFFLOAD:
            cpus = sorted(os.sched_getaffinity(0))
            tables += (f'[cores]\nworkers = "{cpus[0]}"\noffload = "{cpus[1]}"\n'
                       'inline_handshakes = 0\n')
        cls.engine = Engine(SLUICE, cls.sink.port, extra=tables,
                            listener='tls = "preferred"\ncertificates = ["ecdsa", "rsa"]')
        if OFFLOAD:
            with open(cls.engine.config, "r+", encoding="ascii") as file:
                text = file.read().replace("[memory]\n", "[memory]\nhandshakes = 2\n")
                file.seek(0)
                file.write(text)
        cls.engine.start()
        cls.trust = ssl.create_default_context(cafile=os.path.join(cls.folder, "ecdsa.pem"))

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        cls.sink.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def peer(self, port=None):
        peer = TlsPeer(port or self.engine.port)
        self.addCleanup(peer.close)
        return peer

    def deliver(self, peer, lines=3):
        marker = b"Subject: tls %d\r\n" % next(self.numbers)
        octets = marker + b"\r\n" + b"line of a body\r\n" * lines
        peer.message(SENDER, [RECIPIENT], octets)
        message = self.sink.wait_for_text(marker)
        self.assertEqual(message.after_added_header(b"Subject: "), octets)
        return message.octets

    def log_has(self, text):
        self.engine.wait_until(f"the log says {text}", lambda: text in self.engine.log())

    def test_starttls_hides_itself_and_the_message_says_how_it_came(self):
        peer = self.peer()
        self.assertIn("250-STARTTLS", peer.greet())
        peer.start_tls(self.trust)
        self.assertNotIn("STARTTLS", peer.command("EHLO client.test"))
        with self.assertRaises(Refused) as second:
            peer.command("STARTTLS")
        self.assertTrue(second.exception.reply.startswith("503 5.5.1"))
        protocol, cipher = peer.socket.version(), peer.socket.cipher()[0]
        received = self.deliver(peer)
        self.assertIn(f"with ESMTPS ({protocol} {cipher}) id".encode(), received)
        self.log_has(f"TLS success protocol {protocol} cipher {cipher}")

    def test_handshakes_run_where_the_configuration_says(self):
        peer = self.peer(self.implicit)
        peer.wrap(self.trust)
        peer.greet()
        begun = self.engine.worker_total("handshakes")
        self.assertGreater(begun, 0)
        self.assertEqual(self.engine.worker_total("handshakes_offloaded"), begun if OFFLOAD else 0)

    def test_a_source_of_too_many_handshakes_is_refused_before_they_cost_anything(self):
        with self.assertRaises(Refused) as refused:
            for _ in range(100):
                peer = self.peer(self.limited)
                peer.greet()
                peer.start_tls(self.trust)
        self.assertTrue(refused.exception.reply.startswith("454 4.7.0 Too many TLS handshakes"))
        peer.command("EHLO client.test")
        self.log_has("TLS failed: (454, 'Too many TLS handshakes")

    def test_an_implicit_listener_refuses_a_source_of_too_many_handshakes(self):
        with self.assertRaises((ssl.SSLError, OSError)):
            for _ in range(100):
                self.peer(self.limited_implicit).wrap(self.trust)
        self.log_has("REJECT Too many TLS handshakes")

    def test_many_clients_at_once_and_some_that_leave_in_the_handshake(self):
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.implicit)) as leaver:
                leaver.send(CLIENT_HELLO_BEGIN)
        peers = [self.peer(self.implicit) for _ in range(20)]
        for peer in peers:
            peer.wrap(self.trust)
        for peer in peers:
            peer.greet()

    def test_clients_that_stop_in_the_handshake_hold_up_nobody(self):
        for _ in range(8):
            peer = self.peer(self.implicit)
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = self.trust.wrap_bio(incoming, outgoing, server_hostname="mx.sluice.test")
            with self.assertRaises(ssl.SSLWantReadError):
                tls.do_handshake()
            peer.send(outgoing.read())
            self.assertNotEqual(peer.socket.recv(16_384), b"")  # its flight, and no answer to it
        peer = self.peer(self.implicit)
        peer.wrap(self.trust)
        peer.greet()

    def test_many_at_the_same_time_are_all_served(self):
        def greet(_):
            peer = self.peer(self.implicit)
            peer.wrap(self.trust)
            return peer.greet()[:3]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertEqual(set(pool.map(greet, range(64))), {"250"})

    def test_a_large_message_in_full_records_arrives_intact(self):
        peer = self.peer()
        peer.greet()
        peer.start_tls(self.trust)
        peer.command("EHLO client.test")
        self.deliver(peer, lines=200_000)

    def test_commands_slipped_in_behind_starttls_are_never_executed(self):
        peer = self.peer()
        peer.greet()
        peer.send(b"STARTTLS\r\nMAIL FROM:<evil@example.org>\r\n")
        peer.expect("220")
        peer.wrap(self.trust)
        peer.command("EHLO client.test")
        with self.assertRaises(Refused) as refused:
            peer.command(f"RCPT TO:<{RECIPIENT}>")
        self.assertEqual(refused.exception.reply, "503 5.5.1 Send MAIL first")

    def test_where_tls_is_required_mail_in_the_clear_is_refused(self):
        peer = self.peer(self.required)
        peer.greet()
        with self.assertRaises(Refused) as refused:
            peer.command(f"MAIL FROM:<{SENDER}>")
        self.assertEqual(refused.exception.reply,
                         "530 5.7.0 Must issue a STARTTLS command first")
        peer.start_tls(self.trust)
        peer.command("EHLO client.test")
        self.deliver(peer)

    def test_an_implicit_listener_greets_inside_tls(self):
        peer = self.peer(self.implicit)
        peer.wrap(self.trust)
        self.assertNotIn("STARTTLS", peer.greet())
        self.deliver(peer)

    def test_a_handshake_cut_into_single_octets_succeeds(self):
        peer = self.peer()
        peer.greet()
        peer.command("STARTTLS", "220")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.trust.wrap_bio(incoming, outgoing, server_hostname="mx.sluice.test")
        peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                for octet in outgoing.read():
                    peer.socket.send(bytes([octet]))
                incoming.write(peer.socket.recv(16_384))

    def test_old_protocols_are_refused_and_the_session_does_not_go_on_in_the_clear(self):
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        peer = self.peer()
        peer.greet()
        with self.assertRaises(ssl.SSLError):
            peer.start_tls(old)
        self.log_has("TLS failed: (")
        self.assertEqual(self.peer().greet()[:3], "250")

    def test_clear_text_after_the_220_ends_the_connection(self):
        peer = self.peer()
        peer.greet()
        peer.command("STARTTLS", "220")
        peer.send(b"MAIL FROM:<a@example.org>\r\n")
        leftover = peer.file.read()  # an alert, then the end
        self.assertNotIn(b"250", leftover)

    def test_tls_1_2_with_the_rsa_certificate_serves_too(self):
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "rsa.pem"))
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
        peer = self.peer()
        peer.greet()
        peer.start_tls(context)
        self.assertEqual(peer.socket.cipher()[0], "ECDHE-RSA-AES256-GCM-SHA384")

    def test_swaks_and_openssl_are_served(self):
        for arguments in (["--port", str(self.engine.port), "--tls"],
                          ["--port", str(self.implicit), "--tls-on-connect"]):
            done = subprocess.run(["swaks", "--server", "127.0.0.1", *arguments, "--from", SENDER,
                                   "--to", RECIPIENT], capture_output=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stdout.decode())
        done = subprocess.run(["openssl", "s_client", "-starttls", "smtp", "-brief", "-connect",
                               f"127.0.0.1:{self.engine.port}"], input=b"QUIT\r\n",
                              capture_output=True, timeout=60, check=False)
        self.assertIn(b"Server Temp Key: X25519", done.stderr + done.stdout)

    def test_a_reload_with_a_broken_certificate_changes_nothing(self):
        key = os.path.join(self.folder, "ecdsa.key")
        shutil.copy(key, key + ".good")
        self.addCleanup(shutil.move, key + ".good", key)
        with open(key, "w", encoding="ascii") as file:
            file.write("no key")
        done = subprocess.run([SLUICE, "check", self.engine.config], capture_output=True,
                              timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"holds no private key that can be read", done.stderr)
        self.engine.process.send_signal(1)
        self.log_has("holds no private key that can be read")
        peer = self.peer()
        peer.greet()
        peer.start_tls(self.trust)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    OFFLOAD = sys.argv[1:2] == ["offload"] and bool(sys.argv.pop(1))
    if OFFLOAD and len(os.sched_getaffinity(0)) < 2:
        print("SKIPPED: only one CPU")
        sys.exit(77)
    unittest.main(verbosity=2)
