"""A log that masks secrets and keeps the first and last part of what is too long: no output can fill the disk."""
import errno
import os

HEAD, TAIL = 4 << 20, 2 << 20
OVERLAP = 1 << 20
MASK = b'********'


class OutputLog:
    def __init__(self, path, secrets):
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.secrets = [secret for secret in secrets if secret]
        self.hold = max((len(secret) for secret in self.secrets), default=1) - 1
        self.held = b''
        self.room = HEAD
        self.tail = bytearray()
        self.left_out = 0
        self.disk_full = False

    def write(self, data):
        """Masks and keeps `data` (any bytes). The last few wait for what follows: a secret may be cut in two."""
        self.held += data
        self._mask(len(self.held) - self.hold)

    def close(self):
        self._mask(len(self.held))
        if self.left_out:
            self._append(b'\n[... %d bytes left out ...]\n' % self.left_out)
        self._append(bytes(self.tail))
        os.close(self.file)

    def _mask(self, end):
        """Passes on what is held up to `end`; what begins before `end` is there as a whole, and goes as one mask."""
        at = 0
        for start, stop in self._secret_ranges(end):
            if stop > end and len(self.held) < OVERLAP:
                # The next secret may overlap this one and be still to come.
                end = start
                break
            self._keep(self.held[at:start] + MASK)
            at = stop
        end = max(at, end, 0)
        self._keep(self.held[at:end])
        self.held = self.held[end:]

    def _secret_ranges(self, end):
        found = []
        for secret in self.secrets:
            start = self.held.find(secret)
            while 0 <= start < end:
                found.append((start, start + len(secret)))
                start = self.held.find(secret, start + 1)
        merged = []
        for start, stop in sorted(found):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        return merged

    def _keep(self, data):
        head, rest = data[:self.room], data[self.room:]
        self.room -= len(head)
        self._append(head)
        self.tail += rest
        if len(self.tail) > 2 * TAIL:
            self._shorten()

    def _shorten(self):
        self.left_out += len(self.tail) - TAIL
        del self.tail[:-TAIL]

    def _append(self, data):
        try:
            while data:
                data = data[os.write(self.file, data):]
        except OSError as error:
            # The run goes on without its log.
            self.disk_full = self.disk_full or error.errno in (errno.ENOSPC, errno.EDQUOT)
