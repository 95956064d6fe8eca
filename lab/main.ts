import { program } from 'commander';
import { execa } from 'execa';
import { ensureImage } from './image.ts';
import { driverName, drivers } from './drivers.ts';
import { describeHost, Lab, type HostRequest } from './lab.ts';
import { releaseName, releases, usualRelease } from './releases.ts';
import { sshWords } from './ssh.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

// A reader that has seen enough (head) is no failure.
process.stdout.on('error', () => {});

program.name('lab').description('Real test hosts on this machine, in networks of their own.').enablePositionalOptions();

program
  .command('image')
  .description('build what hosts start from, where it is missing or out of date')
  .argument('[kind...]', `for these kinds of hosts only, each DRIVER or DRIVER@RELEASE, of ${Object.keys(releases).join(' or ')} (default: ${Object.keys(drivers).join(' ')})`)
  .action(async (kinds: string[]) => {
    const wanted = (kinds.length ? kinds : Object.keys(drivers)).map(parseKind);
    // One of another release is made meanwhile.
    await Promise.all(
      wanted.map(async ({ driver, release }) => {
        const image = await ensureImage(release, say);
        await drivers[driver].prepare(image, say);
        print(image);
      }),
    );
  });

withLab(program.command('up').description('start a lab, or what is missing of it, and wait until SSH answers on all its hosts'))
  .option('--subnet <10.77.N>', 'the network to take (default: a free one)', parseSubnet)
  .argument('[host...]', 'the hosts (default: lb1 web1 web2 web3): NAME shares this machine\'s kernel, NAME:uml or NAME:uml:MEGABYTES has its own; NAME@trixie… is another Debian')
  .action(async (hosts: string[], options: { lab: string; subnet?: number }) => {
    const names = hosts.length ? hosts : ['lb1', 'web1', 'web2', 'web3'];
    const lab = await Lab.up({ name: options.lab, hosts: names.map(parseHost), say, ...(options.subnet !== undefined && { subnet: options.subnet }) });
    await show(lab);
  });

withLab(program.command('down').description('take a lab away, whatever state it is in')).action(async (options: { lab: string }) => {
  await Lab.down(options.lab);
});

program
  .command('status')
  .description('show the labs of this machine')
  .option('--json', 'for programs')
  .action(async (options: { json?: boolean }) => {
    const names = await Lab.names();
    const found = await Promise.all(names.map((name) => Lab.find(name)));
    const labs = found.filter((lab) => lab !== undefined);
    if (options.json) return print(JSON.stringify(await Promise.all(labs.map(describe)), null, 2));
    for (const lab of labs) await show(lab);
    for (const name of names.filter((_, index) => !found[index])) print(`lab ${name}  half made; take it away: node lab/main.ts down --lab ${name}`);
    if (!names.length) print('No lab is up.');
  });

withLab(program.command('ssh').description('open a shell on a host, or run a command there'))
  .argument('<host>')
  .argument('[command...]')
  .passThroughOptions()
  .action(async (host: string, command: string[], options: { lab: string }) => {
    const lab = await find(options.lab);
    const [ssh, ...words] = sshWords(lab.way(host), command.length ? [] : ['-t']);
    const { exitCode } = await execa(ssh!, [...words, ...command], { stdio: 'inherit', reject: false });
    process.exitCode = exitCode ?? 1;
  });

interface Fault {
  description: string;
  /** What it is told beyond the host. */
  argument?: string;
  make: (lab: Lab, host: string, argument: string) => Promise<void>;
}

const faults: Record<string, Fault> = {
  kill: { description: 'cut a host\'s power: its processes are gone at once, its disk stays', make: (lab, host) => lab.powerCut(host) },
  start: { description: 'boot a host again from its disk', make: (lab, host) => lab.start(host) },
  cut: { description: 'pull a host\'s cable', make: (lab, host) => lab.cutLink(host) },
  join: { description: 'plug a host\'s cable in again', make: (lab, host) => lab.joinLink(host) },
  delay: {
    description: 'slow a host\'s link: what it sends arrives so many ms later, until it reboots; 0 ends it (uml, or a kernel with netem)',
    argument: '<ms>',
    make: (lab, host, ms) => lab.delay(host, Number(ms)),
  },
  fill: { description: 'fill a host\'s disk (uml)', make: (lab, host) => lab.fill(host) },
  free: { description: 'give back what `fill` took', make: (lab, host) => lab.free(host) },
  freeze: {
    description: 'stop every process of this name on a host (SIGSTOP): it neither works nor ends',
    argument: '<process>',
    make: (lab, host, name) => lab.freeze(host, name),
  },
  thaw: { description: 'let the frozen processes of this name go on', argument: '<process>', make: (lab, host, name) => lab.thaw(host, name) },
};
for (const [name, { description, argument, make }] of Object.entries(faults)) {
  const command = withLab(program.command(name).description(description)).argument('<host>');
  if (argument) command.argument(argument);
  command.action(async (host: string, ...rest: unknown[]) => {
    const { lab } = command.opts<{ lab: string }>();
    await make(await find(lab), host, argument ? String(rest[0]) : '');
  });
}

await program.parseAsync().catch((error: Error) => {
  say(error.message);
  process.exitCode = 1;
});

function withLab(command: ReturnType<typeof program.command>) {
  return command.option('--lab <name>', 'which lab', 'demo');
}

function parseHost(text: string): HostRequest {
  const [whole = '', driver, memory, ...more] = text.split(':');
  const [name = '', release, ...rest] = whole.split('@');
  if (more.length || rest.length) program.error(`${text}: say NAME, NAME@RELEASE, NAME:uml, NAME:uml:MEGABYTES or NAME@RELEASE:uml…`);
  return {
    name,
    ...(release !== undefined && { release: releaseName(release) }),
    ...(driver !== undefined && { driver: driverName(driver) }),
    ...(memory !== undefined && { memory: Number(memory) }),
  };
}

function parseKind(text: string) {
  const [driver = '', release = usualRelease, ...more] = text.split('@');
  if (more.length) program.error(`${text}: say DRIVER or DRIVER@RELEASE`);
  return { driver: driverName(driver), release: releaseName(release) };
}

function parseSubnet(text: string): number {
  const number = Number(/^10\.77\.(\d{1,3})$/.exec(text)?.[1]);
  if (number >= 0 && number <= 255) return number;
  return program.error(`--subnet ${text}: say 10.77.N, with N from 0 to 255`);
}

async function find(name: string): Promise<Lab> {
  const lab = await Lab.find(name);
  if (!lab) throw new Error(`There is no lab ${name}. Start it: node lab/main.ts up --lab ${name}`);
  return lab;
}

async function describe(lab: Lab) {
  const hosts = await Promise.all(Object.values(lab.hosts).map(async (host) => ({ ...host, running: await lab.isRunning(host.name) })));
  return { ...lab.state, hosts: Object.fromEntries(hosts.map((host) => [host.name, host])) };
}

async function show(lab: Lab): Promise<void> {
  print(`lab ${lab.name}  ${lab.state.subnet}`);
  for (const host of Object.values((await describe(lab)).hosts)) {
    print(`  ${host.name.padEnd(10)} ${host.address.padEnd(14)} ${host.running ? 'running' : 'stopped'}  ${describeHost(host)}`);
  }
  print(`  user ${lab.state.user}, key ${lab.key}, known hosts ${lab.knownHosts}`);
}
