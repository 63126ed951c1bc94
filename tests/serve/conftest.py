"""The API over memory stores: empty, or with a published model of four items."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.api import Api


@pytest.fixture
def empty_api(tmp_path: Path) -> Iterator[Api]:
    api = Api(tmp_path / "shelf")
    api.refresh()
    yield api
    api.close()


@pytest.fixture
def api(empty_api: Api) -> Api:
    empty_api.publish()
    return empty_api
