"""A process that has imported Ansible's library, and forks for each module that is handed to it (sitecustomize.py), until nobody has asked for a while.

What a module is given is what it would have by itself: its descriptors, folder, environment and umask come with the request, and its program is read by the fork, so
that no argument of a module is ever in this process. The gate knows a fork as it knows who asked for it, by MUSHER_TOKEN in its environment, and it begins only
when who asked is still there once it is marked so: whoever seals the gate meanwhile finds the one or the other.

The library comes out of the zips that Ansible sends with each module, and serves only modules whose zips hold the same, file by file; else a fork imports its
own, and this process learns that for the next.
"""
import atexit
import base64  # This one, json, runpy and tempfile are here for what Ansible sends, which imports them.
import builtins
import gc
import importlib
import importlib.machinery
import json
import marshal
import os
import runpy
import shutil
import socket
import sys
import tempfile
import threading
import time
import types
import zipfile
import zipimport

# Seconds without a module after which it ends.
IDLE = 180
PATIENCE = 20
# Each library that it has learnt leaves something in its memory: then another takes its place.
MOST_LIBRARIES = 20
# Bytes that must be left in /run when a library is kept there.
ROOM = 16 << 20
MARK = b'MUSHER_TOKEN='


def serve(listening, folder, lock):
    listener = socket.socket(fileno=listening)
    leave_the_one_who_started(keep={listening, lock})
    library = Library(folder)
    # The lines to those who asked, by the process of a fork.
    lines = {}
    last = time.monotonic()
    while lines or (time.monotonic() - last < IDLE and library.learnt < MOST_LIBRARIES):
        listener.settimeout(0.1 if lines else max(0.1, IDLE - (time.monotonic() - last)))
        try:
            line, _ = listener.accept()
            lines[fork(line, library)] = line
            last = time.monotonic()
        except OSError:
            pass
        for pid in list(lines):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                tell_status(lines.pop(pid), status)
                library.learn_from(pid)
                last = time.monotonic()
    # Who has connected by now finds nobody there, and runs the module itself.
    shutil.rmtree(folder)


def tell_status(line, status):
    """Ends a line. Who asked knows it from the fork already, unless that was killed, or has closed what it did not open."""
    try:
        line.send(b'%d' % (os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)))
    except OSError:
        pass
    line.close()


def leave_the_one_who_started(keep):
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    close_all(keep)
    os.chdir('/')
    # Before its text is overwritten: what has no name any more cannot be taken out.
    os.environ.clear()
    mark(b'')
    be_called('musher-modules')


def be_called(name):
    with open('/proc/self/comm', 'w') as file:
        file.write(name)


def close_all(keep):
    """Closes every descriptor but the first three, and some."""
    for name in os.listdir('/proc/self/fd'):
        if int(name) > 2 and int(name) not in keep:
            try:
                os.close(int(name))
            except OSError:
                pass


def mark(text):
    """Makes /proc tell this text, and nothing else, as the environment that this process was started with. @raises ValueError where there is no room for it."""
    with open('/proc/self/stat', 'rb') as file:
        words = file.read().rpartition(b') ')[2].split()
    start, end = int(words[47]), int(words[48])
    if len(text) >= end - start:
        raise ValueError('there is no room for the mark')
    memory = os.open('/proc/self/mem', os.O_RDWR)
    os.pwrite(memory, text.ljust(end - start, b'\0'), start)
    os.close(memory)


def fork(line, library):
    pid = os.fork()
    if pid:
        return pid
    try:
        code = take_over(line, library)
    except BaseException:
        # Nothing has been run.
        os._exit(1)
    try:
        line.send(b'%d' % code)
    finally:
        os._exit(code)


def take_over(line, library):
    """Becomes the process that a module runs in, and runs it. @returns the status that it ends with."""
    line.settimeout(PATIENCE)
    request, ancillary, _, _ = line.recvmsg(1 << 20, socket.CMSG_SPACE(4 * 4))
    rights = b''.join(data for _, _, data in ancillary)
    *streams, here = [int.from_bytes(rights[at:at + 4], sys.byteorder) for at in range(0, len(rights), 4)]
    environment, umask = marshal.loads(request)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.fchdir(here)
    close_all(keep={line.fileno()})
    os.umask(umask)
    # What a module signals as its group is not the other modules.
    os.setpgid(0, 0)
    token = environment.get(MARK[:-1])
    mark(b'' if token is None else MARK + token)
    be_called(os.path.basename(sys.executable))
    os.environb.update(environment)
    forget()
    sys.meta_path.insert(0, library)
    line.send(b'ready')
    line.settimeout(None)
    if line.recv(16) != b'go':
        raise ConnectionError('who asked has gone')
    # What the module forks has no word in how it ends.
    os.register_at_fork(after_in_child=line.close)
    return run()


def forget():
    """Lets go of what this process knows of its host and has not looked at again since."""
    importlib.invalidate_caches()
    time.tzset()
    if 'platform' in sys.modules:
        sys.modules['platform']._uname_cache = None


def run():
    """Runs the program on standard input as Python would, to its end."""
    code = 1
    main = types.ModuleType('__main__')
    try:
        main.__builtins__ = builtins
        main.__loader__ = importlib.machinery.BuiltinImporter
        sys.modules['__main__'] = main
        sys.argv[:] = ['']
        sys.path.insert(0, '')
        exec(compile(sys.stdin.buffer.read(), '<stdin>', 'exec', dont_inherit=True), main.__dict__)
        code = 0
    except SystemExit as wish:
        code = 0 if wish.code is None else wish.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    if not isinstance(code, int):
        attempt(lambda: print(code, file=sys.stderr))
        code = 1
    attempt(threading._shutdown)
    attempt(atexit._run_exitfuncs)
    # Files that nobody has closed are written.
    sys.modules.pop('__main__', None)
    main.__dict__.clear()
    gc.collect()
    flushed = [attempt(stream.flush) for stream in (sys.stdout, sys.stderr) if stream is not None and not stream.closed]
    # Python's own status where nobody takes its last words.
    return code & 255 if all(flushed) else 120


def attempt(what):
    """Does something that is done at the end whatever becomes of it. @returns whether it went well."""
    try:
        what()
        return True
    except BaseException:
        return False


class Library:
    """What was imported of Ansible's library, and which files of the zips it came from. In a fork it is the first to be asked for modules."""

    def __init__(self, folder):
        self.folder = folder
        self.modules = {}
        self.files = {}
        self.learnt = 0

    def find_spec(self, name, path=None, target=None):
        if name != 'ansible':
            return None
        sys.meta_path.remove(self)
        archive = sys.path[0]
        if not zipfile.is_zipfile(archive):
            return None
        files = files_of(archive)
        fits = self.fits(files)
        if not fits or any(file not in self.files for file in files):
            self.have_learnt(archive)
        if not fits or not self.modules:
            return None
        self.bring(archive)
        # Were it there already, the import would go by where it came from.
        return importlib.machinery.ModuleSpec(name, Given(sys.modules.pop(name)), is_package=True)

    def fits(self, files):
        return all(self.files.get(file, content) == content for file, content in files.items())

    def bring(self, archive):
        """Has all of it imported; what is missing in it comes out of this zip."""
        sys.modules.update(self.modules)
        for name, module in self.modules.items():
            if hasattr(module, '__path__'):
                module.__path__ = [os.path.join(archive, *name.split('.'))]

    def have_learnt(self, archive):
        """Leaves a zip to the process that this one was forked from."""
        kept = os.path.join(self.folder, '%d.zip' % os.getpid())
        try:
            space = os.statvfs(self.folder)
            if space.f_bavail * space.f_frsize > ROOM:
                shutil.copyfile(archive, kept + '.draft')
                os.rename(kept + '.draft', kept)
        except OSError:
            # Nothing is learnt.
            attempt(lambda: os.unlink(kept + '.draft'))

    def learn_from(self, pid):
        """Imports what a fork has found missing."""
        left, archive = os.path.join(self.folder, '%d.zip' % pid), os.path.join(self.folder, 'library-%d.zip' % self.learnt)
        if not os.path.exists(left):
            return
        files = files_of(left)
        if self.fits(files) and set(files) <= set(self.files):
            os.unlink(left)
            return
        # It stays: who asks a module for its source is led there.
        os.rename(left, archive)
        self.learnt += 1
        if not self.fits(files):
            self.modules, self.files = {}, {}
        sys.path.insert(0, archive)
        self.bring(archive)
        for file in sorted(set(files) - set(self.files)):
            try:
                importlib.import_module(file[:-len('.py')].replace('/', '.').replace('.__init__', ''))
            except Exception:
                # Needs what is not on this host: who asks for it is told so.
                pass
        self.files.update(files)
        for name in [name for name in sys.modules if name.split('.')[0] == 'ansible']:
            self.modules[name] = sys.modules.pop(name)
        sys.path.remove(archive)
        # Each fork would look through the zip anew.
        for path in [path for path in sys.path_importer_cache if path.startswith(archive)]:
            del sys.path_importer_cache[path]
        zipimport._zip_directory_cache.pop(archive, None)
        # What is shared with forks is not to be copied by looking for garbage.
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def files_of(archive):
    """The files of Ansible's library in a zip, with what tells their contents apart."""
    with zipfile.ZipFile(archive) as whole:
        found = whole.infolist()
    return {one.filename: (one.CRC, one.file_size) for one in found if one.filename.endswith('.py') and (one.filename == 'ansible/__init__.py' or one.filename.startswith('ansible/module_utils/'))}


class Given:
    """The loader of a module that is there."""

    def __init__(self, module):
        self.module = module

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        pass
