"""Daily training: a pinned version of history in, a published model out."""
