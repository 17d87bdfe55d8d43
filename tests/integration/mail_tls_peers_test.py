#!/usr/bin/env python3
"""TLS with software that is not ours: gnutls-cli, swaks and openssl s_client on the way in, at every
level of a listener; openssl s_server (TLS from the first octet) and Postfix on the way out.

Usage: mail_tls_peers_test.py SLUICE
"""
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from certificates import make_certificate
from sluice_engine import Engine, free_port
from smtp_peer import send_message
from smtp_sink import Sink

SLUICE = ""
NAME = "mx.sluice.test"
POSTFIX_MASTER = "/usr/lib/postfix/sbin/master"


def run(arguments, text=b""):
    done = subprocess.run(arguments, input=text, capture_output=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


class Clients(unittest.TestCase):
    """Ports with tls off, preferred, required, implicit."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-tls-peers-")
        cls.ca = make_certificate(cls.folder, "ca", "ca.sluice.test")
        own = make_certificate(cls.folder, "own", NAME, "ca")
        cls.ports = {level: free_port() for level in ("off", "preferred", "required", "implicit")}
        extra = f'[[certificate]]\nname = "own"\nfile = "{own}"\nkey = "{own[:-4]}.key"\n'
        for level, port in cls.ports.items():
            extra += (f'[[listener]]\nname = "{level}"\nbind = "127.0.0.1:{port}"\n'
                      f'tls = "{level}"\ncertificates = ["own"]\n')
        cls.sink = Sink()
        cls.engine = Engine(SLUICE, cls.sink.port, extra=extra)
        cls.engine.start()

    @classmethod
    def tearDownClass(cls):
        cls.engine.__exit__()
        cls.sink.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def test_swaks(self):
        for level, options, works in (
                ("off", [], True), ("off", ["--tls"], False), ("preferred", [], True),
                ("preferred", ["--tls"], True), ("required", [], False),
                ("required", ["--tls"], True), ("implicit", ["--tls-on-connect"], True)):
            with self.subTest(level=level, options=options):
                status, text = run(["swaks", "--server", "127.0.0.1", "--port",
                                    str(self.ports[level]), "--from", "a@example.org", "--to",
                                    "user@example.com", *options])
                self.assertEqual(status == 0, works, text)
                if level == "required" and not options:
                    self.assertIn("530 5.7.0 Must issue a STARTTLS command first", text)

    def test_gnutls(self):
        for level, options in (("preferred", ["--starttls-proto=smtp"]),
                               ("required", ["--starttls-proto=smtp"]), ("implicit", [])):
            with self.subTest(level=level):
                status, text = run(["gnutls-cli", "--x509cafile", self.ca, "--verify-hostname", NAME,
                                    "--sni-hostname", NAME, "-p",
                                    str(self.ports[level]), *options, "127.0.0.1"],
                                   b"EHLO c\r\nMAIL FROM:<a@example.org>\r\nQUIT\r\n")
                self.assertEqual(status, 0, text)
                self.assertIn("Status: The certificate is trusted", text)
                self.assertIn("250 2.1.0 Sender OK", text)

    def test_openssl(self):
        for level, options in (("preferred", ["-starttls", "smtp"]),
                               ("required", ["-starttls", "smtp"]), ("implicit", [])):
            for protocol in ("-tls1_2", "-tls1_3"):
                with self.subTest(level=level, protocol=protocol):
                    status, text = run(["openssl", "s_client", "-CAfile", self.ca,
                                        "-verify_return_error", "-verify_hostname", NAME, protocol,
                                        *options, "-connect", f"127.0.0.1:{self.ports[level]}"],
                                       b"QUIT\r\n")
                    self.assertEqual(status, 0, text)
                    self.assertIn("Verification: OK", text)


class Servers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-tls-peers-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.ca = make_certificate(self.folder, "ca", "ca.sluice.test")
        self.own = make_certificate(self.folder, "own", NAME, "ca")

    def engine(self, port, level, more=""):
        engine = Engine(SLUICE, port, extra=f'[[destination]]\ndomain = "*"\ntls = "{level}"\n'
                                            f'names = ["{NAME}"]\nca_file = "{self.ca}"\n{more}\n')
        self.addCleanup(engine.__exit__)
        engine.start()
        return engine

    def send(self, engine):
        send_message(engine.port, "a@example.org", ["user@example.com"], b"Subject: x\r\n\r\nhi\r\n")

    def test_openssl_s_server(self):
        port = free_port()
        server = subprocess.Popen(
            ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-cert", self.own,
             "-key", self.own[:-4] + ".key"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        seen = []
        threading.Thread(target=answer, args=(server, seen), daemon=True).start()
        engine = self.engine(port, "required-verify", "implicit = true")
        self.send(engine)
        engine.wait_until("s_server has the message", lambda: b"hi\r\n" in seen, 20)
        engine.wait_until("the log has it", lambda: "Message done DCID" in engine.log())
        self.assertRegex(engine.log(), r"DCID \d+ TLS success protocol TLSv1\.3 cipher TLS_")

    @unittest.skipUnless(os.path.exists(POSTFIX_MASTER) and os.geteuid() == 0,
                         "SKIPPED LOUDLY: no Postfix here, or not root")
    def test_postfix(self):
        for smtpd_level, level, expected in (("may", "required-verify", True),
                                             ("none", "preferred", True),
                                             ("none", "required", False),
                                             ("encrypt", "none", False)):
            with self.subTest(postfix=smtpd_level, level=level):
                port, log = self.start_postfix(smtpd_level)
                engine = self.engine(port, level)
                self.send(engine)
                ends = re.compile("Message done DCID|Delayed: DCID|Bounced: DCID")
                engine.wait_until("an end of the attempt", lambda: ends.search(engine.log()))
                self.assertEqual(ends.search(engine.log()).group() == "Message done DCID", expected)
                over_tls = expected and smtpd_level != "none" and level != "none"
                self.assertEqual("TLS success" in engine.log(), over_tls)
                with open(log, encoding="utf-8", errors="replace") as file:
                    self.assertEqual("TLS connection established" in file.read(), over_tls)

    def start_postfix(self, level):
        root = tempfile.mkdtemp(prefix="postfix-", dir=self.folder)
        os.chmod(self.folder, 0o755)
        os.chmod(root, 0o755)
        for name in ("etc", "queue", "data"):
            os.mkdir(os.path.join(root, name))
        user = pwd.getpwnam("postfix")
        os.chown(os.path.join(root, "data"), user.pw_uid, user.pw_gid)
        port = free_port()
        settings = {"compatibility_level": "3.6", "queue_directory": f"{root}/queue",
                    "data_directory": f"{root}/data", "mail_owner": "postfix",
                    "daemon_directory": os.path.dirname(POSTFIX_MASTER), "setgid_group": "postdrop",
                    "command_directory": "/usr/sbin", "myhostname": NAME,
                    "mydestination": "example.com", "local_recipient_maps": "", "alias_maps": "",
                    "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
                    "smtpd_client_restrictions": "check_client_access static:HOLD",
                    "smtpd_peername_lookup": "no", "smtpd_tls_security_level": level,
                    "smtpd_tls_cert_file": self.own, "smtpd_tls_key_file": self.own[:-4] + ".key",
                    "smtpd_tls_loglevel": "1", "smtpd_tls_session_cache_database": "",
                    "maillog_file": f"{root}/maillog", "maillog_file_prefixes": root}
        services = [f"127.0.0.1:{port} inet n - n - - smtpd", "cleanup unix n - n - 0 cleanup",
                    "qmgr unix n - n 300 1 qmgr", "rewrite unix - - n - - trivial-rewrite",
                    "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce",
                    "trace unix - - n - 0 bounce", "proxymap unix - - n - - proxymap",
                    "anvil unix - - n - 1 anvil", "tlsmgr unix - - n 1000? 1 tlsmgr",
                    "showq unix n - n - - showq", "postlog unix-dgram n - n - 1 postlogd"]
        for name, lines in (("main.cf", [f"{k} = {v}" for k, v in settings.items()]),
                            ("master.cf", services)):
            with open(os.path.join(root, "etc", name), "w", encoding="ascii") as file:
                file.write("\n".join(lines) + "\n")
        status, text = run(["postfix", "-c", f"{root}/etc", "start"])
        self.assertEqual(status, 0, text)
        self.addCleanup(stop_postfix, root)
        return port, f"{root}/maillog"


def stop_postfix(root):
    with open(f"{root}/queue/pid/master.pid", encoding="ascii") as file:
        pid = int(file.read())
    run(["postfix", "-c", f"{root}/etc", "stop"])
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}"):
            return
        time.sleep(0.1)


def answer(server, seen):
    """What a mail server would say: s_server hands over the client's lines and sends ours."""
    data = False
    server.stdin.write(b"220 mx ESMTP\r\n")
    server.stdin.flush()
    for line in server.stdout:
        seen.append(line)
        if data:
            if line != b".\r\n":
                continue
            data = False
        data = data or line.startswith(b"DATA")
        server.stdin.write(b"354 go\r\n" if data else b"250 ok\r\n")
        server.stdin.flush()


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
