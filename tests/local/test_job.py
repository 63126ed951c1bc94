"""Every job is started with the same settings, interpreter and folders, whoever starts it."""

from pathlib import Path

from headrace.local.checkout import CONF, PYTHON, ROOT
from headrace.local.job import job_command, job_environ
from headrace.settings import load_settings


def test_a_spark_job_goes_through_spark_submit_and_any_other_through_our_python(tmp_path: Path) -> None:
    settings = load_settings(CONF, world="retail", environ={"HEADRACE__PATHS__VAR": str(tmp_path)})
    flags = ("--world", "retail", "--profile", "local", "--conf", str(CONF))
    assert job_command(settings, CONF, "train", "--force") == (
        str(ROOT / "spark-submit.sh"),
        str(ROOT / "jobs/train.py"),
        *flags,
        "--force",
    )
    assert job_command(settings, CONF, "live") == (str(PYTHON), str(ROOT / "jobs/live.py"), *flags)


def test_a_job_gets_the_folders_as_they_were_resolved_here(tmp_path: Path) -> None:
    settings = load_settings(CONF, environ={"HEADRACE__PATHS__VAR": str(tmp_path)})
    environ = job_environ(settings, {"PATH": "/usr/bin", "HEADRACE__PATHS__VAR": "elsewhere"})
    assert environ == {
        "PATH": "/usr/bin",
        "HEADRACE__PATHS__VAR": str(tmp_path),
        "HEADRACE__PATHS__CACHE": str(settings.paths.cache),
        "HEADRACE_PYTHON": str(PYTHON),
        "PYTHONUNBUFFERED": "1",
    }
