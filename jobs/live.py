"""events.clean and decisions into Cassandra, as they come: python jobs/live.py [--world NAME]. No JVM."""

import logging

from headrace.live.main import serve_live
from headrace.program import arguments, open_settings, run


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.ERROR)  # it warns of every reconnection; what matters of it, live says
    serve_live(open_settings(arguments(__doc__).parse_args()))


if __name__ == "__main__":
    run(main)
