"""Takes members out of service for one environment, and puts them back."""

from __future__ import annotations

import contextlib
import time
from typing import Callable

from ansible.module_utils.musher_haproxy import Instance, Server, Unreachable, between_reloads, configured, locked, read, servers, set_server
from ansible.module_utils.musher_haproxy_config import hold
from ansible.module_utils.musher_haproxy_files import save
from ansible.module_utils.musher_result import Failure

PAUSE = 0.1


def drain(instance: Instance, backend: str, members: list[str], timeout: float, give_up: bool) -> dict:
    """Sends members no new request and waits (seconds) for those under way. Fails with everything as it was; with give_up, goes on drained."""
    known(instance, backend, members)
    live = of_backend(instance, backend)
    serving = [member for member in members if live[member].admin == 'ready']
    others = [name for name, server in live.items() if name not in members and server.admin == 'ready' and server.serves]
    if not others and any(live[member].serves for member in serving):
        return {'changed': False, 'actions': [], 'kept': serving, 'hurried': []}
    for member in serving:
        set_server(instance, backend, member, 'state drain')

    quiet = 0

    def ended(now: dict[str, Server]) -> bool:
        # Twice in a row: a request may just have been given to a member when it was drained.
        nonlocal quiet
        quiet = quiet + 1 if not any(now[member].sessions for member in members) else 0
        return quiet > 1

    last = wait(instance, backend, timeout, ended)
    busy = [member for member in members if last and last[member].sessions]
    if last and not give_up:
        for member in serving:
            set_server(instance, backend, member, 'state ready')
        still = ', '.join(f'{member} still has {last[member].sessions}' for member in busy)
        raise Failure('drain-timed-out', f'{still} of the requests to {backend} after {timeout:g} s')
    return {'changed': bool(serving), 'actions': [f'{member} drained' for member in serving], 'kept': [], 'hurried': busy}


def is_silent(check: str) -> bool:
    """Whether a check met nobody who answers: what it says begins with the status, `* ` before it while the next one is under way."""
    return check.removeprefix('* ').startswith(('L4', 'L6TOUT', 'L7TOUT', 'SOCKERR'))


def ready(instance: Instance, backend: str, members: list[str], timeout: float) -> dict:
    """Puts members into service and waits (seconds) until HAProxy's own check has seen each up since. Gives up with everything as it was."""
    before = known(instance, backend, members)
    live = of_backend(instance, backend)
    out = [member for member in members if before[member] or live[member].admin != 'ready']
    mark(instance, backend, {member: False for member in out})
    for member in out:
        enter(instance, backend, member, live[member])
    last = wait(instance, backend, timeout, lambda now: all(now[member].up for member in members))
    if last:
        mark(instance, backend, {member: True for member in out if before[member]})
        for member in out:
            set_server(instance, backend, member, f'state {"maint" if before[member] else live[member].admin}')
        down = {member: last[member].check for member in members if not last[member].up}
        kind = 'member-unreachable' if all(map(is_silent, down.values())) else 'balancer-refused'
        said = '; '.join(f'{member}: {check}' for member, check in down.items())
        raise Failure(kind, f'HAProxy has not seen up for {backend} within {timeout:g} s: {said}')
    return {'changed': bool(out), 'actions': [f'{member} in service' for member in out]}


def hold_back(instance: Instance, backend: str, members: list[str]) -> dict:
    """Keeps members out of service until they are released or made ready. Requests under way end undisturbed."""
    known(instance, backend, members)
    changed = mark(instance, backend, {member: True for member in members})
    with contextlib.suppress(Unreachable):  # it will start with what its configuration says
        live = of_backend(instance, backend)
        for member in members:
            if live[member].admin != 'maint':
                set_server(instance, backend, member, 'state maint')
                changed = True
    return {'changed': changed, 'actions': [f'{member} held' for member in members]}


def release(instance: Instance, backend: str, members: list[str]) -> dict:
    """Leaves members to their health check again: each is in service as soon as that sees it up."""
    known(instance, backend, members)
    changed = mark(instance, backend, {member: False for member in members})
    with contextlib.suppress(Unreachable):
        live = of_backend(instance, backend)
        for member in members:
            if live[member].admin != 'ready':
                enter(instance, backend, member, live[member])
                changed = True
    return {'changed': changed, 'actions': [f'{member} released' for member in members]}


def enter(instance: Instance, backend: str, member: str, now: Server) -> None:
    """Lets a member in as down, so that only good checks of now put it up: HAProxy takes one that leaves maintenance for up."""
    leave = ['state drain'] if now.admin == 'maint' else []
    set_server(instance, backend, member, *leave, 'health down', 'state ready')


def known(instance: Instance, backend: str, members: list[str]) -> dict[str, bool]:
    """Whether each member is held; throws Failure for one that the configuration does not know."""
    lines = configured(read(instance.configuration)).get(backend, {})
    for member in members:
        if member not in lines:
            raise Failure('not-provisioned', f'This balancer has no server {member} for {backend}')
    return {member: lines[member].held for member in members}


def of_backend(instance: Instance, backend: str) -> dict[str, Server]:
    """What HAProxy says of a backend's servers."""
    with between_reloads(instance):
        live = servers(instance)
    if backend not in live:
        raise Unreachable(f'it does not run with its configuration of {backend}')
    return live[backend]


def mark(instance: Instance, backend: str, wanted: dict[str, bool]) -> bool:
    """Writes into the configuration who is held; whether that changed it. No reload: who changes it sets the run time too."""
    with locked(instance.folder):
        before = read(instance.configuration)
        after = hold(before, {backend: wanted})
        if after == before:
            return False
        save({instance.configuration: after})
    return True


def wait(instance: Instance, backend: str, timeout: float, done: Callable[[dict[str, Server]], bool]) -> dict[str, Server] | None:
    """None as soon as it is done; after the timeout (seconds) how things were last. Sits out a reload."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            now = of_backend(instance, backend)
            if done(now):
                return None
        except Unreachable:
            now = None
        if time.monotonic() > deadline:
            if now is None:
                raise Unreachable('HAProxy does not answer')
            return now
        time.sleep(PAUSE)
