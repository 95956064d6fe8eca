import type { HostOutcome, RunOutcome, RunProgress } from '../../contract/run.ts';
import { classifyFailure } from './classify-failure.ts';

type Failed = Extract<HostOutcome, { status: 'failed' }>;

interface HostRecord {
  done: boolean;
  failure?: Failed;
  /** A result that was too large to record; nothing later mends that. */
  loss?: Failed;
  data: Record<string, unknown>;
}

/** An event as our callback writes it; anything may be missing, for the file may have been cut anywhere. */
interface RunEvent {
  event?: unknown;
  time?: number;
  id?: string;
  host?: string;
  hosts?: unknown;
  task?: string;
  status?: string;
  ignored?: boolean;
  message?: string;
  rc?: number;
  crashed?: boolean;
  failure?: string;
  musher?: Record<string, unknown>;
  dropped?: boolean;
}

const MESSAGE_CAP = 2_000;

/** Turns the events of a run (of all its starts, if it died in between) into what became of each host. */
export class OutcomeReader {
  #hosts = new Map<string, HostRecord>();
  #expected: readonly string[];
  #task = '';
  #changed = 0;
  #starts: { from: number; to: number }[] = [];
  #tasks: { from: number; to: number }[] = [];
  /** The latest span of a task, by its id: with `serial` a task runs several times. */
  #latest = new Map<string, { from: number; to: number }>();
  #complete = false;

  constructor(hosts: readonly string[]) {
    this.#expected = hosts;
    for (const host of hosts) this.#host(host);
  }

  /** Whether Ansible came to its recap since its last start: the outcome is then whole. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Hosts that a further start of a run that died has to see. */
  get unfinished(): string[] {
    return [...this.#hosts].filter(([, { done }]) => !done).map(([name]) => name);
  }

  get progress(): RunProgress {
    const named = (test: (host: HostRecord) => boolean) => [...this.#hosts].filter(([, host]) => test(host)).map(([name]) => name);
    return { task: this.#task, done: named(({ done }) => done), failed: named(({ failure }) => failure !== undefined) };
  }

  /** `lastSeconds`: how long the last start took by the supervisor's clock, where it is known. */
  outcome(lastSeconds?: number): RunOutcome {
    const told = [...this.#hosts].filter(([name, { failure, loss }]) => this.#expected.includes(name) || failure || loss);
    const spans = this.#starts.map(({ from, to }) => to - from);
    if (lastSeconds !== undefined) spans[Math.max(0, spans.length - 1)] = lastSeconds;
    return {
      hosts: Object.fromEntries(told.map(([name, { failure, loss, done }]) => [name, failure ?? loss ?? { status: done ? 'ok' : 'not-reached' }])),
      data: Object.fromEntries([...this.#hosts].filter(([, { data }]) => Object.keys(data).length > 0).map(([name, { data }]) => [name, data])),
      seconds: rounded(spans.reduce((sum, span) => sum + span, 0)),
      taskSeconds: rounded(covered(this.#tasks)),
      changed: this.#changed,
    };
  }

  /** Takes the next event in; events that it does not know leave no trace. */
  take(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const event = value as RunEvent;
    const last = this.#starts.at(-1);
    if (last && event.event !== 'start' && typeof event.time === 'number') last.to = Math.max(last.to, event.time);
    if (event.event === 'start') this.#start(event.time ?? 0);
    else if (event.event === 'task_start') this.#taskStart(event);
    else if (event.event === 'host_result' && typeof event.host === 'string') this.#result(event, this.#host(event.host));
    else if (event.event === 'host_done' && typeof event.host === 'string') this.#done(this.#host(event.host));
    else if (event.event === 'recap') this.#recap(event.hosts);
  }

  #start(time: number): void {
    this.#complete = false;
    this.#starts.push({ from: time, to: time });
    for (const host of this.#hosts.values()) if (!host.done) delete host.failure;
  }

  #taskStart({ task, id, time }: RunEvent): void {
    this.#task = task ?? this.#task;
    if (id === undefined || time === undefined) return;
    const span = { from: time, to: time };
    this.#tasks.push(span);
    this.#latest.set(id, span);
  }

  #result(event: RunEvent, host: HostRecord): void {
    Object.assign(host.data, event.musher);
    if (event.status === 'changed') this.#changed += 1;
    const span = this.#latest.get(event.id ?? '');
    if (span && event.time !== undefined) span.to = event.time;
    if (event.ignored) return;
    if (event.status === 'failed' || event.status === 'unreachable') {
      const failure = classifyFailure({ ...event, status: event.status, message: event.message ?? '' });
      host.failure = { status: 'failed', failure, task: event.task ?? '', message: capped(event.message ?? '') };
    } else if (event.dropped) {
      host.loss = { status: 'failed', failure: 'task-failed', task: event.task ?? '', message: 'A module returned more data than a run may hold (1 MB).' };
    }
  }

  #done(host: HostRecord): void {
    host.done = true;
    delete host.failure;
  }

  /** A failure that a playbook rescued is none: Ansible does not count it. */
  #recap(hosts: unknown): void {
    this.#complete = true;
    for (const [name, sums] of Object.entries((hosts ?? {}) as Record<string, { failures?: number; unreachable?: number }>)) {
      if (!sums.failures && !sums.unreachable) delete this.#host(name).failure;
    }
  }

  #host(name: string): HostRecord {
    const known = this.#hosts.get(name) ?? { done: false, data: {} };
    this.#hosts.set(name, known);
    return known;
  }
}

/** Length of what spans cover together; two that overlap count once. */
function covered(spans: { from: number; to: number }[]): number {
  let [sum, end] = [0, -Infinity];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    sum += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return sum;
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

const capped = (text: string): string => (text.length <= MESSAGE_CAP ? text : `${text.slice(0, MESSAGE_CAP / 2)}\n[...]\n${text.slice(-MESSAGE_CAP / 2)}`);
