"""Apache Ivy, which comes inside pyspark, as a fetcher of jars from Maven repositories. It trusts nothing: see jars."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from headrace.errors import MachineUnfit
from headrace.local.checkout import pyspark_home
from headrace.local.jar_lock import Jar
from headrace.local.java import Java

# All of a coordinate in the file name, because a retrieved file carries nothing else that tells what it is.
PATTERN = "[organisation]~[artifact]~[revision](~[classifier]).[ext]"
FETCHED = "[SUCCESSFUL ]"


def fetch(java: Java, jars: Sequence[Jar], folder: Path, ivy_cache: Path, on_jar: Callable[[], None]) -> None:
    """Put exactly these jars into `folder`, named by PATTERN; nothing transitive. `on_jar` is called per download."""
    artifacts: dict[tuple[str, str, str], list[str]] = {}
    for jar in jars:
        artifacts.setdefault((jar.organisation, jar.name, jar.revision), []).append(jar.classifier)
    dependencies = "".join(_exactly(*module, classifiers) for module, classifiers in artifacts.items())
    _retrieve(java, dependencies, folder, ivy_cache, on_jar)


def resolve(java: Java, roots: Sequence[str], folder: Path, ivy_cache: Path, on_jar: Callable[[], None]) -> None:
    """Put the jars of `roots` (`org:name:revision`) and all that they need into `folder`, named by PATTERN."""
    # `default` and not `runtime`: with `runtime` the module's own jar is left out.
    dependencies = "".join(
        '<dependency org={} name={} rev={} conf="default->default"/>'.format(*map(quoteattr, root.split(":")))
        for root in roots
    )
    _retrieve(java, dependencies, folder, ivy_cache, on_jar)


def _exactly(organisation: str, name: str, revision: str, classifiers: Sequence[str]) -> str:
    artifacts = "".join(
        f'<artifact name={quoteattr(name)} type="jar" ext="jar"'
        + (f" m:classifier={quoteattr(classifier)}/>" if classifier else "/>")
        for classifier in classifiers
    )
    return (
        f"<dependency org={quoteattr(organisation)} name={quoteattr(name)} rev={quoteattr(revision)} "
        f'transitive="false" conf="default->default">{artifacts}</dependency>'
    )


def _retrieve(java: Java, dependencies: str, folder: Path, ivy_cache: Path, on_jar: Callable[[], None]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    module = folder / "ivy.xml"
    module.write_text(
        '<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">'
        '<info organisation="headrace" module="jars"/><configurations><conf name="default"/></configurations>'
        f"<dependencies>{dependencies}</dependencies></ivy-module>",
        encoding="utf-8",
    )
    ivy = next((pyspark_home() / "jars").glob("ivy-*.jar"))
    command = [str(java.path), "-cp", str(ivy), "org.apache.ivy.Main", "-cache", str(ivy_cache)]
    command += ["-confs", "default", "-ivy", str(module), "-retrieve", f"{folder}/{PATTERN}"]
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None  # PIPE above
        for line in process.stdout:
            said.append(line)
            if FETCHED in line:
                on_jar()
    if process.returncode != 0:
        log = ivy_cache / "ivy.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(said), encoding="utf-8")
        raise MachineUnfit(f"Ivy could not fetch the jars (is the network there?); what it said is in {log}")
