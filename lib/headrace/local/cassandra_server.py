"""The Cassandra nodes of this machine, one for each of its addresses, passwords on. No roles and no tables.

Those are cassandra_role's and stores.schema's.
"""

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
from headrace.settings import Cassandra, Settings

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
# Nodes of one machine hear of each other at once: with the defaults each waits a minute before it answers.
AT_ONCE = (
    "-Dcassandra.skip_wait_for_gossip_to_settle=0",
    "-Dcassandra.superuser_setup_delay_ms=0",
    "-Dcassandra.ring_delay_ms=100",
)
# A thread reads the clock for all others, every 2 ms by default: it woke up more often than lists are asked for.
CLOCK = "-Dcassandra.approximate_time_precision_ms=10"
# Its idle threads look for work every 10 µs, which is half of all that it takes of a processor; told to be late by so
# much, they rest, and a read may wait as long. At 200 lists a second: 2.0 ms of processor a list with 0.1 ms, 1.3 with
# 0.5, 1.15 with 1, 1.1 with 1.5; the p99 of a list fell by a fifth from 0.5 to 1 and was no lower with more.
TIMER_SLACK_US = 1_000
NATIVE_MB = 700  # memtables outside the heap, file cache, class data, threads


def cassandra_parts(settings: Settings) -> tuple[Part, ...]:
    """A node for each address of `cassandra.hosts`: "cassandra", "cassandra-2", … All have the same ports."""
    return tuple(_node(settings, place) for place in range(len(settings.cassandra.hosts)))


def _node(settings: Settings, place: int) -> Part:
    section = settings.cassandra
    host, name = section.hosts[place], f"cassandra-{place + 1}" if place else "cassandra"
    return Part(
        name=name,
        world="",
        address=f"{host}:{section.port}",
        memory_mb=section.heap_mb + NATIVE_MB,
        ports=((host, section.port), (host, section.storage_port), ("127.0.0.1", section.jmx_port + place)),
        pid_file=settings.paths.var / "run" / f"{name}.pid",
        log=settings.paths.var / "logs" / f"{name}.log",
        grace_s=30.0,
        prepare=lambda: _prepare(settings, name, place),
        ready=lambda: answers(host, section.port),
    )


def _prepare(settings: Settings, name: str, place: int) -> Launch:
    folder = settings.paths.var / name
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    config = folder / "cassandra.yaml"
    # JSON is YAML, and quotes whatever a path holds.
    config.write_text(json.dumps(node_config(settings.cassandra, place, folder), indent=2) + "\n", encoding="utf-8")
    jars = jar_paths(settings.paths.cache, "cassandra")
    options = _jvm_options(settings.cassandra, place, folder, config, jars)
    return Launch(
        command=(str(find_java().path), *options, *_main_class(jars)),
        environ=dict(os.environ),
        folder=folder,
        log=settings.paths.var / "logs" / f"{name}.log",
        timer_slack_us=TIMER_SLACK_US,
    )


def _main_class(jars: Sequence[Path]) -> tuple[str, ...]:
    return ("-cp", ":".join(map(str, jars)), "org.apache.cassandra.service.CassandraDaemon")


def _jvm_options(cassandra: Cassandra, place: int, folder: Path, config: Path, jars: Sequence[Path]) -> tuple[str, ...]:
    jamm = next(jar for jar in jars if jar.name.startswith("jamm-"))
    modules = [option for name in EXPORTS for option in ("--add-exports", f"{name}=ALL-UNNAMED")]
    modules += [option for name in OPENS for option in ("--add-opens", f"{name}=ALL-UNNAMED")]
    return (
        f"-Xms{cassandra.heap_mb}m",
        f"-Xmx{cassandra.heap_mb}m",
        "-XX:+UseG1GC",
        "-XX:MaxGCPauseMillis=10",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djdk.attach.allowAttachSelf=true",
        f"-javaagent:{jamm}",
        *modules,
        *AT_ONCE,
        CLOCK,
        # Who may log in is known wherever the data are: with one copy, its node's death would lock everybody out.
        f"-Dcassandra.system_auth.default_rf={cassandra.replication}",
        f"-Dcassandra.config=file://{config}",
        f"-Dcassandra.storagedir={folder}",
        f"-Dcassandra.jmx.local.port={cassandra.jmx_port + place}",
        f"-Dlogback.configurationFile={CONF / 'logback-cassandra.xml'}",
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        f"-Djna.tmpdir={folder / 'tmp'}",
    )


def node_config(cassandra: Cassandra, place: int, folder: Path) -> dict[str, object]:
    """cassandra.yaml of the node at that place among the hosts; it trusts nobody without a password.

    Every node is a seed: empty ones then start together, and none waits to be given rows that nobody has yet.
    """
    host = cassandra.hosts[place]
    seeds = [{"seeds": ",".join(f"{each}:{cassandra.storage_port}" for each in cassandra.hosts)}]
    memtables = f"{min(256, cassandra.heap_mb // 4)}MiB"
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
        "storage_port": cassandra.storage_port,
        "rpc_address": host,
        "native_transport_port": cassandra.port,
        "endpoint_snitch": "SimpleSnitch",
        "authenticator": "PasswordAuthenticator",
        "authorizer": "CassandraAuthorizer",
        "role_manager": "CassandraRoleManager",
        "memtable_heap_space": memtables,
        "memtable_offheap_space": memtables,
        "file_cache_size": "64MiB",
        "key_cache_size": "32MiB",
        # Rows of many partitions in one request are what cassandra.rows_per_request asks for.
        "unlogged_batch_across_partitions_warn_threshold": 1000,
        # Nodes that share two cores pause for seconds; the default of 8 takes such a pause for a death.
        "phi_convict_threshold": 12,
        "concurrent_reads": 8,
        "concurrent_writes": 8,
        # Four times what a full laptop writes. The default of 64 MiB/s is a whole core for half a second, and whoever
        # reads then waits for it.
        "concurrent_compactors": 1,
        "compaction_throughput": "16MiB/s",
        # Memtables and indexes of Cassandra 5, which its default leaves off for those who come from 4.
        "storage_compatibility_mode": "NONE",
        "memtable": {"configurations": {"trie": {"class_name": "TrieMemtable"}, "default": {"inherits": "trie"}}},
        "memtable_allocation_type": "offheap_objects",
        "sstable": {"selected_format": "bti"},
    }
