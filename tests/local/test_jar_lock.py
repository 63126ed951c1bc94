"""What is in the cache is what was locked, or nothing starts."""

import hashlib
import os
from pathlib import Path

import pytest

from headrace.errors import BadSettings, MachineUnfit
from headrace.local.checkout import JARS_LOCK
from headrace.local.jar_lock import Jar, JarSet, format_lock, missing, read_lock


def a_set(*bodies: bytes) -> JarSet:
    jars = tuple(
        Jar("org.example", f"part{n}", "1.0", "", hashlib.sha256(body).hexdigest()) for n, body in enumerate(bodies)
    )
    return JarSet("example", ("org.example:part0:1.0",), jars)


def test_a_jar_that_is_not_there_is_missing_and_one_with_the_locked_bytes_is_not(tmp_path: Path) -> None:
    wanted = a_set(b"one", b"two")
    (tmp_path / "part0-1.0.jar").write_bytes(b"one")
    assert missing(wanted, tmp_path) == (wanted.jars[1],)


def test_other_bytes_than_locked_are_refused_with_file_and_both_hashes(tmp_path: Path) -> None:
    wanted = a_set(b"one")
    (tmp_path / "part0-1.0.jar").write_bytes(b"evil")
    with pytest.raises(MachineUnfit) as refusal:
        missing(wanted, tmp_path)
    for part in (str(tmp_path / "part0-1.0.jar"), wanted.jars[0].sha256, hashlib.sha256(b"evil").hexdigest()):
        assert part in str(refusal.value)


def test_a_verified_jar_is_hashed_again_only_when_it_changed(tmp_path: Path) -> None:
    wanted, jar = a_set(b"one"), tmp_path / "part0-1.0.jar"
    jar.write_bytes(b"one")
    assert missing(wanted, tmp_path) == ()
    verified = jar.stat()
    # Other bytes behind the same size and time: nothing looks at them, which is what makes a second start quick …
    jar.write_bytes(b"eno")
    os.utime(jar, ns=(verified.st_atime_ns, verified.st_mtime_ns))
    assert missing(wanted, tmp_path) == ()
    # … and with another time they are looked at.
    os.utime(jar, ns=(verified.st_atime_ns, verified.st_mtime_ns + 1))
    with pytest.raises(MachineUnfit):
        missing(wanted, tmp_path)


def test_a_new_lock_is_not_satisfied_by_an_old_verification(tmp_path: Path) -> None:
    (tmp_path / "part0-1.0.jar").write_bytes(b"one")
    assert missing(a_set(b"one"), tmp_path) == ()
    with pytest.raises(MachineUnfit):
        missing(a_set(b"two"), tmp_path)


def test_half_written_stamps_cost_a_hashing_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "part0-1.0.jar").write_bytes(b"one")
    (tmp_path / ".verified.json").write_text('{"part0-1.0.jar": ["')
    assert missing(a_set(b"one"), tmp_path) == ()


def test_a_lock_reads_back_as_it_was_written(tmp_path: Path) -> None:
    native = Jar("io.example", "native", "2.0", "linux-x86_64", "ab" * 32)
    written = JarSet("example", ("io.example:native:2.0",), (native,))
    lock = tmp_path / "jars.lock"
    lock.write_text(format_lock([written]))
    assert read_lock(lock) == {"example": written}
    assert native.file == "native-2.0-linux-x86_64.jar"
    assert native.coordinate == "io.example:native:2.0:linux-x86_64"


@pytest.mark.parametrize(
    "text",
    [
        "not toml [",
        "[kafka]\n",
        '[kafka]\nroots = []\n[kafka.sha256]\n"only:two" = "' + "a" * 64 + '"',
        '[kafka]\nroots = []\n[kafka.sha256]\n"a:b:1" = "short"',
    ],
)
def test_a_damaged_lock_is_named(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "jars.lock"
    lock.write_text(text)
    with pytest.raises(BadSettings, match=r"jars\.lock: not a jar lock"):
        read_lock(lock)


def test_the_lock_holds_no_address_and_every_jar_that_must_be_there() -> None:
    assert "://" not in JARS_LOCK.read_text()
    sets = read_lock(JARS_LOCK)
    assert sorted(sets) == ["cassandra", "kafka", "spark"]
    names = {name: {jar.name for jar in jar_set.jars} for name, jar_set in sets.items()}
    assert {"kafka_2.13", "log4j-slf4j-impl"} <= names["kafka"]
    assert {"cassandra-all", "jamm", "logback-classic"} <= names["cassandra"]
    assert {"delta-spark_4.2_2.13", "delta-storage", "spark-sql-kafka-0-10_2.13"} <= names["spark"]
    # pyspark has these itself, in other versions.
    assert not {"scala-library", "hadoop-client-api", "jackson-databind", "slf4j-api"} & names["spark"]
