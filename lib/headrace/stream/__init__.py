"""Spark Structured Streaming: DataFrames from Kafka to Delta and Cassandra."""
