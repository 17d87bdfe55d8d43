#!/usr/bin/env python3
"""`sluice certconfig` against a stopped and a running engine, with openssl as the other side, and
sessions that live through a change of certificate.

Usage: certconfig_test.py SLUICE [SESSIONS]     (SESSIONS: open over a swap; 1000)
"""
import json
import os
import resource
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine, free_port
from smtp_peer import Peer
from smtp_sink import Sink

SLUICE = ""
SESSIONS = 1000
HOST = "mx.sluice.test"


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, timeout=60,
                          check=True).stdout


class Authority:
    """A root and an intermediate, made by openssl."""

    def __init__(self, folder):
        self.folder = folder
        self.root, self.middle = self.path("root.crt"), self.path("middle.crt")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path("root.key"), "-out", self.root, "-subj", "/CN=Test Root",
                "-days", "10")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path("middle.key"), "-out", self.path("middle.csr"), "-subj",
                "/CN=Test Intermediate")
        self.sign(self.path("middle.csr"), self.middle, "root", "basicConstraints=critical,CA:TRUE")

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, request, out, issuer, extension, *dates):
        with open(self.path("extensions"), "w", encoding="ascii") as file:
            file.write(extension + "\n")
        openssl("x509", "-req", "-in", request, "-out", out, "-CA", self.path(issuer + ".crt"),
                "-CAkey", self.path(issuer + ".key"), "-CAcreateserial", "-days", "9", "-extfile",
                self.path("extensions"), *dates)


class Certconfig(unittest.TestCase):
    def setUp(self):
        self.sink = Sink()
        self.addCleanup(self.sink.stop)
        self.engine = Engine(SLUICE, self.sink.port,
                             listener='tls = "preferred"\nhandshakes_per_source = 0',
                             extra='[tls]\nstore = "certificates"\n', sessions=16_384)
        self.addCleanup(self.engine.__exit__)
        self.folder = self.engine.folder
        self.store = self.path("certificates")
        self.ca = Authority(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def sluice(self, *arguments, status=0, given=None):
        done = subprocess.run([SLUICE, *arguments, "--config", self.engine.config],
                              input=given, capture_output=True, timeout=60, check=False)
        text = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(done.returncode, status, text)
        return text

    def certconfig(self, *arguments, **options):
        return self.sluice("certconfig", *arguments, **options)

    def entry(self, name, state=None):
        listed = json.loads(self.certconfig("list", "--json"))["certificates"]
        return next((row for row in listed
                     if row["name"] == name and state in (None, row["state"])), None)

    def signed(self, name="mx", out="mx.crt", issuer="middle"):
        """A request of the store, answered by the authority."""
        request = subprocess.run([SLUICE, "certconfig", "csr", name, "--config",
                                  self.engine.config], capture_output=True, timeout=60, check=True)
        with open(self.path("mx.csr"), "wb") as file:
            file.write(request.stdout)
        self.ca.sign(self.path("mx.csr"), self.path(out), issuer,
                     f"subjectAltName=DNS:{HOST}\nbasicConstraints=CA:FALSE")
        return self.path(out)

    def files(self):
        """Everything in the store, octet by octet."""
        found = {}
        for folder, _, names in os.walk(self.store):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[os.path.join(folder, name)] = file.read()
        return found

    def refused(self, *arguments, says, given=None):
        before = self.files()
        text = self.certconfig(*arguments, status=1, given=given)
        self.assertIn(says, text)
        self.assertEqual(self.files(), before, "a refusal changed something")
        return text

    def shown_serial(self):
        with Peer(self.engine.port) as peer:
            peer.greet()
            peer.command("STARTTLS", "220")
            context = ssl._create_unverified_context()
            peer.file.close()
            peer.socket = context.wrap_socket(peer.socket, server_hostname=HOST)
            peer.file = peer.socket.makefile("rb")
            der = peer.socket.getpeercert(binary_form=True)
        text = openssl("x509", "-inform", "DER", "-noout", "-serial", given=der).decode()
        return text.strip().removeprefix("serial=").lower()

    def test_the_first_start_makes_a_self_signed_certificate_that_is_marked_everywhere(self):
        checked = self.sluice("check")
        self.assertIn("self-signed", checked)
        self.assertNotIn("compiled_rules", checked, "it warns of what the first start makes")
        self.assertFalse(os.path.exists(self.store), "check made something")
        self.engine.start()
        row = self.entry("self-signed")
        self.assertEqual((row["state"], row["used_by"]), ("assigned", ["inbound"]))
        self.assertTrue(row["certificate"]["self_signed"])
        self.assertEqual(self.shown_serial(), row["certificate"]["serial"])
        for text in (self.certconfig("list"), self.certconfig("check", status=1),
                     self.sluice("check"), self.sluice("plan"), self.sluice("monitor", "mta"),
                     self.engine.log()):
            self.assertIn("self-signed", text)
        self.engine.stop()
        self.engine.start()
        self.assertEqual(self.entry("self-signed"), row, "a restart made another")

    def test_keys_are_private_on_disk_and_the_engine_leaves_no_core_dump(self):
        self.engine.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.store).st_mode), 0o700)
        for file in self.files():
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600, file)
        resource.prlimit(self.engine.process.pid, resource.RLIMIT_CORE, (-1, -1))
        os.kill(self.engine.process.pid, signal.SIGABRT)
        _, status = os.waitpid(self.engine.process.pid, 0)
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status))
        self.engine.process.returncode = -signal.SIGABRT
        os.chmod(os.path.join(self.store, "self-signed.pem"), 0o644)
        self.assertIn("others may look into it; chmod 0600", self.certconfig("check", status=1))

    def test_a_request_comes_from_committed_settings_only(self):
        self.engine.start()
        self.refused("csr", "mx", "--host", "other.example", says="is no hostname of")
        with open(self.engine.config, encoding="ascii") as file:
            text = file.read()
        with open(self.engine.config, "w", encoding="ascii") as file:
            file.write(text.replace(HOST, "new.sluice.test"))
        self.refused("csr", "mx", says="the running engine does not know it yet")
        self.engine.process.send_signal(signal.SIGHUP)
        self.engine.wait_until("reload", lambda: "reloaded" in self.engine.log())
        self.assertIn("requested", self.certconfig("csr", "mx"))

    def test_requested_available_assigned(self):
        self.engine.start()
        certificate = self.signed()
        self.assertIn(b"verify OK",
                      subprocess.run(["openssl", "req", "-verify", "-noout", "-in",
                                      self.path("mx.csr")], capture_output=True, timeout=20,
                                     check=True).stderr)
        self.assertEqual(self.entry("mx")["state"], "requested")
        self.refused("assign", "mx", "--to", "inbound", says="is only requested")
        self.refused("import", "mx", certificate, says='missing intermediate: "CN=mx.sluice.test" '
                     'was issued by "CN=Test Intermediate"')
        self.refused("import", "mx", certificate, "--issuer", self.ca.middle,
                     says='was issued by "CN=Test Root"')
        self.certconfig("ca", "import", "root", self.ca.root)
        self.assertIn("imported correctly", self.certconfig("import", "mx", certificate, "--issuer",
                                                            self.ca.middle))
        self.assertEqual(self.entry("mx")["state"], "available")
        self.certconfig("assign", "mx", "--to", "inbound")
        self.assertEqual(self.entry("mx")["used_by"], ["inbound"])
        self.assertEqual(self.shown_serial(), self.entry("mx")["certificate"]["serial"])
        self.certconfig("check", "mx", status=1)  # it expires in 9 days
        self.refused("delete", "mx", says="is in use by inbound")
        self.certconfig("delete", "self-signed")
        self.assertIsNone(self.entry("self-signed"))

    def ocsp_response(self, certificate, out="mx.ocsp"):
        """About a certificate of the intermediate, signed by it."""
        serial = openssl("x509", "-in", certificate, "-noout", "-serial").decode().strip()[7:]
        with open(self.path("index.txt"), "w", encoding="ascii") as file:
            file.write(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN={HOST}\n")
        openssl("ocsp", "-index", self.path("index.txt"), "-rsigner", self.ca.middle, "-rkey",
                self.path("middle.key"), "-CA", self.ca.middle, "-issuer", self.ca.middle, "-cert",
                certificate, "-ndays", "1", "-respout", self.path(out))
        return self.path(out)

    def stapled(self):
        shown = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.engine.port}",
                                "-starttls", "smtp", "-status"], input=b"QUIT\r\n", timeout=60,
                               capture_output=True, check=False).stdout
        return b"Cert Status: good" in shown

    def test_an_ocsp_response_is_stapled_and_renewed(self):
        self.engine.start()
        certificate = self.signed()
        self.certconfig("ca", "import", "root", self.ca.root)
        response = self.ocsp_response(certificate)
        self.refused("import", "mx", certificate, "--issuer", self.ca.middle, "--ocsp", certificate,
                     says="holds no OCSP response")
        self.certconfig("import", "mx", certificate, "--issuer", self.ca.middle, "--ocsp", response)
        self.certconfig("assign", "mx", "--to", "inbound")
        self.assertTrue(self.stapled())
        self.assertIn("ocsp_good_until", self.entry("mx"))
        # One that something outside has spoilt is left out, and said so; the service goes on.
        with open(os.path.join(self.store, "mx.ocsp"), "wb") as file:
            file.write(b"no response")
        self.assertIn("no OCSP response is sent", self.certconfig("check", "mx", status=1))
        self.engine.process.send_signal(signal.SIGHUP)
        self.engine.wait_for_log("Warning: certificate \"mx\": no OCSP response is sent")
        self.assertFalse(self.stapled())
        self.assertIn("good until", self.certconfig("staple", "mx", response))
        self.assertTrue(self.stapled())
        # It says nothing about another certificate.
        other = self.signed("mx", "other.crt")
        self.refused("staple", "self-signed", response, says="is not about the certificate")
        self.certconfig("import", "mx", other, "--issuer", self.ca.middle)
        self.assertFalse(self.stapled())
        self.assertFalse(os.path.exists(os.path.join(self.store, "mx.ocsp")))

    def test_chains_are_mended_and_what_is_wrong_is_named(self):
        certificate = self.signed()
        with open(self.path("turned.pem"), "wb") as file:
            for path in (self.ca.root, self.ca.middle, self.ca.middle, certificate):
                file.write(octets_of(path))
        text = self.certconfig("import", "mx", self.path("turned.pem"))
        self.assertIn('duplicate: "CN=Test Intermediate"', text)
        self.assertIn("not in order: mended", text)
        with open(os.path.join(self.store, "mx.pem"), "rb") as file:
            self.assertEqual(file.read().count(b"BEGIN CERTIFICATE"), 3)
        openssl("x509", "-in", certificate, "-outform", "DER", "-out", self.path("mx.der"))
        self.certconfig("import", "mx", self.path("mx.der"), "--issuer", self.ca.middle, "--issuer",
                        self.ca.root)

    def test_a_certificate_of_another_key_is_refused_with_both_ids(self):
        self.signed()
        other = self.signed("other", "other.crt")
        text = self.refused("import", "mx", other, "--issuer", self.ca.middle, says="the key's id is")
        # mx.csr is the later request, whose key the certificate has; the store has the other's too.
        self.assertIn(key_id(octets_of(self.path("mx.csr"))), text)

    def test_pkcs12_keeps_the_fingerprint_and_needs_its_password(self):
        self.certconfig("new", "self-signed", "lab")
        before = self.entry("lab")["certificate"]
        file, password = self.path("lab.p12"), self.path("password")
        with open(password, "w", encoding="ascii") as out:
            out.write("correct horse\n")
        self.certconfig("export-pkcs12", "lab", file, "--password-file", password)
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        shown = openssl("pkcs12", "-in", file, "-nodes", "-passin", "file:" + password)
        self.assertIn(b"BEGIN PRIVATE KEY", shown)
        with self.assertRaises(subprocess.CalledProcessError):
            openssl("pkcs12", "-in", file, "-nodes", "-passin", "pass:wrong")
        self.refused("import-pkcs12", "again", file, "--password-file", "-", given=b"wrong\n",
                     says="the password is wrong; nothing was changed")
        self.certconfig("ca", "import", "root", self.ca.root)
        self.certconfig("import-pkcs12", "again", file, "--password-file", "-",
                        given=b"correct horse\n")
        self.assertEqual(self.entry("again")["certificate"], before)
        self.assertNotIn("--password ", self.certconfig("export-pkcs12", "--help"))

    def test_the_ca_store_takes_authorities_only(self):
        leaf = self.signed()
        self.refused("ca", "import", "leaf", leaf, says="is not the certificate of an authority")
        openssl("x509", "-in", self.ca.root, "-outform", "DER", "-out", self.path("root.der"))
        self.certconfig("ca", "import", "root", self.path("root.der"))
        listed = json.loads(self.certconfig("ca", "list", "--json"))["authorities"]
        self.assertEqual([row["name"] for row in listed], ["root"])
        self.assertIn("Test Root", self.certconfig("ca", "list"))
        self.certconfig("ca", "delete", "root")

    def test_the_clock_is_blamed_only_when_it_is_wrong(self):
        leaf = self.signed()
        chain = ["--issuer", self.ca.middle, "--issuer", self.ca.root]
        self.certconfig("import", "mx", leaf, *chain)
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path("old.key"), "-out", self.path("old.csr"), "-subj", "/CN=old")
        openssl("x509", "-req", "-in", self.path("old.csr"), "-signkey", self.path("old.key"),
                "-out", self.path("old.crt"), "-days", "-1")
        text = self.refused("import", "old", self.path("old.crt"), "--key", self.path("old.key"),
                            says="the system time is")
        self.assertIn("expired on", text)
        self.assertNotIn("clock is wrong", text)
        future = time.time() + 30 * 86_400  # the store was written a month from now
        os.utime(os.path.join(self.store, "mx.pem"), (future, future))
        text = self.refused("import", "old", self.path("old.crt"), "--key", self.path("old.key"),
                            says="the clock is wrong")

    def test_a_client_certificate_is_asked_for_and_told_of(self):
        with open(self.engine.config, encoding="ascii") as file:
            text = file.read()
        with open(self.engine.config, "w", encoding="ascii") as file:
            file.write(text.replace('tls = "preferred"',
                                    'tls = "preferred"\nclient_certificates = "ask"'))
        self.certconfig("ca", "import", "root", self.ca.root)
        self.engine.start()
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path("partner.key"), "-out", self.path("partner.csr"), "-subj",
                "/CN=partner.example")
        self.ca.sign(self.path("partner.csr"), self.path("partner.crt"), "root", "")
        for certificate, header, line in (
                ("partner", b'(Client CN "partner.example", Issuer "Test Root" (verified OK))',
                 "TLS client certificate: CN=partner.example issuer CN=Test Root verified"),
                (None, b"(Client did not present a certificate)", "TLS client certificate: none")):
            context = ssl._create_unverified_context()
            if certificate:
                context.load_cert_chain(self.path(certificate + ".crt"),
                                        self.path(certificate + ".key"))
            with Peer(self.engine.port) as peer:
                peer.greet()
                peer.command("STARTTLS", "220")
                peer.file.close()
                peer.socket = context.wrap_socket(peer.socket, server_hostname=HOST)
                peer.file = peer.socket.makefile("rb")
                peer.command("EHLO client.test")
                subject = f"Subject: as {certificate}\r\n".encode()
                peer.message("a@example.org", ["b@example.com"], subject + b"\r\nx\r\n")
            message = self.sink.wait_for_text(subject)
            self.assertIn(header, message.octets)
            self.engine.wait_until(line, lambda: line in self.engine.log())

    def test_tlsverify_shows_what_a_third_party_would(self):
        self.engine.start()
        text = self.sluice("tlsverify", "inbound", "--mx", HOST, status=1)
        self.assertIn("Cert OK = FAIL (self-signed certificate)", text)
        self.certconfig("ca", "import", "root", self.ca.root)
        self.certconfig("import", "mx", self.signed(), "--issuer", self.ca.middle)
        self.certconfig("assign", "mx", "--to", "inbound")
        text = self.sluice("tlsverify", "inbound", "--mx", HOST)
        for line in (f"MX record host  {HOST}", f"certificate     {HOST}",
                     f"listener host   {HOST}", "1 CN=Test Intermediate", "Cert OK = OK",
                     f"Cert Hostname VERIFIED ({HOST} = {HOST})"):
            self.assertIn(line, text)
        # The name of the machine has no part in it.
        moved = subprocess.run(["unshare", "--map-root-user", "--uts", "sh", "-c",
                                'hostname elsewhere.example && "$@"', "sh", SLUICE, "tlsverify",
                                "inbound", "--mx", HOST, "--config", self.engine.config],
                               capture_output=True, timeout=60, check=False)
        self.assertEqual(moved.stdout.decode(), text, moved.stderr.decode())
        text = self.sluice("tlsverify", "inbound", "--mx", "mailC.example.com", status=1)
        self.assertIn(f"Cert Hostname DOES NOT VERIFY (mailC.example.com != {HOST})", text)

    def test_tlsverify_asks_dns_for_the_mx_hosts(self):
        self.engine.start()
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind(("127.0.0.1", 0))
        threading.Thread(target=answer_mx, args=(server,), daemon=True).start()
        shown = json.loads(subprocess.run(
            [SLUICE, "tlsverify", "inbound", "--json", "--resolver",
             f"127.0.0.1:{server.getsockname()[1]}", "--config", self.engine.config],
            capture_output=True, timeout=60, check=False).stdout)
        self.assertEqual(shown["mx"], ["first.example", "second.example"])
        self.assertFalse(shown["cert_ok"])

    def test_open_sessions_survive_a_change_of_certificate_and_a_reload(self):
        self.engine.start()
        context = ssl._create_unverified_context()
        old = self.shown_serial()
        sessions = []
        started = time.monotonic()
        for _ in range(SESSIONS):
            peer = Peer(self.engine.port)
            self.addCleanup(peer.close)
            peer.expect("220")
            peer.command("EHLO client.test")
            peer.command("STARTTLS", "220")
            peer.file.close()
            peer.socket = context.wrap_socket(peer.socket)
            peer.file = peer.socket.makefile("rb", buffering=512)
            sessions.append(peer)
        opened = time.monotonic() - started
        self.certconfig("new", "self-signed", "next")
        self.certconfig("assign", "next", "--to", "inbound")
        self.engine.process.send_signal(signal.SIGHUP)
        self.engine.wait_until("reload", lambda: "configuration reloaded" in self.engine.log())
        new = self.shown_serial()
        self.assertNotEqual(new, old)
        self.assertEqual(new, self.entry("next")["certificate"]["serial"])
        for peer in sessions:
            peer.command("NOOP", "250")
        self.assertEqual(self.engine.worker_total("sessions"), SESSIONS)
        print(f"{SESSIONS} TLS sessions, opened in {opened:.1f} s, answered after the swap of "
              f"{old} for {new} and a reload; engine {self.engine.rss_mib():.0f} MiB", flush=True)


def answer_mx(server):
    """Every domain has the MX hosts first.example (10) and second.example (20), told backwards."""
    def record(preference, host):
        data = preference.to_bytes(2, "big") + b"".join(
            bytes([len(label)]) + label for label in host.split(b".")) + b"\0"
        return b"\xc0\x0c\0\x0f\0\x01\0\0\0\x3c" + len(data).to_bytes(2, "big") + data
    while True:
        try:
            question, client = server.recvfrom(512)
        except OSError:
            return
        end = question.index(b"\0", 12) + 5
        server.sendto(question[:2] + b"\x81\x80\0\x01\0\x02\0\0\0\0" + question[12:end] +
                      record(20, b"second.example") + record(10, b"first.example"), client)


def octets_of(path):
    with open(path, "rb") as file:
        return file.read()


def key_id(request):
    """SHA-256 of the public key of a request."""
    public = openssl("req", "-pubkey", "-noout", given=request)
    der = openssl("pkey", "-pubin", "-outform", "DER", given=public)
    return openssl("dgst", "-sha256", "-r", given=der).decode().split()[0]


if __name__ == "__main__":
    SLUICE = os.path.abspath(sys.argv.pop(1))
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        SESSIONS = int(sys.argv.pop(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    unittest.main(verbosity=2)
