"""The program of a `once` hook's unit: run one command once, whatever happens, and leave a durable result.

It runs on a host by itself (`python3 once.py FOLDER`), so it imports nothing of ours. FOLDER holds `job.json`
({command, uid, gid, groups, folder, environment, timeout}); here go `started`, `output` and `result.json` ({status, late, tail, seconds}).
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

OUTPUT_LIMIT = 1 << 20
TAIL_LIMIT = 2000


def main(folder):
    with open(os.path.join(folder, 'job.json')) as file:
        job = json.load(file)
    # Nobody has been here before, and nobody will be again: this file is never deleted before its folder.
    os.close(os.open(os.path.join(folder, 'started'), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    sync(folder)
    began = time.monotonic()
    result = run(job, os.path.join(folder, 'output'))
    put(folder, 'result.json', {**result, 'seconds': round(time.monotonic() - began, 1)})


def run(job, output):
    """Run the job's command as its user; {status, late, tail}: `tail` is the last of what it printed, `late` says that it took too long.

    The status is 124 then, as timeout(1) says, but a command may end with 124 by itself.
    """
    deadline = time.monotonic() + job['timeout']
    child = subprocess.Popen(
        # The user itself goes into the folder: where that is on a storage, root may not.
        ['/bin/sh', '-c', 'cd -- "$0" && exec /bin/sh -c "$1"', job['folder'], job['command']], cwd='/', env=job['environment'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True, user=job['uid'], group=job['gid'], extra_groups=job['groups'], umask=0o022)
    tail, written, late, patience = b'', 0, False, 20
    with open(output, 'wb', opener=lambda path, flags: os.open(path, flags, 0o600)) as kept:
        while True:
            ended = child.poll() is not None
            # What a command leaves running in the background may hold the pipe, or go on printing: nobody waits for that.
            patience -= ended
            if patience < 0:
                break
            if select.select([child.stdout], [], [], 0 if ended else 0.2)[0]:
                block = os.read(child.stdout.fileno(), 65536)
                if not block and ended:
                    break
                if not block:
                    time.sleep(0.05)
                kept.write(block[:max(0, OUTPUT_LIMIT - written)])
                written += len(block)
                tail = (tail + block)[-TAIL_LIMIT:]
            elif ended:
                break
            # Whoever has ended has no process group any more, or somebody else has its number.
            if not ended and not late and time.monotonic() > deadline:
                late = True
                stop(child)
    status = 124 if late else child.returncode if child.returncode >= 0 else 128 - child.returncode
    return {'status': status, 'late': late, 'tail': tail.decode(errors='replace')}


def stop(child):
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def put(folder, name, value):
    """Write a JSON file by rename, durably."""
    with open(os.path.join(folder, name + '.new'), 'w') as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(os.path.join(folder, name + '.new'), os.path.join(folder, name))
    sync(folder)


def sync(folder):
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


if __name__ == '__main__':
    main(sys.argv[1])
