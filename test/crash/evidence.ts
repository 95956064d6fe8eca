import { execa } from 'execa';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReport } from '../../lab/load/load.ts';
import type { Status } from '../../cli/status/collect-status.ts';
import { readText } from '../lab/traces.ts';
import { askMember, lookAtHosts, type Answer, type Looks } from './look.ts';
import type { Met } from './moments.ts';
import type { Row } from './rows.ts';
import { runsSince, type Run } from './runs.ts';
import { SUBJECT } from './spec.ts';
import type { Made } from './strike.ts';
import type { End } from './temporal.ts';
import type { World } from './world.ts';

/** What the statements look at: all of it read from hosts, processes, files and histories, but for `behind`, which is Musher's own word and is held against them. */
export interface Evidence {
  row: Row;
  met: Met;
  strikes: Made[];
  /** The operation, and one that waited behind it. */
  ends: End[];
  before: Looks;
  /** Once all had ended; and, where nothing waited, when the first had. */
  after: Looks;
  load: LoadReport;
  runs: Run[];
  /** What each member answers, past the balancer. */
  answers: Record<string, Answer | string>;
  /** Members that Musher says it left out on purpose, and why. */
  behind: Record<string, string>;
  manifests: ReadonlyMap<string, string>;
  storage: string | undefined;
  /** Changes of a provision afterwards; undefined where none was due. */
  provisioned: Run[] | undefined;
  /** Where secrets were found on this machine. */
  leaks: string[];
}

/** Waits until the balancer's own checks have come to an end: a member that is back is asked again after two of them. */
export async function untilSettled(world: World, seconds: number): Promise<void> {
  const { site } = world;
  const [first] = site.balancers;
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(1000)) {
    const { balancer } = (await lookAtHosts(world, { hosts: [first!] }))[first!]!;
    const states = Object.entries(balancer?.states['shop_live'] ?? {}).filter(([name]) => site.members.includes(name));
    if (states.length === site.members.length && states.every(([, status]) => /^(UP|MAINT)( |$)/.test(status))) return;
  }
}

export async function gather(
  world: World,
  known: Pick<Evidence, 'row' | 'met' | 'strikes' | 'ends' | 'before' | 'after' | 'load' | 'provisioned'> & { began: number; seenInArguments: string[] },
): Promise<Evidence> {
  const { site, manifests } = world;
  const { began, seenInArguments, ...rest } = known;
  const answers = await Promise.all(site.members.map(async (member) => [member, await askMember(site, member)] as const));
  return {
    ...rest,
    runs: await runsSince(join(site.home, 'runs'), began),
    answers: Object.fromEntries(answers),
    behind: await behind(world),
    manifests,
    storage: site.storage,
    leaks: [...seenInArguments, ...(await leaks(world))],
  };
}

async function behind({ site }: World): Promise<Record<string, string>> {
  const { stdout } = await site.musher('status', SUBJECT, '--json');
  const members = (JSON.parse(stdout) as Status).subjects[0]?.members ?? [];
  return Object.fromEntries(members.flatMap(({ name, behind: why }) => (why === undefined ? [] : [[name, why]])));
}

/** Files of this Musher in which a secret stands: its database, logs, run folders, artifacts. What names the secrets is not below its folder. */
async function leaks({ site }: World): Promise<string[]> {
  const { stdout, exitCode, stderr } = await execa('grep', ['-rlaF', '-f', join(site.folder, 'secrets/canaries'), site.home], { reject: false });
  if (exitCode !== 0 && exitCode !== 1 && !/No such file/.test(stderr)) throw new Error(`grep: ${stderr}`);
  return stdout.split('\n').filter(Boolean);
}

/** Looks at the argument lists of this machine's processes, those of its containers among them, now and then. */
export class ArgumentWatch {
  readonly #found = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(canaries: readonly string[]) {
    this.#timer = setInterval(() => {
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        const words = readText(`/proc/${pid}/cmdline`);
        if (canaries.some((canary) => words.includes(canary))) this.#found.add(`the arguments of ${words.split('\0')[0]}`);
      }
    }, 500);
  }

  stop(): string[] {
    clearInterval(this.#timer);
    return [...this.#found];
  }
}
