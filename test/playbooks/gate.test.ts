import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderInventory } from '../../activities/inventory/render-inventory.ts';
import type { Token } from '../../contract/token.ts';
import { PrivateHost, until } from './private-host.ts';

const GATE = '/usr/local/lib/musher/gate';
const playbooks = path.join(import.meta.dirname, '../../playbooks');

let host: PrivateHost;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'musher-gate-'));
  host = await PrivateHost.start();
  // On a host that has none.
  expect(await playbook([{ role: 'gate' }])).toMatch(/ok=2 +changed=2 .*failed=0/);
}, 60_000);

afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true });
});

const gate = (scope: string, token: string, ...command: string[]) => host.run([GATE, scope, token, ...command]);
const shell = (scope: string, token: string, script: string, ...words: string[]) => gate(scope, token, 'sh', '-c', script, 'sh', ...words);
const recorded = async (scope: string) => (await host.run(['cat', `/var/lib/musher/gate/${scope.replaceAll('/', '%')}`])).stdout;
const file = (name: string) => path.join(folder, name);

/** Runs roles or tasks over a real inventory, as Musher does, and gives what Ansible prints. */
async function playbook(what: object[], token: Token = { scope: 'shop/playbook', epoch: 1, step: 1, attempt: 1 }): Promise<string> {
  const server = { name: 'web1', address: '127.0.0.1', port: 22, user: 'root', become: false, python: '/usr/bin/python3' };
  const inventory = renderInventory({ hosts: [{ server, groups: ['members'], variables: { ansible_connection: 'local' } }], token });
  writeFileSync(file('inventory.yml'), inventory);
  const kind = what.some((item) => 'role' in item) ? 'roles' : 'tasks';
  writeFileSync(file('play.yml'), JSON.stringify([{ hosts: 'members', become: true, gather_facts: false, [kind]: what }]));
  const { stdout, stderr } = await host.run(['ansible-playbook', '-i', file('inventory.yml'), file('play.yml')], {
    cwd: playbooks,
    env: { ANSIBLE_LOCAL_TEMP: file('ansible'), ANSIBLE_REMOTE_TEMP: file('remote'), ANSIBLE_NOCOLOR: '1' },
  });
  return `${stdout}\n${stderr}`;
}

describe('who is let in', () => {
  test('the first token, and what it ran answers as it would without the gate', async () => {
    const { stdout, stderr, exitCode } = await shell('first/live', '1.1.1', 'echo out; echo err >&2; exit 7');
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'out', stderr: 'err', exitCode: 7 });
    expect(await recorded('first/live')).toBe('1.1.1');
  });

  test.each([
    ['1.9.9', '2.1.1'],
    ['2.1.9', '2.2.1'],
    ['2.2.9', '2.2.10'],
    ['9.1.1', '10.1.1'],
  ])('after %s a newer token: %s; and never the older one again', async (older, newer) => {
    const scope = `order/${newer.replaceAll('.', '-')}`;
    expect((await gate(scope, older, 'true')).exitCode).toBe(0);
    expect((await gate(scope, newer, 'true')).exitCode).toBe(0);
    const refused = await gate(scope, older, 'touch', file('never'));
    expect(refused.exitCode).toBe(75);
    expect(refused.stderr).toBe(`musher: fenced: ${scope} has been taken over by ${newer}; this step holds ${older}`);
    expect(existsSync(file('never'))).toBe(false);
    expect(await recorded(scope)).toBe(newer);
  });

  test('the same token again, beside what it runs already', async () => {
    const first = shell('equal/live', '3.1.1', `echo > ${file('equal')}; sleep 1; echo done`);
    await until(() => existsSync(file('equal')));
    expect((await gate('equal/live', '3.1.1', 'true')).exitCode).toBe(0);
    expect((await first).stdout).toBe('done');
  });

  test('standard input is left to the command', async () => {
    const { stdout } = await host.run(['sh', '-c', `echo hello | ${GATE} input/live 1.1.1 cat`]);
    expect(stdout).toBe('hello');
  });

  test('a command that opens files finds no lock of the gate among its own', async () => {
    const { stdout } = await shell('open/live', '1.1.1', 'ls /proc/$$/fd');
    expect(stdout).not.toMatch(/^9$/m);
  });
});

describe('what a newer token stops', () => {
  const sleeper = 'echo $$ > "$1"; exec sleep 300';

  /** Whether the process whose id stands in a file still runs. */
  const runs = async (name: string) => (await host.run(['sh', '-c', `grep -q '^State:.[^Z]' /proc/$(cat ${file(name)})/status`])).exitCode === 0;

  test('what runs under an older one, before the newer command starts', async () => {
    const old = shell('seal/plain', '1.1.1', sleeper, file('plain'));
    await until(() => existsSync(file('plain')));
    const newer = await shell('seal/plain', '2.1.1', `! kill -0 $(cat ${file('plain')}) 2>/dev/null || grep -q '^State:.Z' /proc/$(cat ${file('plain')})/status`);
    expect(newer.exitCode).toBe(0);
    await old;
    expect(await runs('plain')).toBe(false);
  });

  test.each([
    ['a daemon in a session of its own', `setsid sh -c '${sleeper.replaceAll("'", '')}' sh "$1" >/dev/null 2>&1 & sleep 300`],
    ['what ignores TERM', `trap '' TERM; echo $$ > "$1"; while :; do sleep 1; done`],
    ['a stopped process', `sh -c 'echo $$ > "$1"; kill -STOP $$; sleep 300' sh "$1"; true`],
    ['a child with an environment of its own', `env -i sh -c 'trap "" TERM; echo $$ > "$1"; while :; do sleep 1; done' sh "$1"; true`],
    ['what forks without an end', `echo $$ > "$1"; while :; do sh -c 'sleep 0.01' & done; sleep 300`],
  ])('%s', async (name, script) => {
    const scope = `seal/${name.replaceAll(/[^a-z]/gi, '-').toLowerCase()}`;
    const pid = scope.replaceAll('/', '-');
    const old = shell(scope, '1.1.1', script, file(pid));
    await until(() => existsSync(file(pid)) && readFileSync(file(pid), 'utf8').endsWith('\n'));
    const seen = `! grep -q '^State:.[^Z]' /proc/$(cat ${file(pid)})/status 2>/dev/null`;
    expect((await shell(scope, '1.1.2', seen)).exitCode).toBe(0);
    await old;
    const left = await host.run(['sh', '-c', `grep -lsaz '^MUSHER_TOKEN=${scope}:1.1.1$' /proc/[0-9]*/environ`]);
    expect(left.stdout).toBe('');
  });

  test('nothing of another scope, nor of the same token', async () => {
    const others = [shell('other/live', '1.1.1', sleeper, file('other')), shell('mine/live', '5.1.1', sleeper, file('mine'))];
    await until(() => existsSync(file('other')) && existsSync(file('mine')));
    expect((await gate('mine/live', '5.1.1', 'true')).exitCode).toBe(0);
    expect((await gate('mine/livery', '9.1.1', 'true')).exitCode).toBe(0);
    expect([await runs('other'), await runs('mine')]).toEqual([true, true]);
    expect((await gate('mine/live', '6.1.1', 'true')).exitCode).toBe(0);
    expect([await runs('other'), await runs('mine')]).toEqual([true, false]);
    await gate('other/live', '2.1.1', 'true');
    await Promise.all(others);
  });

  test('nothing that a local user points it to by an environment of his own making', async () => {
    const bystander = shell('bystander/live', '1.1.1', sleeper, file('bystander'));
    await until(() => existsSync(file('bystander')));
    const pid = readFileSync(file('bystander'), 'utf8').trim();
    const mark = `MUSHER_TOKEN=forged/live:0.0.1\n/proc/${pid}/environ:MUSHER_TOKEN=forged/live:0.0.1`;
    const forger = host.run(['env', mark, 'sh', '-c', sleeper, 'sh', file('forger')]);
    await until(() => existsSync(file('forger')));
    expect((await gate('forged/live', '1.1.1', 'true')).exitCode).toBe(0);
    expect(await runs('bystander')).toBe(true);
    await host.run(['kill', readFileSync(file('forger'), 'utf8').trim(), pid]);
    await Promise.all([bystander, forger]);
  });

  test('who waits at the gate with an older token is told so', async () => {
    const slow = shell('wait/live', '1.1.1', `trap '' TERM; echo $$ > "$1"; while :; do sleep 1; done`, file('slow'));
    await until(() => existsSync(file('slow')));
    const newer = gate('wait/live', '3.1.1', 'true');
    await until(async () => (await recorded('wait/live')) === '3.1.1 sealing');
    const late = await gate('wait/live', '2.1.1', 'touch', file('never'));
    expect(late.exitCode).toBe(75);
    expect(late.stderr).toContain('musher: fenced: wait/live has been taken over by 3.1.1; this step holds 2.1.1');
    expect((await newer).exitCode).toBe(0);
    await slow;
  });

  test('also when the one that began the seal was killed: the next with its token ends it', async () => {
    const old = shell('half/live', '1.1.1', `trap '' TERM; echo $$ > "$1"; while :; do sleep 1; done`, file('half'));
    await until(() => existsSync(file('half')));
    const killed = host.run(['sh', '-c', `echo $$ > ${file('sealer')}; exec ${GATE} half/live 2.1.1 true`]);
    await until(async () => (await recorded('half/live')) === '2.1.1 sealing');
    await host.run(['kill', '-KILL', readFileSync(file('sealer'), 'utf8').trim()]);
    await killed;
    expect(await runs('half')).toBe(true);
    expect((await gate('half/live', '2.1.1', 'true')).exitCode).toBe(0);
    expect(await runs('half')).toBe(false);
    expect(await recorded('half/live')).toBe('2.1.1');
    await old;
  });

  test('fifty at once with eight tokens: no two tokens are ever inside together', async () => {
    mkdirSync(file('inside'));
    const entrant = `
      echo "$2" > "$1/$$"
      for other in "$1"/*; do
        [ "$(cat "$other")" = "$2" ] || ! grep -q '^State:.[^Z]' "/proc/\${other##*/}/status" 2>/dev/null || echo "$2 beside $(cat "$other")" >> "$1.wrong"
      done
      sleep 300`;
    const tokens = Array.from({ length: 50 }, (_, index) => `1.1.${1 + ((index * 37) % 8)}`);
    const entrants = tokens.map((token) => shell('race/live', token, entrant, file('inside'), token));
    const newest = tokens.filter((token) => token === '1.1.8').length;
    await until(() => readdirSync(file('inside')).filter((pid) => readFileSync(path.join(file('inside'), pid), 'utf8') === '1.1.8\n').length === newest);
    expect(existsSync(file('inside.wrong'))).toBe(false);
    await gate('race/live', '2.1.1', 'true');
    const ends = await Promise.all(entrants);
    for (const { exitCode, signal, stderr } of ends) {
      if (exitCode === 75) expect(stderr).toMatch(/^musher: fenced: /m);
      else expect([exitCode, signal]).not.toContain(0);
    }
  });
});

describe('what the gate refuses to do', () => {
  test.each(['', '../etc', 'Shop', 'a b', 'a;touch x', '$(id)', '.lock', '-a', 'a//b', 'a/', 'ä', `a\nb`, 'a'.repeat(300)])('the scope %j', async (scope) => {
    const { exitCode, stderr } = await gate(scope, '1.1.1', 'true');
    expect([exitCode, stderr]).toEqual([64, 'musher: gate: the scope is made of lowercase letters, digits, - and /']);
  });

  test.each(['', '1', '1.1', '1.1.', '.1.1', '1..1', '1.1.1.1', '01.1.1', '-1.1.1', '1.1.x', '1.1.1 ', '*.1.1', '1.1.1;id', '1.1.9999999999999999'])('the token %j', async (token) => {
    const { exitCode, stderr } = await gate('hostile/live', token, 'true');
    expect([exitCode, stderr]).toEqual([64, 'musher: gate: the token is three numbers, EPOCH.STEP.ATTEMPT']);
  });

  test('a call without a command', async () => {
    expect((await gate('hostile/live', '1.1.1')).exitCode).toBe(64);
  });

  test('to read anything into the words of a command', async () => {
    const words = ['$(touch /tmp/x)', '`id`', '*', 'a  b', '', '\\', `'"`, '; exit 3', 'ä\n'];
    const { stdout } = await host.run([GATE, 'words/live', '1.1.1', 'printf', '[%s]', ...words]);
    expect(stdout).toBe(words.map((word) => `[${word}]`).join(''));
  });

  test.each(['', '\n', '3.1', '3.1.1', 'x.y.z\n', '3.1.1 sealed\n', '3.1.1 sealing x\n', '\0\0\0\0'])('to guess at a damaged record: %j', async (text) => {
    writeFileSync(file('record'), text);
    await host.run(['cp', file('record'), '/var/lib/musher/gate/torn%live']);
    const { exitCode, stderr } = await gate('torn/live', '9.1.1', 'true');
    expect(exitCode).toBe(74);
    expect(stderr).toContain('musher: gate: /var/lib/musher/gate/torn%live is damaged; see that nothing runs on this host for torn/live, then remove it');
  });

  test('to let anybody in when the disk is full', async () => {
    const script = `
      mount -t tmpfs -o size=8k tmpfs /var/lib/musher/gate
      cd /var/lib/musher/gate
      echo 1.1.1 > full%live
      head -c 8k /dev/zero > .fill
      ${GATE} full/live 2.1.1 touch ${file('never')}
      echo $?
      cat full%live`;
    const full = await host.run(['unshare', '--mount', 'sh', '-c', script]);
    expect(full.stderr).toContain('No space left on device');
    expect(full.stdout).toBe('74\n1.1.1');
    expect(existsSync(file('never'))).toBe(false);
  });
});

describe('with Ansible', () => {
  test('installing the gate a second time changes nothing', async () => {
    expect(await playbook([{ role: 'gate' }])).toMatch(/ok=2 +changed=0 .*failed=0/);
    expect((await host.run(['stat', '-c', '%a %U', GATE, '/var/lib/musher/gate'])).stdout).toBe('755 root\n700 root');
  });

  test('every task that becomes root or another user passes it', async () => {
    const said = await playbook([
      { command: 'printenv MUSHER_TOKEN', register: 'root' },
      { command: 'sh -c "id -un; printenv MUSHER_TOKEN HOME USER"', become_user: 'games', register: 'user' },
      { debug: { msg: '{{ [root.stdout, user.stdout_lines] | to_json }}' } },
    ]);
    expect(said).toContain(String.raw`"[\"shop/playbook:1.1.1\", [\"games\", \"shop/playbook:1.1.1\", \"/usr/games\", \"games\"]]"`);
  });

  test('a provision has the steps of its environments stopped and refused, older ones of each and no newer one', async () => {
    const old = shell('shop/one', '3.1.1', `echo $$ > "$1"; exec sleep 300`, file('one'));
    await until(() => existsSync(file('one')));
    const seal = (epochs: Record<string, number>) => playbook([{ import_role: { name: 'gate', tasks_from: 'seal' }, vars: { gate_epochs: epochs } }], { scope: 'group/eu', epoch: 9, step: 2, attempt: 11 });
    expect(await seal({ 'shop/one': 4, 'shop/two': 1 })).toMatch(/ok=1 +changed=0 .*failed=0/);
    await old;
    expect([await recorded('shop/one'), await recorded('shop/two'), await recorded('group/eu')]).toEqual(['4.0.0', '1.0.0', '9.2.11']);
    expect((await gate('shop/one', '3.9.9', 'true')).exitCode).toBe(75);
    expect((await gate('shop/one', '5.1.1', 'true')).exitCode).toBe(0);
    // It comes late itself.
    expect(await seal({ 'shop/two': 1, 'shop/one': 4 })).toContain('musher: fenced: shop/one has been taken over by 5.1.1; this step holds 4.0.0');
    expect(await seal({})).toMatch(/skipped=1 .*/);
  }, 300_000);

  test('a step that was taken over is refused at its next task, in words that say so', async () => {
    const token = { scope: 'shop/taken', epoch: 1, step: 4, attempt: 1 };
    const takeOver = { command: `${GATE} shop/taken 1.4.2 true`, vars: { ansible_become: false } };
    const said = await playbook([{ command: 'true' }, takeOver, { command: `touch ${file('never')}` }], token);
    expect(said).toContain('musher: fenced: shop/taken has been taken over by 1.4.2; this step holds 1.4.1');
    expect(existsSync(file('never'))).toBe(false);
  });

  test('a host without a gate says which program is missing', async () => {
    const bare = await PrivateHost.start();
    const before = host;
    try {
      host = bare;
      const said = await playbook([{ command: 'true' }]);
      expect(said).toMatch(/\/usr\/local\/lib\/musher\/gate: (command )?not found/);
    } finally {
      host = before;
      await bare.stop();
    }
  });
});
