"""Watches the code and the shared files that this host mounts: says in /run whether each is there, and mounts again what the storage has back.

Shared files that do not answer are taken off, so that nobody waits for them. Code never is: what was read of it is in memory, and is served on from there.

Standard library only, and musher_mounts beside it.
"""

from __future__ import annotations

import glob
import json
import os
import signal
import socket
import subprocess
import time

from musher_mounts import detach, interrupt, mount_of, unit_of

# A folder each of what is watched, a file for each environment.
CONFIGURATION = '/etc/musher'
# KIND/SLUG is there while shared files answer, or while code is mounted; KIND/SLUG.gone holds since when the storage does not answer, or nothing is mounted.
MARKS = '/run/musher'
KINDS = {'code': 'the code', 'files': 'the shared files'}

# Seconds: between two looks; in which a look must end; in which a connection to the storage must come about.
EVERY, LIMIT, CONNECT = 2.0, 4.0, 2.0
# Seconds after which a mount that does not answer is taken off: from then on who asks for a file is refused, and waits no more.
PATIENCE = 10.0
# How often everybody who waits for a mount is interrupted before it is taken off.
INTERRUPTIONS = 10


class Watched:
    """One environment's code or shared files. A process of its own looks at them, since it may not come back; there is never more than one."""

    def __init__(self, kind: str, asked: dict):
        self.path, self.address, self.port = asked['path'], asked['address'], asked.get('port', 2049)
        self.mark, self.reader = os.path.join(MARKS, kind, asked['slug']), asked.get('reader')
        self.what, self.stays = '%s at %s' % (KINDS[kind], self.path), kind == 'code'
        self.child, self.began, self.looks = 0, 0.0, False
        self.held: int | None = None
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
            elif self.stays:
                self.here()
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

    def here(self) -> None:
        if not os.path.exists(self.mark):
            if self.reader and os.path.exists(self.mark + '.gone'):
                # PHP remembers for minutes that a path led nowhere.
                subprocess.run(['systemctl', 'try-reload-or-restart', '--no-block', self.reader], check=False)
            put(self.mark, '')
            say('%s: there' % self.what)

    def back(self) -> None:
        self.gone_at = None
        if self.held is not None:
            # What is mounted now are the same files, so that nothing ends by this.
            os.close(self.held)
            self.held = None
        self.here()
        if os.path.exists(self.mark + '.gone'):
            os.unlink(self.mark + '.gone')

    def gone(self, now: float) -> None:
        if self.gone_at is None:
            self.gone_at = now
            if not os.path.exists(self.mark + '.gone'):
                put(self.mark + '.gone', time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
                say('%s: gone' % self.what)
        mounted = mount_of(self.path) is not None
        if os.path.exists(self.mark) and not (self.stays and mounted):
            os.unlink(self.mark)
        if not self.stays and mounted and now - self.gone_at > PATIENCE:
            try:
                self.take_off()
                say('took %s off until the storage %s is back' % (self.path, self.address))
            except OSError as error:
                say('could not take off %s: %s' % (self.path, error.strerror))


    def take_off(self) -> None:
        # Who lets go of such a mount last gives back every delegation of NFSv4 first, and waits 9 s for each answer: measured, that was a process of PHP.
        if self.held is None:
            self.held = os.open(self.path, os.O_PATH | os.O_DIRECTORY)
        # Each time only what waits at that moment fails, and whoever asked asks the next question, of which there are several to a file.
        for _ in range(INTERRUPTIONS):
            interrupt(self.path)
            time.sleep(0.02)
        detach(self.path)


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


def configured() -> list[tuple[str, dict]]:
    found = []
    for kind in KINDS:
        for path in sorted(glob.glob(os.path.join(CONFIGURATION, kind, '*.json'))):
            with open(path, encoding='utf-8') as file:
                found.append((kind, json.load(file)))
    return found


def watch(asked: list[tuple[str, dict]]) -> None:
    for kind in KINDS:
        slugs, folder = {one['slug'] for its, one in asked if its == kind}, os.path.join(MARKS, kind)
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(folder):
            if name.removesuffix('.gone') not in slugs:
                os.unlink(os.path.join(folder, name))
    watched = [Watched(kind, one) for kind, one in asked]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    while True:
        for one in watched:
            one.step(time.monotonic())
        now = time.monotonic()
        signal.sigtimedwait([signal.SIGCHLD], max(0, min([one.due(now) for one in watched], default=now + EVERY) - now))


if __name__ == '__main__':
    watch(configured())
