#!/usr/bin/env python3
"""MTA-STS (RFC 8461) on the way out: policies from a real HTTPS server, records in zones made here,
peers with certificates of a test authority. In a network namespace of its own.

Exits with 77 and says why where namespaces, unbound or openssl are not to be had.
Usage: mta_sts_test.py SLUICE
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from certificates import make_certificate, server_context
from dns_zones import Zones
from namespace import enter_namespace
from policy_server import PolicyServer
from sluice_engine import Engine
from smtp_peer import Peer, send_message
from tls_sink import TlsSink

SLUICE = ""
DNS = """
[dns]
servers = ["127.0.0.1:5353"]
timeout = "500ms"
trust_ad = true
probe = "signed.test"
"""
# domain: mode, patterns of the policy, name in the peer's certificate (None: no STARTTLS)
POLICIES = {
    "good": ("enforce", ["mx.good.test"], "mx.good.test"),
    "wild": ("enforce", ["*.wild.test"], "mx.wild.test"),
    "listed": ("enforce", ["*.elsewhere.test"], "mx.listed.test"),
    "named": ("enforce", ["mx.named.test"], "mx.elsewhere.test"),
    "bare": ("enforce", ["mx.bare.test"], None),
    "trial": ("testing", ["mx.elsewhere.test"], "mx.elsewhere.test"),
    "trialbare": ("testing", ["mx.elsewhere.test"], None),
    "moved": ("enforce", ["mx.elsewhere.test"], None),      # the policy is behind a redirect
    "forged": ("enforce", ["mx.elsewhere.test"], None),     # the web server's certificate is not
    "lost": ("enforce", ["mx.elsewhere.test"], None),       # the web server has no address
    "plain": (None, [], None),                              # there is no record
    "dane": ("enforce", ["mx.elsewhere.test"], "mx.dane.test"),
    "xn--bcher-kva": ("enforce", ["mx.b\u00fccher.test"], "mx.xn--bcher-kva.test"),
}


class MtaSts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-sts-")
        cls.ca = make_certificate(cls.folder, "ca", "ca.sluice.test")
        make_certificate(cls.folder, "self", "nobody.test")
        cls.zones = Zones()
        cls.zones.add("signed.test", "", signed=True)
        cls.web = PolicyServer("192.0.2.80", 443, server_context(cls.folder, "self"))
        cls.peers = {}
        for domain in POLICIES:
            cls.add(domain)
        cls.zones.start()
        cls.engine = Engine(SLUICE, 1, dns=DNS, extra=cls.tables(),
                            listener='relay_from = ["127.0.0.0/8"]')
        cls.engine.start()

    @classmethod
    def add(cls, domain):
        mode, patterns, name = POLICIES[domain]
        context = None
        if name:
            make_certificate(cls.folder, f"peer-{domain}", name, "ca")
            context = server_context(cls.folder, f"peer-{domain}")
        peer = cls.peers[domain] = TlsSink(context)
        records = "@ IN MX 10 mx\nmx IN A 127.0.0.1\n"
        records += "mta-sts IN A 192.0.2.80\n" if domain != "lost" else ""
        if mode:
            records += '_mta-sts IN TXT "v=STSv1; id=1;"\n'
            cls.add_policy(domain, mode, patterns)
        if domain == "dane":
            records += f"_{peer.port}._tcp.mx IN TLSA 3 1 1 {cls.key_digest('peer-dane')}\n"
        cls.zones.add(f"{domain}.test", records, signed=domain == "dane")

    @classmethod
    def add_policy(cls, domain, mode, patterns):
        host = f"mta-sts.{domain}.test"
        if domain != "forged":
            make_certificate(cls.folder, host, host, "ca")
        context = server_context(cls.folder, host if domain != "forged" else "self")
        body = f"version: STSv1\r\nmode: {mode}\r\nmax_age: 86400\r\n"
        body += "".join(f"mx: {pattern}\r\n" for pattern in patterns)
        cls.web.add(host, context, body, 302 if domain == "moved" else 200)

    @classmethod
    def key_digest(cls, name):
        der = subprocess.run(f"openssl x509 -in {cls.folder}/{name}.pem -pubkey -noout |"
                             "openssl pkey -pubin -outform DER", shell=True, check=True,
                             capture_output=True).stdout
        return hashlib.sha256(der).hexdigest()

    @classmethod
    def tables(cls):
        text = '[[route]]\ndomain = "gone.test"\nnext_hop = "mx"\n'
        text += f'[mta_sts]\nca_file = "{cls.ca}"\nprivate_addresses = true\n[[destination]]\ndomain = "*"\nca_file = "{cls.ca}"\n'
        for domain, peer in cls.peers.items():
            text += f'[[route]]\ndomain = "{domain}.test"\nnext_hop = "mx"\nmx_port = {peer.port}\n'
        return text

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        for peer in cls.peers.values():
            peer.stop()
        cls.web.stop()
        cls.zones.__exit__()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def send(self, domain, marker="first"):
        send_message(self.engine.port, "from@example.org", (f"user@{domain}.test",),
                     f"Subject: {marker}\r\n\r\nhello\r\n".encode())

    def delivered(self, domain, marker="first"):
        return self.peers[domain].wait_for(marker.encode())

    def assert_waits(self, domain, reason):
        self.engine.wait_for_log(rf"Delayed: .* {reason}")
        self.assertEqual(self.peers[domain].messages, [])
        for octets in self.peers[domain].clear:
            self.assertNotIn(b"MAIL", octets)

    def test_enforce_delivers_to_a_listed_host_with_its_certificate(self):
        for domain in ("good", "wild"):
            self.send(domain)
            self.assertTrue(self.delivered(domain).tls)
            self.engine.wait_for_log(rf"Info: MTA-STS: domain {domain}\.test: policy enforce id 1\n")
        self.assertIn("TLS certificate verified", self.engine.log())

    def test_enforce_lets_mail_wait_and_never_sends_in_the_clear(self):
        for domain, line, reason in (
                ("listed", r"MTA-STS: domain listed\.test host mx\.listed\.test: not in the policy: "
                           r"no mail to it", r"4\.7\.5 .*no mail host of listed\.test is in its"),
                ("named", r"TLS failed: .*the certificate is for mx\.elsewhere\.test and not for "
                          r"mx\.named\.test", r"4\.7\.5 .*:" + str(self.peers["named"].port)),
                ("bare", r"TLS failed: STARTTLS not offered",
                 r"4\.7\.10 .*:" + str(self.peers["bare"].port))):
            with self.subTest(domain=domain):
                self.send(domain)
                self.engine.wait_for_log(line)
                self.assert_waits(domain, reason)

    def test_testing_and_what_is_no_policy_deliver(self):
        for domain, said in (("trial", "policy testing id 1"), ("trialbare", "policy testing id 1"),
                             ("moved", "no policy: not fetched: HTTP status 302"),
                             ("lost", "no policy: not fetched: mta-sts\\.lost\\.test has no address"),
                             ("forged", "no policy: not fetched: .*certificate")):
            with self.subTest(domain=domain):
                self.send(domain)
                self.assertEqual(self.delivered(domain).tls, domain == "trial")
                self.engine.wait_for_log(rf"MTA-STS: domain {domain}\.test: {said}")
        self.send("plain")
        self.assertFalse(self.delivered("plain").tls)
        self.assertNotIn("MTA-STS: domain plain", self.engine.log())
        self.assertIn("host mx.trial.test: not in the policy, which is being tested",
                      self.engine.log())
        self.assertNotIn("GET mta-sts.moved.test/elsewhere", self.web.asked)

    def test_where_there_are_tlsa_records_they_decide(self):
        self.send("dane")
        self.assertTrue(self.delivered("dane").tls)
        self.engine.wait_for_log(r"DANE: domain dane\.test host mx\.dane\.test: TLSA records must")
        self.engine.wait_for_log(r"MTA-STS: domain dane\.test host mx\.dane\.test: its TLSA records")

    def test_domains_beyond_ascii_have_policies_too(self):
        with Peer(self.engine.port) as peer:
            peer.greet()
            peer.command("MAIL FROM:<from@example.org> SMTPUTF8")
            peer.send("RCPT TO:<user@b\u00fccher.test>\r\n".encode())
            peer.expect("250")
            peer.command("RCPT TO:<user@xn--bcher-kva.test>")
            peer.command("DATA", "354")
            peer.send(b"Subject: idn\r\n\r\nhello\r\n.\r\n")
            peer.expect("250")
        self.engine.wait_for_log(r"MTA-STS: domain xn--bcher-kva\.test: policy enforce id 1")
        self.assertIn("GET mta-sts.xn--bcher-kva.test/.well-known/mta-sts.txt", self.web.asked)

    def test_tlsverify_goes_to_the_mail_hosts_as_a_delivery_would(self):
        for domain, status, lines in (
                ("good", 0, ["  MTA-STS: policy enforce id 1",
                             "MX mx.good.test, MTA-STS: policy enforce id 1",
                             "  wanted name     mx.good.test", "  host name       mx.sluice.test",
                             "  certificate for mx.good.test", "  Cert OK         OK"]),
                ("named", 1, ["MX mx.named.test, MTA-STS: policy enforce id 1",
                              "  Cert OK         FAIL: the certificate is for mx.elsewhere.test and "
                              "not for mx.named.test"]),
                ("bare", 1, ["  TLS             FAIL: STARTTLS is not in the list"]),
                ("listed", 1, ["error: MTA-STS: no mail host of listed.test is in its policy"]),
                ("dane", 0, ["  MTA-STS: host mx.dane.test: its TLSA records decide",
                             "MX mx.dane.test, DANE: TLSA records must match"]),
                ("forged", 1, ["  MTA-STS: no policy: not fetched: "]),
                ("gone", 1, ["error: domain gone.test does not exist"])):
            with self.subTest(domain=domain):
                done = subprocess.run([SLUICE, "-c", self.engine.config, "tlsverify",
                                       f"{domain}.test"], capture_output=True, text=True,
                                      timeout=60, check=False)
                for line in lines:
                    self.assertIn("\n" + line, "\n" + done.stdout + done.stderr)
                self.assertEqual(done.returncode, status, done.stdout + done.stderr)

    def test_z_policies_outlive_the_web_server_and_the_engine(self):
        self.send("good", "before")
        self.delivered("good", "before")
        self.send("named", "before")
        self.engine.wait_for_log(r"MTA-STS: domain named\.test: policy enforce")
        count = len(self.web.asked)
        self.web.stop()
        self.engine.kill()
        os.remove(os.path.join(self.engine.folder, "log", "mail_logs"))
        self.engine.start()
        self.send("good", "after")
        self.assertTrue(self.delivered("good", "after").tls)
        self.engine.wait_for_log(r"MTA-STS: domain good\.test: policy enforce id 1\n")
        self.engine.wait_for_log(r"MTA-STS: domain named\.test: policy enforce id 1\n")
        self.assert_waits("named", r"4\.7\.5 .*:" + str(self.peers["named"].port))
        self.assertEqual(len(self.web.asked), count)


if __name__ == "__main__":
    enter_namespace(needs=())
    subprocess.run("ip link set lo up; ip addr add 192.0.2.80/32 dev lo", shell=True, check=True)
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
