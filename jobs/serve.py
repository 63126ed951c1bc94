"""The HTTP API of one world: .venv/bin/python jobs/serve.py [--world NAME] [--profile P] [--conf DIR]."""

import os
import sys
import time

import uvloop

from headrace.program import ROOT, arguments, open_settings, run


class WallClock:
    """The only place in serving where the wall's clock is looked at."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--worker", type=int, metavar="FD", help="rank for the API at this socket: it starts these")
    flags = parser.parse_args()
    settings = open_settings(flags)
    # Before numpy is imported: with two threads one top-100 query took 3.5 times as long.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from headrace.domain.request_id import RANDOM_BYTES, request_id
    from headrace.serve.running import serve, work

    program, lock, wall = (sys.executable, *sys.argv), ROOT / "requirements.lock", WallClock()

    def new_id() -> str:
        return request_id(wall.now_ms(), os.urandom(RANDOM_BYTES))

    # uvloop takes less of the processor for each answer than asyncio's own loop.
    if flags.worker is None:
        uvloop.run(serve(settings, lock, wall, new_id, program))
    else:
        uvloop.run(work(settings, lock, wall, new_id, flags.worker))


if __name__ == "__main__":
    run(main)
