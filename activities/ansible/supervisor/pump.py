"""Moves a run's output to its log and hears of ended children and of the wish to stop, asleep in between."""
import os
import selectors
import signal

CHUNK = 1 << 18


class Pump:
    wake, waker = -1, -1
    stopping = False

    @classmethod
    def catch_signals(cls):
        """Must precede the record of who we are: whoever reads that may send SIGTERM."""
        cls.wake, cls.waker = os.pipe()
        os.set_blocking(cls.wake, False)
        os.set_blocking(cls.waker, False)
        signal.set_wakeup_fd(cls.waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, cls._stop)

    @classmethod
    def _stop(cls, *_):
        cls.stopping = True

    def __init__(self, source, log):
        os.set_blocking(source, False)
        self.source, self.log = source, log
        # The Popen itself, kept: one that is let go of reaps its process and loses the status.
        self.child, self.status = None, None
        self.selector = selectors.DefaultSelector()
        self.selector.register(source, selectors.EVENT_READ)
        self.selector.register(self.wake, selectors.EVENT_READ)

    def turn(self, seconds):
        """Waits at most `seconds` for something to happen and deals with it."""
        for key, _ in self.selector.select(max(0, seconds)):
            if key.fd == self.source:
                self._read()
            else:
                os.read(self.wake, 4096)
        self._reap()

    def drain(self):
        """Takes what is left in the pipe; somebody may still hold its other end, so its end is not awaited."""
        while self._read():
            pass

    def _read(self):
        try:
            data = os.read(self.source, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self.log.write(data)
        elif self.source in self.selector.get_map():
            self.selector.unregister(self.source)
        return bool(data)

    def _reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self.child and pid == self.child.pid:
                self.status = self.child.returncode = os.waitstatus_to_exitcode(status)
