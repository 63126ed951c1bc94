"""What is popular, clicked and rising, counted from events.clean: python jobs/trends.py [--world NAME]. No JVM."""

import logging

from headrace.program import arguments, open_settings, run
from headrace.trends.main import serve_trends


def main() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.ERROR)  # as in live: what matters of a reconnection, this says itself
    serve_trends(open_settings(arguments(__doc__).parse_args()))


if __name__ == "__main__":
    run(main)
