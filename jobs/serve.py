"""The HTTP API of one world: .venv/bin/python jobs/serve.py [--world NAME] [--profile P] [--conf DIR]."""

import os
import time
import uuid

import uvloop

from headrace.program import ROOT, arguments, open_settings, run


class WallClock:
    """The only place in serving where the wall's clock is looked at."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


def main() -> None:
    flags = arguments(__doc__).parse_args()
    settings = open_settings(flags)
    # Before numpy is imported: with two threads one top-100 query took 3.5 times as long.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from headrace.serve.running import serve

    # Less of the processor for each answer than asyncio's own loop takes.
    uvloop.run(serve(settings, ROOT / "requirements.lock", WallClock(), lambda: uuid.uuid4().hex))


if __name__ == "__main__":
    run(main)
