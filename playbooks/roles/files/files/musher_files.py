"""Watches the code and the shared files that this host mounts: says in /run whether each is there, and mounts again what the storage has back.

Shared files that do not answer are taken off, so that nobody waits for them: at once where the storage cannot be connected to either, and with patience where
it can, since it may be slow. Code never is: what was read of it is in memory, and is served on from there. What the storage has put another folder in the place of
(files that were put back from a copy, say) is mounted anew, whichever it is. Where releases have images, that of the one that is served is mounted over it.

Standard library only, and musher_mounts beside it.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import signal
import socket
import subprocess
import time

from musher_images import lay_over
from musher_mounts import detach, interrupt, mount_of, unit_of

# A folder each of what is watched, a file for each environment.
CONFIGURATION = '/etc/musher'
# KIND/SLUG is there while shared files answer, or while code is mounted; KIND/SLUG.gone holds since when the storage does not answer, or nothing is mounted.
MARKS = '/run/musher'
KINDS = {'code': 'the code', 'files': 'the shared files'}

# Seconds between two looks. Whoever asks for a shared file of a storage that is gone waits until that is found out; for code nobody does. And between two attempts to mount.
EVERY, RETRY = {'files': 1.0, 'code': 5.0}, 1.0
# Seconds after which a look that has not ended makes one doubt whether the storage is there at all; in which a connection to it must come about then (the first
# packet of one may be lost: the next is sent after 1 s); and in which a look must end whose storage is there.
DOUBT, CONNECT, LIMIT = 1.0, 2.0, 4.0
# Seconds after which shared files of a storage that is there, but does not answer, are taken off.
PATIENCE = 10.0
# How often everybody who waits for a mount is interrupted before it is taken off.
INTERRUPTIONS = 10
NEVER = float('-inf')
# What a look ends with where the storage answers that the folder is no more, and where all is well but that the image of what is served could not be mounted.
STALE, PLAIN = 2, 3


class Storage:
    """Whether a storage lets itself be connected to: the kernel of one that is merely slow does that at once."""

    def __init__(self, address: str, port: int):
        self.place, self.child = (address, port), 0
        # When it was last found out that it does not, or does.
        self.refused = self.answered = NEVER

    def doubt(self, now: float) -> None:
        if not self.child and now - max(self.refused, self.answered) >= DOUBT:
            self.child = fork(self.connect)

    def attend(self, now: float) -> None:
        pid, status = os.waitpid(self.child, os.WNOHANG) if self.child else (0, 0)
        if not pid:
            return
        self.child = 0
        if status == 0:
            self.answered, self.refused = now, NEVER
        else:
            self.refused = now

    def connect(self) -> None:
        deadline = time.monotonic() + CONNECT
        while True:
            try:
                return socket.create_connection(self.place, CONNECT).close()
            except ConnectionRefusedError:
                # Its NFS server may only be started anew.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


class Watched:
    """One environment's code or shared files. A process of its own looks at them, since it may not come back; there is never more than one."""

    def __init__(self, kind: str, asked: dict, storage: Storage):
        self.path, self.storage, self.every = asked['path'], storage, EVERY[kind]
        self.mark, self.reader = os.path.join(MARKS, kind, asked['slug']), asked.get('reader')
        # Where the link that names the served release is, and who may read it: where releases have images.
        self.image, self.is_plain = asked.get('image'), False
        self.what, self.stays = '%s at %s' % (KINDS[kind], self.path), kind == 'code'
        self.child, self.began, self.looks = 0, 0.0, False
        # When the first look began that has had no answer since; a look that is given up is followed by another.
        self.silent: float | None = None
        self.held: int | None = None
        self.next = 0.0
        self.gone_at: float | None = None

    def step(self, now: float) -> None:
        if self.child:
            self.attend(now)
        elif now >= self.next:
            self.looks = mount_of(self.path) is not None
            self.next = now + (self.every if self.looks else RETRY)
            if not self.looks:
                self.silent = None
                self.gone(now)
            elif self.silent is None:
                self.silent = now
            if self.looks and self.stays:
                self.here()
            self.began, self.child = now, fork(self.look if self.looks else self.mount)

    def due(self, now: float) -> float:
        """When it wants to be attended to again, unless a child ends before."""
        if not self.child:
            return self.next
        return min([time for time in (self.began + DOUBT, self.began + LIMIT) if time > now] + [now + 1])

    def attend(self, now: float) -> None:
        """See what has become of the child."""
        pid, status = os.waitpid(self.child, os.WNOHANG)
        if pid:
            self.child, said = 0, os.waitstatus_to_exitcode(status)
            if self.looks:
                self.is_plain = said == PLAIN
                self.back() if said in (0, PLAIN) else self.gone(now, is_stale=said == STALE)
            return
        is_late = self.silent is not None and now - self.silent >= DOUBT
        is_gone = is_late and self.storage.refused >= self.silent
        if is_late and not is_gone:
            self.storage.doubt(now)
        if is_gone or now - self.began > LIMIT:
            os.kill(self.child, signal.SIGKILL)
            self.gone(now, is_gone)

    def look(self) -> int:
        os.statvfs(self.path)  # never answered from a cache
        return self.lay_image() if self.image else 0

    def lay_image(self) -> int:
        """A release without its image is served from its folder: that it cannot be mounted takes nobody out of service, and is said once."""
        try:
            release = os.readlink(self.image['current'])
        except OSError:
            # Nothing is served yet.
            return 0
        try:
            if os.path.dirname(release) == self.path and lay_over(release, self.image['uid']):
                say('mounted the image of %s' % release)
        except OSError as error:
            if not self.is_plain:
                say('could not mount the image of %s: %s' % (release, error.strerror))
            return PLAIN
        return 0

    def mount(self) -> None:
        self.storage.connect()
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
        self.gone_at = self.silent = None
        if self.held is not None:
            # What is mounted now are the same files, so that nothing ends by this.
            os.close(self.held)
            self.held = None
        self.here()
        if os.path.exists(self.mark + '.gone'):
            os.unlink(self.mark + '.gone')

    def gone(self, now: float, at_once: bool = False, is_stale: bool = False) -> None:
        if self.gone_at is None:
            self.gone_at = now
            if not os.path.exists(self.mark + '.gone'):
                put(self.mark + '.gone', time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
                say('%s: gone' % self.what)
        mounted = mount_of(self.path) is not None
        if os.path.exists(self.mark) and not (self.stays and mounted):
            os.unlink(self.mark)
        if mounted and (is_stale or (not self.stays and (at_once or now - self.gone_at > PATIENCE))):
            try:
                self.take_off()
                say('took %s off until the storage %s is back' % (self.path, self.storage.place[0]))
            except OSError as error:
                say('could not take off %s: %s' % (self.path, error.strerror))

    def take_off(self) -> None:
        # Who lets go of such a mount last gives back every delegation of NFSv4 first, and waits 9 s for each answer: measured, that was a process of PHP.
        if self.held is None:
            # Of a folder that is no more nothing can be held.
            with contextlib.suppress(OSError):
                self.held = os.open(self.path, os.O_PATH | os.O_DIRECTORY)
        # Each time only what waits at that moment fails, and whoever asked asks the next question, of which there are several to a file.
        for _ in range(INTERRUPTIONS):
            interrupt(self.path)
            time.sleep(0.02)
        detach(self.path)
        self.silent = None


def fork(act) -> int:
    """Runs act() in a process of its own, which ends with what that returned (0 for nothing), with STALE as said there; its id."""
    child = os.fork()
    if not child:
        status = 1
        try:
            status = act() or 0
        except OSError as error:
            status = STALE if error.errno == errno.ESTALE else 1
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
    storages = {place: Storage(*place) for place in {place_of(one) for _kind, one in asked}}
    watched = [Watched(kind, one, storages[place_of(one)]) for kind, one in asked]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    while True:
        for storage in storages.values():
            storage.attend(time.monotonic())
        for one in watched:
            one.step(time.monotonic())
        now = time.monotonic()
        signal.sigtimedwait([signal.SIGCHLD], max(0, min([one.due(now) for one in watched], default=now + 1) - now))


def place_of(asked: dict) -> tuple[str, int]:
    return asked['address'], asked.get('port', 2049)


if __name__ == '__main__':
    watch(configured())
