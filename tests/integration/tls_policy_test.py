#!/usr/bin/env python3
"""Which protocols and ciphers a listener speaks, asked by openssl s_client. The long form of this is
testssl_report.py.

Usage: tls_policy_test.py SLUICE
"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port

from mail_tls_test import listener, make_certificate

SLUICE = ""
GOOD = [f"ECDHE-{key}-{cipher}" for key in ("ECDSA", "RSA")
        for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")]
# No forward secrecy, CBC, finite-field DH, no encryption, no certificate.
WEAK = ["AES128-GCM-SHA256", "AES256-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
        "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-NULL-SHA", "AECDH-AES256-SHA",
        "ECDHE-ECDSA-AES128-CCM8"]


class TlsPolicy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-policy-")
        cls.port = free_port()
        tables = make_certificate(cls.folder, "ecdsa", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        tables += make_certificate(cls.folder, "rsa", "rsa:2048")
        tables += listener("submissions", cls.port, "implicit")
        cls.engine = Engine(SLUICE, free_port(), extra=tables)
        cls.engine.start()

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def ask(self, *options, say=b"QUIT\r\n"):
        """What s_client prints; whether a handshake succeeded."""
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}",
                               "-ign_eof", *options], input=say, capture_output=True, timeout=30,
                              check=False)
        text = (done.stdout + done.stderr).decode(errors="replace")
        return text, "\n220 " in text

    def test_only_tls_1_2_and_1_3_are_spoken(self):
        for option in ("-tls1", "-tls1_1"):
            text, served = self.ask(option, "-cipher", "ALL:@SECLEVEL=0")
            self.assertFalse(served, text)
        for option in ("-tls1_2", "-tls1_3"):
            text, served = self.ask(option)
            self.assertTrue(served, text)

    def test_every_good_cipher_of_tls_1_2_and_no_weak_one(self):
        for cipher in GOOD:
            text, served = self.ask("-tls1_2", "-cipher", cipher)
            self.assertTrue(served, cipher + text)
        for cipher in WEAK:
            text, served = self.ask("-tls1_2", "-cipher", cipher + ":@SECLEVEL=0")
            self.assertFalse(served, cipher + text)

    def test_the_order_is_ours(self):
        backwards = ":".join(["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"])
        text, _ = self.ask("-tls1_2", "-cipher", backwards)
        self.assertIn("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256", text)

    def test_no_small_group_no_compression_no_renegotiation(self):
        text, served = self.ask("-groups", "P-224:brainpoolP256r1")
        self.assertFalse(served, text)
        text, _ = self.ask("-tls1_2")
        self.assertIn("Compression: NONE", text)
        self.assertIn("Secure Renegotiation IS supported", text)
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}",
                               "-tls1_2"], input=b"R\nQUIT\r\n", capture_output=True, timeout=30,
                              check=False)
        text = (done.stdout + done.stderr).decode(errors="replace")
        self.assertIn("RENEGOTIATING", text)
        self.assertIn("no renegotiation", text)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
