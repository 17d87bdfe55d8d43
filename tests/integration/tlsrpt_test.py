#!/usr/bin/env python3
"""Reports on TLS (RFC 8460): what real sessions leave in the report, by mail through the engine's own
queue and by HTTPS. In a network namespace of its own.

Exits with 77 and says why where namespaces, unbound or openssl are not to be had.
Usage: tlsrpt_test.py SLUICE
"""
import email
import gzip
import json
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
from smtp_peer import send_message
from smtp_sink import Sink
from tls_sink import TlsSink

SLUICE = ""
DNS = '[dns]\nservers = ["127.0.0.1:5353"]\ntimeout = "500ms"\ntrust_ad = true\nprobe = "signed.test"\n'
WEB = "192.0.2.80"
# domain: name in the peer's certificate (None: no STARTTLS), mode of the policy, who wants reports
DOMAINS = {
    "good": ("mx.good.test", "enforce", "mailto:reports@rua.test"),
    "trial": ("mx.elsewhere.test", "testing", f"mailto:reports@rua.test,https://{WEB}/v1/tlsrpt"),
    "bare": (None, None, "mailto:reports@rua.test"),
    "quiet": (None, None, None),
    # These have a policy that cannot be had, and no TLS.
    "absent": (None, "404", "mailto:reports@rua.test"),
    "forged": (None, "other host", "mailto:reports@rua.test"),
    "broken": (None, "no mode", "mailto:reports@rua.test"),
}
UNHAD = {"absent": "sts-policy-fetch-error", "forged": "sts-webpki-invalid",
         "broken": "sts-policy-invalid"}


class TlsReports(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-rpt-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.ca = make_certificate(self.folder, "ca", "ca.sluice.test")
        make_certificate(self.folder, "web", f"{WEB},IP:{WEB}", "ca")
        self.web = PolicyServer(WEB, 443, server_context(self.folder, "web"))
        self.addCleanup(self.web.stop)
        self.web.pages[WEB] = (201, "text/plain", b"")
        self.zones = Zones()
        self.addCleanup(self.zones.__exit__)
        self.zones.add("signed.test", "", signed=True)
        self.peers = {domain: self.add(domain) for domain in DOMAINS}
        self.zones.start()
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port, dns=DNS, extra=self.tables(),
                             listener='relay_from = ["127.0.0.0/8"]')
        self.addCleanup(self.engine.__exit__)
        self.engine.start()

    def add(self, domain):
        name, mode, uris = DOMAINS[domain]
        if name:
            make_certificate(self.folder, domain, name, "ca")
        peer = TlsSink(server_context(self.folder, domain) if name else None)
        self.addCleanup(peer.stop)
        records = f"@ IN MX 10 mx\nmx IN A 127.0.0.1\nmta-sts IN A {WEB}\n"
        if uris:
            records += f'_smtp._tls IN TXT "v=TLSRPTv1; rua={uris}"\n'
        if mode:
            records += '_mta-sts IN TXT "v=STSv1; id=1;"\n'
            host = f"mta-sts.{domain}.test"
            make_certificate(self.folder, host, "else.test" if mode == "other host" else host, "ca")
            self.web.add(host, server_context(self.folder, host),
                         f"version: STSv1\nmode: {mode}\nmax_age: 86400\nmx: mx.{domain}.test\n",
                         status=404 if mode == "404" else 200)
        self.zones.add(f"{domain}.test", records)
        return peer

    def tables(self):
        text = (f'[mta_sts]\nca_file = "{self.ca}"\nprivate_addresses = true\n[tlsrpt]\nprivate_addresses = true\ncontact = "tls@example.org"\n'
                f'organization = "Example Inc."\nca_file = "{self.ca}"\n'
                f'[[destination]]\ndomain = "*"\nca_file = "{self.ca}"\n')
        for domain, peer in self.peers.items():
            text += f'[[route]]\ndomain = "{domain}.test"\nnext_hop = "mx"\nmx_port = {peer.port}\n'
        return text

    def command(self, *words):
        done = subprocess.run([SLUICE, "-c", self.engine.config, "tlsrpt", *words],
                              capture_output=True, text=True, timeout=30, check=True)
        return done.stdout

    def counts(self):
        return json.loads(self.command("show", "--json"))["domains"]

    def send_all(self, marker):
        for domain, peer in self.peers.items():
            send_message(self.engine.port, "from@example.org", (f"user@{domain}.test",),
                         f"Subject: {marker}\r\n\r\nhello\r\n".encode())
            peer.wait_for(marker.encode())

    def reports(self):
        """By domain, from the mails that have come."""
        found = {}
        for message in self.sink.wait_for(3 + len(UNHAD)):
            mail = email.message_from_bytes(message.octets)
            self.assertEqual(mail.get_content_type(), "multipart/report")
            self.assertEqual(mail.get_param("report-type"), "tlsrpt")
            self.assertEqual(mail["TLS-Report-Submitter"], "example.org")
            self.assertEqual(mail["From"], "<tls@example.org>")
            self.assertEqual(message.sender.split()[0], "FROM:<>")
            self.assertEqual(message.recipients, ["TO:<reports@rua.test>"])
            attachment = mail.get_payload()[1]
            self.assertEqual(attachment.get_content_type(), "application/tlsrpt+gzip")
            found[mail["TLS-Report-Domain"]] = json.loads(
                gzip.decompress(attachment.get_payload(decode=True)))
        return found

    def test_sessions_come_out_in_the_reports(self):
        self.send_all("one")
        self.engine.stop()
        self.engine.start()
        self.send_all("two")
        self.assertEqual(set(self.counts()), {"good.test", "trial.test", "bare.test",
                                              *(f"{domain}.test" for domain in UNHAD)})
        table = self.command("show")
        self.assertRegex(table, r"good\.test +sts +2 +0\n")
        self.assertRegex(table, r" +2  certificate-host-mismatch +mx\.trial\.test ")
        self.command("send")
        self.assertEqual(self.counts(), {})
        reports = self.reports()
        for domain, successes, failure in (("good", 2, None),
                                           ("trial", 0, "certificate-host-mismatch"),
                                           ("bare", 0, "starttls-not-supported")):
            with self.subTest(domain=domain):
                report = reports[f"{domain}.test"]
                self.assertEqual(report["organization-name"], "Example Inc.")
                self.assertEqual(report["contact-info"], "tls@example.org")
                self.assertEqual(len(report["policies"]), 1)
                one = report["policies"][0]
                self.assertEqual(one["policy"]["policy-type"],
                                 "no-policy-found" if domain == "bare" else "sts")
                self.assertEqual(one["policy"]["policy-domain"], f"{domain}.test")
                self.assertEqual(one["summary"], {"total-successful-session-count": successes,
                                                  "total-failure-session-count": 2 - successes})
                if failure:
                    detail = one["failure-details"][0]
                    self.assertEqual(detail["result-type"], failure)
                    self.assertEqual(detail["receiving-mx-hostname"], f"mx.{domain}.test")
                    self.assertEqual(detail["receiving-ip"], "127.0.0.1")
        for domain, result in UNHAD.items():
            with self.subTest(domain=domain):
                unhad, sessions = sorted(reports[f"{domain}.test"]["policies"],
                                         key=lambda one: one["policy"]["policy-type"], reverse=True)
                self.assertEqual(unhad["policy"], {"policy-type": "sts",
                                                   "policy-domain": f"{domain}.test"})
                self.assertEqual({one["result-type"] for one in unhad["failure-details"]}, {result})
                self.assertEqual(sessions["policy"]["policy-type"], "no-policy-found")
        self.assertIn("mode: testing", reports["trial.test"]["policies"][0]["policy"]
                      ["policy-string"])
        self.engine.wait_for_log(rf"Info: TLS report for trial\.test to https://{WEB}/v1/tlsrpt")
        headers, body = self.web.posted[0]
        self.assertEqual(headers["Content-Type"], "application/tlsrpt+gzip")
        self.assertEqual(json.loads(gzip.decompress(body)), reports["trial.test"])
        self.assertEqual(len(self.web.posted), 1)


if __name__ == "__main__":
    enter_namespace(needs=())
    subprocess.run(f"ip link set lo up; ip addr add {WEB}/32 dev lo", shell=True, check=True)
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
