"""A validating resolver for tests: unbound on a loopback port, with zones that the test writes, some
of them signed with keys made here."""
import os
import shutil
import subprocess
import tempfile
import time

from namespace import skip

CONFIG = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: "{folder}/unbound.log"
    verbosity: 1
    interface: 127.0.0.1
    port: {port}
    do-daemonize: no
    module-config: "{modules}"
    trust-anchor-file: "{folder}/anchors"
    local-zone: "." static
    unblock-lan-zones: yes
    insecure-lan-zones: yes
    do-not-query-localhost: no
    cache-max-negative-ttl: 1
{local}
remote-control:
    control-enable: no
"""
ZONE = """
auth-zone:
    name: "{name}"
    zonefile: "{file}"
    for-downstream: no
    for-upstream: yes
    fallback-enabled: no
"""
HEAD = """$ORIGIN {name}.
$TTL 60
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
"""


class Zones:
    """`with Zones(port) as zones:`; add() zones, then start(). `signed`: validated; `bogus`: a record
    of the signed zone is changed afterwards."""

    def __init__(self, port=5353, validates=True):
        for tool in ("unbound", "ldns-keygen", "ldns-signzone"):
            if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
                skip(f"{tool} is not installed")
        self.port = port
        self.validates = validates
        self.folder = tempfile.mkdtemp(prefix="sluice-dns-")
        self.zones = self.local = ""
        self.anchors = "; of the test\n"
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, name, records, signed=False, bogus=None):
        """`bogus`: (old, new) text of a record, replaced behind the signatures."""
        path = os.path.join(self.folder, name + ".zone")
        with open(path, "w", encoding="ascii") as file:
            file.write(HEAD.format(name=name) + records + "\n")
        if signed:
            path = self.sign(name, path)
        if bogus:
            with open(path, encoding="ascii") as file:
                text = file.read()
            assert bogus[0] in text, text
            with open(path, "w", encoding="ascii") as file:
                file.write(text.replace(*bogus))
        self.zones += ZONE.format(name=name, file=path)
        self.local += f'    local-zone: "{name}." transparent\n'  # all other names do not exist

    def sign(self, name, path):
        key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", name], check=True,
                             cwd=self.folder, capture_output=True, text=True).stdout.strip()
        subprocess.run(["ldns-signzone", "-o", name, path, key], check=True, cwd=self.folder,
                       capture_output=True)
        with open(os.path.join(self.folder, key + ".key"), encoding="ascii") as file:
            self.anchors += file.read()
        return path + ".signed"

    def start(self):
        config = os.path.join(self.folder, "unbound.conf")
        with open(os.path.join(self.folder, "anchors"), "w", encoding="ascii") as file:
            file.write(self.anchors)
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(folder=self.folder, port=self.port,
                                     local=self.local,
                                     modules="validator iterator" if self.validates
                                     else "iterator") + self.zones)
        path = os.environ["PATH"] + ":/usr/sbin"
        with open(os.path.join(self.folder, "output"), "wb") as output:
            self.process = subprocess.Popen([shutil.which("unbound", path=path), "-c", config],
                                            stdout=output, stderr=output)
        for _ in range(200):
            with open(os.path.join(self.folder, "unbound.log"), "a+", encoding="utf-8") as log:
                log.seek(0)
                if "start of service" in log.read():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        for name in ("output", "unbound.log"):
            with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                print(file.read())
        raise AssertionError("unbound does not start")

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        self.process = None
