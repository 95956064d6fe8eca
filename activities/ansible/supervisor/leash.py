"""Runs a command on a leash: `python leash.py COMMAND…`. Nothing that it started outlives it.

It ends, with all that it started, by itself, at SIGTERM, or when standard input does: that is, when whoever started this
program is gone, however that ended. The exit code is the command's as a shell tells it (128 and the number of a signal).
"""
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import processes
del sys.path[0]

GRACE = 2.0
STOPPING = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}


def main(command):
    wake = catch_signals()
    processes.become_reaper()
    # In a session of its own: a signal that it sends to its process group is not for us.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=processes.die_with_parent)
    while child.returncode is None and not is_over(wake):
        reap(child)
    processes.end_descendants(GRACE, spare_connections=False, turn=lambda seconds: (time.sleep(seconds), reap(child)))
    code = child.returncode
    return 128 + signal.SIGKILL if code is None else code if code >= 0 else 128 - code


def catch_signals():
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    for number in {signal.SIGCHLD, *STOPPING}:
        signal.signal(number, lambda *_: None)
    return wake


def is_over(wake):
    """Waits for something to happen: whether it is that nobody wants the command any more."""
    ready, _, _ = select.select([0, wake], [], [])
    return 0 in ready or not STOPPING.isdisjoint(os.read(wake, 4096))


def reap(child):
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == child.pid:
            child.returncode = os.waitstatus_to_exitcode(status)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
