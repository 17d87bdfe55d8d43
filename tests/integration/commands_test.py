#!/usr/bin/env python3
"""Every command that `sluice` has, as the program itself lists them: help with an example, JSON,
completion, and what it prints beside a running and a stopped engine (golden files). A command that is
missing in CASES, or lacks one of these, is a failure.

Usage: commands_test.py SLUICE [UPDATE]      UPDATE=update writes tests/data/console/commands/ anew
"""
import json
import os
import re
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from certificates import make_certificate
from console_test import MASKS, mail
from sluice_engine import Engine, free_port
from smtp_peer import send_message
from smtp_sink import Sink

SLUICE, UPDATE = "", False
GOLDEN = os.path.join(HERE, "..", "data", "console", "commands")
HOST = "mx.sluice.test"
NO_JSON = {"run"}        # its output is the log
RULES = "score LOCAL_ONE 1.5\nheader LOCAL_ONE Subject =~ /\\bbargain\\b/i\ndescribe LOCAL_ONE says it\n"

# What is another one each time.
MORE_MASKS = [(r"\b[0-9a-f]{64}\b", "SHA256"), (r"\b[0-9a-f]{32,40}\b", "HEX"),
              (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d( UTC|Z)", "TIME"),
              (r"-----BEGIN.*-----END [A-Z ]*-----", "PEM"), (r"compiled in [\d.]+ s", "compiled in N s"),
              (r"\d+ seconds? left|in \d+ days", "in N days"), (r" +\d+s( +\d+)$", r" AGE\1"),
              (r"shard-0: \d+ records, [^\n]*", "shard-0: RECORDS"), (r"line \d+ of", "line N of"),
              (r"(segments?|octets|bytes)\D{1,4}\d+", r"\1 N"),
              (r"in use by process \d+", "in use by process N"), (r"\d+ attempts", "N attempts"),
              (r"\d+ records", "N records"), (r"(AGE +)\d+(  DATE)", r"\1N\2"),
              (r"(127\.0\.0\.1)[:.]\d+", r"\1:PORT"), (r"expires in +hits.*", "HEAD")]

# Words after the command; in the order in which they are run. An answer that depends on the machine or
# grows with the program has a pattern instead of a golden file.
CASES = [
    ("check", [], r"no problems; 2 listeners, 2 routes"),
    ("plan", [], r"Memory in all: [\d.]+ MiB"),
    ("defaults", [], r"\[delivery\]\n"),
    ("versions", [], None), ("upgrade", ["--check"], None),
    ("completion", ["bash"], r"complete -o default -F _sluice sluice mta-control"),
    ("links", ["{folder}/bin"], None),
    ("monitor mta", [], None),
    ("session list", [], r"ICID +remote|no engine is running"),
    ("log", ["--mid", "1"], r"Start MID 1 ICID"),
    ("tophosts", [], None), ("hoststatus", ["example.com"], None),
    ("showrecipients", ["example.com"], None),
    ("queue list", [], None), ("queue show", ["1"], None), ("queue headers", ["1"], None),
    ("queue export", ["--domain", "example.com", "--to", "{folder}/export"], None),
    ("queue requeue", ["--domain", "example.org"], None),
    ("queue delete", ["--domain", "example.org"], None),
    ("deleterecipients", ["gone.example"], None),
    ("queue verify", [], None), ("queue repair", ["--dry-run"], None),
    *((f"mta-control pause-mode {verb}", [], None)
      for verb in ("status", "pause-accept", "resume-accept", "pause-scan", "resume-scan",
                   "pause-delivery", "resume-delivery")),
    ("mta-control delivery hold", ["held.example"], None),
    ("mta-control delivery redirect", ["moved.example", "[smtp.example.net]:587"], None),
    ("mta-control delivery list", [], None),
    ("mta-control delivery release", ["held.example"], None),
    ("mta-control delivery flush", [], None),
    ("mta-control drain", [], None),
    ("block add", ["203.0.113.0/24", "--for", "24h", "--mode", "rst"], None),
    ("block list", [], r"203\.0\.113\.0/24 +rst|no engine is running"),
    ("block remove", ["203.0.113.0/24"], None),
    ("certconfig new self-signed", ["lab{n}"], None), ("certconfig csr", ["mx"], None),
    ("certconfig ca import", ["root{n}", "{folder}/ca.pem"], None), ("certconfig ca list", [], None),
    ("certconfig import", ["mx{n}", "{folder}/mx.pem", "--key", "{folder}/mx.key"], None),
    ("certconfig staple", ["mx0", "{folder}/mx.ocsp"], None),
    ("certconfig export-pkcs12", ["mx{n}", "{folder}/mx{n}.p12", "--password-file", "{folder}/word"], None),
    ("certconfig import-pkcs12", ["twin{n}", "{folder}/mx{n}.p12", "--password-file", "{folder}/word"], None),
    ("certconfig assign", ["mx0", "--to", "inbound"], None),
    ("certconfig list", [], None), ("certconfig check", ["mx0"], None),
    ("certconfig delete", ["twin{n}"], None), ("certconfig ca delete", ["root{n}"], None),
    ("destconfig list", [], None), ("destconfig show", ["partner.example"], None),
    ("destconfig set", ["other.example", "required"], None), ("destconfig setup", [], None),
    ("tlsverify", ["partner.example", "--address", "127.0.0.1:{nobody}"], r"destination|wanted|\"hosts\""),
    ("tlsrpt show", [], r"TLS sessions since|no engine is running"), ("tlsrpt send", [], None),
    ("rules check", ["--rules", "{folder}/rules.cf", "--cache", ""], r"LOCAL_ONE|\d+ rules|\"rules\""),
    ("rules list", ["--rules", "{folder}/rules.cf"], r"LOCAL_ONE"),
    ("rules hits", ["--rules", "{folder}/rules.cf", "--cache", "", "{folder}/message"],
     r"LOCAL_ONE.*a >>bargain<<|\"match\": ?\"bargain\""),
    ("rules bench", ["--rules", "{folder}/rules.cf", "--cache", "", "{folder}/message"],
     r"LOCAL_ONE|\"expressions\""),
    ("rules explain", ["--rules", "{folder}/rules.cf", "LOCAL_ONE"], r"\"LOCAL_ONE\""),
    ("scan", ["--rules", "{folder}/rules.cf", "--cache", "", "{folder}/message"], r"LOCAL_ONE"),
    *((f"learn {kind}", ["--database", "{folder}/bayes", "{folder}/message"], r"[Mm]essages|\"\w+\":")
      for kind in ("spam", "ham", "forget")),
    ("learn stats", ["--database", "{folder}/bayes"], r"."),
    ("learn expire", ["--database", "{folder}/bayes", "--days", "30"], r"removed"),
    ("run", None, None),  # every test runs it
]


def masked(text):
    for pattern, replacement in MASKS + MORE_MASKS:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE | re.DOTALL
                      if "PEM" in replacement else re.MULTILINE)
    return text


def sluice(*words):
    return subprocess.run([SLUICE, *words], capture_output=True, text=True, timeout=30, check=False)


def commands():
    return {row["command"]: row for row in json.loads(sluice("completion", "--json").stdout)["commands"]}


class EveryCommand(unittest.TestCase):
    def test_has_help_with_an_example_json_completion_and_a_case(self):
        script = sluice("completion", "bash").stdout
        known = commands()
        self.assertEqual(sorted(known), sorted(name for name, _, _ in CASES))
        for name, row in known.items():
            with self.subTest(command=name):
                done = sluice(*name.split(), "--help")
                self.assertEqual(done.returncode, 0)
                self.assertIn(f"Example: sluice {name}", done.stdout)
                self.assertTrue(row["what"])
                self.assertTrue("--json" in row["options"] or name in NO_JSON)
                words = re.search(rf'^ +"{name}"\) words="([^"]*)"', script, re.MULTILINE).group(1)
                self.assertEqual(set(row["options"]) - set(words.split()), set())

    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.sink.answer = lambda event, _: "421 4.3.2 not today" if event == "connect" else None
        self.engine = Engine(
            SLUICE, self.sink.port, retry="1h", listener='tls = "preferred"\n',
            extra='[tls]\nstore = "certificates"\n[tlsrpt]\ncontact = "tls@example.org"\n'
                  '[[route]]\ndomain = "mapped.example"\nnext_hop = ["[smtp.example.net]:587"]\n'
                  f'[[listener]]\nname = "outbound"\nbind = "127.0.0.1:{free_port()}"\ntls = "off"\n'
                  '[[destination]]\ndomain = "partner.example"\ntls = "required-verify"\n',
            dns='[dns]\nservers = ["127.0.0.1:9"]\ntimeout = "100ms"\nattempts = 1\n')
        self.addCleanup(self.engine.__exit__)
        self.folder = self.engine.folder
        self.values = {"folder": self.folder, "nobody": free_port()}
        make_certificate(self.folder, "ca", "ca.sluice.test")
        make_certificate(self.folder, "mx", HOST, "ca")
        self.make_response()
        for name, text in (("word", "secret password\n"), ("rules.cf", RULES),
                           ("message", mail("a bargain").decode())):
            with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
                file.write(text)

    def make_response(self):
        path = lambda name: os.path.join(self.folder, name)
        serial = subprocess.run(["openssl", "x509", "-in", path("mx.pem"), "-noout", "-serial"],
                                capture_output=True, text=True, check=True).stdout.strip()[7:]
        with open(path("index.txt"), "w", encoding="ascii") as file:
            file.write(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN={HOST}\n")
        subprocess.run(["openssl", "ocsp", "-index", path("index.txt"), "-rsigner", path("ca.pem"),
                        "-rkey", path("ca.key"), "-CA", path("ca.pem"), "-issuer", path("ca.pem"),
                        "-cert", path("mx.pem"), "-ndays", "1", "-respout", path("mx.ocsp")],
                       capture_output=True, check=True, timeout=60)

    def fill(self):
        for subject, recipient in (("one", "user@example.com"), ("two", "user@example.org")):
            send_message(self.engine.port, "a@example.org", [recipient], mail(subject))
        self.engine.wait_until("both were tried", lambda: self.engine.log().count("pending till") == 2)

    def run_case(self, when, name, words, pattern, number):
        words = [word.format(n=number, **self.values) for word in words]
        done = sluice(*name.split(), *words, "--config", self.engine.config)
        output = done.stdout + done.stderr
        if pattern:
            self.assertRegex(output, pattern)
            return
        text = masked(f"$ sluice {name} {' '.join(words)}".rstrip() +
                      f"\n{output}exit status {done.returncode}\n")
        text = text.replace(str(self.values["nobody"]), "PORT")
        path = os.path.join(GOLDEN, f"{when}-{name.replace(' ', '-')}.txt")
        if UPDATE:
            os.makedirs(GOLDEN, exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(text, file.read(), path)

    def run_json(self, name, words, number):
        words = [word.format(n=number, **self.values) for word in words]
        done = sluice(*name.split(), *words, "--json", "--config", self.engine.config)
        if done.returncode == 0 or done.stdout:
            for text in [done.stdout] if name != "scan" else done.stdout.splitlines():
                json.loads(text)
        else:
            self.assertTrue(done.stderr.startswith("error: "), done.stderr)

    def run_all(self, when, number):
        for name, words, pattern in CASES:
            if words is None:
                continue
            with self.subTest(when=when, command=name):
                self.run_case(when, name, words, pattern, number)
        for name, words, _ in CASES:
            if words is None or name in NO_JSON:
                continue
            with self.subTest(when=when, command=name, json=True):
                self.run_json(name, words, number + 1)

    def test_says_what_it_does_beside_a_running_and_a_stopped_engine(self):
        self.engine.start()
        self.fill()
        self.run_all("running", 0)
        self.engine.stop()  # what hosts have said last is on the disk then
        self.run_all("stopped", 2)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and sys.argv[1] == "update":
        UPDATE = bool(sys.argv.pop(1))
    unittest.main(verbosity=2)
