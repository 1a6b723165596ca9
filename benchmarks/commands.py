"""Run a command of samples in a process of its own, and measure it."""

import subprocess
import sys
from typing import NamedTuple

_PROGRAM = """
import resource, sys, time
began = time.perf_counter()
from samples_cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as done:
    code = done.code
else:
    code = 0
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
read = next(line.split()[1] for line in open("/proc/self/io") if line.startswith("rchar"))
seconds = time.perf_counter() - began
print(code or 0, seconds, used.ru_utime + used.ru_stime, int(peak) / 1024, int(read) / 1e6, sep="\\t", file=sys.stderr)
"""


class Measured(NamedTuple):
    """What a command took: seconds, CPU seconds of its process, its peak memory in MiB, and MB that it read."""

    seconds: float
    cpu: float
    peak: float
    read: float

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s, {self.cpu:.1f} s of CPU, peak {self.peak:,.0f} MiB, {self.read:,.0f} MB read"


def measured(*arguments: str) -> Measured:
    """Run `samples` with these arguments. The peak is its VmHWM, and bytes are those read through the kernel."""
    command = [sys.executable, "-c", _PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, *found = done.stderr.splitlines()[-1].split("\t")
    assert code == "0", done.stdout + done.stderr
    return Measured(*map(float, found))
