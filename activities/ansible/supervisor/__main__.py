"""The supervisor on its own, without a nursery: `python supervisor FOLDER`, started detached.

The job (JSON) comes on standard input, so that nothing secret is in an argument list or in the environment; it may be empty.
The exit code is what `supervise` returns.
"""
import json
import signal
import subprocess
import sys

import processes
from supervise import supervise


def execute(job, folder, environment, output, secrets):
    return subprocess.Popen(
        job['command'], cwd=job['cwd'], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        pass_fds=[secrets], umask=folder.former_umask, start_new_session=True, preexec_fn=processes.die_with_parent,
    )


if __name__ == '__main__':
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    text = sys.stdin.read()
    sys.exit(supervise(sys.argv[1], json.loads(text) if text else None, execute))
