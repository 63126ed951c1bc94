"""The HTTP API: merge, re-rank, explain. No Spark, no pandas."""
