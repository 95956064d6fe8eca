#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""Hooks of a project on a member."""

DOCUMENTATION = r'''
module: musher_hook
short_description: Run a project's once hooks on a member, or stop them
description:
  - Each command is a systemd unit of its own that outlives this task and leaves a durable result below C(/var/lib/musher/hooks).
    Whoever asks again for the same O(id) waits for it or reads the result; it is never run twice. One that was cut off without a
    result is a failure of class C(hook-outcome-unknown).
  - A person may decide about one that failed or whose outcome is unknown, see O(decisions).
  - They run as the environment's user, in the release. A hook is a shell command. It finds C(MUSHER_PROJECT), C(MUSHER_ENVIRONMENT) and
    C(MUSHER_RELEASE) in its environment.
  - Or it is a playbook, which whoever calls this module runs, from elsewhere. The records are the same - it is begun once, and what came of it is told here.
version_added: 0.1.0
author: Musher (@musher)
options:
  state:
    description:
      - C(once) runs the hooks, or waits for those that run, or reads their results. Before a playbook that has not been begun it returns, and says so.
      - C(begun) puts on record that the playbook of O(hook) is about to begin. It fails where that is on record already.
      - C(stopped) stops the one that runs, with every process it started, and waits until they are gone. It is on record as stopped, so it
        never runs again - whoever asks for the same O(id) is told C(hook-outcome-unknown). What never ran or has ended is left alone. This
        needs neither the release nor its user.
    type: str
    choices: [once, begun, stopped]
    default: once
  id:
    description: What makes this running of the hooks the same as another.
    type: str
    required: true
  hooks:
    description: The hooks, in order; the first that fails ends it. Each is a shell command, or a dict with the path of a C(playbook).
    type: list
    elements: raw
    required: true
  environment:
    description: The environment, as C(musher_environment) of the playbooks.
    type: dict
    required: true
  release:
    description: Id of the release to run commands in; required with C(once).
    type: str
  timeout:
    description: Longest time for each command, in seconds.
    type: int
    default: 600
  decisions:
    description:
      - What people decided, in turn, about commands of this O(id) that failed or whose outcome is unknown. C(again) runs the command again, once more
        with records of its own; C(done) takes it for done. Those after it run as ever. The list only ever grows.
    type: list
    elements: str
    choices: [again, done]
    default: []
  hook:
    description: With C(begun), which of O(hooks) is about to begin, and after how many of the O(decisions), as C(once) has returned it.
    type: dict
    suboptions:
      number:
        description: Its index.
        type: int
        required: true
      decided:
        description: How many decisions were taken before.
        type: int
        required: true
  ended:
    description: With C(once), what came of a playbook that was begun. It is put on record before anything else, unless something is on record already.
    type: dict
    suboptions:
      number:
        description: Its index.
        type: int
        required: true
      decided:
        description: How many decisions were taken before.
        type: int
        required: true
      failure:
        description: Why it failed; left out where it ended well.
        type: str
'''

EXAMPLES = r'''
- name: Update the database
  musher_hook:
    id: shop/live/20260101T120000Z-a1b2c3
    hooks: ["vendor/bin/drush deploy -y"]
    environment: "{{ musher_environment }}"
    release: 20260101T120000Z-a1b2c3

- name: Stop it
  musher_hook:
    state: stopped
    id: shop/live/20260101T120000Z-a1b2c3
    hooks: ["vendor/bin/drush deploy -y"]
    environment: "{{ musher_environment }}"
'''

RETURN = r'''
output:
  description: The last of what each command printed.
  type: list
  elements: str
  returned: when state is once
musher:
  description: C(due), the playbook that is to be run now (C(number), C(decided)), if there is one. C(begun), once that is on record.
  type: dict
  returned: when there is a playbook among the hooks
musher_failure:
  description: C(hook-failed) or C(hook-outcome-unknown).
  type: str
  returned: on failure
'''

import hashlib
import inspect
import json
import os
import shutil
import sys
import time

from ansible.module_utils import musher_once
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.musher_hooks import job, outcome
from ansible.module_utils.musher_result import Failure, conclude, read, run, sync_folder, write
from ansible.module_utils.musher_running import show

STORE = '/var/lib/musher/hooks'
KEPT = 50
OF_THE_HOOK = ('hook-failed', 'hook-outcome-unknown')


def once(asked):
    tails, changed, decided = [], False, 0
    if asked['ended']:
        end_playbook(asked, **asked['ended'])
    for number, hook in enumerate(asked['hooks']):
        is_done = False
        while not is_done:
            folder, unit = place(asked, number, decided)
            try:
                if isinstance(hook, dict):
                    if not was_started(folder):
                        return {'changed': changed, 'output': tails, 'musher': {'due': {'number': number, 'decided': decided}}}
                    require_well(folder, hook['playbook'])
                else:
                    changed = begin(asked, hook, folder, unit) or changed
                    tails.append(outcome(hook, asked['timeout'], wait(folder, unit, hook)))
                is_done = True
            except Failure as failure:
                if failure.failure not in OF_THE_HOOK or decided == len(asked['decisions']):
                    raise
                is_done = asked['decisions'][decided] == 'done'
                decided += 1
    forget_oldest()
    return {'changed': changed, 'output': tails}


def begin(asked, command, folder, unit):
    """Start a command, unless it was started before. Returns whether it did."""
    if was_started(folder):
        return False
    work = job(asked['environment'], asked['release'], command, asked['timeout'])
    if is_running(unit):
        return False
    start(folder, unit, work)
    return True


def begun(asked):
    """Put on record that a playbook begins. Nobody has begun it before, and nobody will again: the record is never deleted before its folder."""
    folder, _ = place(asked, **asked['hook'])
    os.makedirs(folder, mode=0o700, exist_ok=True)
    sync_folder(STORE)
    try:
        os.close(os.open(os.path.join(folder, 'started'), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        require_well(folder, asked['hooks'][asked['hook']['number']]['playbook'])
        raise Failure('task-failed', 'The playbook has been run already: its result is in %s' % folder)
    sync_folder(folder)
    return {'changed': True, 'musher': {'begun': True}}


def end_playbook(asked, number, decided, failure):
    """Put on record how a playbook ended; of one that was never begun there is nothing to say."""
    folder, _ = place(asked, number, decided)
    if was_started(folder) and not os.path.exists(os.path.join(folder, 'result.json')):
        write(os.path.join(folder, 'result.json'), json.dumps({'failure': failure}).encode(), 0o600)


def require_well(folder, playbook):
    """Return if a playbook that was begun ended well."""
    result = read(os.path.join(folder, 'result.json'))
    if not result:
        raise Failure('hook-outcome-unknown', 'The playbook %s was begun and was cut off: nobody knows how much of its work it did' % playbook)
    failure = json.loads(result)['failure']
    if failure is not None:
        raise Failure('hook-failed', failure)


def stopped(asked):
    # Every one is stopped before it is asked whether any had to be.
    places = [place(asked, number, decided) for number in range(len(asked['hooks'])) for decided in range(len(asked['decisions']) + 1)]
    were_running = [stop(folder, unit) for folder, unit in places]
    return {'changed': any(were_running)}


def place(asked, number, decided):
    """The folder of a hook's records and the name of its unit, if it is a command, which follow from the id and from how many decisions were taken before."""
    mark = hashlib.sha256(asked['id'].encode()).hexdigest()[:16]
    name = '%s-%s-%d' % (asked['environment']['slug'], mark, number) + ('-%d' % decided if decided else '')
    return os.path.join(STORE, name), 'musher-once-%s.service' % name


def was_started(folder):
    return any(os.path.exists(os.path.join(folder, record)) for record in ('started', 'stopped'))


def start(folder, unit, work):
    os.makedirs(folder, mode=0o700, exist_ok=True)
    program = os.path.join(folder, 'once.py')
    write(program, inspect.getsource(musher_once).encode(), 0o600)
    write(os.path.join(folder, 'job.json'), json.dumps(work).encode(), 0o600)
    run(['systemd-run', '--quiet', '--collect', '--unit', unit, '--property', 'Type=exec', '--property', 'KillMode=control-group',
         '--property', 'TimeoutStopSec=10', sys.executable, program, folder], 'The unit of the hook could not be started')


def stop(folder, unit):
    """Stop a unit and all its processes, if it runs. Returns whether it did."""
    if not is_running(unit):
        return False
    if not os.path.exists(os.path.join(folder, 'result.json')):
        # On record before it is stopped: a crash between the two must not let it run again.
        write(os.path.join(folder, 'stopped'), b'', 0o600)
    try:
        run(['systemctl', 'stop', unit], 'The unit of the hook could not be stopped')
    except Failure:
        # One that ended by itself meanwhile is no longer known.
        if is_running(unit):
            raise
    return True


def is_running(unit):
    """Whether a unit runs, or is about to."""
    state = show(unit)
    return bool(state.get('Job')) or state['ActiveState'] in ('active', 'activating', 'reloading', 'deactivating')


def wait(folder, unit, command):
    """The result of a unit, once it has one. Its own limit of time holds, so this wait has none."""
    while True:
        # Whatever it wrote when it was stopped: that is no result of its own.
        if os.path.exists(os.path.join(folder, 'stopped')):
            raise Failure('hook-outcome-unknown', 'The hook "%s" was stopped before its end: nobody knows how much of its work it did. '
                          'What it printed is in %s/output' % (command, folder))
        running = is_running(unit)
        # Read after looking: a unit that has ended has written whatever it was going to write.
        result = read(os.path.join(folder, 'result.json'))
        if result:
            return json.loads(result)
        if not running and not os.path.exists(os.path.join(folder, 'started')):
            raise Failure('task-failed', 'The hook "%s" did not run: its unit could not start (journalctl -u %s)' % (command, unit))
        if not running:
            raise Failure('hook-outcome-unknown', 'The hook "%s" was started and was cut off: nobody knows whether it did its work. '
                          'What it printed is in %s/output' % (command, folder))
        time.sleep(0.1)


def forget_oldest():
    """Results are kept far longer than anybody may ask for them, but not for ever."""
    folders = os.scandir(STORE) if os.path.isdir(STORE) else []
    done = [entry for entry in folders if any(os.path.exists(os.path.join(entry.path, record)) for record in ('result.json', 'stopped'))]
    for entry in sorted(done, key=lambda entry: entry.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(entry.path)


STATES = {'once': once, 'begun': begun, 'stopped': stopped}


def main():
    where = {'number': {'type': 'int', 'required': True}, 'decided': {'type': 'int', 'required': True}}
    module = AnsibleModule(
        argument_spec={
            'state': {'type': 'str', 'choices': list(STATES), 'default': 'once'},
            'id': {'type': 'str', 'required': True},
            'hooks': {'type': 'list', 'elements': 'raw', 'required': True},
            'environment': {'type': 'dict', 'required': True},
            'release': {'type': 'str'},
            'timeout': {'type': 'int', 'default': 600},
            'decisions': {'type': 'list', 'elements': 'str', 'choices': ['again', 'done'], 'default': []},
            'hook': {'type': 'dict', 'options': where},
            'ended': {'type': 'dict', 'options': {**where, 'failure': {'type': 'str'}}},
        },
        required_if=[('state', 'once', ['release']), ('state', 'begun', ['hook'])],
    )
    conclude(module, lambda: STATES[module.params['state']](module.params))


if __name__ == '__main__':
    main()
