"""What a command took, with everything that it started."""

import sys
import textwrap

import pytest

from benchmarks.measuring.usage import Failed, measure

BUSY = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
PYTHON = (sys.executable, "-I", "-S", "-c")


def run(code, tmp_path, **more):
    return measure([*PYTHON, textwrap.dedent(code)], folder=tmp_path, **more)


def test_time_and_cpu_of_a_command(tmp_path):
    usage = run(BUSY, tmp_path)
    assert 0.3 <= usage.cpu < 3
    assert usage.wall >= 0.3
    assert (usage.code, usage.left) == (0, 0)


def test_the_cpu_of_what_a_command_leaves_behind_counts_and_its_time_does_not(tmp_path):
    code = f"""
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                exec({BUSY!r})
            os._exit(0)
        os.wait()
    """
    usage = run(code, tmp_path)
    assert usage.cpu >= 0.3
    assert usage.left == 0


def test_memory_is_that_of_the_tree_and_of_the_largest(tmp_path):
    code = """
        import os, time
        child = os.fork()
        held = bytearray(40_000_000)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(0.5)
        if child:
            os.wait()
    """
    usage = run(code, tmp_path, memory=True)
    assert 76 < usage.tree < 120  # two times 40 million bytes, and two interpreters
    assert 38 < usage.largest < 76
    assert run(code, tmp_path).tree == 0  # nobody looked


def test_the_environment_and_the_folder_are_given(tmp_path):
    code = "import os; open('told', 'w').write(os.environ['TELL'])"
    run(code, tmp_path, env={"TELL": "this"})
    assert (tmp_path / "told").read_text() == "this"


def test_a_command_that_fails_says_its_last_line(tmp_path):
    with pytest.raises(Failed, match="exit code 3: the reason"):
        run("print('noise'); print('the reason'); raise SystemExit(3)", tmp_path)


def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(tmp_path):
    code = """
        import os, time
        os.fork()
        time.sleep(600)
    """
    with pytest.raises(Failed, match=r"not over after 0\.5 s"):
        run(code, tmp_path, seconds=0.5)
