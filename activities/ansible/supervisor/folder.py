"""The folder of a run: 0700, its files 0600, what others wait for written by rename."""
import json
import os
import shutil

from processes import start_time

RESERVED = 4096


class Folder:
    def __init__(self, path):
        self.root = os.path.realpath(path)
        self.former_umask = os.umask(0o077)

    def path(self, name):
        return os.path.join(self.root, name)

    def has(self, name):
        return os.path.exists(self.path(name))

    def take_complaints(self):
        """Standard error goes to a file: the worker, which might have read it, may be gone."""
        complaints = os.open(self.path('supervisor.log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(complaints, 2)
        os.close(complaints)

    def generation(self):
        """How many times the run has been started; more than once only when it died before its end."""
        try:
            with open(self.path('supervisor.json'), encoding='utf-8') as file:
                return json.load(file)['generation']
        except FileNotFoundError:
            return 0

    def prepare(self, job):
        """Writes what ansible-playbook reads, and who we are."""
        for name, content in job['files'].items():
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
            with open(self.path(name), 'w', encoding='utf-8') as file:
                file.write(content)
        self._end_torn_line()
        # Written now, so that a disk that fills up later leaves room for the exit record.
        with open(self.path('exit.json.new'), 'wb') as file:
            file.write(b' ' * RESERVED)
        with open('/proc/sys/kernel/random/boot_id', encoding='ascii') as file:
            boot = file.read().strip()
        pid = os.getpid()
        with open(self.path('supervisor.json.new'), 'w', encoding='utf-8') as file:
            json.dump({'pid': pid, 'startTime': start_time(pid), 'bootId': boot, 'generation': job['generation']}, file)
        self._reveal('supervisor.json')

    def record_exit(self, record):
        mode = 'r+b' if self.has('exit.json.new') else 'wb'
        with open(self.path('exit.json.new'), mode) as file:
            file.write(json.dumps(record).encode())
            file.truncate()
        self._reveal('exit.json')

    def remove_private(self):
        shutil.rmtree(self.path('private'), ignore_errors=True)

    def _end_torn_line(self):
        """A run that was killed may have left half an event; the next line must not be glued to it."""
        with open(self.path('events.jsonl'), 'ab+') as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b'\n':
                    file.write(b'\n')

    def _reveal(self, name):
        """Makes NAME.new visible as NAME, whole and durable."""
        _sync(self.path(name + '.new'))
        os.replace(self.path(name + '.new'), self.path(name))
        _sync(self.root)


def _sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
