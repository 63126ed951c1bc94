"""One Kafka broker (KRaft, no ZooKeeper) below var/kafka. No topics: stores.kafka makes them."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from pathlib import Path

from headrace.errors import PartFailed
from headrace.local.checkout import CONF
from headrace.local.jars import jar_paths
from headrace.local.java import find_java
from headrace.local.niceness import niceness
from headrace.local.part import Part
from headrace.local.process import Launch
from headrace.local.tcp import answers, split_address
from headrace.settings import Settings

FORMATTED = "formatted"


def kafka_part(settings: Settings) -> Part:
    """The broker of these settings."""
    host, port = split_address(settings.kafka.bootstrap)
    return Part(
        name="kafka",
        world="",
        address=f"{host}:{port}",
        memory_mb=settings.kafka.heap_mb + 200,
        ports=((host, port), (host, settings.kafka.controller_port)),
        pid_file=settings.paths.var / "run" / "kafka.pid",
        log=settings.paths.var / "logs" / "kafka.log",
        grace_s=20.0,
        prepare=lambda: _prepare(settings),
        ready=lambda: answers(host, port),
    )


def _prepare(settings: Settings) -> Launch:
    folder = settings.paths.var / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    properties.write_text(server_properties(settings, folder / "data"), encoding="utf-8")
    java = str(find_java().path)
    heap = ("-Xms128m", f"-Xmx{settings.kafka.heap_mb}m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
    log4j = f"-Dlog4j2.configurationFile=file://{CONF / 'log4j2-kafka.properties'}"
    classes = ("-cp", ":".join(map(str, jar_paths(settings.paths.cache, "kafka"))))
    if not (folder / FORMATTED).exists():
        _format(java, (log4j, *classes), folder, properties)
    return Launch(
        command=(java, *heap, log4j, *classes, "kafka.Kafka", str(properties)),
        environ=dict(os.environ),
        folder=folder,
        log=settings.paths.var / "logs" / "kafka.log",
        niceness=niceness(settings, "kafka"),
    )


def server_properties(settings: Settings, data: Path) -> str:
    """One process as broker and controller, listening where the settings say; every internal topic unreplicated."""
    host, port = split_address(settings.kafka.bootstrap)
    controller = f"{host}:{settings.kafka.controller_port}"
    return "\n".join(
        (
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@{controller}",
            f"listeners=PLAINTEXT://{host}:{port},CONTROLLER://{controller}",
            f"advertised.listeners=PLAINTEXT://{host}:{port}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            f"log.dirs={data}",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            # 50 partitions of each by default: on one laptop only files and start time.
            "offsets.topic.num.partitions=4",
            "transaction.state.log.num.partitions=4",
            # A group that joins must not wait three seconds for others.
            "group.initial.rebalance.delay.ms=0",
            # Topics are made with their limits, or not at all.
            "auto.create.topics.enable=false",
            # The default segment of 1 GiB would keep a laptop's compacted topics from ever being compacted.
            "log.segment.bytes=134217728",
            "",
        )
    )


def _format(java: str, options: tuple[str, ...], folder: Path, properties: Path) -> None:
    """Give the storage its id, which is kept first: an interrupted formatting is then continued, not contradicted."""
    identity = folder / "cluster.id"
    if not identity.exists():
        identity.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22], encoding="ascii")
    tool = (java, "-Xmx128m", *options, "kafka.tools.StorageTool", "format", "--ignore-formatted")
    done = subprocess.run(
        # One word: every 64th id begins with "-", and would be taken for a flag.
        (*tool, f"--cluster-id={identity.read_text(encoding='ascii')}", "-c", str(properties)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PartFailed(f"kafka: its storage could not be formatted: {(done.stderr or done.stdout).strip()[-300:]}")
    (folder / FORMATTED).touch()
