import type { Lab } from '../lab.ts';
import { askMany } from '../load/ask-page.ts';
import { sentBy, sentFromHere } from '../traffic.ts';
import { BOTH, HANDBOOK } from './application/make-spec.ts';
import { type } from './musher.ts';

/** What a release and its pages cost in one kind of group. */
export interface KindFigures {
  kind: (typeof BOTH)[number]['kind'];
  /** Of the command that deployed the first release. */
  deploySeconds: number;
  /** Bytes that this machine sent meanwhile, all that SSH and Ansible add included, and the storage. */
  sentFromHere: number;
  sentByStorage: number;
  /** Median of the rounds, through the balancer. */
  requestsPerSecond: number;
}

/** Even: each kind is the first one as often as the other. */
const ROUNDS = 4;
const REQUESTS = 40;
const TOGETHER = 4;
/** Before anything is counted: PHP compiles the pages. */
const WARMING = 12;

/** Deploys the same release to a cluster and to a pack on the same members, and asks both for a page, in turns. @throws where a page is not right. */
export async function compareKinds(lab: Lab, { balancer, storage }: { balancer: string; storage: string }): Promise<KindFigures[]> {
  const figures: (KindFigures & { rounds: number[] })[] = [];
  for (const { kind, name } of BOTH) {
    const [here, there] = [await sentFromHere(lab), await sentBy(lab, storage)];
    const { seconds } = await type('deploy', name);
    figures.push({
      kind,
      deploySeconds: seconds,
      sentFromHere: (await sentFromHere(lab)) - here,
      sentByStorage: (await sentBy(lab, storage)) - there,
      requestsPerSecond: 0,
      rounds: [],
    });
  }
  const target = { address: lab.host(balancer).address, port: 80, ...HANDBOOK };
  for (const { host } of BOTH) await askMany({ ...target, host }, WARMING, TOGETHER);
  for (let round = 0; round < ROUNDS; round++) {
    const inTurn = [...BOTH.entries()];
    for (const [n, { host }] of round % 2 ? inTurn.toReversed() : inTurn) figures[n]!.rounds.push(await askMany({ ...target, host }, REQUESTS, TOGETHER));
  }
  return figures.map(({ rounds, ...one }) => ({ ...one, requestsPerSecond: median(rounds) }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
