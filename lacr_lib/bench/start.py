"""How long a user waits for `lacr --help`, and a program for `import lacr_lib`."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from statistics import median

from lacr_lib.bench.row import Row
from lacr_lib.bench.timing import ratio, turns

REPEATS = 7
HELP_LIMIT, IMPORT_LIMIT = 0.3, 1.3
COMMANDS = {
    "nothing": ("-c", "pass"),
    "help": ("-m", "lacr_lib", "--help"),
    "torch": ("-c", "import torch"),
    "lacr_lib": ("-c", "import lacr_lib"),
}


def measure(repeats: int = REPEATS) -> list[Row]:
    """Processor seconds of whole processes, turn by turn."""
    calls = {name: partial(run, words) for name, words in COMMANDS.items()}
    seconds = turns(calls, repeats, clock=children)
    middle = {name: median(values) for name, values in seconds.items()}
    quick = middle["help"] <= HELP_LIMIT and not loads_torch()
    over_torch = ratio(seconds["lacr_lib"], seconds["torch"])
    return [
        Row("help", "`lacr --help`, over `python -c pass`", f"<= {HELP_LIMIT} s, without torch",
            ratio(seconds["help"], seconds["nothing"]), quick,
            details={"seconds": middle, "loads_torch": loads_torch(),
                     "told": f"{middle['help']:.2g} s"}),
        Row("import", '`import lacr_lib`, over `python -c "import torch"`', f"<= {IMPORT_LIMIT}",
            over_torch, over_torch <= IMPORT_LIMIT, details={"seconds": middle}),
    ]  # fmt: skip


def run(words: tuple[str, ...]) -> None:
    """Run Python to its end."""
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)


def children() -> float:
    """Processor seconds of all processes that were started and have ended."""
    try:
        import resource
    except ImportError:  # Windows does not count them
        return time.perf_counter()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def loads_torch() -> bool:
    """Does `lacr --help` import torch?"""
    code = "import sys; from lacr_lib.cli import main; main(['--help']); "
    code += "sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    return done.returncode != 0
