"""Our settings, with a Spark that is told nothing but what Delta needs: a peer for benchmarks. It starts nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from headrace.program import conf_dir

STOCK_SPARK: Final = """\
spark.sql.extensions             io.delta.sql.DeltaSparkSessionExtension
spark.sql.catalog.spark_catalog  org.apache.spark.sql.delta.catalog.DeltaCatalog
spark.sql.session.timeZone       UTC
spark.ui.showConsoleProgress     false
"""
STOCK_TOML: Final = """
[spark]
shuffle_partitions = 200
hot_partitions = 200
"""


def stock_conf(folder: Path, var: Path) -> Path:
    """Our settings on the same servers, but for what Spark is told."""
    shutil.copytree(conf_dir(), folder, dirs_exist_ok=True)
    (folder / "spark-defaults.conf").write_text(STOCK_SPARK, encoding="utf-8")
    (folder / "spark-local.conf").write_text("", encoding="utf-8")
    local = (folder / "local.toml").read_text(encoding="utf-8").replace("[spark]\n", STOCK_TOML)
    (folder / "local.toml").write_text(f'{local}\n[paths]\nvar = "{var}"\n', encoding="utf-8")
    return folder
