import { Command, CommanderError } from 'commander';
import { version } from '../client/local/installation.ts';
import { ExitCode } from './exit-code.ts';
import type { InitOptions } from './commands/init.ts';
import type { Answer } from '../client/decisions.ts';
import type { OperateOptions } from './commands/operate.ts';
import type { RollbackOptions } from './commands/rollback.ts';
import type { ServiceOptions } from './commands/service.ts';
import type { StatusOptions } from './commands/status.ts';
import type { TrustOptions } from './commands/trust.ts';
import type { JsonOption, SpecOptions } from './options.ts';

const EXIT_CODES = `
Exit codes: 0 done, 1 the operation failed, 2 the request or the spec is wrong or cannot be taken now,
3 Temporal cannot be reached, 70 a bug in Musher, 130 let go by Ctrl-C (the operation goes on).`;

/**
 * Runs one command line.
 *
 * @param args without `node` and the script.
 * @returns the exit code.
 */
export async function run(args: string[]): Promise<number> {
  let exitCode: number = ExitCode.done;
  const json = args.includes('--json');
  const program = commandLine((code) => {
    exitCode = code;
  });
  if (json) program.configureOutput({ writeErr: () => {} });
  inheritSettings(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return ExitCode.done;
      // What is wrong with a command line, commander has said itself; and `musher` alone prints its help.
      if (json) process.stdout.write(`${JSON.stringify({ event: 'error', error: { exitCode: ExitCode.refused, message: messageOf(error) } })}\n`);
      return ExitCode.refused;
    }
    const { fail } = await import('./fail.ts');
    return fail(error, json, args);
  }
  return exitCode;
}

/** Settings made after the commands reach them only when they are copied. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) inheritSettings(command.copyInheritedSettings(parent));
}

const messageOf = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'A command is missing; "musher help" names them.' : message.replace(/^error: /, '');

/** All commands; what they do is loaded when one is called, so that help comes at once. */
export function commandLine(exit: (code: number) => void): Command {
  const program = new Command('musher')
    .description('Scales web sites over several servers: Ansible, driven from durable Temporal workflows.')
    .version(version())
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showHelpAfterError('(see "musher help")')
    .addHelpText('after', EXIT_CODES)
    .exitOverride()
    .configureHelp({ helpWidth: 110 });

  const command = (usage: string, description: string, parent = program) =>
    parent.command(usage).description(description).helpOption('-h, --help', 'show this help').option('--json', 'write JSON');
  const withSpec = (usage: string, description: string, parent = program) =>
    command(usage, description, parent).option('-f, --file <path>', 'the spec (default: musher.yml here, or in a folder above)');

  command('init', 'Write a first spec, from answers or options; never over a file')
    .option('-f, --file <path>', 'where to write it (default: musher.yml here)')
    .option('--project <name>', "name of the project (default: the folder's)")
    .option('--app <app>', 'drupal, wordpress, php or static (default: what the folder looks like)')
    .option('--source <place>', 'where the code is: a folder, a git URL or a tar archive (default: ./PROJECT; here, in a Drupal)')
    .option('--ref <ref>', 'with git: the branch, tag or commit to deploy (default: main)')
    .option('--members <servers>', 'servers that serve it, each ADDRESS or NAME=ADDRESS, with commas between')
    .option('--balancer <servers>', 'servers that run HAProxy before them (default: none)')
    .option('--storage <server>', 'server that keeps uploads, or code and uploads, of all over NFS (default: none)')
    .option('--kind <kind>', 'what it keeps: code and uploads (pack) or uploads alone (cluster) (default: pack)')
    .option('--shared <paths>', 'folders that outlive releases, such as uploads, with commas between (default: those of the app)')
    .option('--user <user>', 'the user that SSH logs in as (default: deploy)')
    .option('--domain <domains>', 'domains that it answers to, with commas between')
    .option('--group <name>', 'name of the group of servers (default: main)')
    .option('--environment <name>', 'name of the environment (default: live)')
    .action(async (options: InitOptions) => exit(await (await import('./commands/init.ts')).init(options)));

  command('setup', 'Install Ansible and the Temporal CLI, of the versions that Musher needs, for this user; safe to repeat')
    .action(async (options: JsonOption) => exit(await (await import('./commands/setup.ts')).setup(options)));

  withSpec('check', 'Check the spec; all its errors at once').action(async (options: SpecOptions) => exit(await (await import('./commands/check.ts')).check(options)));

  withSpec('trust [server...]', 'Show the SSH host keys of servers (default: all of the spec) and put them on record')
    .option('-y, --yes', 'ask nothing: trust what new servers show')
    .option('--fingerprint <SHA256:…>', 'ask nothing: trust the key with this fingerprint and no other (one server)')
    .option('--replace', 'replace a key on record that the server no longer shows')
    .action(async (servers: string[], options: TrustOptions) => exit(await (await import('./commands/trust.ts')).trust(servers, options)));

  withSpec('doctor [server...]', 'Look for what would hinder operations: on this machine, in the service, on servers (default: all of the spec)')
    .action(async (servers: string[], options: SpecOptions) => exit(await (await import('./commands/doctor.ts')).doctor(servers, options)));

  const plan = program.command('plan').description('Look at the servers and say what an operation would do; change nothing');
  eachOperation(plan, withSpec, (request) => async (options) => exit(await (await import('./commands/plan.ts')).plan(request, options)));

  const start = (asked: Asked) => async (options: AnyOptions) =>
    exit(asked.operation === 'rollBack' ? await (await import('./commands/rollback.ts')).rollback(asked, options) : await (await import('./commands/operate.ts')).operate(asked, options));
  eachOperation(program, withSpec, start, (made) => {
    made
      .option('--detach', 'start the operation and return')
      .option('--plan <file>', 'do what this plan of "musher plan … --json" says, or nothing')
      .option('--no-wait', 'do it at once or not at all, where other operations are before it')
      .option('--latest', 'take the place of those of the same subject that wait');
    return made.name() === 'rollback' ? made.option('--paused', 'only undo what a paused operation did; never start one') : made;
  });

  withSpec('status [subject]', 'What runs where, as the last operations left it, of one environment (PROJECT/ENVIRONMENT) or all')
    .option('--live', 'look at the servers too')
    .action(async (subject: string | undefined, options: StatusOptions) => exit(await (await import('./commands/status.ts')).status(subject, options)));

  command('queue [group]', 'Who has a turn in the queue of a group (default: all), and who waits behind whom')
    .action(async (group: string | undefined, options: JsonOption) => exit(await (await import('./commands/queue.ts')).queue(group, options)));

  command('watch [subject]', 'Take up an operation under way or waiting, and follow it to its end')
    .action(async (subject: string | undefined, options: JsonOption) => exit(await (await import('./commands/watch.ts')).watch(subject, options)));

  command('logs <subject>', "Ansible's output of the operation under way, or of the last one")
    .option('--step <name>', 'only of steps whose name has this in it')
    .action(async (subject: string, options: JsonOption & { step?: string }) => exit(await (await import('./commands/logs.ts')).logs(subject, options)));

  const decision = (usage: string, description: string, answer: Answer['decision']) =>
    command(usage, description).action(async (subject: string, options: JsonOption) => exit(await (await import('./commands/decide.ts')).decide(subject, { decision: answer }, options)));
  decision('retry <subject>', 'Of a paused operation: run the step again, where it has not finished', 'retry');
  command('skip <host> <subject>', 'Of a paused operation: go on without a member; it is out of service until a later deploy')
    .action(async (host: string, subject: string, options: JsonOption) => exit(await (await import('./commands/decide.ts')).decide(subject, { decision: 'skip', host }, options)));
  decision('done <subject>', 'Of an operation paused at a once hook: the hook did its work, go on', 'done');
  decision('abort <subject>', 'Of a paused operation: end it, and leave everything as it is', 'abort');
  decision('approve <subject>', 'Approve the operation that waits for it', 'approve');

  command('cancel <subject>', 'Cancel the operation under way, or one that waits; what it did is undone')
    .action(async (subject: string, options: JsonOption) => exit(await (await import('./commands/cancel.ts')).cancel(subject, options)));

  const input = program.command('input').description('Print the signed input of an operation, for any Temporal client to start it with');
  eachOperation(input, withSpec, (request) => async (options) => exit(await (await import('./commands/input.ts')).input(request, options)), (made) =>
    made.option('--command', 'print the whole "temporal workflow start" command'),
  );

  command('explain [type]', 'What a type of failure means and what to do about it; all of them when none is named')
    .action(async (type: string | undefined, options: JsonOption) => exit(await (await import('./commands/explain.ts')).explain(type, options)));

  const service = program.command('service').description('The local Temporal server and worker, which start by themselves when no Temporal is configured');
  command('status', 'Say what runs, and where its web page is', service).action(async (options: ServiceOptions) => exit(await (await import('./commands/service.ts')).serviceStatus(options)));
  command('start', 'Start what does not run', service).action(async (options: ServiceOptions) => exit(await (await import('./commands/service.ts')).serviceStart(options)));
  command('stop', 'Stop the worker, then the server; what Ansible is doing goes on and is taken up at the next start', service)
    .action(async (options: ServiceOptions) => exit(await (await import('./commands/service.ts')).serviceStop(options)));
  command('install', 'Have systemd keep both from boot to shutdown, also when nobody is logged in', service)
    .action(async (options: ServiceOptions) => exit(await (await import('./commands/service.ts')).serviceInstall(options)));
  command('uninstall', 'Stop both, and take from systemd what "install" gave it', service)
    .action(async (options: ServiceOptions) => exit(await (await import('./commands/service.ts')).serviceUninstall(options)));
  command('logs [which]', 'The end of the log of the worker (default) or the server', service)
    .option('-n, --lines <count>', 'how many lines', '100')
    .action(async (which: string | undefined, options: ServiceOptions & { lines: string }) => exit(await (await import('./commands/service.ts')).serviceLogs(which, options)));

  program
    .command('worker')
    .description('Take work from the Temporal cluster that is configured, until it is told to go (SIGTERM); any number may run')
    .helpOption('-h, --help', 'show this help')
    .action(async () => (await import('./commands/worker.ts')).worker());

  return program;
}

/** What a command line says of an operation, before the spec is read. */
export type Asked =
  | { operation: 'provision'; subject: string }
  | { operation: 'deploy'; subject: string; ref?: string }
  | { operation: 'rollBack'; subject: string; release?: string };

/** The three operations as commands of `parent`. */
function eachOperation(
  parent: Command,
  make: (usage: string, description: string, parent: Command) => Command,
  action: (asked: Asked) => (options: AnyOptions) => Promise<void>,
  more: (made: Command) => Command = (made) => made,
): void {
  more(make('provision <group>', 'Set up the members and balancers of a group', parent)).action((subject: string, options: AnyOptions) =>
    action({ operation: 'provision', subject })(options),
  );
  more(make('deploy <environment>', 'Bring a release of an environment (PROJECT/ENVIRONMENT) into service on every member', parent))
    .option('--ref <ref>', "deploy this ref in place of the spec's")
    .action((subject: string, options: AnyOptions & { ref?: string }) =>
      action({ operation: 'deploy', subject, ...(options.ref !== undefined && { ref: options.ref }) })(options),
    );
  more(make('rollback <environment>', 'Go back to a release that the members keep', parent))
    .option('--to <release>', 'its id (default: the one before the current)')
    .action((subject: string, options: AnyOptions & { to?: string }) =>
      action({ operation: 'rollBack', subject, ...(options.to !== undefined && { release: options.to }) })(options),
    );
}

type AnyOptions = OperateOptions & RollbackOptions & { command?: boolean };
