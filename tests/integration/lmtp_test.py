#!/usr/bin/env python3
"""The last hop: LMTP (RFC 2033) to Dovecot and to a peer that answers each recipient differently, and a
smarthost that wants AUTH (RFC 4954) inside TLS.

Usage: lmtp_test.py SLUICE
"""
import base64
import email
import glob
import grp
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from certificates import make_certificate, server_context
from sluice_engine import Engine, free_port
from smtp_peer import Peer
from smtp_sink import Sink
from tls_sink import TlsSink

SLUICE = ""
DOVECOT, LMTPD = "/usr/sbin/dovecot", "/usr/lib/dovecot/lmtp"
NAME = "mx.sluice.test"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = lmtp
ssl = no
auth_username_format = %Lu
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
mail_plugins = quota
plugin {{
  quota = maildir:User quota
  quota_grace = 0
}}
service lmtp {{
  chroot =
  user = {user}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
"""


class Dovecot:
    """Debian's dovecot-lmtpd in a folder of its own, in the foreground."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="sluice-dovecot-")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        names = {"user": user.pw_name, "group": grp.getgrgid(user.pw_gid).gr_name}
        os.mkdir(f"{self.folder}/mail")
        shutil.chown(f"{self.folder}/mail", user.pw_uid, user.pw_gid)
        self.write("dovecot.conf", CONFIG.format(folder=self.folder, port=self.port, **names))
        self.write("users", "".join(
            f"{name}@example.com:{{PLAIN}}x:{user.pw_uid}:{user.pw_gid}::{self.folder}/mail::{extra}\n"
            for name, extra in (("good", ""), ("other", ""),
                                ("full", "userdb_quota_rule=*:bytes=10"))))
        with open(f"{self.folder}/output", "wb") as output:
            self.process = subprocess.Popen([DOVECOT, "-F", "-c", f"{self.folder}/dovecot.conf"],
                                            stdout=output, stderr=output)
        self.wait()

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="ascii") as file:
            file.write(text)

    def wait(self):
        deadline = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
                    if connection.recv(3) == b"220":
                        return
            except OSError:
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                with open(f"{self.folder}/output", encoding="utf-8") as output:
                    raise AssertionError("dovecot does not serve: " + output.read())
            time.sleep(0.05)

    def mails(self, user):
        found = []
        for path in glob.glob(f"{self.folder}/mail/{user}@example.com/new/*"):
            with open(path, "rb") as file:
                found.append(file.read())
        return found

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def send(port, recipients, octets, sender="from@example.org"):
    with Peer(port) as peer:
        peer.greet()
        peer.command(f"MAIL FROM:<{sender}>")
        for recipient in recipients:
            name, _, wishes = recipient.partition(" ")
            peer.command(f"RCPT TO:<{name}>{' ' if wishes else ''}{wishes}")
        peer.command("DATA", "354")
        peer.send(octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        peer.expect("250")


def lmtp_route(hop):
    return f'[[route]]\ndomain = "example.com"\nprotocol = "lmtp"\nnext_hop = ["{hop}"]\n'


def reports(sink):
    return [email.message_from_bytes(m.octets) for m in sink.messages]


@unittest.skipUnless(os.path.exists(DOVECOT) and os.path.exists(LMTPD), "dovecot-lmtpd is missing")
class ToDovecot(unittest.TestCase):
    def test_each_recipient_has_its_own_outcome(self):
        dovecot, senders = Dovecot(), Sink()
        self.addCleanup(dovecot.stop)
        self.addCleanup(senders.stop)
        with Engine(SLUICE, senders.port, extra=lmtp_route(f"127.0.0.1:{dovecot.port}")) as engine:
            body = b"Subject: dots\r\n\r\n.one\r\n..two\r\n" + b"long line " * 90 + b"\r\n"
            send(engine.port, ["good@example.com NOTIFY=SUCCESS", "nobody@example.com",
                               "full@example.com", "other@example.com"], body)
            engine.wait_drained()
            for user in ("good", "other"):
                (mail,) = dovecot.mails(user)
                self.assertTrue(mail.endswith(body.replace(b"\r\n", b"\n")), mail)
            self.assertEqual(dovecot.mails("full"), [])
            (report,) = reports(senders)
            blocks = {block["Final-Recipient"]: block for block in
                      report.get_payload(1).get_payload()[1:]}
            self.assertEqual({name.split(";")[1]: block["Action"] for name, block in blocks.items()},
                             {"good@example.com": "delivered", "nobody@example.com": "failed",
                              "full@example.com": "failed"})
            self.assertEqual(blocks["rfc822;full@example.com"]["Status"], "5.2.2")
            self.assertEqual(blocks["rfc822;nobody@example.com"]["Status"], "5.1.1")
            for number in range(30):  # one connection, many messages
                send(engine.port, ["good@example.com", "other@example.com"],
                     f"Subject: {number}\r\n\r\nx\r\n".encode())
            engine.wait_drained()
            for user in ("good", "other"):
                self.assertEqual(len(dovecot.mails(user)), 31)


    def test_a_socket_of_the_machine_is_a_next_hop_too(self):
        dovecot, senders = Dovecot(), Sink()
        self.addCleanup(dovecot.stop)
        self.addCleanup(senders.stop)
        path = f"{dovecot.folder}/lmtp"
        with Engine(SLUICE, senders.port, extra=lmtp_route(f"unix:{path}"), retry="5s") as engine:
            for number in range(3):
                send(engine.port, ["good@example.com", "nobody@example.com"],
                     f"Subject: {number}\r\n\r\nx\r\n".encode())
            engine.wait_drained()
            self.assertEqual(len(dovecot.mails("good")), 3)
            self.assertEqual(len(reports(senders)), 3)
            self.assertNotIn("Remote-MTA", str(reports(senders)[0]))
            engine.wait_for_log(rf"New LMTP DCID \d+ interface local address unix:{path} port 0")
            status = subprocess.run([SLUICE, "-c", engine.config, "hoststatus", "example.com"],
                                    capture_output=True, text=True, timeout=20, check=True).stdout
            self.assertRegex(status, rf"Next hop {path} +up")
            dovecot.process.terminate()
            dovecot.process.wait(20)
            send(engine.port, ["good@example.com"], b"Subject: late\r\n\r\nx\r\n")
            engine.wait_for_log(rf"Connection Error: DCID \d+ domain: example.com .*{path}: ")


class ToScriptedPeers(unittest.TestCase):
    def test_a_recipient_deferred_after_the_dot_is_tried_alone(self):
        senders, answers = Sink(), []
        self.addCleanup(senders.stop)
        listening = socket.create_server(("127.0.0.1", 0))
        listening.settimeout(30)
        self.addCleanup(listening.close)
        with Engine(SLUICE, senders.port, extra=lmtp_route(f"127.0.0.1:{listening.getsockname()[1]}"),
                    delivery='idle_reuse = "0s"') as engine:
            send(engine.port, ["a@example.com", "b@example.com"], b"Subject: x\r\n\r\nx\r\n")
            for replies in ((b"250 2.0.0 a has it", b"451 4.2.0 b not now"), (b"250 2.0.0 b has it",)):
                answers.append(self.serve(listening, replies))
            engine.wait_drained()
        self.assertEqual(answers, [["a@example.com", "b@example.com"], ["b@example.com"]])

    @staticmethod
    def serve(listening, replies):
        """One session; returns the recipients."""
        connection, _ = listening.accept()
        connection.settimeout(30)
        recipients = []
        with connection, connection.makefile("rb") as file:
            connection.sendall(b"220 lmtp.test LMTP\r\n")
            while line := file.readline():
                verb = line[:4]
                if verb == b"RCPT":
                    recipients.append(line[9:].split(b">")[0].decode())
                if verb == b"DATA":
                    connection.sendall(b"354 go\r\n")
                    while file.readline() != b".\r\n":
                        pass
                    connection.sendall(b"\r\n".join(replies) + b"\r\n")
                elif verb == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    break
                else:
                    connection.sendall(b"250 ok\r\n" if verb != b"EHLO" else b"500 no\r\n")
        return recipients


class Smarthost(unittest.TestCase):
    """A TlsSink that offers AUTH inside TLS and takes mail from known users only."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sluice-smarthost-")
        cls.ca = make_certificate(cls.folder, "ca", "ca.sluice.test")
        make_certificate(cls.folder, "own", NAME, "ca")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def start(self, password="s3cret pass", mechanisms="PLAIN LOGIN", mode=0o600, serve=True):
        host = TlsSink(server_context(self.folder, "own"))
        host.users = {"relay": "s3cret pass"}
        host.mechanisms = mechanisms
        path = os.path.join(self.folder, "credentials")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"relay\n{password}\n")
        os.chmod(path, mode)
        route = (f'[[route]]\ndomain = "example.com"\nnext_hop = ["127.0.0.1:{host.port}"]\n'
                 f'credentials = "{path}"\n[[destination]]\ndomain = "example.com"\n'
                 f'tls = "required-verify"\nnames = ["{NAME}"]\nca_file = "{self.ca}"\n')
        senders = Sink()
        self.addCleanup(senders.stop)
        engine = Engine(SLUICE, senders.port, extra=route)
        self.addCleanup(engine.__exit__)
        if serve:
            engine.start()
        return host, engine

    def test_plain_and_login(self):
        for mechanisms in ("PLAIN LOGIN", "LOGIN"):
            with self.subTest(mechanisms=mechanisms):
                host, engine = self.start(mechanisms=mechanisms)
                send(engine.port, ["user@example.com"], b"Subject: x\r\n\r\nx\r\n")
                engine.wait_drained()
                self.assertEqual(host.logins, ["relay"])
                self.assertEqual([m.tls for m in host.messages], [True])
                self.nothing_secret(host, engine)

    def test_a_wrong_password_keeps_the_mail_and_says_so(self):
        host, engine = self.start(password="wrong")
        send(engine.port, ["user@example.com"], b"Subject: x\r\n\r\nx\r\n")
        engine.wait_for_log(r"535-'5.7.8 Authentication credentials invalid'.*reason: AUTH failed")
        engine.wait_for_log(r"Delayed: .* 4\.7\.8")
        self.assertEqual((host.messages, host.logins), ([], []))
        self.assertEqual(engine.queued(), 1)
        self.nothing_secret(host, engine, "wrong")

    def test_a_file_that_others_can_read_is_refused(self):
        _, engine = self.start(mode=0o644, serve=False)
        done = subprocess.run([SLUICE, "check", engine.config], capture_output=True, text=True,
                              timeout=30, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("has mode 0644: others may read it; chmod 600", done.stdout + done.stderr)
        self.assertNotIn("s3cret", done.stdout + done.stderr)

    def nothing_secret(self, host, engine, password="s3cret pass"):
        coded = base64.b64encode(f"\0relay\0{password}".encode()).decode()
        for text in (engine.log(), *(clear.decode("latin-1") for clear in host.clear)):
            self.assertNotIn(password, text)
            self.assertNotIn(coded, text)


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
