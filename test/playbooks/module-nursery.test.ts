import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { PrivateHost, until } from './private-host.ts';

const ROOT = join(import.meta.dirname, '../..');
const GATE = '/usr/local/lib/musher/gate';
const NURSERIES = '/run/musher-modules';

let host: PrivateHost;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'musher-nursery-'));
  chmodSync(folder, 0o755);
  host = await PrivateHost.start();
  await host.installGate('sitecustomize.py', 'musher_nursery.py');
  // One ends when nobody has asked for three seconds.
  expect(await host.run(['sed', '-i', 's/^IDLE = .*/IDLE = 3/', '/usr/local/lib/musher/python/musher_nursery.py'])).toMatchObject({ exitCode: 0 });
}, 60_000);
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true });
});
// Each begins with a nursery of its own.
beforeEach(async () => {
  await host.run(['sh', '-c', `pkill -KILL musher-modules; rm -rf ${NURSERIES}`]);
  await library('print("imported")');
});

const file = (name: string) => join(folder, name);

/** Packs what stands for Ansible's library: a package whose part prints a word whenever it is imported. */
async function library(part: string, more: Record<string, string> = {}): Promise<void> {
  const files = { 'ansible/__init__.py': '', 'ansible/module_utils/__init__.py': '', 'ansible/module_utils/part.py': `${part}\nNAME = "part"`, 'ansible/modules/__init__.py': '', ...more };
  const script = `import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as whole:
    for name, text in json.load(sys.stdin).items(): whole.writestr(name, text)`;
  await execa('python3', ['-c', script, file('library.zip')], { input: JSON.stringify(files) });
}

/** A program as Ansible sends them: it puts the library first, and does its work. */
const program = (work: string): string => `
import os, shutil, sys, tempfile
folder = tempfile.mkdtemp()
shutil.copy(${JSON.stringify(file('library.zip'))}, folder)
sys.path = [path for path in sys.path if path]
sys.path.insert(0, folder + '/library.zip')
try:
    from ansible.module_utils import part
${work.replaceAll(/^/gm, '    ')}
finally:
    shutil.rmtree(folder)
`;
/** The parent of a module tells who runs it: a nursery, or the shell that Ansible starts. */
const RUN_BY = 'print("by", open("/proc/%d/comm" % os.getppid()).read().strip(), flush=True)';

/** The gate lets nothing in that is older than what it has let in. */
let step = 1;

interface Options {
  token?: string;
  arguments?: string[];
  command?: string[];
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a program as the become plugin has it run. */
const run = (input: string, { token = `1.${step}.1`, command = [], env = {}, cwd, arguments: words = [] }: Options = {}) =>
  host.run([GATE, 'cache/live', token, ...command, '/bin/sh', '-c', 'echo BECOME-SUCCESS; "$@"; exit $?', 'sh', '/usr/bin/python3', ...words], { input, env: { LC_ALL: 'C.UTF-8', ...env }, ...(cwd && { cwd }) });
const printed = async (input: string, options?: Options): Promise<string[]> => {
  const { exitCode, stdout, stderr } = await run(input, options);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.split('\n').slice(1);
};
/** Processes that are no zombies: nobody takes these away in a host without an init. */
const alive = async (...words: string[]): Promise<string[]> => (await host.run(['pgrep', '--runstates', 'R,S,D', ...words])).stdout.split('\n').filter(Boolean);
const nurseries = (): Promise<string[]> => alive('-x', 'musher-modules');
const BY_NURSERY = 'by musher-modules';

test('The library is imported by the first module, and once for all that follow', async () => {
  expect(await printed(program(RUN_BY))).toEqual(['imported', BY_NURSERY]);
  const [nursery] = await nurseries();
  await until(async () => (await printed(program(RUN_BY))).join() === BY_NURSERY);
  step++;
  expect(await printed(program(RUN_BY))).toEqual([BY_NURSERY]);
  expect(await nurseries()).toEqual([nursery]);
});

test('What has changed in the library, or has come to it, is what a module finds', async () => {
  await until(async () => (await printed(program(RUN_BY))).join() === BY_NURSERY);
  await library('print("imported anew")');
  expect(await printed(program(RUN_BY))).toEqual(['imported anew', BY_NURSERY]);
  await until(async () => (await printed(program(RUN_BY))).join() === BY_NURSERY);
  const more = { 'ansible/module_utils/more/__init__.py': 'print("and more")', 'ansible/module_utils/more/broken.py': 'import nothing_of_this_name' };
  await library('print("imported anew")', more);
  const work = `from ansible.module_utils import more\ntry:\n    from ansible.module_utils.more import broken\nexcept ImportError as error:\n    print(error)\n${RUN_BY}`;
  expect(await printed(program(work))).toEqual(['and more', "No module named 'nothing_of_this_name'", BY_NURSERY]);
  await until(async () => (await printed(program(work))).join() === `No module named 'nothing_of_this_name',${BY_NURSERY}`);
});

test.each([
  ['what it prints, and that it ends well', 'print("out"); print("error", file=sys.stderr)'],
  ['the status that it ends with', 'sys.exit(3)'],
  ['a last word', 'sys.exit("that was it")'],
  ['an error that nobody catches', 'raise ValueError("no")'],
  ['its folder, umask and arguments', 'print(os.getcwd(), oct(os.umask(0)), sys.argv, sys.path[-1], __name__)'],
  ['its environment, and that of what it starts', 'print(sorted(os.environ.items()), flush=True); os.system("env | sort | grep -v ^PWD=")'],
  ['the end of its input', 'print(repr(sys.stdin.read()))'],
  ['what it does at its end', 'import atexit, threading, time\natexit.register(print, "last")\nthreading.Thread(target=lambda: (time.sleep(0.2), print("thread"))).start()'],
  ['the source of its library', 'import inspect\nprint(inspect.getsource(part), part.__name__, part.__spec__.name)'],
  ['its signals', 'import signal\nprint(signal.getsignal(signal.SIGCHLD), signal.getsignal(signal.SIGPIPE), signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, []))'],
  ['its limits and its rights', 'import resource\nprint([resource.getrlimit(one) for one in range(10)], os.getresuid(), os.getgroups())\nprint(open("/proc/self/status").read().split("CapInh")[1].split("Seccomp")[0])'],
  ['nothing open of others, but its line to who asked', 'print(len(os.listdir("/proc/self/fd")) <= 5)'],
  ['its time and its name', 'import platform, time\nprint(time.strftime("%z"), platform.node())'],
  ['what becomes of a file that nobody closes', 'kept = open("/run/unclosed", "w")\nkept.write("all of it")'],
  ['a child that ends before it', 'import time\nif os.fork() == 0: sys.exit(7)\ntime.sleep(0.3); sys.exit(5)'],
  ['descriptors that it closes', 'os.closerange(3, 256); sys.exit(4)'],
  ['a status that is no number', 'sys.exit((1, 2))'],
  ['a stream that it has closed', 'sys.stdout.close()'],
  ['how it is killed', 'sys.stdout.flush(); os.kill(os.getpid(), 9)'],
  ['what it writes without words', 'sys.stdout.buffer.write(b"\\xff\\x00")'],
])('A module has what it would have by itself: %s', async (_, work) => {
  const options = { env: { A: '', MUSHER_TEST: 'a "b" \n c', PYTHONPATH: '/srv/own', TZ: 'Asia/Tokyo' }, cwd: '/var/lib' };
  const itself = await run(program(work), { ...options, arguments: ['-'] });
  expect(itself.stdout).toContain('imported');
  expect((await host.run(['sh', '-c', 'cat /run/unclosed; rm -f /run/unclosed'])).stdout).toBe(work.includes('unclosed') ? 'all of it' : '');
  await run(program('pass'), options);
  await until(async () => !(await run(program(RUN_BY), options)).stdout.includes('imported'));
  const { stdout, stderr, exitCode } = await run(program(work), options);
  // A program on standard input is told to be "-" where it was asked for by that name.
  const error = (text: string): string => text.replaceAll(/^ .*\n/gm, '').replaceAll(/\/tmp\/tmp\w+/g, 'FOLDER');
  expect((await host.run(['sh', '-c', 'cat /run/unclosed; rm -f /run/unclosed'])).stdout).toBe(work.includes('unclosed') ? 'all of it' : '');
  expect({ stdout, stderr: error(stderr), exitCode }).toEqual({ stdout: itself.stdout.replace("['-']", "['']").replace('\nimported', ''), stderr: error(itself.stderr), exitCode: itself.exitCode });
});

test('Who signals its group meets neither the nursery nor another module', async () => {
  await until(async () => (await printed(program(RUN_BY))).join() === BY_NURSERY);
  const [nursery] = await nurseries();
  const beside = printed(program('import time\ntime.sleep(1)\nprint("whole")'));
  await until(async () => (await alive('-f', '^/usr/bin/python3$')).length > 2);
  // By itself it would end whoever runs this test.
  const signalling = 'import signal\nif os.getpgrp() == os.getpid():\n    signal.signal(signal.SIGTERM, lambda *_: print("ended"))\n    os.kill(0, signal.SIGTERM)';
  expect(await printed(program(signalling))).toEqual(['ended']);
  expect(await beside).toEqual(['whole']);
  expect(await nurseries()).toEqual([nursery]);
});

test('A newer step stops what a nursery runs for an older one, and not the nursery', async () => {
  await until(async () => (await printed(program(RUN_BY))).join() === BY_NURSERY);
  const [nursery] = await nurseries();
  const started = file('started');
  const slow = run(program(`import time\nopen(${JSON.stringify(started)}, "w").write(str(os.getpid()))\ntime.sleep(60)`));
  await until(() => readdirSync(folder).includes('started'));
  // The gate knows it: its environment is that of who asked.
  const { stdout } = await host.run(['sh', '-c', `tr '\\0' '\\n' <"/proc/$(cat ${started})/environ"`]);
  expect(stdout.replaceAll('\0', '').trim()).toBe(`MUSHER_TOKEN=cache/live:1.${step}.1`);
  step++;
  expect(await printed(program(RUN_BY))).toEqual([BY_NURSERY]);
  expect((await slow).exitCode).not.toBe(0);
  expect(await alive('-f', '^/usr/bin/python3$')).toEqual([nursery]);
  expect(await run(program(RUN_BY), { token: `1.${step - 1}.2` })).toMatchObject({ exitCode: 75, stderr: expect.stringContaining('fenced') as string });
});

test('Who is stopped before the module has begun has it not begun', async () => {
  // A nursery whose forks are slow to say that they are ready.
  await host.run(['sed', '-i', "s/^    line.send(b'ready')/    time.sleep(2)\\n&/", '/usr/local/lib/musher/python/musher_nursery.py']);
  const begun = file('begun');
  const stopped = run(program(`open(${JSON.stringify(begun)}, "w")`));
  await until(async () => (await alive('-f', '^/usr/bin/python3$')).length > 2);
  await host.run([GATE, 'cache/live', `1.${++step}.1`, 'true']);
  await stopped;
  await until(async () => (await alive('-f', '^/usr/bin/python3$')).length <= 1);
  await host.run(['sed', '-i', '/^    time.sleep(2)$/d', '/usr/local/lib/musher/python/musher_nursery.py']);
  expect(readdirSync(folder)).not.toContain('begun');
});

test('A nursery that is killed costs the module that it runs, and the next one starts another', async () => {
  await printed(program('pass'));
  const running = run(program(`import time\nopen(${JSON.stringify(file('runs'))}, "w")\ntime.sleep(60)`));
  await until(() => readdirSync(folder).includes('runs'));
  // All that it has forked, too.
  await host.run(['sh', '-c', `pkill -KILL --session $(ps -o sid= -p ${(await nurseries())[0]})`]);
  expect(await running).toMatchObject({ exitCode: 70, stderr: 'musher: the process that ran this module was killed' });
  expect(await printed(program(RUN_BY))).toEqual(['imported', BY_NURSERY]);
});

test('Many at once are run, each as itself', async () => {
  const many = await Promise.all(Array.from({ length: 20 }, async (_, index) => (await printed(program(`print(os.environ["NUMBER"])`), { env: { NUMBER: String(index) } })).at(-1)));
  expect(many).toEqual(many.map((_, index) => String(index)));
});

test('Nothing of a module is in the nursery: neither its arguments nor its environment', async () => {
  const secret = `canary-${process.pid}-`;
  const halves = (text: string) => `"${text.slice(0, 4)}" + "${text.slice(4)}"`;
  for (let round = 0; round < 3; round++) await printed(`SECRET = "${secret}x"\n${program('pass')}`, { env: { SECRET: `${secret}y` } });
  const [nursery] = await nurseries();
  const search = `
found = 0
with open("/proc/${nursery}/mem", "rb", 0) as memory:
    for line in open("/proc/${nursery}/maps"):
        start, end = (int(number, 16) for number in line.split()[0].split("-"))
        if " r" not in line[:30] or "[v" in line: continue
        memory.seek(start)
        found += memory.read(end - start).count((${halves(secret)}).encode())
print(found)`;
  expect((await host.run(['python3', '-c', search])).stdout).toBe('0');
});

test('It ends by itself when nobody asks, and leaves nothing', async () => {
  await printed(program('pass'));
  expect(await nurseries()).toHaveLength(1);
  await until(async () => (await nurseries()).length === 0);
  expect((await host.run(['find', NURSERIES, '-mindepth', '1'])).stdout).toBe('');
});

const SHORT = ['env', '-i', 'LC_ALL=C.UTF-8', 'PYTHONPATH=/usr/local/lib/musher/python'];

test.each<[why: string, prepare: () => Promise<unknown>, options: Options]>([
  ['for another user', async () => undefined, { command: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] }],
  ['where others may write', () => host.run(['sh', '-c', `rm -rf ${NURSERIES}; mkdir -m 777 ${NURSERIES}`]), {}],
  ['where a nursery has no room for the mark', () => printed(program('pass'), { command: SHORT }), { command: [...SHORT, `MUSHER_TOKEN=${'a'.repeat(300)}:1.1.1`] }],
  ['where another is just starting or ending', async () => {
    await printed(program('pass'));
    await host.run(['pkill', '-KILL', 'musher-modules']);
  }, { command: ['sh', '-c', `exec flock ${NURSERIES}/* "$@"`, 'sh'] }],
])('A module is run as ever %s', async (_, prepare, options) => {
  await prepare();
  const lines = await printed(program(RUN_BY), options);
  await host.run(['rm', '-rf', NURSERIES]);
  expect(lines).not.toContain(BY_NURSERY);
  expect(lines).toHaveLength(2);
});

test("Ansible's own modules say the same from a nursery as by themselves", async () => {
  const temporary = file('ansible');
  const ask = ['localhost', '--connection=local', '--inventory=localhost,', '-e', 'ansible_python_interpreter=/usr/bin/python3'];
  const modules: [string, string][] = [['file', `path=${temporary}/made state=directory mode=0750`], ['command', 'sh -c "id -u; env | grep -c MUSHER_TOKEN"'], ['setup', 'gather_subset=!all,min filter=ansible_python*'], ['stat', 'path=/etc/hostname']];
  for (const [name, words] of modules) {
    await execa(join(ROOT, '.venv/bin/ansible'), [...ask, '-m', name, '-a', words], { env: { ANSIBLE_KEEP_REMOTE_FILES: '1', ANSIBLE_PIPELINING: '0', ANSIBLE_REMOTE_TMP: temporary, ANSIBLE_LOCAL_TEMP: file('local') }, reject: false });
  }
  const payloads = readdirSync(temporary).flatMap((one) => (one.startsWith('ansible-tmp') ? readdirSync(join(temporary, one)).map((name) => join(temporary, one, name)) : []));
  expect(payloads).toHaveLength(modules.length);
  for (const payload of payloads) {
    const text = readFileSync(payload, 'utf8');
    const itself = await run(text, { arguments: ['-'] });
    await run(text);
    const { stdout, stderr, exitCode } = await run(text);
    const plain = (said: string): unknown => JSON.parse(said.split('\n').at(-1)!.replaceAll(/"(start|end|delta|[acm]time|changed)": [^,}]+/g, '"$1": 0'));
    expect({ said: plain(stdout), stderr, exitCode }).toEqual({ said: plain(itself.stdout), stderr: itself.stderr, exitCode: 0 });
  }
}, 300_000);
