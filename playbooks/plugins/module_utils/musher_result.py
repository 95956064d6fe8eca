"""How our modules end: a result, or a failure whose class the workflows know."""

import errno
import os
import subprocess


class Failure(Exception):
    """A failure of a class of the ledger (contract/failures.ts), with a message for a person."""

    def __init__(self, failure, message, **more):
        super().__init__(message)
        self.failure = failure
        self.more = more


def conclude(module, act):
    """Call act(); exit the module with the dict that it returns, or with its failure."""
    try:
        result = act()
    except Failure as failure:
        module.fail_json(msg=str(failure), musher_failure=failure.failure, **failure.more)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        module.fail_json(msg='No space left on the disk of %s' % (error.filename or 'this server'), musher_failure='disk-full')
    module.exit_json(**result)


def run(command, message, failure='task-failed'):
    """Run a command (a list); its standard output as text. Failure with the message and what it printed when it ends with an error."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).decode(errors='replace')
        raise Failure(failure, '%s: %s' % (message, said[-2000:] or 'exit status %d' % done.returncode))
    return done.stdout.decode(errors='replace')


def write(path, content, mode=0o644):
    """Put content (bytes) at path durably: whoever reads it, after a power cut too, finds the old or the new one whole."""
    partial = os.path.join(os.path.dirname(path), '.%s.new' % os.path.basename(path))
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, 'wb') as file:
        file.write(content)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    os.replace(partial, path)
    sync_folder(os.path.dirname(path))


def undo_folder(store, operation):
    """Where a server keeps what it needs to undo an operation (its id), below `store`."""
    return os.path.join(store, operation.replace('/', '%').lstrip('.'))


def sync_folder(path):
    """Make what was renamed, linked or removed in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(path):
    """The content of a file as bytes; None when there is none."""
    try:
        with open(path, 'rb') as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
        return None
