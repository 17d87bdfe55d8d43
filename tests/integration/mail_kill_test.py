#!/usr/bin/env python3
"""kill -9 at random moments under load: what was answered 250 is delivered or in the queue.

Usage: mail_kill_test.py SLUICE [ROUNDS [SEED]]
Prints its seed; the same seed gives the same moments, not the same interleaving.
"""
import collections
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from sluice_engine import Engine
from smtp_peer import Peer, Refused
from smtp_sink import Sink

CLIENTS = 6
RUN_SECONDS = (0.05, 2.0)  # of one round
# What the next hop took longer before a kill than this is on record, and not sent again. (What was
# in the kernel's socket buffers at the kill is taken just after it.)
RECORDED_AFTER = 5.0  # a busy disk may hold the write of an outcome up so long


def body_of(token):
    """The whole message that belongs to a token: from 100 octets to 120 KB, always the same."""
    numbers = random.Random(token)
    lines = numbers.choice((2, 2, 50, 400, 1600))
    text = "".join(f".{numbers.getrandbits(256):064x} {i}\r\n" for i in range(lines))
    return f"Subject: {token}\r\nFrom: <a@example.org>\r\n\r\n{text}".encode()


class Load:
    """Clients that send one message after another until their connection breaks."""

    def __init__(self, port, prefix):
        self.port, self.prefix = port, prefix
        self.acknowledged, self.sent = [], []
        self.stopping = False
        self.threads = [threading.Thread(target=self.client, args=(i,)) for i in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def client(self, number):
        count = 0
        while not self.stopping:
            try:
                with Peer(self.port, timeout=20) as peer:
                    peer.greet()
                    for _ in range(7):
                        count += 1
                        token = f"{self.prefix}-{number}-{count}"
                        self.sent.append(token)
                        peer.message("a@example.org", ["b@example.com"], body_of(token))
                        self.acknowledged.append(token)
            except (OSError, ValueError):
                time.sleep(0.005)
            except Refused as refused:
                if refused.code >= 500:
                    raise

    def finish(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()


def token_of(message):
    return message.octets.split(b"Subject: ", 1)[1].split(b"\r\n", 1)[0].decode()


def check_duplicates(messages, kills):
    first_time = {}
    for message in messages:
        token = token_of(message)
        first = first_time.setdefault(token, message.time)
        assert first == message.time or any(abs(first - kill) <= RECORDED_AFTER for kill in kills), \
            f"{token} came again, though no kill was near its first delivery; times: " \
            f"{first:.3f}, {message.time:.3f}; kills: {[f'{kill:.3f}' for kill in kills]}"


def check(sink, acknowledged, sent, kills):
    counts = collections.Counter()
    for message in sink.messages:
        token = token_of(message)
        assert message.after_added_header(b"Subject: ") == body_of(token), f"{token} was changed"
        counts[token] += 1
    lost = [token for token in acknowledged if token not in counts]
    invented = [token for token in counts if token not in sent]
    duplicates = sum(counts.values()) - len(counts)
    print(f"sent {len(sent)}, answered 250 {len(acknowledged)}, delivered {len(counts)}, "
          f"duplicates {duplicates}, lost {len(lost)}")
    assert not lost, f"answered 250 and lost: {lost[:10]}"
    assert not invented, f"delivered and never sent: {invented[:10]}"
    check_duplicates(sink.messages, kills)


def main():
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time())
    print(f"seed {seed}, {rounds} rounds", flush=True)
    moments = random.Random(seed)
    sink = Sink()
    acknowledged, sent, kills = [], set(), []
    with Engine(sys.argv[1], sink.port) as engine:
        for number in range(rounds):
            load = Load(engine.port, f"r{number}")
            time.sleep(moments.uniform(*RUN_SECONDS))
            engine.kill()
            kills.append(time.monotonic())
            load.finish()
            acknowledged += load.acknowledged
            sent.update(load.sent)
            engine.start()
        engine.wait_drained(timeout=max(120, 3 * rounds))  # the sink is slower than the engine
        assert engine.stop() == 0
        check(sink, acknowledged, sent, kills)
    assert acknowledged, "the load never got a 250: nothing was tested"


if __name__ == "__main__":
    main()
