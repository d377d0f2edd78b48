from __future__ import annotations

import os
import sys
import threading

import pytest

from stratolab.lab.aside import aside


def test_the_result_comes_from_another_process_and_what_that_did_stays_there():
    before = set(sys.modules)
    loaded = []

    def work():
        import this_module_is_for_a_test_alone  # noqa: PLC0415

        loaded.append(this_module_is_for_a_test_alone)
        return {"pid": os.getpid(), "words": ["ä", 1.5, None]}

    sys.modules["this_module_is_for_a_test_alone"] = sys
    try:
        result = aside(work)()
    finally:
        del sys.modules["this_module_is_for_a_test_alone"]
    assert result["words"] == ["ä", 1.5, None]
    assert result["pid"] != os.getpid()
    assert loaded == []
    assert set(sys.modules) == before


def test_a_large_result_is_whole():
    assert aside(lambda: ["x" * 1000] * 5000)() == ["x" * 1000] * 5000


def test_what_is_raised_is_raised_here():
    def work():
        raise ZeroDivisionError(os.getpid())

    result = aside(work)
    with pytest.raises(ZeroDivisionError) as error:
        result()
    assert error.value.args == (os.getpid(),)


def test_a_child_that_is_killed_is_made_up_for():
    ours = os.getpid()

    def work():
        if os.getpid() != ours:
            os.kill(os.getpid(), 9)
        return os.getpid()

    assert aside(work)() == ours


def test_a_process_with_threads_is_not_forked():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert aside(os.getpid)() == os.getpid()
    finally:
        stop.set()
        thread.join()


def test_no_child_is_left():
    child = aside(os.getpid)()
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)
