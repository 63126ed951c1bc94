"""Every port on Cassandra, one session for all. No law: what rows mean is the domain's business."""

from headrace.stores.cassandra.stores import CassandraStores, open_stores

__all__ = ["CassandraStores", "open_stores"]
