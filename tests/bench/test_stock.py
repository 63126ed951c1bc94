from __future__ import annotations

from bench.stock import stock_conf

from headrace.settings import load_settings


def test_the_stock_side_has_our_servers_and_none_of_our_spark_settings(tmp_path):
    conf = stock_conf(tmp_path / "conf", tmp_path / "var")
    settings = load_settings(conf, environ={})
    assert settings.spark.shuffle_partitions == settings.spark.hot_partitions == 200
    assert settings.paths.var == tmp_path / "var"
    assert settings.kafka.bootstrap == "127.0.0.1:19092"
    told = (conf / "spark-defaults.conf").read_text(encoding="utf-8") + (conf / "spark-local.conf").read_text("utf-8")
    assert "stateStore" not in told
    assert "checkpointFileManager" not in told
