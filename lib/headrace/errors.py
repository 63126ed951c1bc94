"""Everything that Headrace raises on purpose; no logic.

HeadraceError
├── BadInput                 what a person or program handed in is wrong; names field, value and remedy   (exit 2)
│   ├── BadSettings          a settings file, environment variable or flag
│   ├── BadDataset           a dataset folder or one of its files
│   └── BadEvent             an event against its contract; carries the reason code
├── MachineUnfit             Java, memory, disk or a port is not as needed                              (exit 2)
├── StoreUnavailable         a store did not answer; never means "not there"
├── RecordTooLarge           the broker takes no record of this size, however often it is sent
├── LeaseHeld                another writer holds the lease of this query
├── CheckpointLost           the lease remembers a checkpoint that is gone
├── TableFilled              a query would begin anew on a table that has its rows already
├── SchemaMismatch           a table or a checkpoint was made by a version whose columns or types differ
├── FeatureSetMismatch       a model was trained on other features than this code computes
├── ModelCorrupt             a shelf folder disagrees with its manifest
├── ModelRefused             the gate judged a new model worse; the served one stays served              (exit 1)
├── Problem                  an HTTP request that cannot be answered (serve/problems.py)
└── PartFailed               a server or job of the local stack did not start or died                   (exit 1)
"""


class HeadraceError(Exception):
    """The root: catch this to catch everything that Headrace raises on purpose."""

    exit_code = 1


class BadInput(HeadraceError):
    """What a person or program handed in is wrong; the message names the field, the value and what to do."""

    exit_code = 2


class BadSettings(BadInput):
    """A settings file, environment variable or flag is wrong."""


class BadDataset(BadInput):
    """A dataset folder or one of its files is wrong."""


class BadEvent(BadInput):
    """An event breaks its contract; `reason` is the code that events.rejected carries."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class MachineUnfit(HeadraceError):
    """Java, memory, disk or a port of this machine is not as needed; nothing was started."""

    exit_code = 2


class StoreUnavailable(HeadraceError):
    """A store did not answer in time. It says nothing about whether the row exists."""


class RecordTooLarge(HeadraceError):
    """A record is larger than the broker takes: sending it again would fail again."""


class LeaseHeld(HeadraceError):
    """Another writer holds the lease; two drivers on one checkpoint would corrupt it."""


class CheckpointLost(HeadraceError):
    """The lease remembers a checkpoint that is gone; starting would restart batch ids at 0."""


class TableFilled(HeadraceError):
    """A query without a checkpoint would append everything a second time to a table that has rows."""


class SchemaMismatch(HeadraceError):
    """A table or a checkpoint was made by a version whose columns or types cannot become this one's."""


class FeatureSetMismatch(HeadraceError):
    """A model names a FEATURE_SET_ID that this code does not compute."""


class ModelCorrupt(HeadraceError):
    """A model folder disagrees with the checksums or counts of its manifest."""


class ModelRefused(HeadraceError):
    """A trained model was not published, because the gate judged it worse than what is served or than popularity."""


class PartFailed(HeadraceError):
    """A server or job of the local stack did not become ready, or died."""
