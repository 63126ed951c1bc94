"""Public event data turned into wire events: one reader per format, recognised by its columns. Nothing is sent here."""

from headrace.local.datasets.folder import FORMATS, Dataset, open_dataset
from headrace.local.datasets.rows import Format, Row, Skip
from headrace.local.datasets.spool import Spooled, spool

__all__ = ["FORMATS", "Dataset", "Format", "Row", "Skip", "Spooled", "open_dataset", "spool"]
