"""ansible-playbook in a fork of a process that has imported it: what a fresh process has by itself is made anew here."""
import atexit
import importlib
import os
import secrets
import shutil
import signal
import sys
import threading
import traceback
import warnings
from types import SimpleNamespace

import module_cache
import processes

# What a run imports beyond its command line's own modules. One that is not there in another version is imported by the run.
IMPORTED_LATER = [f'ansible.{name}' for name in (
    'executor.playbook_executor', 'executor.process.worker', 'executor.task_executor', 'module_utils.connection', 'modules', 'playbook.handler',
    'playbook.handler_task_include', 'playbook.included_file', 'playbook.role.include', 'playbook.role_include', 'playbook.task_include',
    'plugins.action.normal', 'plugins.cache.memory', 'plugins.callback.default', 'plugins.callback.junit', 'plugins.callback.minimal',
    'plugins.callback.oneline', 'plugins.callback.tree', 'plugins.connection.local', 'plugins.connection.ssh', 'plugins.inventory.yaml',
    'plugins.shell.sh', 'plugins.strategy.linear', 'plugins.vars.host_group_vars', 'utils.hashing', 'module_utils.basic',
)] + ['multiprocessing.popen_fork', 'multiprocessing.resource_tracker', 'multiprocessing.shared_memory', 'multiprocessing.synchronize', 'pty']


# Where the nursery keeps packed modules.
modules = None


def warm_up():
    """Imports Ansible, whose constants are read from the environment and the configuration at that time."""
    import ansible.cli.playbook
    for name in IMPORTED_LATER:
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    from ansible import constants
    from ansible.plugins import loader
    from ansible.utils.path import cleanup_tmp_file
    # The command line does the same again, which Ansible finds worth a warning and has no effect.
    warnings.filterwarnings('ignore', message='AnsibleCollectionFinder has already been configured')
    loader.init_plugin_loader()
    importlib.import_module('ansible_collections.ansible.builtin')
    for plugins in (loader.become_loader, loader.connection_loader, loader.shell_loader, loader.cache_loader, loader.vars_loader):
        for _ in plugins.all(class_only=True):
            pass
    if not _can_make_anew():
        raise RuntimeError('this Ansible keeps something of a run elsewhere: it must be started afresh each time')
    # Made when the constants are; each run has its own.
    atexit.unregister(cleanup_tmp_file)
    shutil.rmtree(constants.DEFAULT_LOCAL_TMP, ignore_errors=True)


def start(job, folder, environment, output, secrets_file):
    """Like a Popen of the job's command: a process, of which the supervisor needs only the number."""
    # A SIGTERM meant for the fork waits until it is no longer the supervisor's handler that gets it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    pid = os.fork()
    if pid == 0:
        end_with(lambda: _become_ansible(job, folder, environment, output, secrets_file))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    return SimpleNamespace(pid=pid)


def end_with(work):
    """Does `work` and ends this fork as a process ends, except that nothing of the frames below is run or freed."""
    code = 1
    try:
        code = work()
    except SystemExit as wish:
        code = wish.code
    except BaseException:
        traceback.print_exc()
    try:
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code or 0)


def replace_environment(environment):
    os.environ.clear()
    os.environ.update(environment)


def connect(stdin, stdout, stderr, keep=None):
    """Has only these three descriptors open, and `keep`. Our lock, above all, must not live on in Ansible."""
    for number, source in enumerate((stdin, stdout, stderr)):
        os.dup2(source, number)
    os.closerange(3, keep or os.sysconf('SC_OPEN_MAX'))
    if keep:
        os.closerange(keep + 1, os.sysconf('SC_OPEN_MAX'))


def _become_ansible(job, folder, environment, output, secrets_file):
    os.setsid()
    processes.die_with_parent()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    connect(os.open(os.devnull, os.O_RDONLY), output, output, keep=secrets_file)
    os.umask(folder.former_umask)
    os.chdir(job['cwd'])
    replace_environment(environment)
    processes.mark(folder.root)
    sys.argv = list(job['command'])
    _make_anew(own_playbook=os.path.dirname(sys.argv[-1]) == job['cwd'])
    from ansible.cli.playbook import main
    return main()


def _can_make_anew():
    from ansible.utils import display, vars as ids
    return hasattr(ids, 'random_int') and hasattr(display, '_synchronize_textiowrapper') and hasattr(display.Display(), '_lock')


def _make_anew(own_playbook):
    """What Ansible made when it was imported and would share with every other run of the nursery."""
    from ansible import constants
    from ansible.utils import display, vars as ids
    constants.DEFAULT_LOCAL_TMP = constants.config.get_config_value('DEFAULT_LOCAL_TMP', variables=vars(constants))
    ids.random_int = secrets.token_hex(4)
    if modules and own_playbook:
        module_cache.use_cache(modules, constants.DEFAULT_LOCAL_TMP)
    # Ansible's lock against forking while a thread writes is gone after a fork; this process will fork, too.
    for stream in (sys.stdout, sys.stderr):
        display._synchronize_textiowrapper(stream, display.Display()._lock)
