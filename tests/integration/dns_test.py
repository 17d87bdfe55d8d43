#!/usr/bin/env python3
"""The engine with a real resolver: names of peers in the log, what it finds out about validation. In
a network namespace of its own, with unbound and zones made here.

Exits with 77 and says why where namespaces or unbound are not to be had.
Usage: dns_test.py SLUICE
"""
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dns_zones import Zones
from namespace import enter_namespace
from sluice_engine import Engine
from smtp_peer import Peer
from smtp_sink import Sink

SLUICE = ""
DNS = """
[dns]
servers = ["127.0.0.1:5353"]
timeout = "500ms"
trust_ad = {trust}
probe = "signed.test"
"""


def reverse(number):
    return f"{number} IN PTR host{number}.names.test."


class Dns(unittest.TestCase):
    def engine(self, trust="true", extra=""):
        sink = Sink()
        self.addCleanup(sink.stop)
        engine = Engine(SLUICE, sink.port, dns=DNS.format(trust=trust) + extra)
        self.addCleanup(engine.__exit__)
        engine.start()
        return engine

    def zones(self, **options):
        zones = Zones(**options)
        self.addCleanup(zones.__exit__)
        zones.add("signed.test", "", signed=True)
        zones.add("2.0.192.in-addr.arpa", "\n".join(map(reverse, (1, 2, 4))))
        zones.add("names.test", "host1 IN A 192.0.2.1\nhost2 IN A 192.0.2.77\n")
        zones.start()
        return zones

    def opening_line(self, engine, source):
        with Peer(engine.port, source=source) as peer:
            peer.greet()
        line = rf"address {re.escape(source)} (reverse.*)"
        engine.wait_for_log(line)
        return re.search(line, engine.log())[1]

    def test_the_name_of_a_peer_stands_in_the_log(self):
        self.zones()
        engine = self.engine()
        for source, wanted in (
                ("192.0.2.1", "reverse dns host host1.names.test verified yes"),
                ("192.0.2.2", "reverse dns host host2.names.test verified no"),  # another address
                ("192.0.2.4", "reverse dns host host4.names.test verified no"),  # no such host
                ("192.0.2.3", "reverse dns host unknown verified no"),
                ("127.0.0.1", "reverse dns host localhost verified yes")):
            self.assertEqual(self.opening_line(engine, source), wanted)

    def test_a_silent_resolver_delays_a_banner_by_its_limit_and_then_none(self):
        engine = self.engine(extra='reverse_timeout = "300ms"\n')
        silent = subprocess.Popen([sys.executable, "-c", "import socket,time\n"
                                   "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                                   "s.bind(('127.0.0.1', 5353))\ntime.sleep(60)"])
        self.addCleanup(silent.wait)
        self.addCleanup(silent.kill)
        for source in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
            self.assertEqual(self.opening_line(engine, source),
                             "reverse dns host unknown verified no")

    def test_what_the_resolver_says_about_dnssec_counts_once_it_has_shown_that_it_validates(self):
        for validates, trust, wanted in (
                (True, "true", "DNS server 127.0.0.1:5353 validates: its AD is believed"),
                (False, "true", "DNS server 127.0.0.1:5353 does not validate: its answers count as "
                                "insecure"),
                (True, "false", "DNS server 127.0.0.1:5353 is not trusted about DNSSEC: trust_ad is "
                                "off, its answers count as insecure")):
            with self.subTest(wanted):
                zones = self.zones(validates=validates)
                engine = self.engine(trust=trust)
                engine.wait_for_log(re.escape(wanted))
                plan = subprocess.run([SLUICE, "plan", engine.config], capture_output=True,
                                      text=True, check=True).stdout
                self.assertIn(wanted.removeprefix("DNS server 127.0.0.1:5353 "), plan)
                engine.__exit__()
                zones.stop()


if __name__ == "__main__":
    enter_namespace(needs=())
    subprocess.run("ip link set lo up; for i in 1 2 3 4; do ip addr add 192.0.2.$i/32 dev lo; done",
                   shell=True, check=True)
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
