"""The supervisor: keeps one run of ansible-playbook, whatever becomes of the worker that asked for it."""
import fcntl
import json
import os
import time

import processes
from folder import Folder
from output_log import OutputLog
from pump import Pump

HELD, OUT_OF_DATE = 3, 4
LOCK_PATIENCE = 1.0


def take_lock(folder):
    """The lock is the truth about whether a run is alive; it goes with this process, however that ends."""
    lock = os.open(folder.path('lock'), os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)


def start_ansible(job, folder, output, start):
    """Starts ansible-playbook; known secrets reach our callback through a memory file that only this user can open."""
    secrets = os.memfd_create('secrets')
    os.write(secrets, json.dumps(job['secrets']).encode())
    environment = {**os.environ, 'MUSHER_RUN': folder.root, 'MUSHER_EVENTS': folder.path('events.jsonl'), 'MUSHER_SECRETS_FD': str(secrets)}
    try:
        return start(job, folder, environment, output, secrets)
    finally:
        os.close(secrets)
        os.close(output)


def run(job, folder, start):
    """Starts the run, follows it to its end and records that. A run that was killed from outside gets no exit record: it is lost."""
    started = time.monotonic()
    deadline = started + job['timeoutSeconds']
    log = OutputLog(folder.path('ansible.log'), [secret.encode() for secret in job['secrets']])
    source, output = os.pipe()
    pump = Pump(source, log)
    reason = 'stopped' if folder.has('stop') else 'ended'
    if reason == 'ended':
        pump.child = start_ansible(job, folder, output, start)
        while pump.status is None and reason == 'ended':
            pump.turn(deadline - time.monotonic())
            if pump.status is None:
                reason = 'stopped' if pump.stopping else 'timed-out' if time.monotonic() >= deadline else 'ended'
    # Connections are kept for the operation's next run (ControlPersist ends them), but a run that was stopped leaves nothing.
    processes.end_descendants(job['graceSeconds'], spare_connections=reason == 'ended', turn=pump.turn)
    pump.drain()
    log.close()
    folder.remove_private()
    if reason != 'ended' or pump.status >= 0:
        folder.record_exit({
            'generation': job['generation'], 'reason': reason, 'code': pump.status,
            'seconds': round(time.monotonic() - started, 3), 'diskFull': log.disk_full,
        })


def supervise(path, job, start):
    """Keeps the run in the folder `path`; without a `job` only clears up what a dead supervisor of it left. `start` makes the process.

    Returns 0 when there is nothing more to do, 3 when another supervisor holds the run, 4 when the job is out of date.
    """
    folder = Folder(path)
    folder.take_complaints()
    if not take_lock(folder):
        return HELD
    processes.become_reaper()
    processes.end_leftovers(folder.root)
    folder.remove_private()
    if folder.has('exit.json'):
        return 0
    if job is None:
        if folder.has('stop'):
            folder.record_exit({'generation': folder.generation(), 'reason': 'stopped', 'code': None, 'seconds': 0, 'diskFull': False})
        return 0
    if job['generation'] != folder.generation() + 1:
        return OUT_OF_DATE
    Pump.catch_signals()
    folder.prepare(job)
    run(job, folder, start)
    return 0
