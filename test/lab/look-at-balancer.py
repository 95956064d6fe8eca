"""Which servers of a backend HAProxy may ask, of its own word and its configuration's; nothing of Musher's. Its argument is the backend; prints their names."""

import re
import socket
import sys

SOCKET = '/run/haproxy-master.sock'
CONFIGURATION = '/etc/haproxy/haproxy.cfg'
# HAProxy's management guide, srv_admin_state: in maintenance or drained, forced or inherited. Left out is 4: what the configuration said when it was loaded.
OUT = 0x3B

backend = sys.argv[1]
with open(CONFIGURATION) as file:
    section = re.search(r'^backend %s$\n((?:^(?:[ \t].*)?\n)*)' % re.escape(backend), file.read(), re.M).group(1)
held = {words[1] for words in map(str.split, section.splitlines()) if words[:1] == ['server'] and 'disabled' in words}
with socket.socket(socket.AF_UNIX) as client:
    client.settimeout(10)
    client.connect(SOCKET)
    client.sendall(b'@1 show servers state %s\n' % backend.encode())
    client.shutdown(socket.SHUT_WR)
    said = b''.join(iter(lambda: client.recv(65536), b'')).decode()
# Columns: id and name of the backend, id and name of the server, address, two states.
servers = {columns[3]: int(columns[6]) for columns in map(str.split, said.splitlines()) if columns[1:2] == [backend]}
print('\n'.join(name for name, state in servers.items() if name not in held and not state & OUT))
