"""No figure of a build that breaks a rule: the kit runs first, on the same program."""

import json
import os
import subprocess
import tempfile

from .process import Failed

TARGETS = ("asio_style", "cl_async_style")


def verdicts(document):
    """What the kit's JSON says in all: (nothing failed, scenarios a target, the targets' names)."""
    counts = document["counts"]
    return (all(one.get("fail", 0) == 0 for one in counts.values()),
            max(sum(one.values()) for one in counts.values()), sorted(counts))


def prove(programs):
    """Runs the scenarios on both styles; a Failed names the way to see what is broken."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "conformance.json")
        command = [programs.antiphon, "conform", "--json", out]
        for target in TARGETS:
            command += ["--target", target]
        # Its temporary files are among ours: it may be killed when we are interrupted.
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": folder})
        if done.returncode not in (0, 1) or not os.path.exists(out):
            said = done.stderr.strip().splitlines()
            raise Failed("the conformance kit could not do its work" + (f": {said[-1]}" if said else ""))
        with open(out, encoding="utf-8") as file:
            passed, scenarios, names = verdicts(json.load(file))
    if done.returncode != 0 or not passed:
        raise Failed("this build breaks a rule, so it is not measured; see: antiphon conform --target " +
                     " --target ".join(names))
    return {"passed": True, "scenarios": scenarios, "targets": names}
