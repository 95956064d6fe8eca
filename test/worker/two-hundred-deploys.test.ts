import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Activities } from '../../activities/index.ts';
import { deployRequest, provisionRequest } from '../../client/requests.ts';
import { queueWorkflowId } from '../../contract/names.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import type { Spec } from '../../spec/spec.ts';
import { Harness } from '../workflows/harness.ts';
import { World } from '../workflows/world.ts';

const ENVIRONMENTS = Array.from({ length: 20 }, (_, index) => `site${index + 1}`);
const ROUNDS = 10;
const MILLISECONDS_ON_HOSTS = 30;

/** One group that serves all environments; each is a project's `live`. */
function spec(): Spec {
  const text = JSON.stringify({
    version: 1,
    servers: Object.fromEntries(['lb1', 'web1', 'web2'].map((name, index) => [name, { address: `192.0.2.${index + 1}`, user: 'deploy' }])),
    groups: { eu: { kind: 'cluster', members: ['web1', 'web2'], balancers: ['lb1'] } },
    projects: Object.fromEntries(ENVIRONMENTS.map((name) => [name, { app: 'php', source: { directory: './shop' }, environments: { live: { group: 'eu', domains: [`${name}.example.net`] } } }])),
  });
  const parsed = parseSpec(text, '/srv/musher.yml');
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors));
  return parsed.spec;
}

/** What an activity on hosts was about, and when it was under way. */
interface Span {
  operation: string;
  subject: string;
  from: number;
  to: number;
}

/** A world for each environment; spans of all that is done on hosts. */
class Worlds {
  readonly spans: Span[] = [];
  readonly #worlds = Object.fromEntries(ENVIRONMENTS.map((name) => [`${name}/live`, new World({ members: ['web1', 'web2'], balancers: ['lb1'], subject: `${name}/live`, current: 'old' })]));

  activities(): Activities {
    for (const world of Object.values(this.#worlds)) world.gate = () => sleep(MILLISECONDS_ON_HOSTS);
    const bound = Object.fromEntries(Object.entries(this.#worlds).map(([subject, world]) => [subject, world.activities() as Record<string, (...args: unknown[]) => Promise<unknown>>]));
    const [any] = Object.values(bound);
    const entries = Object.keys(any!).map((name) => [name, (...args: unknown[]) => this.#spanned(name, args, (subject) => (bound[subject] ?? any!)[name]!(...args))]);
    return Object.fromEntries(entries) as Activities;
  }

  async #spanned(name: string, args: unknown[], work: (subject: string) => Promise<unknown>): Promise<unknown> {
    const { workflowId } = Context.current().info.workflowExecution!;
    const subject = subjectOf(args[0]);
    if (name === 'admitRequest') return work(subject);
    const span: Span = { operation: workflowId, subject, from: performance.now(), to: Infinity };
    this.spans.push(span);
    try {
      return await work(subject);
    } finally {
      span.to = performance.now();
    }
  }
}

function subjectOf(argument: unknown): string {
  const { project, environment, stage } = argument as { project?: string; environment?: string; stage?: { scope: string } };
  return stage?.scope ?? (project === undefined ? 'eu' : `${project}/${environment}`);
}

let harness: Harness;
beforeAll(async () => void (harness = await Harness.start()), 60_000);
afterAll(() => harness.stop());

test('200 deploys over 20 environments, asked for at once with a provision among them, all end: in order, one at a time in each environment, none beside the provision', async () => {
  const worlds = new Worlds();
  const all = spec();
  const started = performance.now();
  const asked: Record<string, string[]> = {};
  const results = await harness.working(worlds, async () => {
    const deploys = (round: number) =>
      ENVIRONMENTS.map(async (project) => {
        const operation = await harness.client.start(deployRequest(all, { project, environment: 'live' }));
        // Asked for one after the other in each environment, and in all environments at once.
        (asked[`${project}/live`] ??= []).push(operation.workflowId);
        await operation.standing();
        return [operation, round] as const;
      });
    const operations = [];
    for (let round = 0; round < ROUNDS; round++) {
      operations.push(...(await Promise.all(deploys(round))));
      if (round === ROUNDS / 2) operations.push([await harness.client.start(provisionRequest(all, 'eu')), round] as const);
    }
    return Promise.all(operations.map(([operation]) => operation.result()));
  });
  expect(results.map(({ outcome }) => outcome)).toEqual(Array.from({ length: ENVIRONMENTS.length * ROUNDS + 1 }, () => 'done'));

  const overlaps = (one: Span, other: Span) => one.operation !== other.operation && one.from < other.to && other.from < one.to;
  const provisions = worlds.spans.filter(({ subject }) => subject === 'eu');
  expect(provisions.length).toBeGreaterThan(0);
  expect(worlds.spans.filter((span) => provisions.some((provision) => overlaps(span, provision)))).toEqual([]);
  for (const [subject, ids] of Object.entries(asked)) {
    const spans = worlds.spans.filter((span) => span.subject === subject).sort((a, b) => a.from - b.from);
    expect(spans.filter((span) => spans.some((other) => overlaps(span, other)))).toEqual([]);
    expect([...new Set(spans.map(({ operation }) => operation))]).toEqual(ids);
  }
  // That environments do not wait for one another can be seen.
  expect(worlds.spans.some((span) => worlds.spans.some((other) => span.subject !== other.subject && overlaps(span, other)))).toBe(true);
  // Its history was cut before it was long, with everybody in it.
  const { historyLength, runId } = await harness.environment.client.workflow.getHandle(queueWorkflowId('eu')).describe();
  expect(historyLength).toBeLessThan(4000);
  console.log(`${results.length} operations in ${((performance.now() - started) / 1000).toFixed(0)} s; the queue's last run ${runId} has ${historyLength} events`);
}, 600_000);
