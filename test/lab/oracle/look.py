"""What a host is, told by its own means and by nothing of Musher's: `python3 - ROOT…` as root prints {facts, owners} as JSON.

facts: what is compared, by name. owners: the package that brought what a fact is about.
"""

import array
import fcntl
import glob
import hashlib
import json
import os
import re
import socket
import stat
import subprocess
import sys
import time

ROOTS = sys.argv[1:]
# Told account by account: their order, and what packages add to them, says nothing.
ACCOUNTS = {'/etc/passwd': 'user', '/etc/group': 'group', '/etc/shadow': 'password', '/etc/gshadow': 'group password'}
HAPROXY = '/run/haproxy-master.sock'
FS_IOC_GETFLAGS, FS_IMMUTABLE_FL = 0x80086601, 0x10
facts, owners = {}, {}


def output(*command):
    """What a command prints; '' where there is no such command, or nothing for it to say."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode(errors='replace')
    except FileNotFoundError:
        return ''


def told(*command):
    """What a command that has something to say prints. systemd does not answer in time where the machine is very busy, and nothing would then seem to be there."""
    for _ in range(10):
        said = output(*command)
        if said:
            return said
        time.sleep(2)
    sys.exit('%s says nothing' % ' '.join(command))


def content(path):
    with open(path, 'rb') as file:
        return file.read()


def mounts():
    """(mount point, type, source, options) of everything that is mounted."""
    found = []
    for line in content('/proc/self/mountinfo').decode().splitlines():
        words, rest = (part.split() for part in line.split(' - '))
        found.append((words[4].encode().decode('unicode_escape'), rest[0], rest[1], rest[2]))
    return found


def is_below_roots(path):
    return any(path == root or path.startswith(root + '/') for root in ROOTS)


def look_at_paths(mount_points):
    for root in ROOTS:
        if os.path.lexists(root):
            look_at_path(root, mount_points)


def look_at_path(path, mount_points):
    if path in mount_points:
        # It belongs to the server that keeps it, which is looked at itself; root may not even ask for it here.
        facts['path ' + path] = 'mounted'
        return
    status = os.lstat(path)
    facts['path ' + path] = '%s %04o %d:%d%s' % (kind(path, status), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, what(path, status))
    if stat.S_ISDIR(status.st_mode):
        for name in sorted(os.listdir(path)):
            look_at_path(os.path.join(path, name), mount_points)


def kind(path, status):
    if stat.S_ISLNK(status.st_mode):
        return 'link'
    return 'folder' if stat.S_ISDIR(status.st_mode) else 'file' if stat.S_ISREG(status.st_mode) else 'special'


def what(path, status):
    if stat.S_ISLNK(status.st_mode):
        return ' -> ' + os.readlink(path)
    if stat.S_ISDIR(status.st_mode):
        return ' immutable' if is_immutable(path) else ''
    if not stat.S_ISREG(status.st_mode) or path in ACCOUNTS:
        return ''
    return ' sha256:' + hashlib.sha256(content(path)).hexdigest()


def is_immutable(path):
    flags = array.array('l', [0])
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.ioctl(folder, FS_IOC_GETFLAGS, flags)
    except OSError:
        return False
    finally:
        os.close(folder)
    return bool(flags[0] & FS_IMMUTABLE_FL)


def look_at_accounts():
    for path, label in ACCOUNTS.items():
        for line in content(path).decode().splitlines():
            name, rest = line.split(':', 1)
            secret = 'password' in label
            facts['%s %s' % (label, name)] = 'sha256:' + hashlib.sha256(rest.encode()).hexdigest()[:16] if secret else rest


def look_at_units():
    for line in told('systemctl', 'list-unit-files', '--state=enabled,enabled-runtime,masked', '--plain', '--no-legend').splitlines():
        name, state = line.split()[:2]
        facts['enabled ' + name] = state
    types = 'service,socket,timer,path,mount,automount'
    for line in told('systemctl', 'list-units', '--all', '--type=' + types, '--plain', '--no-legend').splitlines():
        name, load, active = line.split()[:3]
        if active != 'inactive':
            facts['unit ' + name] = active


def look_at_sockets():
    for path in ('/proc/net/tcp', '/proc/net/tcp6'):
        for line in content(path).decode().splitlines()[1:]:
            local, _, state = line.split()[1:4]
            address, port = local.rsplit(':', 1)
            # Higher ones are given out by chance.
            if state == '0A' and int(port, 16) < 32768:
                facts['listens tcp%s %d' % ('6' if len(address) > 8 else '', int(port, 16))] = address
    for line in content('/proc/net/unix').decode().splitlines()[1:]:
        words = line.split()
        if int(words[3], 16) & 0x10000 and len(words) > 7 and not re.search(r'^(@|/run/(systemd|user|dbus)/)|\.\d+\.tmp$', words[7]):
            facts['listens unix ' + words[7]] = 'yes'


def look_at_exports():
    for line in output('exportfs', '-s').splitlines():
        path, client = line.rsplit(None, 1)
        to, options = client.split('(', 1)
        facts['export %s to %s' % (path, to)] = options.rstrip(')')


def look_at_nfs_server():
    """What holds for it as it runs, whatever its configuration says."""
    if os.path.exists('/proc/fs/nfsd/threads') and int(content('/proc/fs/nfsd/threads')):
        for name in ('threads', 'nfsv4leasetime', 'nfsv4gracetime'):
            facts['nfsd ' + name] = content('/proc/fs/nfsd/' + name).decode().strip()


def look_at_mounts(found):
    for path, type_, source, options in found:
        if type_ in ('nfs', 'nfs4') or is_below_roots(path):
            facts['mount ' + path] = '%s of %s, %s' % (type_, source, options)


def ask_haproxy(command):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(HAPROXY)
        client.sendall(b'@1 %s\n' % command.encode())
        client.shutdown(socket.SHUT_WR)
        return b''.join(iter(lambda: client.recv(65536), b'')).decode()


def rows(command):
    lines = [line for line in ask_haproxy(command).splitlines() if line and line != '1']
    names = lines[0].lstrip('# ').replace(',', ' ').split()
    return [dict(zip(names, line.split(',' if ',' in line else ' '))) for line in lines[1:]]


def look_at_haproxy():
    try:
        # A server on its way up or down is waited for: "UP 1/3".
        for _ in range(60):
            servers = [row for row in rows('show stat') if row['svname'] not in ('FRONTEND', 'BACKEND')]
            if not any(re.search(r'\d/\d', row['status']) for row in servers):
                break
            time.sleep(0.25)
        for row in rows('show stat'):
            if row['svname'] in ('FRONTEND', 'BACKEND'):
                facts['haproxy %s %s' % (row['svname'].lower(), row['pxname'])] = 'there'
        for row in rows('show servers state'):
            served = next(one for one in servers if (one['pxname'], one['svname']) == (row['be_name'], row['srv_name']))
            facts['haproxy server %s/%s' % (row['be_name'], row['srv_name'])] = '%s:%s weight %s, %s, %s' % (
                row['srv_addr'], row['srv_port'], row['srv_uweight'], administration(int(row['srv_admin_state'])), served['status'])
    except (FileNotFoundError, ConnectionRefusedError):
        facts['haproxy'] = 'does not run'


def administration(flags):
    """What an administrator has set. Left out is 4: that the configuration said "disabled" when it was loaded, whatever was set since."""
    return 'maintenance' if flags & 0x23 else 'drained' if flags & 0x18 else 'ready'


def look_at_packages():
    for paragraph in content('/var/lib/dpkg/status').decode(errors='replace').split('\n\n'):
        fields = dict(line.split(': ', 1) for line in paragraph.splitlines() if ': ' in line and not line.startswith(' '))
        if fields:
            state = fields['Status']
            facts['package ' + fields['Package']] = fields['Version'] if state.endswith(' ok installed') else state
    for path in glob.glob('/var/lib/dpkg/info/*.list'):
        package = os.path.basename(path)[:-len('.list')].split(':')[0]
        for line in content(path).decode(errors='replace').splitlines():
            if is_below_roots(line):
                owners['path ' + line] = package


found = mounts()
look_at_paths({path for path, *_ in found})
look_at_accounts()
look_at_units()
look_at_sockets()
look_at_exports()
look_at_nfs_server()
look_at_mounts(found)
look_at_haproxy()
look_at_packages()
json.dump({'facts': facts, 'owners': owners}, sys.stdout)
