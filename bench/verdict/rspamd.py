#!/usr/bin/env python3
"""rspamd with its own classifier: rspamd.py FOLDER LIST prints "path TAB score TAB symbols" of each
message for testing, after it learned those for training.

It starts a redis-server on a socket in FOLDER and an rspamd on a port of its own over Debian's
configuration, with what needs the network off, and ends both.
"""
import email
import email.policy
import email.utils
import http.client
import ipaddress
import json
import os
import re
import signal
import subprocess
import sys
import time

PORT = 21_334
CLIENT = "198.51.100.7"  # where the header names nobody
NETWORK = ("arc", "asn", "clickhouse", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylisting", "greylist",
           "history_redis", "milter_headers", "mx_check", "neural", "phishing", "ratelimit", "rbl", "replies",
           "reputation", "spf", "surbl", "url_redirector")


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def configure(folder, resolver="127.0.0.1:9"):
    """What differs from Debian's configuration; nobody answers at that resolver."""
    conf = os.path.join(folder, "conf")
    socket = os.path.join(folder, "redis.sock")
    for worker in ("normal", "proxy", "fuzzy"):
        write(f"{conf}/override.d/worker-{worker}.inc", "enabled = false;\n")
    write(f"{conf}/override.d/worker-controller.inc",
          f'bind_socket = "127.0.0.1:{PORT}";\nsecure_ip = "127.0.0.1";\ncount = 1;\n')
    write(f"{conf}/override.d/redis.conf", f'servers = "{socket}";\n')
    write(f"{conf}/override.d/classifier-bayes.conf",
          f'backend = "redis";\nservers = "{socket}";\nautolearn = false;\n')
    write(f"{conf}/override.d/logging.inc",
          f'filename = "{folder}/rspamd.log";\n')
    write(f"{conf}/override.d/options.inc",
          f'dns {{ nameserver = ["{resolver}"]; timeout = 0.05s; retransmits = 1; }}\n'
          f'hs_cache_dir = "{folder}/db";\n')
    for module in NETWORK:
        write(f"{conf}/override.d/{module}.conf", "enabled = false;\n")
    return conf


def envelope(octets):
    """What the mail server in front would tell with the message, as far as its header shows it: without an
    address of the client rspamd takes it for its own host's mail and leaves out rules."""
    fields = email.message_from_bytes(octets, policy=email.policy.compat32)

    def address(*names, default):
        for name in names:
            for _, found in email.utils.getaddresses([str(value) for value in fields.get_all(name, [])]):
                if re.fullmatch(r"[!-~]+@[!-~]+", found):
                    return found
        return default

    sender = address("Return-Path", "From", default="")
    told = {"From": sender, "Rcpt": address("Delivered-To", "To", default="someone@example.org"),
            "IP": CLIENT, "Helo": sender.rpartition("@")[2] or "client.example.org"}
    for received in fields.get_all("Received", []):
        for found in re.findall(r"\[(\d+\.\d+\.\d+\.\d+)\]", str(received)):
            try:
                if ipaddress.ip_address(found).is_global:
                    return told | {"IP": found}
            except ValueError:
                pass
    return told


def ask(path, octets, told=None):
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        try:
            # bulk: also what it would know already
            connection.request("POST", path, octets, {"Learn-Type": "bulk"} | (told or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            time.sleep(0.5)
    return 0, b""


def wait_until_up():
    for _ in range(240):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=2)
            connection.request("GET", "/ping")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.5)
    sys.exit("rspamd does not answer; see rspamd.log")


def learn(rows):
    refused = 0
    # Both kinds in turns, as mail comes.
    for _, label, _, path in sorted(rows, key=lambda row: row[3][-20:]):
        with open(path, "rb") as file:
            status, _ = ask("/learnspam" if label == "spam" else "/learnham", file.read())
        refused += status != 200
    print(f"rspamd: {len(rows)} to learn, {refused} of them refused", file=sys.stderr)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ends the servers as well
    folder, table = os.path.abspath(sys.argv[1]), sys.argv[2]
    os.makedirs(os.path.join(folder, "db"), exist_ok=True)
    with open(table) as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    conf = configure(folder)
    servers = [subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL)]
    try:
        servers.append(subprocess.Popen(
            ["rspamd", "-f", "-i", "-c", "/etc/rspamd/rspamd.conf", f"--var=LOCAL_CONFDIR={conf}",
             f"--var=DBDIR={folder}/db", f"--var=RUNDIR={folder}", f"--var=LOGDIR={folder}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        wait_until_up()
        learn([row for row in rows if row[0] == "train"])
        for _, _, _, path in (row for row in rows if row[0] == "test"):
            with open(path, "rb") as file:
                status, body = ask("/checkv2", file.read())
            if status != 200:
                print(f"{path}: rspamd answers {status}", file=sys.stderr)
                continue
            answer = json.loads(body)
            print(f"{path}\t{answer['score']:.4f}\t{','.join(sorted(answer['symbols']))}", flush=True)
    finally:
        for server in reversed(servers):
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
