"""One way to submit: what a job is run with, by master."""

import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from headrace.errors import BadInput
from headrace.local import submit
from headrace.local.checkout import CONF, ROOT
from headrace.local.package import package_zip
from headrace.local.submit import submission
from headrace.settings import Settings, load_settings

JARS = [Path("/cache/delta.jar"), Path("/cache/kafka.jar")]


@pytest.fixture(autouse=True)
def _jars_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submit, "spark_jars", lambda settings: JARS)


def settings_with(var: Path, **environ: str) -> Settings:
    return load_settings(CONF, environ={"HEADRACE__PATHS__VAR": str(var)} | environ)


def conf_of(command: tuple[str, ...]) -> dict[str, str]:
    pairs = (value for flag, value in pairwise(command) if flag == "--conf" and "=" in value)
    return dict(pair.split("=", 1) for pair in pairs)


def after(command: tuple[str, ...], flag: str) -> str:
    return command[command.index(flag) + 1]


def test_ingest_has_two_slots_more_than_partitions(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, HEADRACE__WORLD__PARTITIONS="5")
    assert (
        after(submission(settings, Path("jobs/ingest.py"), (), {"PATH": "/usr/bin"}).command, "--master") == "local[7]"
    )


def test_locally_jars_are_on_the_class_path_and_everything_stays_on_loopback_and_below_var(tmp_path: Path) -> None:
    planned = submission(settings_with(tmp_path), ROOT / "jobs/features.py", ("--world", "x"), {"PATH": "/usr/bin"})
    conf = conf_of(planned.command)
    assert conf["spark.driver.extraClassPath"] == "/cache/delta.jar:/cache/kafka.jar"
    assert "--jars" not in planned.command
    assert "--packages" not in planned.command
    assert conf["spark.driver.host"] == planned.environ["SPARK_LOCAL_IP"] == "127.0.0.1"
    assert conf["spark.local.dir"].startswith(str(tmp_path))
    assert conf["spark.sql.shuffle.partitions"] == "2"
    assert planned.command[-3:] == (str(ROOT / "jobs/features.py"), "--world", "x")


def test_locally_java_allocates_from_two_pools_unless_its_starter_says_otherwise(tmp_path: Path) -> None:
    settings, job = settings_with(tmp_path), Path("jobs/features.py")
    assert submission(settings, job, (), {"PATH": "/usr/bin"}).environ["MALLOC_ARENA_MAX"] == "2"
    wanted = {"PATH": "/usr/bin", "MALLOC_ARENA_MAX": "4"}
    assert submission(settings, job, (), wanted).environ["MALLOC_ARENA_MAX"] == "4"
    cluster = settings_with(tmp_path, HEADRACE__SPARK__MASTER="yarn")
    assert "MALLOC_ARENA_MAX" not in submission(cluster, job, (), {"PATH": "/usr/bin"}).environ


def test_only_training_gets_the_deep_stack_and_what_runs_in_batches_a_heap_of_which_half_is_young(
    tmp_path: Path,
) -> None:
    flags = {
        job: conf_of(submission(settings_with(tmp_path), Path(f"jobs/{job}.py"), (), {"PATH": "/usr/bin"}).command)[
            "spark.driver.extraJavaOptions"
        ]
        for job in ("train", "hot", "ledger", "features", "ingest")
    }
    assert [job for job in flags if "-Xss16m" in flags[job]] == ["train"]
    assert [job for job in flags if "-XX:NewRatio=1" in flags[job]] == ["hot", "ledger", "features"]


def test_each_job_has_the_memory_of_its_setting(tmp_path: Path) -> None:
    settings = settings_with(
        tmp_path,
        HEADRACE__SPARK__INGEST_MEMORY="301m",
        HEADRACE__SPARK__HOT_MEMORY="304m",
        HEADRACE__SPARK__LEDGER_MEMORY="305m",
        HEADRACE__SPARK__FEATURES_MEMORY="302m",
        HEADRACE__SPARK__DRIVER_MEMORY="303m",
    )
    found = {
        job: conf_of(submission(settings, Path(f"jobs/{job}.py"), (), {"PATH": "/usr/bin"}).command)[
            "spark.driver.memory"
        ]
        for job in ("ingest", "hot", "ledger", "features", "train")
    }
    assert found == {"ingest": "301m", "hot": "304m", "ledger": "305m", "features": "302m", "train": "303m"}


def test_a_standalone_cluster_gets_jars_and_code_from_here(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, HEADRACE__SPARK__MASTER="spark://10.0.0.1:7077")
    planned = submission(settings, Path("jobs/features.py"), (), {"PATH": "/usr/bin"})
    assert after(planned.command, "--jars") == "/cache/delta.jar,/cache/kafka.jar"
    assert after(planned.command, "--py-files").endswith(".zip")
    assert "SPARK_LOCAL_IP" not in planned.environ
    assert "spark.driver.host" not in conf_of(planned.command)


def test_no_job_takes_every_slot_of_a_standalone_cluster_and_ingest_has_those_that_it_needs(tmp_path: Path) -> None:
    settings = settings_with(
        tmp_path,
        HEADRACE__SPARK__MASTER="spark://10.0.0.1:7077",
        HEADRACE__SPARK__CORES_MAX="6",
        HEADRACE__SPARK__EXECUTOR_MEMORY="3g",
        HEADRACE__WORLD__PARTITIONS="32",
    )
    conf = {
        job: conf_of(submission(settings, Path(f"jobs/{job}.py"), (), {"PATH": "/usr/bin"}).command)
        for job in ("ingest", "hot", "features")
    }
    assert {job: found["spark.cores.max"] for job, found in conf.items()} == {
        "ingest": "34",
        "hot": "6",
        "features": "6",
    }
    assert {found["spark.executor.memory"] for found in conf.values()} == {"3g"}


def test_only_executors_that_see_this_machines_files_get_a_log_configuration_of_it(tmp_path: Path) -> None:
    found = {}
    for master in ("local", "spark://127.0.0.1:7077", "spark://10.0.0.1:7077"):
        settings = settings_with(tmp_path, HEADRACE__SPARK__MASTER=master)
        conf = conf_of(submission(settings, Path("jobs/hot.py"), (), {"PATH": "/usr/bin"}).command)
        found[master] = conf.get("spark.executor.extraJavaOptions")
    assert str(CONF / "log4j2-spark.properties") in str(found["spark://127.0.0.1:7077"])
    assert found["local"] is found["spark://10.0.0.1:7077"] is None


def test_a_master_on_this_machine_has_the_jars_on_every_class_path_from_the_start(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, HEADRACE__SPARK__MASTER="spark://127.0.0.1:7077")
    planned = submission(settings, Path("jobs/hot.py"), (), {"PATH": "/usr/bin"})
    conf = conf_of(planned.command)
    jars = "/cache/delta.jar:/cache/kafka.jar"
    assert conf["spark.driver.extraClassPath"] == conf["spark.executor.extraClassPath"] == jars
    assert "--jars" not in planned.command
    assert after(planned.command, "--py-files").endswith(".zip")


@pytest.mark.parametrize("master", ["local", "spark://127.0.0.1:7077", "yarn"])
def test_a_driver_that_imports_the_shipped_zip_still_finds_the_settings(tmp_path: Path, master: str) -> None:
    settings = settings_with(tmp_path, HEADRACE__SPARK__MASTER=master)
    planned = submission(settings, Path("jobs/maintain.py"), (), {"PATH": "/usr/bin"}, Path("conf"))
    assert planned.environ["HEADRACE_CONF"] == str(Path("conf").absolute())


def test_yarn_fetches_the_jars_itself(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, HEADRACE__SPARK__MASTER="yarn")
    planned = submission(settings, Path("jobs/features.py"), (), {"PATH": "/usr/bin"})
    packages = after(planned.command, "--packages")
    assert packages.startswith("io.delta:delta-spark_4.2_2.13:4.4.0,org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0")
    assert "--jars" not in planned.command


def test_another_spark_in_the_shell_does_not_leak_in(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin", "SPARK_HOME": "/opt/spark", "SPARK_CONF_DIR": "/etc/spark"}
    planned = submission(settings_with(tmp_path), Path("jobs/features.py"), (), environ)
    assert not {"SPARK_HOME", "SPARK_CONF_DIR"} & planned.environ.keys()


def test_a_job_that_does_not_exist_is_named() -> None:
    with pytest.raises(BadInput, match=r"jobs/nothing\.py: no such job"):
        submit.main(["jobs/nothing.py"])
    with pytest.raises(BadInput, match="usage"):
        submit.main([])


def test_the_shipped_zip_is_the_package_and_its_name_follows_its_content(tmp_path: Path) -> None:
    archive = package_zip(tmp_path)
    assert package_zip(tmp_path) == archive
    with zipfile.ZipFile(archive) as packed:
        assert packed.read("headrace/domain/panes.py") == (ROOT / "lib/headrace/domain/panes.py").read_bytes()
        assert not [name for name in packed.namelist() if not name.endswith(".py")]


def test_jobs_that_start_together_each_write_a_zip_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write, others = zipfile.ZipFile.writestr, iter([102])

    def beside_another(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, body: bytes) -> None:
        if (other := next(others, None)) is not None:  # in the midst of this zip another job makes the whole of it
            monkeypatch.setattr("os.getpid", lambda: other)
            package_zip(tmp_path)
        write(packed, entry, body)

    monkeypatch.setattr("os.getpid", lambda: 101)
    monkeypatch.setattr(zipfile.ZipFile, "writestr", beside_another)
    archive = package_zip(tmp_path)
    assert list(tmp_path.iterdir()) == [archive]
    assert zipfile.is_zipfile(archive)
