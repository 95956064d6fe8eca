"""Watches the shared files that this host mounts: says in /run whether each is there, and mounts again what the storage has back.

Standard library only, and musher_mounts beside it.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

from musher_mounts import detach, mount_of, unit_of

CONFIGURATION = '/etc/musher/files'
# A file for each environment whose shared files are there, and SLUG.gone, which holds since when they are not.
MARKS = '/run/musher/files'

# Seconds: between two looks; in which a look must end; in which a connection to the storage must come about.
EVERY, LIMIT, CONNECT = 2.0, 4.0, 2.0
# Seconds after which a mount that does not answer is taken off: from then on who asks for a file is refused, and waits no more.
PATIENCE = 10.0


class Watched:
    """One environment's shared files. A process of its own looks at them, since it may not come back; there is never more than one."""

    def __init__(self, asked: dict):
        self.path, self.address, self.port = asked['path'], asked['address'], asked.get('port', 2049)
        self.mark, self.reader = os.path.join(MARKS, asked['slug']), asked.get('reader')
        self.child, self.began, self.looks = 0, 0.0, False
        self.next = 0.0
        self.gone_at: float | None = None

    def step(self, now: float) -> None:
        if self.child:
            self.attend(now)
        elif now >= self.next:
            self.next = now + EVERY
            self.looks = mount_of(self.path) is not None
            if not self.looks:
                self.gone(now)
            self.began, self.child = now, fork(self.look if self.looks else self.mount)

    def due(self, now: float) -> float:
        """When it wants to be attended to again, unless its child ends before."""
        return max(self.began + LIMIT, now + 1) if self.child else self.next

    def attend(self, now: float) -> None:
        """See what has become of the child."""
        pid, status = os.waitpid(self.child, os.WNOHANG)
        if pid:
            self.child = 0
            if self.looks:
                self.back() if status == 0 else self.gone(now)
        elif now - self.began > LIMIT:
            os.kill(self.child, signal.SIGKILL)
            self.gone(now)

    def look(self) -> None:
        os.statvfs(self.path)  # never answered from a cache

    def mount(self) -> None:
        with socket.create_connection((self.address, self.port), CONNECT):
            pass
        unit = unit_of(self.path)
        # A unit that failed often is started no more until this is forgotten.
        subprocess.run(['systemctl', 'reset-failed', unit], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(['systemctl', 'start', '--no-block', unit], check=True)

    def back(self) -> None:
        self.gone_at = None
        if not os.path.exists(self.mark):
            put(self.mark, '')
            say('the shared files at %s are there' % self.path)
        if os.path.exists(self.mark + '.gone'):
            if self.reader:
                # PHP remembers for minutes that a path led nowhere.
                subprocess.run(['systemctl', 'try-reload-or-restart', '--no-block', self.reader], check=False)
            os.unlink(self.mark + '.gone')

    def gone(self, now: float) -> None:
        if self.gone_at is None:
            self.gone_at = now
            if not os.path.exists(self.mark + '.gone'):
                put(self.mark + '.gone', time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
                say('the shared files at %s are gone' % self.path)
        if os.path.exists(self.mark):
            os.unlink(self.mark)
        if now - self.gone_at > PATIENCE and mount_of(self.path):
            try:
                detach(self.path)
                say('took %s off until the storage %s is back' % (self.path, self.address))
            except OSError as error:
                say('could not take off %s: %s' % (self.path, error.strerror))


def fork(act) -> int:
    """Runs act() in a process of its own, which ends with 0 when that raised nothing; its id."""
    child = os.fork()
    if not child:
        status = 1
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    return child


def put(path: str, text: str) -> None:
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.write(text)
    os.rename(path + '.new', path)


def say(text: str) -> None:
    print(text, flush=True)


def configured() -> list[dict]:
    found = []
    for path in sorted(glob.glob(os.path.join(CONFIGURATION, '*.json'))):
        with open(path, encoding='utf-8') as file:
            found.append(json.load(file))
    return found


def watch(asked: list[dict]) -> None:
    slugs = {one['slug'] for one in asked}
    os.makedirs(MARKS, exist_ok=True)
    for name in os.listdir(MARKS):
        if name.removesuffix('.gone') not in slugs:
            os.unlink(os.path.join(MARKS, name))
    watched = [Watched(one) for one in asked]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    while True:
        for one in watched:
            one.step(time.monotonic())
        now = time.monotonic()
        signal.sigtimedwait([signal.SIGCHLD], max(0, min([one.due(now) for one in watched], default=now + EVERY) - now))


def check(asked: list[dict]) -> None:
    """Says what it would watch and which program it is: what tells versions of it apart."""
    for one in asked:
        Watched(one)
    with open(__file__, 'rb') as program:
        print(hashlib.sha256(program.read()).hexdigest(), json.dumps(asked))


if __name__ == '__main__':
    check(configured()) if '--check' in sys.argv else watch(configured())
