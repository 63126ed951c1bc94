#!/usr/bin/env bash
# One way to submit a Spark job: ./spark-submit.sh jobs/JOB.py [--world NAME] [its arguments].
# Used by the local stack, by Airflow and by people, from any folder. Master, jars, memory and configuration come from
# the settings (lib/headrace/local/submit.py); signals and the exit code are the job's, because everything here is exec.
set -euo pipefail
root="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"
python="${HEADRACE_PYTHON:-$root/.venv/bin/python}"
if [[ ! -x "$python" ]]; then
    echo "spark-submit.sh: no Python at $python; run \`make setup\`, or set HEADRACE_PYTHON" >&2
    exit 2
fi
PYTHONPATH="$root/lib${PYTHONPATH:+:$PYTHONPATH}" exec "$python" -m headrace.local.submit "$@"
