"""One Cassandra node below var/cassandra, passwords on. No roles and no tables: cassandra_role and stores.schema."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from headrace.local.checkout import CONF
from headrace.local.jars import jar_paths
from headrace.local.java import find_java
from headrace.local.part import Part
from headrace.local.process import Launch
from headrace.local.tcp import answers
from headrace.settings import Settings

# Cassandra's own jvm17-server.options; that file is not in the jar.
EXPORTS = (
    "java.base/jdk.internal.misc",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.rmi/sun.rmi.transport.tcp",
    "java.sql/java.sql",
)
OPENS = (
    *(
        f"java.base/{package}"
        for package in (
            "java.lang.module",
            "java.io",
            "jdk.internal.loader",
            "jdk.internal.ref",
            "jdk.internal.reflect",
            "jdk.internal.math",
            "jdk.internal.module",
            "jdk.internal.util.jar",
            "sun.nio.ch",
            "java.nio",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
        )
    ),
    "jdk.management/com.sun.management.internal",
)
# One node has nobody to gossip with: with the defaults it waits a minute for others before it answers.
ALONE = (
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.superuser_setup_delay_ms=0",
    "-Dcassandra.ring_delay_ms=100",
)
# Its idle threads look for work every 10 µs: at 600 reads a second that is 0.25 of a core, half of all that it takes,
# and 35,000 switches a second that everybody else on a small machine waits for. Late by half a millisecond, they rest.
TIMER_SLACK_US = 500
NATIVE_MB = 700  # memtables outside the heap, file cache, class data, threads


def cassandra_part(settings: Settings) -> Part:
    """The node of these settings."""
    host, section = settings.cassandra.hosts[0], settings.cassandra
    return Part(
        name="cassandra",
        world="",
        address=f"{host}:{section.port}",
        memory_mb=section.heap_mb + NATIVE_MB,
        ports=((host, section.port), (host, section.storage_port), (host, section.jmx_port)),
        pid_file=settings.paths.var / "run" / "cassandra.pid",
        log=settings.paths.var / "logs" / "cassandra.log",
        grace_s=30.0,
        prepare=lambda: _prepare(settings),
        ready=lambda: answers(host, section.port),
    )


def _prepare(settings: Settings) -> Launch:
    folder = settings.paths.var / "cassandra"
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    config = folder / "cassandra.yaml"
    # JSON is YAML, and quotes whatever a path holds.
    config.write_text(json.dumps(node_config(settings, folder), indent=2) + "\n", encoding="utf-8")
    jars = jar_paths(settings.paths.cache, "cassandra")
    return Launch(
        command=(str(find_java().path), *_jvm_options(settings, folder, config, jars), *_main_class(jars)),
        environ=dict(os.environ),
        folder=folder,
        log=settings.paths.var / "logs" / "cassandra.log",
        timer_slack_us=TIMER_SLACK_US,
    )


def _main_class(jars: Sequence[Path]) -> tuple[str, ...]:
    return ("-cp", ":".join(map(str, jars)), "org.apache.cassandra.service.CassandraDaemon")


def _jvm_options(settings: Settings, folder: Path, config: Path, jars: Sequence[Path]) -> tuple[str, ...]:
    jamm = next(jar for jar in jars if jar.name.startswith("jamm-"))
    modules = [option for name in EXPORTS for option in ("--add-exports", f"{name}=ALL-UNNAMED")]
    modules += [option for name in OPENS for option in ("--add-opens", f"{name}=ALL-UNNAMED")]
    heap = settings.cassandra.heap_mb
    return (
        f"-Xms{heap}m",
        f"-Xmx{heap}m",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=50",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djdk.attach.allowAttachSelf=true",
        f"-javaagent:{jamm}",
        *modules,
        *ALONE,
        f"-Dcassandra.config=file://{config}",
        f"-Dcassandra.storagedir={folder}",
        f"-Dcassandra.jmx.local.port={settings.cassandra.jmx_port}",
        f"-Dlogback.configurationFile={CONF / 'logback-cassandra.xml'}",
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        f"-Djna.tmpdir={folder / 'tmp'}",
    )


def node_config(settings: Settings, folder: Path) -> dict[str, object]:
    """cassandra.yaml of a single node that trusts nobody without a password."""
    host, section = settings.cassandra.hosts[0], settings.cassandra
    seeds = [{"seeds": f"{host}:{section.storage_port}"}]
    return {
        "cluster_name": "headrace",
        "num_tokens": 1,
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        "commitlog_sync": "periodic",
        "commitlog_sync_period": "1000ms",
        "data_file_directories": [str(folder / "data")],
        "commitlog_directory": str(folder / "commitlog"),
        "hints_directory": str(folder / "hints"),
        "saved_caches_directory": str(folder / "saved_caches"),
        "cdc_raw_directory": str(folder / "cdc_raw"),
        "seed_provider": [{"class_name": "org.apache.cassandra.locator.SimpleSeedProvider", "parameters": seeds}],
        "listen_address": host,
        "storage_port": section.storage_port,
        "rpc_address": host,
        "native_transport_port": section.port,
        "endpoint_snitch": "SimpleSnitch",
        "authenticator": "PasswordAuthenticator",
        "authorizer": "CassandraAuthorizer",
        "role_manager": "CassandraRoleManager",
        "memtable_heap_space": "256MiB",
        "memtable_offheap_space": "256MiB",
        "file_cache_size": "64MiB",
        "key_cache_size": "32MiB",
        # Rows of many partitions in one request are what cassandra.rows_per_request asks for.
        "unlogged_batch_across_partitions_warn_threshold": 1000,
        "concurrent_reads": 8,
        "concurrent_writes": 8,
    }
