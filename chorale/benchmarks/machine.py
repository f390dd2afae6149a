"""What the machine is: processor, cores, versions, and what else it does."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path

from chorale.utils.threads import usable_cores
from chorale.version import __version__

_LIBRARIES = ("numpy", "onnxruntime", "keras", "tensorflow", "torch")
_CPU_INFO = Path("/proc/cpuinfo")


def describe_machine() -> dict[str, object]:
    """Return the processor, its cores, memory, system and versions, for JSON."""
    return {
        "processor": processor_name(),
        "cores": os.cpu_count() or 1,
        "usable_cores": usable_cores(),
        "system": platform.platform(),
        "load": load(),
        "versions": {
            "chorale": __version__,
            "python": platform.python_version(),
            **{name: found for name in _LIBRARIES if (found := _version(name))},
        },
    }


def processor_name(cpu_info: Path = _CPU_INFO) -> str:
    """Return the name of the processor, as the system calls it."""
    try:
        text = cpu_info.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = re.findall(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return names[0].strip() if names else platform.processor() or platform.machine()


def load() -> float | None:
    """Return how many processes wanted to run in the last minute, None if unknown."""
    if not hasattr(os, "getloadavg"):  # Windows
        return None
    return round(os.getloadavg()[0], 2)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
