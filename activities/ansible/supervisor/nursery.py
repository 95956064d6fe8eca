"""The nursery: has imported Ansible and forks a supervisor for each request, until its standard input ends with the worker.

A request is its length in bytes (ten digits) and that many bytes of JSON: {folder, environment, job}. It is read by the fork, so that no
secret is ever in the nursery's memory. The answer on standard output is a line {"pid"}, and {"pid", "code"} at the supervisor's end.
"""
import gc
import json
import os
import select
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ansible_fork
import module_cache
import supervise
del sys.path[0]

LENGTH_DIGITS = 10


def main():
    answers = os.dup(1)
    # What an import may print is no answer.
    os.dup2(2, 1)
    sys.dont_write_bytecode = False
    ansible_fork.warm_up()
    ansible_fork.modules = module_cache.open_cache(sys.argv[1], os.getcwd())
    gc.collect()
    gc.freeze()
    wake, waker = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([0, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            tell_of_ended(answers)
        if 0 in ready:
            length = read_exactly(LENGTH_DIGITS)
            if not length:
                return
            tell(answers, {'pid': fork_supervisor(int(length))})


def fork_supervisor(length):
    if threading.active_count() != 1:
        raise RuntimeError('a process with several threads cannot be forked')
    taken, taker = os.pipe()
    pid = os.fork()
    if pid == 0:
        ansible_fork.end_with(lambda: become_supervisor(length, taker))
    os.close(taker)
    whole = os.read(taken, 1)
    os.close(taken)
    if not whole:
        raise RuntimeError('the fork did not read its request')
    return pid


def become_supervisor(length, taker):
    request = json.loads(read_exactly(length))
    os.write(taker, b'.')
    os.setsid()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    ansible_fork.connect(null, null, null)
    ansible_fork.replace_environment(request['environment'])
    return supervise.supervise(request['folder'], request['job'], ansible_fork.start)


def tell_of_ended(answers):
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        tell(answers, {'pid': pid, 'code': os.waitstatus_to_exitcode(status)})


def tell(answers, message):
    os.write(answers, json.dumps(message).encode() + b'\n')


def read_exactly(length):
    """Standard input's next bytes; fewer only at its end. Nothing is read ahead: what follows may be for a fork."""
    parts = []
    while length and (part := os.read(0, length)):
        parts.append(part)
        length -= len(part)
    return b''.join(parts)


if __name__ == '__main__':
    main()
