import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad, type Load } from '../../lab/load/load.ts';
import { ENVIRONMENTS } from '../lab/site.ts';
import { ArgumentWatch, gather, untilSettled, type Evidence } from './evidence.ts';
import { faultOf } from './fault-table.ts';
import { askMember, lookAtHosts } from './look.ts';
import { untilMoment } from './moments.ts';
import { recoveryOf, startOf, type Recovery } from './recovery.ts';
import { describeStrikes, resultOf, type RowResult } from './result.ts';
import type { Answer, OperationName, Row } from './rows.ts';
import { runsSince, type Run } from './runs.ts';
import { EXPORT, GROUP, ROOT, settingsOf, SUBJECT, writeSpec } from './spec.ts';
import { strike, type Made } from './strike.ts';
import type { End, Started } from './temporal.ts';
import type { World } from './world.ts';

const COMMAND: Record<OperationName, string[]> = { provision: ['provision', GROUP], deploy: ['deploy', SUBJECT], rollBack: ['rollback', SUBJECT] };
/** The load, gentle enough for hosts whose system calls are slow, and as long as any load may last. */
const LOAD = { maxRequests: 200_000, maxSeconds: 900, slowSeconds: 3, pauseMs: 100, failuresKept: 10_000 };
const AT_ONCE = { nspawn: 4, uml: 2 };
/** Seconds that an operation may take to its end, and the balancer to have checked all members, on a slow machine. */
const TO_THE_END = 600;
const TO_SETTLE = { nspawn: 45, uml: 120 };
/** Seconds for which the load goes on when all is over, and where a member was away: it would be asked in that time. */
const AFTERWARDS = [3, 12] as const;

/** Does one row to a world, and says what became of it. @throws what stands in the way of looking; then the world is of no use any more. */
export async function runRow(world: World, row: Row): Promise<RowResult> {
  const began = Date.now();
  const { site } = world;
  world.rows++;
  await prepare(world, row);
  const before = await lookAtHosts(world);
  const argumentsSeen = new ArgumentWatch(world.canaries);
  const load = startLoad({ ...LOAD, target: { address: site.lab.host(site.balancers[0]!).address, port: 80 }, environments: ENVIRONMENTS.slice(0, 1), concurrency: AT_ONCE[world.driver] });
  try {
    await load.started;
    const operation = await world.begin(...COMMAND[row.operation]);
    const waiting = row.rival ? insist(() => world.begin(...COMMAND.deploy)) : undefined;
    // Whoever awaits it hears of its failure; a row that fails before must not end the test.
    waiting?.catch(() => undefined);
    const met = await untilMoment(world, operation, row.moment, TO_THE_END);
    const strikes = await Promise.all(row.strikes.map((one) => strike(world, one, operation)));
    await answer(world, operation, row);
    const rival = await waiting;
    const started = rival ? [operation, rival] : [operation];
    const ends: End[] = [];
    for (const one of started) ends.push(await world.temporal.end(one, TO_THE_END));
    await world.temporal.untilQuiet(TO_THE_END);
    await untilSettled(world, TO_SETTLE[world.driver]);
    const recovered = await recovery(world, operation, strikes);
    await goOn(strikes, ends);
    const report = await load.stop();
    const seenInArguments = argumentsSeen.stop();
    const after = await lookAtHosts(world, { canaries: world.canaries });
    keep(world, ends);
    const provisioned = row.provisionAfter ? await provisionAgain(world) : undefined;
    const evidence = await gather(world, { row, met, strikes, ends, before, after, load: report, provisioned, seenInArguments, began });
    // What was not healthy is not what follows.
    if (row.doomed !== undefined) await world.newSource();
    const next = await followUp(world, evidence);
    return resultOf(evidence, { began, recovered, next });
  } finally {
    argumentsSeen.stop();
    await quietly(load);
  }
}

/** Another release to go back from where there is none, another source, and files in the shared path that must outlive the row. */
async function prepare(world: World, row: Row): Promise<void> {
  const { site } = world;
  if (row.operation === 'rollBack' && !world.canGoBack) await world.mustDo(...COMMAND.deploy);
  await world.newSource(row.doomed === undefined ? [] : [row.doomed]);
  await writeSpec(site, settingsOf(row, row.operation === 'provision' ? world.nextVariant() : world.variant));
  const keepers = site.storage === undefined ? site.members.map((host) => [host, ROOT] as const) : [[site.storage, EXPORT] as const];
  const text = randomBytes(64).toString('hex');
  // Written and flushed: a power cut must not be what loses it.
  for (const [host, root] of keepers) await site.lab.root(host, ['sh', '-euc', 'cat >"$0"; sync "$0"', `${root}/${SUBJECT}/shared/data/kept-${row.id}-${world.rows}`], { input: text });
}

/** Answers what an operation asks, as a person does who has waited until everything is mended. */
async function answer(world: World, operation: Started, { answers = [], doomed }: Row): Promise<void> {
  const words: Record<Answer, string[]> = { retry: ['retry', SUBJECT], skip: ['skip', doomed!, SUBJECT], rollback: ['rollback', SUBJECT, '--paused'] };
  for (const [index, one] of answers.entries()) {
    const question = await world.temporal.question(operation, index + 1, TO_THE_END);
    if (question === undefined) return;
    const { exitCode, stdout, stderr } = await world.site.musher(...words[one]);
    if (exitCode !== 0) throw new Error(`musher ${words[one].join(' ')}: ${stdout}${stderr}`);
  }
}

/** What the next row builds on. */
function keep(world: World, ends: readonly End[]): void {
  const { status, result } = ends.at(-1)!;
  world.canGoBack = status === 'COMPLETED' && result?.operation === 'deploy';
  const provision = ends.find(({ workflowId }) => workflowId.startsWith('group/'));
  if (provision) world.applied = provision.status === 'COMPLETED' ? world.variant : undefined;
}

/** A person whose command died with the server calls it again. */
async function insist<T>(what: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + TO_THE_END * 1000; ; await sleep(2000)) {
    try {
      return await what();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
}

async function goOn(strikes: readonly Made[], ends: readonly End[]): Promise<void> {
  const over = Math.max(...ends.map(({ endedAt }) => endedAt), ...strikes.map(({ mended }) => mended.to));
  const seconds = AFTERWARDS[strikes.some(({ fault }) => faultOf(fault).at === 'member') ? 1 : 0];
  await sleep(Math.max(0, over + seconds * 1000 - Date.now()));
}

/** Undefined where no worker was killed, or where what it was killed with hid when it could go on. */
async function recovery(world: World, operation: Started, strikes: readonly Made[]): Promise<Recovery | undefined> {
  const [killed, ...others] = strikes.filter(({ hit }) => hit);
  if (!killed || !['worker', 'run'].includes(killed.fault) || others.length > 0) return undefined;
  const pid = (await world.site.service()).worker?.pid;
  const started = pid === undefined ? undefined : await startOf(pid);
  if (started === undefined) return undefined;
  const after = recoveryOf(await world.temporal.history(operation), { pid: pid!, started }, killed.made.from);
  return after === undefined ? undefined : { after, workerStart: Math.round(killed.mended.to - started) / 1000 };
}

/** The runs of a provision that has nothing to do. */
async function provisionAgain(world: World): Promise<Run[]> {
  const { site } = world;
  if (world.applied !== world.variant) await world.mustDo(...COMMAND.provision);
  world.applied = world.variant;
  const since = Date.now();
  await world.mustDo(...COMMAND.provision);
  return (await runsSince(join(site.home, 'runs'), since)).filter(({ workflowId, from }) => workflowId.startsWith('group/') && from >= since);
}

/** Whatever a row left: a deploy must then reach everybody. Null where the last operation did. @returns what was in its way; empty when nothing was. */
async function followUp(world: World, { ends, behind, strikes }: Evidence): Promise<string | null> {
  const reachedAll = ends.at(-1)!.status === 'COMPLETED' && ends.at(-1)!.result?.operation !== 'provision' && Object.keys(behind).length === 0;
  if (reachedAll) return null;
  try {
    await writeSpec(world.site, { variant: world.variant, tolerate: 0, patience: 120 });
    const { release } = await world.mustDo(...COMMAND.deploy);
    world.canGoBack = true;
    const answers = await Promise.all(world.site.members.map((member) => askMember(world.site, member)));
    const wrong = answers.filter((answer) => typeof answer === 'string' || answer.release !== release!.id);
    return wrong.length === 0 ? '' : `after the deploy that followed not everybody serves ${release!.id}: ${JSON.stringify(wrong)}`;
  } catch (error) {
    return `after ${describeStrikes(strikes)}: ${(error as Error).message}`;
  }
}

/** A load that died must not hide why the row did. */
async function quietly(load: Load): Promise<void> {
  await load.stop().catch(() => undefined);
}
