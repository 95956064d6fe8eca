"""What one host holds, as JSON; read-only, standard library alone, and nothing of Musher's. It runs as root, on standard input.

CONFIG stands before it: {roots, mounts, keeps, live, canaries}. A member of a pack keeps nothing itself: its root may not look into what it mounts.
"""

import csv
import hashlib
import json
import os
import socket
import stat
import subprocess

# What changes by itself, or is the lab's.
RESTLESS = {'/etc/mtab', '/etc/adjtime', '/etc/resolv.conf', '/etc/.pwd.lock', '/etc/ld.so.cache', '/etc/machine-id', '/etc/hostname'}
SAFE = 1 << 26


def digest(path):
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest() if hasattr(hashlib, 'file_digest') else hashlib.sha256(file.read()).hexdigest()


def lstat(path):
    try:
        return os.lstat(path)
    except PermissionError:
        # Linux 7 asks with the first look at a folder over NFS for a delegation of it, which root, being nobody to the storage, may not have.
        return os.lstat(path)


def walk(root, skipped=lambda path: False):
    """Every entry at and below a folder, on its own file system, with what it is."""
    found = {}
    try:
        top = os.lstat(root)
    except FileNotFoundError:
        return found
    pending = [root]
    while pending:
        path = pending.pop()
        try:
            info = lstat(path)
        except OSError as error:
            # A mount whose storage is gone, or what went while this looked.
            found[path] = 'unreadable: %s' % error.strerror
            continue
        kind = 'l' if stat.S_ISLNK(info.st_mode) else 'd' if stat.S_ISDIR(info.st_mode) else 'f' if stat.S_ISREG(info.st_mode) else 'o'
        if skipped(path) or path in RESTLESS:
            continue
        if info.st_dev != top.st_dev:
            found[path] = 'mount'
            continue
        content = os.readlink(path) if kind == 'l' else digest(path) if kind == 'f' and info.st_size < SAFE else ''
        found[path] = '%s %o %d:%d %s' % (kind, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, content)
        if kind == 'd':
            pending += [os.path.join(path, name) for name in os.listdir(path)]
    return found


def said(*words):
    try:
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout.decode(errors='replace')
    except FileNotFoundError:
        return ''


def manifest(folder):
    """A release as one number: its files but for shared paths and what the build made."""
    lines = []
    for here, folders, files in os.walk(folder):
        if here == folder:
            folders[:] = [name for name in folders if name != 'data']
            files = [name for name in files if name not in ('data', 'built-with')]
        for name in files:
            path = os.path.join(here, name)
            if not os.path.islink(path):
                lines.append('%s %s\n' % (os.path.relpath(path, folder), digest(path)))
    return hashlib.sha256(''.join(sorted(lines)).encode()).hexdigest()


def releases(folder):
    names = [name for name in os.listdir(folder) if not name.startswith('.')] if os.path.isdir(folder) else []
    return {name: manifest(os.path.join(folder, name)) for name in names}


def ask(command):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect('/run/haproxy-master.sock')
        client.sendall(command.encode() + b'\n')
        client.shutdown(socket.SHUT_WR)
        parts = []
        while part := client.recv(65536):
            parts.append(part)
    return b''.join(parts).decode()


def balancer():
    if not os.path.exists('/etc/haproxy/musher'):
        return None
    states = {}
    try:
        section, pid = '', None
        for line in ask('show proc').splitlines():
            section = line.strip('# ') if line.startswith('#') else section
            if section == 'workers' and line.split()[1:2] == ['worker']:
                pid = line.split()[0]
        for row in csv.DictReader(ask('@!%s show stat -1 4 -1' % pid).lstrip('# \n').splitlines()):
            states.setdefault(row['pxname'], {})[row['svname']] = row['status']
    except OSError:
        # It does not run: it has no state.
        pass
    backend, held = '', []
    with open('/etc/haproxy/haproxy.cfg') as file:
        for words in map(str.split, file):
            if words[:1] == ['backend']:
                backend = words[1]
            elif words[:1] == ['server'] and 'disabled' in words[3:]:
                held.append('%s/%s' % (backend, words[1]))
    return {'states': states, 'held': held}


def below(points):
    """What lies in the folders below mounts: a second view of the root file system shows it."""
    view = '/run/crash-below'
    os.makedirs(view, exist_ok=True)
    subprocess.run(['mount', '--bind', '/', view], check=True)
    try:
        return {point: sorted(os.listdir(view + point)) for point in points if os.path.isdir(view + point)}
    finally:
        subprocess.run(['umount', view], check=True)
        os.rmdir(view)


def gates():
    folder, found = '/var/lib/musher/gate', {}
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        # A lock's name begins with a dot.
        if os.path.isfile(path) and not name.startswith('.'):
            with open(path) as file:
                found[name.replace('%', '/')] = file.read().strip()
    return found


def secrets(canaries):
    """Where a secret is found that has no business there, and never what it is."""
    places = []
    for root in ('/var/log', '/tmp', '/var/tmp', '/root', '/home', '/run', '/var/lib/musher'):
        for here, folders, files in os.walk(root):
            folders[:] = [name for name in folders if not os.path.ismount(os.path.join(here, name)) and name != 'journal']
            for name in files:
                path = os.path.join(here, name)
                try:
                    if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < SAFE:
                        with open(path, 'rb') as file:
                            text = file.read()
                        places += [path for canary in canaries if canary.encode() in text]
                except OSError:
                    continue
    journal = said('journalctl', '--no-pager', '--output=cat', '--boot')
    return places + ['the journal' for canary in canaries if canary in journal]


def main():
    live = CONFIG['live']
    shared = os.path.join(live, 'shared')
    skipped = {os.path.join(shared, 'data')}
    owned = {}
    for root in ['/etc', '/var/lib/musher/current', *CONFIG['roots']]:
        owned.update(walk(root, lambda path: path in skipped))
    kept = walk(shared) if CONFIG['keeps'] else {}
    data = {path[len(shared) + 1:]: text for path, text in kept.items() if text.startswith('f')}
    hook = os.path.join(shared, 'data/hook-ran')
    with open(hook) if hook in kept else open(os.devnull) as file:
        ran = file.read().split()
    mounts = [line for line in said('findmnt', '-rn', '-t', 'nfs,nfs4', '-o', 'TARGET,SOURCE').splitlines()]
    print(json.dumps({
        'owned': owned,
        'shared': {path: text.split()[-1] for path, text in data.items()},
        'hooks': ran,
        'gates': gates(),
        'balancer': balancer(),
        'exports': sorted(said('exportfs', '-s').splitlines()),
        'mounts': sorted(mounts),
        'below': below(CONFIG['mounts']) if CONFIG['mounts'] else {},
        'releases': releases(os.path.join(live, 'releases')) if CONFIG['keeps'] else {},
        'secrets': secrets(CONFIG['canaries']) if CONFIG['canaries'] else [],
    }))


main()
