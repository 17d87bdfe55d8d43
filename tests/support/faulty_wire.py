"""The program net_faults as a peer of the kernel in this network namespace, and the transfers that
its services take part in."""
import json
import socket
import subprocess

DEVICE = "sluice0"
TIMEOUT = 60  # seconds without an octet
CHUNK = 1 << 18


def run(*command):
    subprocess.run(command, check=True, capture_output=True)


def make_block(size=65521):
    """The octets that sink and source know, once; they are repeated without end."""
    state, block = 1, bytearray()
    for _ in range(size):
        state = (state * 1103515245 + 12345) & 0xFFFFFFFF
        block.append((state >> 16) & 0xFF)
    return bytes(block)


BLOCK = make_block()
BLOCKS = BLOCK * (CHUNK // len(BLOCK) + 2)


def octets_at(offset, size):
    """At most CHUNK octets of the endless repetition."""
    begin = offset % len(BLOCK)
    return BLOCKS[begin:begin + size]


class FaultyProgram:
    """net_faults in one of its modes."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{command} did not start")

    def counters(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        out = self.process.stdout.read()
        self.process.wait(timeout=20)
        self.process.stdout.close()
        assert self.process.returncode == 0, "net_faults lost packets: " + out


class FaultyStack(FaultyProgram):
    """The engine's stack behind faults, reached by the kernel of this namespace."""
    addresses = ("10.8.0.1", "fd08::1")

    def __init__(self, program, *faults):
        super().__init__(program, "serve", f"net_tap0,iface={DEVICE}", *faults,
                         f"--address={self.addresses[0]}/24", f"--address={self.addresses[1]}/64")
        run("ip", "address", "add", "10.8.0.2/24", "dev", DEVICE)
        run("ip", "address", "add", "fd08::2/64", "dev", DEVICE, "nodad")
        run("ip", "link", "set", DEVICE, "up")

    def resolve(self):
        """Lets both sides learn each other's link address before many need it at once."""
        for address in self.addresses:
            receive_from_source(address, 1)


def connect(address, port):
    return socket.create_connection((address, port), timeout=TIMEOUT)


def set_control(connection, control):
    """The kernel's congestion control for one socket, or for those that a listening one accepts."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, control.encode())


def send_to_sink(address, size, control=None):
    """Sends `size` octets; returns what the sink says of them."""
    with connect(address, 9) as connection:
        if control:
            set_control(connection, control)
        sent = 0
        while sent < size:
            sent += connection.send(octets_at(sent, min(CHUNK, size - sent)))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(100):
            answer += chunk
        return answer.decode().strip()


def receive_from_source(address, size):
    """Whether exactly `size` octets came, each the right one."""
    with connect(address, 19) as connection:
        connection.sendall(b"%d\n" % size)
        received = 0
        while chunk := connection.recv(CHUNK):
            if chunk != octets_at(received, len(chunk)):
                return False
            received += len(chunk)
        return received == size
