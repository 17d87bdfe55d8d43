"""The figures of a benchmark as tables for people."""

import sys

STAGES = ["receive", "smtp", "scan", "queue", "delivery", "timers", "transmit"]  # as they run


def cpu_model() -> str:
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown CPU"


def case_name(case: dict) -> str:
    return (f"{case['server']}/{case['transport']} {case['size']} "
            f"{case['per_connection']}/conn x{case['connections']}")


def progress(done: int, total: int, name: str) -> None:
    if sys.stderr.isatty():
        print(f"\r[{done}/{total}] {name}\033[K", end="", file=sys.stderr, flush=True)


def progress_done() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    lines = []
    for row in [heads, *rows]:
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _number(value, digits: int = 0) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _main_table(cases: list[dict]) -> str:
    rows = []
    for case in cases:
        m = case["median"]
        rows.append([case_name(case), _number(m["messages_per_second"]),
                     _number(m["cpu_s_per_1000"], 4), _number(m.get("worker_busy_us"), 1),
                     _number(m.get("other_threads_us"), 1), _number(m.get("wall_us"), 1),
                     _number(m.get("wall_difference_percent"), 1),
                     _number(m.get("preempted_percent"), 1),
                     _number(m.get("syncs_per_1000"), 1), _number(m.get("flushes_per_1000"), 1),
                     _number(m["p50_us"]), _number(m["p99_us"]),
                     _number(m.get("half_load_p50_us")), _number(m.get("half_load_p99_us")),
                     _number(m.get("generator_us"), 1)])
    heads = ["server, message, load", "msgs/s", "CPU s/1000", "worker us", "others us", "wall us",
             "idle %", "lost %", "fsync/1000", "flush/1000", "p50 us", "p99 us", "half p50",
             "half p99", "gen us"]
    return _table(heads, rows)


def _stage_table(cases: list[dict]) -> str:
    engines = [case for case in cases if case["server"] == "sluice"]
    stages = sorted(engines[0]["median"]["cycles_per_message"],
                    key=lambda stage: (STAGES + [stage]).index(stage))
    rows = []
    for case in engines:
        cycles = case["median"]["cycles_per_message"]
        rows.append([case_name(case), *(_number(cycles[stage]) for stage in stages),
                     _number(sum(cycles.values()))])
    return _table(["TSC cycles per message", *stages, "all"], rows)


def _find(cases: list[dict], like: dict) -> dict | None:
    return next((c for c in cases if all(c[k] == v for k, v in like.items())), None)


def _ratios(cases: list[dict]) -> str:
    lines = []
    for peer in (case for case in cases if case["server"] == "postfix"):
        cost = peer["median"]["cpu_s_per_1000"]
        for ours in cases:
            same = all(ours[key] == peer[key] for key in ("size", "per_connection"))
            if same and ours["server"] == "sluice":
                ratio = cost / ours["median"]["cpu_s_per_1000"]
                lines.append(f"  {case_name(peer)}: {ratio:.1f} times the CPU per message of "
                             f"{case_name(ours)}")
    for own in (case for case in cases if case["transport"] == "dpdk"):
        kernel = _find(cases, {key: own[key] for key in
                               ("server", "size", "per_connection", "connections")}
                       | {"transport": "kernel"})
        if kernel:
            ratio = own["median"]["worker_busy_us"] / kernel["median"]["worker_busy_us"]
            lines.append(f"  {case_name(own)}: {ratio:.2f} of the core time of "
                         f"{case_name(kernel)}")
    return "\n".join(lines)


def text(cases: list[dict], facts: dict) -> str:
    peer = f", Postfix {facts['postfix']}" if facts["postfix"] else ""
    parts = [f"{facts['cpu']}, kernel {facts['kernel']}{peer}; medians of {facts['runs']} runs of "
             f"{facts['seconds']:g} s; one core for the server, one for the generator",
             _main_table(cases), _stage_table(cases)]
    if ratios := _ratios(cases):
        parts.append("Ratios of this run\n" + ratios)
    return "\n\n".join(parts)
