"""Writes what happens in a run as JSON lines, beside Ansible's own output."""
from __future__ import annotations

DOCUMENTATION = """
    name: musher
    type: aggregate
    short_description: write one JSON line an event to a file
    description:
      - Writes start, play_start, task_start, host_result, host_done and recap to the file that E(MUSHER_EVENTS) names; does nothing without it.
      - What a module returns under C(musher) is kept whole (up to 1 MB), other results only as a message (up to 4,000 characters).
      - Results of tasks with C(no_log) arrive censored. Known secrets, a JSON list behind the file descriptor E(MUSHER_SECRETS_FD), are masked.
    requirements:
      - enable in configuration (callbacks_enabled)
"""

import json
import os
import time

from ansible.plugins.callback import CallbackBase

MESSAGE_CAP = 4_000
DATA_CAP = 1_000_000
MASK = '********'


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'musher'
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.secrets = read_secrets()
        path = os.environ.get('MUSHER_EVENTS')
        self.disabled = not path
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600) if path else -1
        self.plays = []
        self.batch = Batch()
        self.troubled = set()
        self.done = set()
        self.started = {}

    # The life of a playbook

    def v2_playbook_on_start(self, playbook):
        self.plays = playbook.get_plays()
        self.write('start')

    def v2_playbook_on_play_start(self, play):
        self.finish(self.batch.hosts - self.batch.failed)
        self.troubled |= self.batch.failed
        self.batch = Batch(play, self.plays)
        self.write('play_start', play=play.get_name(), hosts=sorted(self.batch.hosts))

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.write('task_start', id=task._uuid, task=task.get_name())

    def v2_playbook_on_handler_task_start(self, task):
        self.write('task_start', id=task._uuid, task=task.get_name())

    def v2_runner_on_start(self, host, task):
        self.started[host.get_name(), task._uuid] = time.time()

    def v2_playbook_on_no_hosts_remaining(self):
        self.batch.aborted = True

    def v2_playbook_on_stats(self, stats):
        summaries = {host: stats.summarize(host) for host in stats.processed}
        sound = {host for host, sums in summaries.items() if not sums['failures'] and not sums['unreachable']}
        self.finish(self.troubled & sound)
        if not self.batch.aborted:
            self.finish(self.batch.hosts & sound)
        self.write('recap', hosts=summaries)

    # Results

    def v2_runner_on_ok(self, result):
        self.result('changed' if result.is_changed() else 'ok', result)

    def v2_runner_on_skipped(self, result):
        self.result('skipped', result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.result('failed', result, ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self.result('unreachable', result)

    def result(self, status, result, ignored=False):
        host, task, returned = result.host.get_name(), result.task, result.result
        broken = status in ('failed', 'unreachable') and not ignored
        now = time.time()
        event = {
            'host': host, 'id': task._uuid, 'task': result.task_name or task.get_name(), 'status': status,
            'seconds': round(now - self.started.pop((host, task._uuid), now), 3),
        }
        if ignored:
            event['ignored'] = True
        if broken:
            event |= failure_of(returned)
            event['message'] = shortened(self.masked(event['message']))
        event |= self.data_of(returned)
        self.write('host_result', **event)
        if broken:
            self.batch.failed.add(host)
        elif task._uuid == self.batch.last_task and host not in self.batch.failed:
            self.finish({host})

    def data_of(self, returned):
        data = musher_data(returned)
        if not data:
            return {}
        masked = self.masked(data)
        return {'dropped': True} if len(json.dumps(masked, default=str)) > DATA_CAP else {'musher': masked}

    def finish(self, hosts):
        """Hosts that are through with the play of this batch, and with the playbook when no later play has them."""
        for host in sorted(hosts - self.batch.expected_later - self.done):
            self.done.add(host)
            self.write('host_done', host=host)

    def write(self, event, **fields):
        for name in ('task', 'play'):
            if name in fields:
                fields[name] = self.masked(fields[name])
        line = json.dumps({'event': event, 'time': round(time.time(), 3), **fields}, default=str).encode() + b'\n'
        try:
            whole = os.write(self.file, line) == len(line)
        except OSError as error:
            self.give_up(error)
        else:
            if not whole:
                self.give_up('no space left on device')

    def give_up(self, reason):
        """A run whose results cannot be recorded must not go on: nobody would know what it did."""
        self._display.error(f'musher: events cannot be written: {reason}')
        raise SystemExit(os.EX_IOERR)

    def masked(self, value):
        if isinstance(value, str):
            for secret in self.secrets:
                value = value.replace(secret, MASK)
            return value
        if isinstance(value, dict):
            return {self.masked(key): self.masked(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.masked(item) for item in value]
        return value


class Batch:
    """The hosts that a play is run on at once (all of them without `serial`)."""

    def __init__(self, play=None, plays=()):
        self.hosts, self.failed, self.expected_later = set(), set(), set()
        self.aborted = False
        self.last_task = None
        if play is None:
            return
        self.hosts = hosts_of(play)
        self.last_task = last_task(play)
        position = next((index for index, other in enumerate(plays) if other._uuid == play._uuid), len(plays))
        for later in plays[position + 1:]:
            self.expected_later |= hosts_of(later, everywhere=True)


def hosts_of(play, everywhere=False):
    """Names of a play's hosts: those of the running batch, or all. A pattern that is a template may mean any host."""
    inventory = play.get_variable_manager()._inventory
    pattern = 'all' if '{{' in str(play.hosts) else play.hosts
    return {host.get_name() for host in inventory.get_hosts(pattern, ignore_restrictions=everywhere)}


def last_task(play):
    """The task after which a host is through with a play, if that can be known beforehand (it is no include, no handler follows)."""
    if play.handlers or play.compile_roles_handlers():
        return None
    tasks = [task for block in play.compile() for task in flat(block) if task.action not in ('meta', 'ansible.builtin.meta')]
    return tasks[-1]._uuid if tasks else None


def flat(block):
    for item in block.block + block.always:
        if hasattr(item, 'block'):
            yield from flat(item)
        else:
            yield item


def failure_of(returned):
    """What a person (and the ledger of failures) needs to know of a failed result."""
    items = [item for item in returned.get('results') or [] if isinstance(item, dict) and (item.get('failed') or item.get('unreachable'))]
    worst = items[0] if items else returned
    parts = [str(worst.get('msg') or '')]
    for key in ('module_stderr', 'stderr', 'module_stdout', 'stdout'):
        text = str(worst.get(key) or '').strip()
        if text and text not in parts[0]:
            parts.append(text)
    failure = {'message': '\n'.join(part for part in parts if part)}
    if isinstance(worst.get('rc'), int):
        failure['rc'] = worst['rc']
    if 'module_stderr' in worst or 'module_stdout' in worst:
        failure['crashed'] = True
    declared = worst.get('musher_failure') or returned.get('musher_failure')
    if isinstance(declared, str):
        failure['failure'] = declared
    return failure


def musher_data(returned):
    found = {}
    for item in [returned, *(returned.get('results') or [])]:
        if isinstance(item, dict) and isinstance(item.get('musher'), dict):
            found |= item['musher']
    return found


def shortened(text):
    """Both ends of a long message: what was tried is at its beginning, what went wrong often at its end."""
    half = MESSAGE_CAP // 2
    return text if len(text) <= MESSAGE_CAP else f'{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}'


def read_secrets():
    """Reads the known secrets once and closes their descriptor, before Ansible's workers are forked."""
    descriptor = os.environ.pop('MUSHER_SECRETS_FD', None)
    if descriptor is None:
        return []
    with open(int(descriptor), 'rb') as file:
        file.seek(0)
        return json.load(file)
