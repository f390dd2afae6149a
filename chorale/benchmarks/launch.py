"""`python -m chorale.benchmarks.launch COMMAND...`: run and measure a command.

Prints its seconds, those of all cores, and its peak memory in megabytes as JSON. Its
own output is left out, its errors are not. This process loads as little as it can, see
`chorale.benchmarks.commands.run_fresh`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def main() -> None:
    """Run the command; exit with its exit code."""
    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    figures = {}
    if hasattr(os, "wait4"):  # not on Windows
        _, status, usage = os.wait4(process.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        # In bytes on macOS, otherwise in KiB.
        unit = 1 if sys.platform == "darwin" else 1024
        figures["processor_seconds"] = usage.ru_utime + usage.ru_stime
        figures["megabytes"] = usage.ru_maxrss * unit / 1e6
        process.returncode = code
    else:
        code = process.wait()
    figures["seconds"] = time.perf_counter() - began
    sys.stdout.write(json.dumps(figures))
    sys.exit(code)


if __name__ == "__main__":
    main()
