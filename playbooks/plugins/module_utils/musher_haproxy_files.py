"""HAProxy's configuration on a balancer: written only after HAProxy has approved of it, put back when it does not run with it."""

from __future__ import annotations

import contextlib
import errno
import glob
import json
import os
import shutil
import socket
import subprocess

from ansible.module_utils.musher_haproxy import Instance, Refused, Unreachable, description, read, reload
from ansible.module_utils.musher_haproxy_config import MARK, hold, holds, proper, render
from ansible.module_utils.musher_result import Failure, run, write

REFUSED = 'HAProxy refused the new configuration; the one from before is in force'


def groups_of(instance: Instance) -> dict[str, dict]:
    """What each group has asked of this balancer, by its name."""
    folder = os.path.join(instance.folder, 'groups')
    files = [name for name in os.listdir(folder) if name.endswith('.json')] if os.path.isdir(folder) else []
    return {name.removesuffix('.json'): json.loads(read(os.path.join(folder, name))) for name in files}


def live_certificates(group: dict, instance: Instance) -> dict[str, str]:
    """The certificates (with keys) that are in force for a group, by slug."""
    paths = {one['slug']: place(instance, f'certificates/{one["slug"]}.pem') for one in group['environments'] if one['tls']}
    return {slug: read(path) for slug, path in paths.items() if os.path.exists(path)}


def candidate(
    name: str, group: dict | None, certificates: dict[str, str], settings: dict, instance: Instance, held: dict[str, dict[str, bool]] | None = None
) -> dict[str, str]:
    """The files, by path, as they are to be when this group asks for this, or (None) for nothing any more; what other groups asked stays.

    held: which of the servers that come new are held. Those it does not know are held until a deploy admits them: HAProxy 2.6
    takes a server for up before its first check. One that is there stays as it is.
    """
    others = groups_of(instance)
    others.pop(proper('group', name), None)
    groups = {**others, name: group} if group else others
    for other in others.values():
        certificates = {**live_certificates(other, instance), **certificates}
    ordered = sorted(groups)
    files = render([groups[one] for one in ordered], certificates, settings, instance.folder, instance.runtime)
    wanted = held or {}
    for backend, servers in holds(read(instance.configuration)).items():
        wanted = {**wanted, backend: {**wanted.get(backend, {}), **servers}}
    files['haproxy.cfg'] = hold(files['haproxy.cfg'], wanted, otherwise=True)
    files |= {f'groups/{one}.json': json.dumps(groups[one], indent=1, sort_keys=True) + '\n' for one in ordered}
    return {place(instance, one): text for one, text in files.items()}


def place(instance: Instance, name: str) -> str:
    return instance.configuration if name == 'haproxy.cfg' else os.path.join(instance.folder, name)


def stale(files: dict[str, str]) -> list[str]:
    """The paths at which something else is, or nothing."""
    return [path for path, text in files.items() if not os.path.exists(path) or read(path) != text]


def unwanted(files: dict[str, str], instance: Instance) -> list[str]:
    """Certificates that no environment has any more, each with its key, and the files of groups that are gone: `apply` deletes them."""
    paths = glob.glob(place(instance, 'certificates/*.pem')) + glob.glob(place(instance, 'groups/*.json'))
    return sorted(path for path in paths if path not in files)


def validate(files: dict[str, str], instance: Instance) -> None:
    """Has HAProxy read the files in a folder of their own. Throws Failure with what it says against them."""
    trial = os.path.join(instance.folder, 'candidate')
    shutil.rmtree(trial, ignore_errors=True)
    try:
        for path, text in files.items():
            beside = os.path.relpath(path, instance.folder) if path != instance.configuration else 'haproxy.cfg'
            copy = os.path.join(trial, beside)
            os.makedirs(os.path.dirname(copy), mode=0o700, exist_ok=True)
            with open(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w', encoding='utf-8') as file:
                file.write(text.replace(instance.folder + '/', trial + '/') if not path.endswith('.pem') else text)
        status, said = tell(['haproxy', '-c', '-f', os.path.join(trial, 'haproxy.cfg')])
        if status:
            raise Failure('balancer-refused', f'{REFUSED}: {alerts(said).replace(trial, instance.folder)}')
    finally:
        shutil.rmtree(trial, ignore_errors=True)


def save(files: dict[str, str]) -> None:
    """Writes what differs; the main file last, since it names the others."""
    for path in sorted(stale(files), key=lambda path: path.endswith('.cfg')):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        write(path, files[path].encode(), 0o644 if path.endswith('.cfg') else 0o600)


def is_loaded(instance: Instance) -> bool:
    """Whether HAProxy runs with what is on disk. What is held is not part of it: that is set at run time as well."""
    try:
        return f'\n  description {description(instance)}\n' in read(instance.configuration)
    except Unreachable:
        return False


def load(instance: Instance, restart: list[str]) -> str:
    """Has HAProxy run with what is on disk; says how: `reloaded`, or `started` where it did not run as ours."""
    if os.path.isdir(instance.runtime):
        try:
            reload(instance)
            return 'reloaded'
        except Unreachable:
            pass
    run(restart, 'HAProxy could not be started', 'balancer-refused')
    return 'started'


def apply(files: dict[str, str], instance: Instance, restart: list[str]) -> list[str]:
    """Brings files and HAProxy to what is asked; all that it finds done already stays untouched. Returns what it did."""
    before = {path: read(path) if os.path.exists(path) else None for path in stale(files)}
    actions = []
    if before:
        require_ours(instance)
        validate(files, instance)
        require_free(binds(files[instance.configuration]), binds(read(instance.configuration)))
        save(files)
        actions.append('configured')
    if not is_loaded(instance):
        try:
            actions.append(load(instance, restart))
        except (Refused, Failure) as problem:
            put_back(before, instance, restart)
            raise Failure('balancer-refused', f'{REFUSED}: {problem} {journal()}'.strip()) from problem
    for path in unwanted(files, instance):
        os.unlink(path)
        actions.append(f'removed {os.path.basename(path)}')
    return actions


def put_back(before: dict[str, str | None], instance: Instance, restart: list[str]) -> None:
    for path, text in before.items():
        if text is None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        else:
            save({path: text})
    # What is on disk is as it was, even if HAProxy did not run with that either.
    with contextlib.suppress(Refused, Failure):
        load(instance, restart)


def require_ours(instance: Instance) -> None:
    """Throws Failure when the configuration is neither ours nor as Debian delivered it: somebody's sites hang on it."""
    text = read(instance.configuration)
    if not text or text.startswith(MARK):
        return
    _status, found = tell(['md5sum', instance.configuration])
    _status, known = tell(['dpkg-query', '--show', '--showformat=${Conffiles}', 'haproxy'])
    if found.split()[0] not in known.split():
        raise Failure('balancer-refused', f'{instance.configuration} was written by somebody else. Move it away, then provision again.')


def binds(text: str) -> set[tuple[str, int]]:
    """What a configuration listens on: addresses (`*` for all of IPv4) and ports."""
    places = [line.split()[1].rpartition(':') for line in text.splitlines() if line.split()[:1] == ['bind']]
    return {(host, int(port)) for host, _colon, port in places if port.isdigit()}


def require_free(wanted: set[tuple[str, int]], held: set[tuple[str, int]]) -> None:
    """Throws Failure when HAProxy could not listen. A new worker finds out only when the old one pauses for it, which refuses connections."""
    ours = {port for _host, port in held}
    for host, port in sorted(wanted - held):
        with socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(('' if host == '*' else host, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE and port in ours:
                    continue
                raise Failure('balancer-refused', f'HAProxy cannot listen on {host}:{port}: {error.strerror}') from error


def journal() -> str:
    """HAProxy's last words, where systemd keeps them."""
    return alerts(tell(['journalctl', '-u', 'haproxy.service', '-n', '20', '-o', 'cat'])[1])


def tell(command: list[str]) -> tuple[int, str]:
    """How a command ended, and all that it printed; nothing where there is no such program."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except FileNotFoundError:
        return 127, ''
    return done.returncode, done.stdout.decode(errors='replace')


def alerts(said: str) -> str:
    """What HAProxy says is wrong, of all that it says."""
    return ' '.join(line for line in said.splitlines() if '[ALERT]' in line)[-1500:]
