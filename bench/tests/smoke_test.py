"""Every benchmark runs once, right answers only, and its counts are there. Judges no time. Usage: smoke_test.py PROGRAM"""

import json
import os
import subprocess
import sys
import tempfile

SERVERS = {"asio_style", "cl_async_style", "bare_asio", "bare_libuv", "bare_epoll"}
PARTS = {"parse", "route", "serialise", "flow_control", "next_turn", "timer", "wake_up"}

with tempfile.TemporaryDirectory() as folder:
    file = os.path.join(folder, "out.json")
    subprocess.run([sys.argv[1], "--benchmark_min_time=0.001", "--benchmark_repetitions=1", f"--benchmark_out={file}",
                    "--benchmark_out_format=json"], check=True, stdout=subprocess.DEVNULL)
    with open(file, encoding="utf-8") as opened:
        result = json.load(opened)

works = {}
for row in result["benchmarks"]:
    assert not row.get("error_occurred"), row
    for counter in ("syscalls", "allocations", "octets_copied"):
        assert row[counter] >= 0, row
    work, server = row["name"].removesuffix("/real_time").rsplit("/", 1)
    if "server_cpu_ns" in row:
        works.setdefault(work, set()).add(server)
        assert row["server_cpu_ns"] > 0 and row["syscalls"] >= 1, row
assert works and all(servers == SERVERS for servers in works.values()), works
assert PARTS <= {row["name"].split("/")[0] for row in result["benchmarks"]}, PARTS
print(f"{len(result['benchmarks'])} benchmarks ran")
