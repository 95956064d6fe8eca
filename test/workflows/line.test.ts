import { expect, test } from 'vitest';
import type { Ask, QueuedOperation, Standing } from '../../contract/turn.ts';
import { Line } from '../../workflows/line.ts';

const NOW = '2026-01-02T03:04:05.000Z';
const END = { byItself: true };
const CUT = { byItself: false };

/** `live 1` is a deploy of shop/live whose workflow is `live 1`, in its first run; `eu 1` a provision. */
const operation = (name: string, runId = 'run-1'): Ask => {
  const [what = ''] = name.split(' ');
  const subject = what === 'eu' ? 'eu' : `shop/${what}`;
  return { workflowId: name, runId, operation: what === 'eu' ? 'provision' : 'deploy', subject, requestedBy: 'ann@desk', askedAt: NOW };
};
const names = (operations: QueuedOperation[]): string[] => operations.map(({ workflowId }) => workflowId);
const heard = (standing: Standing): string => (standing.is === 'waiting' || standing.is === 'refused' ? `${standing.is} ${names(standing.behind).join()}` : standing.is);

class Asking {
  readonly line = new Line();
  ask = (name: string, more: Partial<Ask> = {}): string => heard(this.line.ask({ ...operation(name), ...more }, NOW).standing);
  leave = (name: string): string[] => {
    this.line.leave(operation(name));
    return names(this.line.call(NOW));
  };
  get states(): string[] {
    return this.line.view.map(({ workflowId, runId, state }) => `${workflowId}${runId === 'run-1' ? '' : ` ${runId}`} ${state}`);
  }
}

test('Deploys of different environments overlap; one environment has one operation at a time, in the order of asking', () => {
  const queue = new Asking();
  expect(['live 1', 'test 1', 'live 2', 'live 3'].map((name) => queue.ask(name))).toEqual(['held', 'held', 'waiting live 1', 'waiting live 2']);
  expect(queue.leave('test 1')).toEqual([]);
  expect(queue.leave('live 1')).toEqual(['live 2']);
  expect(queue.ask('live 2')).toBe('held');
  expect(queue.leave('live 2')).toEqual(['live 3']);
});

test('A provision has its turn alone, and holds back whoever comes after it', () => {
  const queue = new Asking();
  expect(['live 1', 'test 1', 'live 2', 'eu 1', 'demo 1', 'eu 2'].map((name) => queue.ask(name))).toEqual(['held', 'held', 'waiting live 1', 'waiting test 1,live 2', 'waiting eu 1', 'waiting demo 1']);
  expect([queue.leave('live 1'), queue.leave('test 1')]).toEqual([['live 2'], []]);
  expect(queue.leave('live 2')).toEqual(['eu 1']);
  expect(queue.ask('eu 1')).toBe('held');
  expect(queue.ask('live 3')).toBe('waiting eu 2');
  expect(queue.leave('eu 1')).toEqual(['demo 1']);
  expect(queue.leave('demo 1')).toEqual(['eu 2']);
});

test('The same run that asks again gets the same answer, and no second place', () => {
  const queue = new Asking();
  expect([queue.ask('live 1'), queue.ask('live 1')]).toEqual(['held', 'held']);
  expect([queue.ask('live 2'), queue.ask('live 2')]).toEqual(['waiting live 1', 'waiting live 1']);
  expect(queue.states).toEqual(['live 1 holding', 'live 2 waiting']);
});

test('Who is called is called once, and keeps the others out until it asks', () => {
  const queue = new Asking();
  queue.ask('live 1');
  queue.ask('live 2');
  queue.ask('live 3');
  expect(queue.leave('live 1')).toEqual(['live 2']);
  expect(names(queue.line.call(NOW))).toEqual([]);
  expect(queue.ask('live 3')).toBe('waiting live 2');
  expect(queue.ask('live 2')).toBe('held');
});

test('Who does not want to wait is refused, and is not in the line', () => {
  const queue = new Asking();
  expect(queue.ask('live 1', { turn: 'now' })).toBe('held');
  expect(queue.ask('live 2', { turn: 'now' })).toBe('refused live 1');
  expect(queue.ask('live 1', { turn: 'now' })).toBe('held');
  expect(queue.states).toEqual(['live 1 holding']);
});

test('The latest takes the place of those of its environment that wait, and of nobody else', () => {
  const queue = new Asking();
  for (const name of ['live 1', 'live 2', 'test 1', 'test 2', 'live 3']) queue.ask(name);
  const { standing, superseded } = queue.line.ask({ ...operation('live 4'), turn: 'latest' }, NOW);
  expect(heard(standing)).toBe('waiting live 1');
  expect(names(superseded)).toEqual(['live 2', 'live 3']);
  queue.ask('live 5');
  expect(names(queue.line.ask({ ...operation('live 4'), turn: 'latest' }, NOW).superseded)).toEqual([]);
  expect(queue.states).toEqual(['live 1 holding', 'test 1 holding', 'test 2 waiting', 'live 4 waiting', 'live 5 waiting']);
});

/** A second of the minute in which things are asked for. */
const at = (second: number): string => `2026-01-02T03:04:${String(second).padStart(2, '0')}.000Z`;
const LATER = at(59);

/** Each asks at the second behind its `@`, in the order in which they arrive; `!` for --latest. */
function arriving(...arrivals: string[]) {
  const line = new Line();
  const heardOf = arrivals.map((arrival) => {
    const [, name = '', second = '', latest] = /^(.+)@(\d+)(!?)$/.exec(arrival)!;
    const { standing, superseded } = line.ask({ ...operation(name), askedAt: at(Number(second)), ...(latest && { turn: 'latest' as const }) }, LATER);
    return [heard(standing), ...(superseded.length > 0 ? [`supersedes ${names(superseded).join()}`] : [])].join('; ');
  });
  return { line, heardOf, order: line.view.map(({ workflowId, state }) => `${workflowId} ${state}`) };
}

test.each([
  { title: 'of one environment', arrivals: ['live 1@1', 'live 3@3', 'live 2@2'], order: ['live 1 holding', 'live 2 waiting', 'live 3 waiting'] },
  { title: 'never before one that has its turn', arrivals: ['live 2@2', 'live 1@1'], order: ['live 2 holding', 'live 1 waiting'] },
  { title: 'a deploy before a provision that was asked for later', arrivals: ['live 1@1', 'eu 1@5', 'live 2@2', 'test 1@3', 'test 2@7'], order: ['live 1 holding', 'test 1 holding', 'live 2 waiting', 'eu 1 waiting', 'test 2 waiting'] },
  { title: 'a provision before deploys that were asked for later', arrivals: ['live 1@1', 'live 3@3', 'test 1@4', 'eu 1@2'], order: ['live 1 holding', 'test 1 holding', 'eu 1 waiting', 'live 3 waiting'] },
  { title: 'behind one of another environment that has its turn, a provision', arrivals: ['live 1@1', 'live 5@5', 'test 1@6', 'eu 1@4'], order: ['live 1 holding', 'test 1 holding', 'eu 1 waiting', 'live 5 waiting'] },
  { title: 'those asked for at once by arrival', arrivals: ['live 1@1', 'live 2@2', 'live 3@2', 'live 4@2'], order: ['live 1 holding', 'live 2 waiting', 'live 3 waiting', 'live 4 waiting'] },
])('Those who wait stand in the order of asking, whenever they arrive: $title', ({ arrivals, order }) => {
  expect(arriving(...arrivals).order).toEqual(order);
});

test.each([
  { title: 'those that wait and were asked for before it, not those asked for later', arrivals: ['live 1@1', 'live 2@2', 'live 9@9', 'live 5@5!'], heardOf: 'waiting live 1; supersedes live 2' },
  { title: 'one that arrives after it', arrivals: ['live 1@1', 'live 5@5!', 'live 2@2'], heardOf: 'superseded' },
  { title: 'one that arrives when it has its turn', arrivals: ['live 5@5!', 'live 2@2'], heardOf: 'superseded' },
  { title: 'an earlier --latest that arrives after it', arrivals: ['live 1@1', 'live 5@5!', 'live 2@2!'], heardOf: 'superseded' },
  { title: 'none of another environment', arrivals: ['live 1@1', 'live 5@5!', 'test 2@2'], heardOf: 'held' },
  { title: 'none that was asked for after it', arrivals: ['live 1@1', 'live 5@5!', 'live 6@6'], heardOf: 'waiting live 5' },
])('The latest takes the place of $title', ({ arrivals, heardOf }) => {
  expect(arriving(...arrivals).heardOf.at(-1)).toBe(heardOf);
});

test('Who is superseded on arrival is told by what, and is not in the line', () => {
  const { line } = arriving('live 1@1', 'live 5@5!');
  expect(line.ask({ ...operation('live 2'), askedAt: at(2) }, LATER).standing).toEqual({ is: 'superseded', by: { ...operation('live 5'), askedAt: at(5), state: 'waiting' } });
  expect(names([...line.view])).toEqual(['live 1', 'live 5']);
});

test('One that says it was asked for in the future, or at no time at all, was asked for when it arrived', () => {
  const { line } = arriving('live 1@1');
  for (const [name, askedAt] of [['live 2', '2099-01-01T00:00:00.000Z'], ['live 3', 'soon']] as const) line.ask({ ...operation(name), askedAt, turn: 'latest' }, at(10));
  line.ask({ ...operation('live 4'), askedAt: at(20) }, LATER);
  expect(line.view.map(({ workflowId, askedAt }) => [workflowId, askedAt])).toEqual([['live 1', at(1)], ['live 3', at(10)], ['live 4', at(20)]]);
});

test('A run that a reset made of one that had its turn goes to the end, whenever that was asked for', () => {
  const { line } = arriving('live 1@1', 'live 2@2', 'live 3@3');
  line.closed(operation('live 1'), CUT);
  line.ask({ ...operation('live 1', 'run-2'), askedAt: at(1) }, LATER);
  expect(line.view.map(({ workflowId, runId, state }) => `${workflowId} ${runId} ${state}`)).toEqual(['live 1 run-1 recovering', 'live 2 run-1 waiting', 'live 3 run-1 waiting', 'live 1 run-2 waiting']);
});

test('One that waits and was asked for first does not run beside one that has its turn, after the queue was started anew', () => {
  const line = new Line();
  line.adopt([{ ...operation('live 1'), askedAt: at(1) }, { ...operation('live 2'), askedAt: at(2) }], LATER);
  // It arrived after live 2, which has its turn and says nothing.
  expect(heard(line.ask({ ...operation('live 1'), askedAt: at(1) }, LATER).standing)).toBe('waiting live 2');
  line.leave(operation('live 2'));
  expect(names(line.call(LATER))).toEqual(['live 1']);
});

test('A cancel while waiting lets the next ones up; a provision that waits no more holds nobody back', () => {
  const queue = new Asking();
  for (const name of ['live 1', 'eu 1', 'test 1', 'live 2']) queue.ask(name);
  expect(queue.leave('eu 1')).toEqual(['test 1']);
  expect(queue.line.waiting().map(({ who, behind }) => [who.workflowId, ...names(behind)])).toEqual([['live 2', 'live 1']]);
});

test('Who was cut off with a turn is cleared up after before the next is let in; who only waited is forgotten', () => {
  const queue = new Asking();
  for (const name of ['live 1', 'live 2', 'live 3']) queue.ask(name);
  queue.line.closed(operation('live 2'), CUT);
  queue.line.closed(operation('live 1'), CUT);
  expect(names(queue.line.call(NOW))).toEqual([]);
  expect(names(queue.line.cutOff)).toEqual(['live 1']);
  // A word that comes late: it must not cut the clearing up short.
  queue.line.leave(operation('live 1'));
  expect(queue.states).toEqual(['live 1 recovering', 'live 3 waiting']);
  queue.line.recovered(operation('live 1'));
  expect(names(queue.line.call(NOW))).toEqual(['live 3']);
});

test('Who was called and closed before it took its turn up had begun nothing', () => {
  const queue = new Asking();
  queue.ask('live 1');
  queue.ask('live 2');
  queue.leave('live 1');
  queue.line.closed(operation('live 2'), CUT);
  expect(queue.states).toEqual([]);
});

test('Who ended by itself without a word that reached anybody needs no clearing up', () => {
  const queue = new Asking();
  queue.ask('live 1');
  queue.line.closed(operation('live 1'), END);
  expect(queue.states).toEqual([]);
});

test('After a reset the new run asks again: one that waited keeps its place, one that had its turn goes to the end and is cleared up after', () => {
  const queue = new Asking();
  for (const name of ['live 1', 'live 2', 'live 3']) queue.ask(name);
  expect(queue.ask('live 2', { runId: 'run-2' })).toBe('waiting live 1');
  expect(queue.ask('live 1', { runId: 'run-2' })).toBe('waiting live 3');
  expect(queue.states).toEqual(['live 1 recovering', 'live 2 run-2 waiting', 'live 3 waiting', 'live 1 run-2 waiting']);
  // The watch says later what is known already.
  queue.line.closed(operation('live 1'), CUT);
  expect(names(queue.line.cutOff)).toEqual(['live 1']);
});

test('The end of a run that another one took the place of concerns that other one not', () => {
  const queue = new Asking();
  queue.ask('live 1');
  queue.ask('live 2');
  queue.leave('live 1');
  const watched = queue.line.watched;
  expect(queue.ask('live 2', { runId: 'run-2' })).toBe('held');
  for (const run of watched) queue.line.closed(run, CUT);
  expect(queue.states).toEqual(['live 2 run-2 holding']);
});

test('A queue that is started anew takes all that run for holders until they ask', () => {
  const queue = new Asking();
  const asked = (name: string, second: number) => ({ ...operation(name), askedAt: at(second) });
  queue.line.adopt([asked('live 1', 1), asked('live 2', 2), asked('eu 1', 3), asked('test 1', 4)], NOW);
  expect(queue.ask('demo 1', { askedAt: at(5) })).toBe('waiting eu 1');
  // Whether test 1 has its turn is not known yet.
  expect(queue.ask('eu 1', { askedAt: at(3) })).toBe('waiting live 2,test 1');
  expect(queue.ask('test 1', { askedAt: at(4) })).toBe('waiting eu 1');
  expect(queue.ask('live 2', { askedAt: at(2) })).toBe('waiting live 1');
  // The one that says nothing has its turn, and was not run over.
  expect(queue.leave('live 1')).toEqual(['live 2']);
  expect(queue.ask('live 2')).toBe('held');
  expect(queue.leave('live 2')).toEqual(['eu 1']);
});

test('The line goes on as it was in the next run of the queue', () => {
  const queue = new Asking();
  for (const name of ['live 1', 'live 2', 'eu 1']) queue.ask(name);
  queue.line.adopt([operation('test 1')], NOW);
  queue.line.closed(operation('live 1'), CUT);
  const next = new Line(JSON.parse(JSON.stringify(queue.line.places)) as typeof queue.line.places);
  expect(next.view).toEqual(queue.line.view);
  expect(heard(next.ask(operation('test 1'), NOW).standing)).toBe('waiting eu 1');
});
