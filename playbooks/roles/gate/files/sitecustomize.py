"""Has Python keep what it compiles of Ansible's modules on this host: Ansible sends each as a zip of sources, which are compiled anew for every task.

Python imports this file at its start where the gate let it in (the gate names this folder in PYTHONPATH). What a module starts knows nothing of it. Compiled
code is kept for root alone, by the hash of its source and with one of its own, since a power cut may leave half of it. Whatever stands in the way: Python
compiles as it always does.
"""
import os
import sys

FOLDER = '/var/cache/musher/modules'
# Some ten versions of Ansible and Musher.
MOST_FILES = 1000


def leave_no_trace():
    """Takes this folder from the paths of this process, and from the environment of those that it starts."""
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if path != own]
    others = [path for path in os.environ.get('PYTHONPATH', '').split(os.pathsep) if path not in ('', own)]
    if others:
        os.environ['PYTHONPATH'] = os.pathsep.join(others)
    else:
        os.environ.pop('PYTHONPATH', None)


def is_private():
    """Whether the folder is root's alone; it is made where it is missing."""
    os.makedirs(os.path.dirname(FOLDER), exist_ok=True)
    try:
        os.mkdir(FOLDER, 0o700)
    except FileExistsError:
        pass
    status = os.lstat(FOLDER)
    return status.st_uid == 0 and status.st_mode & 0o170777 == 0o040700


def keep_compiled():
    import marshal
    import zipimport
    from _frozen_importlib_external import MAGIC_NUMBER
    from _imp import source_hash
    key = int.from_bytes(MAGIC_NUMBER, 'little')
    size = len(source_hash(key, b''))
    compile_source = zipimport._compile_source

    def compile_once(path, source):
        kept = os.path.join(FOLDER, '%s-%d-%s' % (source_hash(key, source).hex(), len(source), sys.implementation.cache_tag))
        try:
            with open(kept, 'rb') as file:
                data = file.read()
            if data[:size] == source_hash(key, data[size:]):
                return marshal.loads(data[size:])
        except OSError:
            pass
        code = compile_source(path, source)
        data = marshal.dumps(code)
        try:
            write(kept, source_hash(key, data) + data)
        except OSError:
            pass
        return code

    zipimport._compile_source = compile_once


def write(kept, data):
    names = os.listdir(FOLDER)
    if len(names) >= MOST_FILES:
        for name in names:
            os.unlink(os.path.join(FOLDER, name))
    draft = '%s.%d' % (kept, os.getpid())
    with open(draft, 'wb') as file:
        file.write(data)
    os.rename(draft, kept)


try:
    leave_no_trace()
    if os.geteuid() == 0 and is_private():
        keep_compiled()
except Exception:
    # An older or newer Python, or a read-only disk: nothing is kept.
    pass
