#!/usr/bin/env python3
"""Mail to the hosts that DNS names, through a real resolver with zones made here, some of them signed:
MX with its fall-backs and refusals, DANE over real TLS. In a network namespace of its own.

Exits with 77 and says why where namespaces, unbound or openssl are not to be had.
Usage: mx_test.py SLUICE
"""
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from certificates import make_certificate, server_context
from dns_zones import Zones
from namespace import enter_namespace
from sluice_engine import Engine
from smtp_peer import send_message
from smtp_sink import Sink
from tls_sink import TlsSink

SLUICE = ""
SENDER = "from@example.org"
TEXT = b"Subject: routed\r\n\r\nhello\r\n"
DNS = """
[dns]
servers = ["127.0.0.1:5353"]
timeout = "500ms"
trust_ad = true
probe = "signed.test"
"""
ROUTES = """
[[route]]
domain = "example.org"
next_hop = ["127.0.0.1:1"]

[[route]]
domain = "*"
next_hop = "mx"
mx_port = {port}
"""
PLAIN = """
@     IN MX 10 down
@     IN MX 20 up
down  IN A 192.0.2.9
up    IN A 192.0.2.1
bare  IN A 192.0.2.1
null  IN MX 0 .
dead  IN MX 10 nowhere
self  IN MX 5 mx.sluice.test.
alias IN MX 10 www
www   IN CNAME up
"""


def engine_with_mx(port, routes=""):
    """All mail goes to the hosts that DNS names, but for bounces."""
    engine = Engine(SLUICE, 1, dns=DNS, extra=routes + ROUTES.format(port=port),
                    listener='relay_from = ["127.0.0.0/8"]')
    with open(engine.config, encoding="ascii") as file:
        text = file.read()
    with open(engine.config, "w", encoding="ascii") as file:  # without the usual route
        file.write(text.replace('[[route]]\ndomain = "*"\nnext_hop = ["127.0.0.1:1"]\n', ""))
    return engine


class Mx(unittest.TestCase):
    def setUp(self):
        self.sink = Sink(address="192.0.2.1")
        self.addCleanup(self.sink.stop)
        zones = Zones()
        self.addCleanup(zones.__exit__)
        zones.add("signed.test", "@ IN MX 10 mx\nmx IN A 192.0.2.1\n", signed=True)
        zones.add("plain.test", PLAIN)
        zones.add("bogus.test", "@ IN MX 10 mx\nmx IN A 192.0.2.1\n", signed=True,
                  bogus=("192.0.2.1", "192.0.2.2"))
        zones.start()
        self.engine = engine_with_mx(self.sink.port)
        self.addCleanup(self.engine.__exit__)
        self.engine.start()

    def send(self, domain):
        send_message(self.engine.port, SENDER, (f"user@{domain}",), TEXT)

    def test_mail_finds_its_host(self):
        for count, domain in enumerate(("plain.test", "bare.plain.test", "alias.plain.test",
                                        "signed.test"), 1):
            self.send(domain)
            message = self.sink.wait_for(count)[-1]
            self.assertIn(f"user@{domain}", message.recipients[0])
        self.assertIn("IP:192.0.2.9", self.engine.log())  # the preferred one was tried

    def test_what_has_no_way_is_answered_at_once_and_what_may_get_one_waits(self):
        for domain, outcome in (
                ("null.plain.test", r"Bounced: .* 5\.1\.10 .*does not accept mail \(null MX\)"),
                ("gone.plain.test", r"Bounced: .* 5\.1\.2 .*does not exist"),
                ("dead.plain.test", r"Bounced: .* 5\.4\.4 .*has an address"),
                ("self.plain.test", r"Bounced: .* 5\.4\.6 .*loops back to this host"),
                ("bogus.test", r"Delayed: .* 4\.4\.3 .*DNS: mx\.bogus\.test: RCODE 2")):
            self.send(domain)
            self.engine.wait_for_log(outcome)
        self.assertEqual(self.sink.messages, [])


class Dane(unittest.TestCase):
    """RFC 7672: one signed domain for each thing that TLSA records can say."""

    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            certificate = make_certificate(folder, "peer", "nobody.test")
            der = subprocess.run(f"openssl x509 -in {certificate} -pubkey -noout |"
                                 "openssl pkey -pubin -outform DER", shell=True, check=True,
                                 capture_output=True).stdout
            context = server_context(folder, "peer")
        self.peer = TlsSink(context)
        self.addCleanup(self.peer.stop)
        self.clear = TlsSink(None)
        self.addCleanup(self.clear.stop)
        right, wrong = hashlib.sha256(der).hexdigest(), "00" * 32
        zones = Zones()
        self.addCleanup(zones.__exit__)
        zones.add("signed.test", "", signed=True)
        for name, record in (("right", f"3 1 1 {right}"), ("wrong", f"3 1 1 {wrong}"),
                             ("unusable", f"1 1 1 {right}"), ("unsigned", f"3 1 1 {wrong}"),
                             ("bogus", f"3 1 1 {right}")):
            zones.add(f"{name}.test", self.zone(record, self.peer.port), signed=name != "unsigned",
                      bogus=(right, wrong) if name == "bogus" else None)
        zones.add("nostarttls.test", self.zone(f"3 1 1 {right}", self.clear.port), signed=True)
        zones.start()
        self.engine = engine_with_mx(self.peer.port, f'''
[[route]]
domain = "nostarttls.test"
next_hop = "mx"
mx_port = {self.clear.port}
''')
        self.addCleanup(self.engine.__exit__)
        self.engine.start()

    @staticmethod
    def zone(record, port):
        return f"@ IN MX 10 mx\nmx IN A 127.0.0.1\n_{port}._tcp.mx IN TLSA {record}\n"

    def test_records_decide_about_tls(self):
        for domain in ("right", "unusable", "unsigned"):
            send_message(self.engine.port, SENDER, (f"user@{domain}.test",), TEXT)
            self.engine.wait_for_log(rf"To: <user@{domain}\.test>")
        self.engine.wait_until("three messages", lambda: len(self.peer.messages) == 3)
        self.assertTrue(all(message.tls for message in self.peer.messages))
        log = self.engine.log()
        self.assertIn("DANE: domain right.test host mx.right.test: TLSA records must match", log)
        self.assertIn("DANE: domain unusable.test host mx.unusable.test: TLSA records are unusable: "
                      "TLS without authentication", log)
        self.assertNotIn("DANE: domain unsigned.test", log)

    def test_what_does_not_match_waits_and_nothing_is_sent(self):
        for domain in ("wrong", "nostarttls", "bogus"):
            send_message(self.engine.port, SENDER, (f"user@{domain}.test",), TEXT)
        self.engine.wait_until("all three wait",
                               lambda: len(re.findall(r"Delayed: ", self.engine.log())) >= 3)
        self.assertRegex(self.engine.log(), r"Delayed: .* 4\.4\.3 .*mx\.bogus\.test: TLSA: RCODE 2")
        self.assertEqual(self.peer.messages + self.clear.messages, [])
        for octets in self.peer.clear + self.clear.clear:
            self.assertNotIn(b"MAIL", octets)


if __name__ == "__main__":
    enter_namespace(needs=())
    subprocess.run("ip link set lo up; ip addr add 192.0.2.1/32 dev lo; ip addr add 192.0.2.9/32 "
                   "dev lo", shell=True, check=True)
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
