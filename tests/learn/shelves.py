"""Catalogues whose items nobody put in a category."""

from __future__ import annotations

import numpy as np


def uncategorised(items: int) -> dict[str, object]:
    """The fields of retrieval.Catalogue that say so."""
    return {"category": np.zeros(items, dtype=np.int64), "category_code": {"unknown": 0}}
