"""The HAProxy that Musher configured on this host: what its file says, what it does at run time, and its reload.

Standard library only: the balancer role also installs this file as the program that HAProxy's unit reloads with.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import json
import os
import re
import socket
import time
from typing import Iterator, NamedTuple

# Bits of `srv_admin_state` (HAProxy's management guide, "show servers state"). That the configuration says
# `disabled` (4) is not among them: it is where a server starts, not where it is.
MAINTENANCE, DRAIN = 0x01 | 0x02 | 0x20, 0x08 | 0x10
RUNNING = 2
# A member whose shared files are on a storage is a server twice: the second one, whose name ends so, serves while no member can see its files. No member's name has a colon.
LAST_RESORT = ':-any'


class Instance(NamedTuple):
    """Where one HAProxy lives: its configuration, what Musher keeps beside it, its master's socket, its state over a reload."""

    configuration: str = '/etc/haproxy/haproxy.cfg'
    folder: str = '/etc/haproxy/musher'
    socket: str = '/run/haproxy-master.sock'
    runtime: str = '/run/haproxy-musher'


class Unreachable(Exception):
    """HAProxy does not run, or is just being reloaded."""


class Refused(Exception):
    """HAProxy understood and said no; the message is what it said."""


class Server(NamedTuple):
    """A member in a backend as the current worker sees it; `sessions` counts those that older workers still serve, too.

    `up` is whether its check passes, `serves` whether that of its last resort does.
    """

    admin: str
    up: bool
    sessions: int
    check: str
    serves: bool


@contextlib.contextmanager
def locked(folder: str) -> Iterator[None]:
    """Holds the folder's lock, which the kernel drops when its holder dies."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def between_reloads(instance: Instance) -> Iterator[None]:
    """Keeps reloads of ours away: in the middle of one HAProxy does not answer, and forgets what it is told."""
    try:
        lock = contextlib.ExitStack()
        lock.enter_context(locked(instance.runtime))
    except FileNotFoundError as error:
        raise Unreachable(f'HAProxy does not run as ours: {error}') from error
    with lock:
        yield


def ask(instance: Instance, command: str) -> str:
    """Sends one command to the master and returns its answer. Only root reaches this socket."""
    answer = b''
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(10)
            client.connect(instance.socket)
            client.sendall(command.encode() + b'\n')
            client.shutdown(socket.SHUT_WR)
            while received := client.recv(65536):
                answer += received
    except OSError as error:
        raise Unreachable(f'{instance.socket}: {error}') from error
    return answer.decode()


def workers(instance: Instance) -> tuple[int, list[int]]:
    """The process that takes new connections, and those that a reload left behind to end their last ones."""
    pids: dict[str, list[int]] = {'workers': [], 'old workers': []}
    section = ''
    for line in ask(instance, 'show proc').splitlines():
        if line.startswith('#'):
            section = line.strip('# ')
        elif section in pids and line.split()[1:2] == ['worker']:
            pids[section].append(int(line.split()[0]))
    if not pids['workers']:
        raise Unreachable('HAProxy has no worker')
    return pids['workers'][0], pids['old workers']


def failed_reloads(instance: Instance) -> int:
    """How many reloads in a row the master could not carry out."""
    found = re.search(r'\[failed: (\d+)\]', ask(instance, 'show proc'))
    return int(found[1]) if found else 0


def description(instance: Instance) -> str:
    """The `description` of the configuration that is loaded; the balancer's module puts a digest there."""
    answer = ask(instance, f'@!{workers(instance)[0]} show info')
    found = re.search(r'^description: (.*)$', answer, re.MULTILINE)
    return found[1].strip() if found else ''


def statistics(instance: Instance, pid: int) -> list[dict[str, str]]:
    """The rows of `show stat` that are about servers, from one worker."""
    return list(csv.DictReader(ask(instance, f'@!{pid} show stat -1 4 -1').lstrip('# \n').splitlines()))


def servers(instance: Instance) -> dict[str, dict[str, Server]]:
    """What HAProxy says of every server, by backend and name."""
    current, old = workers(instance)
    sessions: dict[tuple[str, str], int] = {}
    for pid in old:
        with contextlib.suppress(Unreachable):
            for row in statistics(instance, pid):
                key = (row['pxname'], row['svname'])
                sessions[key] = sessions.get(key, 0) + int(row['scur'] or 0)
    states = {}
    for line in ask(instance, f'@!{current} show servers state').splitlines():
        fields = line.split()
        if len(fields) > 12 and fields[0].isdigit():
            states[fields[1], fields[3]] = (int(fields[5]), int(fields[6]))
    result: dict[str, dict[str, Server]] = {}
    for row in statistics(instance, current):
        key = (row['pxname'], row['svname'])
        if key not in states:
            continue
        operation, bits = states[key]
        admin = 'maint' if bits & MAINTENANCE else 'drain' if bits & DRAIN else 'ready'
        said = ' '.join(filter(None, [row['check_status'], row['check_code'], row['check_desc'], row['last_chk']]))
        up = operation == RUNNING and admin != 'maint'
        result.setdefault(key[0], {})[key[1]] = Server(
            admin=admin,
            up=up,
            sessions=int(row['scur'] or 0) + int(row['qcur'] or 0) + sessions.get(key, 0),
            check=said or 'not checked yet',
            serves=up,
        )
    return {backend: members(found) for backend, found in result.items()}


def members(found: dict[str, Server]) -> dict[str, Server]:
    """Servers by member, each as one with its last resort."""
    result = {}
    for name, server in found.items():
        last = found.get(name + LAST_RESORT)
        if last:
            server = server._replace(sessions=server.sessions + last.sessions, serves=server.up or last.up)
        if not name.endswith(LAST_RESORT):
            result[name] = server
    return result


def set_server(instance: Instance, backend: str, member: str, *changes: str) -> None:
    """Changes a member at run time (`state drain`, `health down` …)."""
    with between_reloads(instance):
        # The last resort first: it must not serve alone what its member no longer does.
        names = [member + LAST_RESORT] if configured(read(instance.configuration)).get(backend, {}).get(member + LAST_RESORT) else []
        for server in [*names, member]:
            for change in changes:
                answer = ask(instance, f'@!{workers(instance)[0]} set server {backend}/{server} {change}').strip()
                if answer:
                    raise Refused(f'set server {backend}/{server} {change}: {answer}')


class Line(NamedTuple):
    """A `server` line of the configuration: `number` is its index, `port` what it is reached at, `held` whether it says disabled."""

    number: int
    port: str
    held: bool


def configured(text: str) -> dict[str, dict[str, Line]]:
    """The servers that a configuration of ours names, by backend and name; those of the last resort too."""
    result: dict[str, dict[str, Line]] = {}
    backend = ''
    for number, line in enumerate(text.splitlines()):
        words = line.split()
        if words and not line[0].isspace():
            backend = words[1] if words[0] == 'backend' else ''
        elif backend and words[:1] == ['server']:
            result.setdefault(backend, {})[words[1]] = Line(number, words[2].rpartition(':')[2], 'disabled' in words[3:])
    return result


def read(path: str) -> str:
    """A file's text, or '' where there is none."""
    try:
        with open(path, encoding='utf-8') as file:
            return file.read()
    except FileNotFoundError:
        return ''


def observe(instance: Instance = Instance()) -> dict | None:
    """What contract/observation.ts calls a BalancerObservation; None where Musher has configured no HAProxy."""
    groups = os.path.join(instance.folder, 'groups')
    if not os.path.isdir(groups) or not os.listdir(groups):
        return None
    try:
        live = servers(instance)
    except Unreachable:
        live = {}
    backends: dict = {}
    for backend, lines in configured(read(instance.configuration)).items():
        for name, line in lines.items():
            if name.endswith(LAST_RESORT):
                continue
            now = live.get(backend, {}).get(name)
            # A HAProxy that does not run will start with what its configuration says.
            admin = now.admin if now else 'maint' if line.held else 'ready'
            backends.setdefault(backend, {})[name] = {'admin': admin, 'held': line.held}
    asked = {name: json.loads(read(os.path.join(groups, name))) for name in sorted(os.listdir(groups))}
    return {'backends': backends, 'groups': {one['group']: sorted(environment['backend'] for environment in one['environments']) for one in asked.values()}}


def reload(instance: Instance, patience: float = 30) -> None:
    """Loads the configuration without refusing a connection, and carries over what was set at run time.

    The state lives in a file only for as long as this takes: a restart or a power cut must not bring an old drain back.
    """
    kept = os.path.join(instance.runtime, 'servers.state')
    with locked(instance.runtime):
        before, failures = workers(instance)[0], failed_reloads(instance)
        ports = {(b, s): line.port for b, lines in configured(read(instance.configuration)).items() for s, line in lines.items()}
        with open(os.open(kept + '.new', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w', encoding='utf-8') as file:
            for line in ask(instance, f'@!{before} show servers state').strip().splitlines():
                fields = line.split()
                # A saved port would win over a changed one in the configuration (haproxy/haproxy#1412).
                if not fields or not fields[0].isdigit() or len(fields) < 19 or ports.get((fields[1], fields[3])) == fields[18]:
                    file.write(line + '\n')
        os.rename(kept + '.new', kept)
        try:
            with contextlib.suppress(Unreachable):  # the master replaces itself at once and may not answer
                ask(instance, 'reload')
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                time.sleep(0.05)
                with contextlib.suppress(Unreachable):
                    if failed_reloads(instance) > failures:
                        break
                    if workers(instance)[0] != before:
                        return
        finally:
            os.unlink(kept)
    raise Refused('HAProxy did not load its configuration; the process from before goes on')


if __name__ == '__main__':
    reload(Instance())
