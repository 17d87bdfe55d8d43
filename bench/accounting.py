"""CPU time and device flushes, read from /proc and /sys: the same yardstick for every server."""

import os

TICKS = os.sysconf("SC_CLK_TCK")


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""  # it ended meanwhile


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before them may hold anything."""
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _running_seconds(path: str) -> float:
    """From a schedstat file: nanoseconds on a CPU, exact where utime and stime are rounded."""
    text = _read(path).split()
    return int(text[0]) / 1e9 if text else 0.0


def thread_seconds(pid: int) -> dict[str, float]:
    """CPU seconds of each thread of one process, by thread name and id."""
    seconds = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        folder = f"/proc/{pid}/task/{task}"
        seconds[f"{_read(folder + '/comm').strip()}/{task}"] = _running_seconds(
            folder + "/schedstat")
    return seconds


def tree_seconds(root: int) -> float:
    """CPU seconds of a process and everything it has started: the living by their own clocks, the
    dead by what their parents were charged for them when they waited."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _fields(int(name))
            if len(fields) > 1:
                children.setdefault(int(fields[1]), []).append(int(name))
    total, todo = 0.0, [root]
    while todo:
        pid = todo.pop()
        todo += children.get(pid, [])
        fields = _fields(pid)
        if len(fields) > 14:
            total += _running_seconds(f"/proc/{pid}/schedstat")
            total += (int(fields[13]) + int(fields[14])) / TICKS
    return total


def resident_mib(pid: int) -> float:
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def device_flushes(directory: str) -> int | None:
    """Flush requests that the disk below `directory` has completed since boot; None: not a disk."""
    device = os.stat(directory).st_dev
    fields = _read(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat").split()
    return int(fields[15]) if len(fields) > 15 else None


def machine_busy_seconds() -> float:
    """CPU seconds all CPUs have spent since boot on anything but idling."""
    fields = [int(word) for word in _read("/proc/stat").split("\n", 1)[0].split()[1:]]
    user, nice, system, _idle, _iowait, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) / TICKS


def disk_cpus(directory: str) -> set[int]:
    """The CPUs that the disk of `directory` interrupts; who polls there keeps syncs waiting."""
    device = os.stat(directory).st_dev
    path = os.path.realpath(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/device")
    while path != "/" and not os.path.isdir(path + "/msi_irqs"):
        path = os.path.dirname(path)
    if path == "/":
        return set()
    cpus = set()
    for irq in os.listdir(path + "/msi_irqs"):
        where = _read(f"/proc/irq/{irq}/effective_affinity_list").strip()
        if "config" not in _read(f"/sys/kernel/irq/{irq}/actions") and where.isdigit():
            cpus.add(int(where))
    return cpus


def quiet_cpu(directory: str) -> int:
    """For the thread that is measured."""
    cpus = sorted(os.sched_getaffinity(0))
    return next((cpu for cpu in reversed(cpus) if cpu not in disk_cpus(directory)), cpus[-1])
