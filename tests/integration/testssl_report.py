#!/usr/bin/env python3
"""testssl.sh (Debian package testssl.sh) against a STARTTLS and an implicit listener of the engine.

Usage: testssl_report.py SLUICE [FOLDER]     by hand: some minutes; the reports stay in FOLDER (.)

Exit status 1 when a finding of testssl.sh is worse than LOW, except those about who signed the test's
own certificate. What it checks in short runs with every CI: tls_policy_test.py.
"""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port
from mail_tls_test import listener, make_certificate

BAD = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
# A certificate that the test has signed itself, for a name that is not in the DNS.
EXPECTED = ("cert_chain_of_trust", "cert_trust", "cert_revocation", "cert_crlDistributionPoints",
            "cert_ocspURL", "cert_notAfter", "cert_expirationStatus", "DNS_CAArecord",
            "overall_grade", "grade_cap_reason", "cert_extlifeSpan", "engine_problem",
            "scanProblem")


def run_testssl(port, report, *options):
    if os.path.exists(report):
        os.remove(report)
    subprocess.run(["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--nodns", "none",
                    "--jsonfile", report, *options, f"127.0.0.1:{port}"],
                   stdin=subprocess.DEVNULL, timeout=1800, check=False)
    with open(report, encoding="utf-8") as file:
        findings = json.load(file)
    return [f for f in findings
            if f["severity"] in BAD and not f["id"].split()[0].startswith(EXPECTED)]


def main():
    sluice = os.path.abspath(sys.argv[1])
    folder = os.path.abspath(sys.argv[2] if len(sys.argv) > 2 else ".")
    implicit = free_port()
    bad = []
    with tempfile.TemporaryDirectory(prefix="sluice-testssl-") as keys:
        unlimited = "handshakes_per_source = 0\nerrors_max = 10000\n"
        tables = make_certificate(keys, "ecdsa", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        tables += make_certificate(keys, "rsa", "rsa:2048")
        tables += listener("submissions", implicit, "implicit") + unlimited
        own = 'tls = "preferred"\ncertificates = ["ecdsa", "rsa"]\n' + unlimited
        with Engine(sluice, free_port(), extra=tables, listener=own) as engine:
            for name, port, options in (("starttls", engine.port, ("--starttls", "smtp")),
                                        ("implicit", implicit, ())):
                report = os.path.join(folder, f"testssl-{name}.json")
                for finding in run_testssl(port, report, *options):
                    bad.append(f"{name}: {finding['id']}: {finding['severity']}: "
                               f"{finding['finding']}")
                print(f"report: {report}")
    print("\n".join(bad) or "nothing worse than LOW")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
