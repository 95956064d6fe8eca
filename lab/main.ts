import { program } from 'commander';
import { execa } from 'execa';
import { ensureImage } from './image.ts';
import { Lab } from './lab.ts';
import { sshWords } from './ssh.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

// A reader that has seen enough (head) is no failure.
process.stdout.on('error', () => {});

program.name('lab').description('Real test hosts on this machine, in networks of their own.').enablePositionalOptions();

program
  .command('image')
  .description('build the file system that hosts start from, where it is missing or out of date')
  .action(async () => print(await ensureImage(say)));

withLab(program.command('up').description('start a lab, or what is missing of it, and wait until SSH answers on all its hosts'))
  .option('--subnet <10.77.N>', 'the network to take (default: a free one)', parseSubnet)
  .argument('[host...]', 'the hosts (default: lb1 web1 web2 web3)')
  .action(async (hosts: string[], options: { lab: string; subnet?: number }) => {
    const names = hosts.length ? hosts : ['lb1', 'web1', 'web2', 'web3'];
    const lab = await Lab.up({ name: options.lab, hosts: names, say, ...(options.subnet !== undefined && { subnet: options.subnet }) });
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

const faults = {
  kill: { description: 'cut a host\'s power', make: (lab: Lab, host: string) => lab.powerCut(host) },
  start: { description: 'boot a host again from its disk', make: (lab: Lab, host: string) => lab.start(host) },
  cut: { description: 'pull a host\'s cable', make: (lab: Lab, host: string) => lab.cutLink(host) },
  join: { description: 'plug a host\'s cable in again', make: (lab: Lab, host: string) => lab.joinLink(host) },
};
for (const [name, fault] of Object.entries(faults)) {
  withLab(program.command(name).description(fault.description))
    .argument('<host>')
    .action(async (host: string, options: { lab: string }) => await fault.make(await find(options.lab), host));
}

await program.parseAsync().catch((error: Error) => {
  say(error.message);
  process.exitCode = 1;
});

function withLab(command: ReturnType<typeof program.command>) {
  return command.option('--lab <name>', 'which lab', 'demo');
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
    print(`  ${host.name.padEnd(10)} ${host.address.padEnd(14)} ${host.running ? 'running' : 'stopped'}`);
  }
  print(`  user ${lab.state.user}, key ${lab.key}, known hosts ${lab.knownHosts}`);
}
