"""What a program's errors become: a line and an exit code where they are ours, a traceback where they are not."""

from collections.abc import Callable

import pytest

from headrace.errors import BadSettings, HeadraceError, MachineUnfit
from headrace.program import run


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize("error", [MachineUnfit("port 1 is taken"), BadSettings("port 1 is taken")])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_an_error_of_ours_is_one_line_and_its_code_however_many_tasks_it_ended(
    error: HeadraceError, depth: int, capsys: pytest.CaptureFixture[str]
) -> None:
    raised: Exception = error
    for _ in range(depth):
        raised = ExceptionGroup("unhandled errors in a TaskGroup", [raised])

    with pytest.raises(SystemExit) as ended:
        run(raising(raised))

    assert ended.value.code == error.exit_code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.endswith("port 1 is taken\n")


@pytest.mark.parametrize(
    "bug",
    [
        KeyError("x"),
        ExceptionGroup("tasks", [KeyError("x")]),
        ExceptionGroup("tasks", [MachineUnfit("port 1"), KeyError("x")]),
    ],
)
def test_a_bug_stays_a_traceback(bug: Exception) -> None:
    with pytest.raises(type(bug)) as raised:
        run(raising(bug))
    assert raised.value is bug


def test_an_interrupt_is_130() -> None:
    with pytest.raises(SystemExit) as ended:
        run(raising(KeyboardInterrupt()))
    assert ended.value.code == 130
