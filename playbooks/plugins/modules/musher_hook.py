#!/usr/bin/python
# Copyright: the Musher authors
# MIT License
"""Hooks of a project on a member."""

DOCUMENTATION = r'''
module: musher_hook
short_description: Run a project's once hooks on a member, as the environment's user, in the release
description:
  - Each command is a systemd unit of its own that outlives this task and leaves a durable result below C(/var/lib/musher/hooks).
    Whoever asks again for the same O(id) waits for it or reads the result; it is never run twice. One that was cut off without a
    result is a failure of class C(hook-outcome-unknown).
  - A hook is a shell command. It finds C(MUSHER_PROJECT), C(MUSHER_ENVIRONMENT) and C(MUSHER_RELEASE) in its environment.
version_added: 0.1.0
author: Musher (@musher)
options:
  id:
    description: What makes this running of the hooks the same as another.
    type: str
    required: true
  commands:
    description: The shell commands, in order; the first that fails ends it.
    type: list
    elements: str
    required: true
  environment:
    description: The environment, as C(musher_environment) of the playbooks.
    type: dict
    required: true
  release:
    description: Id of the release to run in.
    type: str
    required: true
  timeout:
    description: Longest time for each command, in seconds.
    type: int
    default: 600
'''

EXAMPLES = r'''
- name: Update the database
  musher_hook:
    id: shop/live/20260101T120000-a1b2c3
    commands: ["vendor/bin/drush deploy -y"]
    environment: "{{ musher_environment }}"
    release: 20260101T120000-a1b2c3
'''

RETURN = r'''
output:
  description: The last of what each command printed.
  type: list
  elements: str
  returned: success
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
from ansible.module_utils.musher_result import Failure, conclude, read, run, write
from ansible.module_utils.musher_running import show

STORE = '/var/lib/musher/hooks'
KEPT = 50


def once(asked):
    tails, changed = [], False
    mark = hashlib.sha256(asked['id'].encode()).hexdigest()[:16]
    for number, command in enumerate(asked['commands']):
        name = '%s-%s-%d' % (asked['environment']['slug'], mark, number)
        work = job(asked['environment'], asked['release'], command, asked['timeout'])
        folder, unit = os.path.join(STORE, name), 'musher-once-%s.service' % name
        if not os.path.exists(os.path.join(folder, 'started')) and not is_running(unit):
            start(folder, unit, work)
            changed = True
        result = wait(folder, unit, command)
        tails.append(outcome(command, asked['timeout'], result['status'], result['tail']))
    forget_oldest()
    return {'changed': changed, 'output': tails}


def start(folder, unit, work):
    os.makedirs(folder, mode=0o700, exist_ok=True)
    program = os.path.join(folder, 'once.py')
    write(program, inspect.getsource(musher_once).encode(), 0o600)
    write(os.path.join(folder, 'job.json'), json.dumps(work).encode(), 0o600)
    run(['systemd-run', '--quiet', '--collect', '--no-block', '--unit', unit, '--property', 'Type=exec', sys.executable, program, folder],
        'The unit of the hook could not be started')


def is_running(unit):
    return show(unit)['ActiveState'] in ('active', 'activating', 'reloading', 'deactivating')


def wait(folder, unit, command):
    """The result of a unit, once it has one. Its own limit of time holds, so this wait has none."""
    while True:
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
    done = [entry for entry in os.scandir(STORE) if os.path.exists(os.path.join(entry.path, 'result.json'))] if os.path.isdir(STORE) else []
    for entry in sorted(done, key=lambda entry: entry.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(entry.path)


def main():
    module = AnsibleModule(
        argument_spec={
            'id': {'type': 'str', 'required': True},
            'commands': {'type': 'list', 'elements': 'str', 'required': True},
            'environment': {'type': 'dict', 'required': True},
            'release': {'type': 'str', 'required': True},
            'timeout': {'type': 'int', 'default': 600},
        },
    )
    conclude(module, lambda: once(module.params))


if __name__ == '__main__':
    main()
