import { createHash } from 'node:crypto';
import { type Agent, request } from 'node:http';
import type { Turn } from './mix.ts';
import type { LoadEnvironment, LoadOptions } from './options.ts';
import type { FailureKind } from './report.ts';

/** What our pages answer, as JSON. */
export interface PageBody {
  page: string;
  environment: string;
  member: string;
  release: string;
  version: string;
  shared: string;
  /** Lowercase hex SHA-256 of the body that was posted. */
  checksum?: string;
}

export class RequestFailure extends Error {
  readonly kind: FailureKind;
  constructor(kind: FailureKind, detail: string) {
    super(detail);
    this.kind = kind;
  }
}

const EXCERPT = 300;

/** Sends one request and reads its answer, once: nothing is tried again. Throws a RequestFailure. */
export async function ask(turn: Turn, n: number, environment: LoadEnvironment, options: LoadOptions, kept: Agent): Promise<PageBody> {
  const posted = turn.page === 'post' ? `request ${n} `.repeat(1 + (n % 200)) : '';
  const slow = options.slowSeconds ?? 5;
  const path = { plain: '/load.php', post: '/echo.php', slow: `/slow.php?seconds=${slow}` }[turn.page];
  const limit = (options.timeoutMs ?? 20_000) + (turn.page === 'slow' ? slow * 1000 : 0);

  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    let received = false;
    const sent = request({
      host: options.target.address,
      port: options.target.port,
      path,
      method: posted ? 'POST' : 'GET',
      headers: { host: environment.host, ...(posted ? { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(posted) } : {}) },
      agent: turn.connection === 'kept' ? kept : false,
    });
    const fail = (kind: FailureKind, detail: string): void => {
      clearTimeout(timer);
      reject(new RequestFailure(kind, detail));
      sent.destroy();
    };
    const broken = (error: NodeJS.ErrnoException): void => {
      const kind = error.code === 'ECONNREFUSED' ? 'refused' : error.code === 'ETIMEDOUT' ? 'timeout' : isReset(error) ? 'reset' : 'other';
      fail(kind === 'reset' && sent.reusedSocket && !received ? 'reset-kept' : kind, `${error.code ?? error.name}: ${error.message}`);
    };
    const timer = setTimeout(() => fail('timeout', `no whole answer within ${limit} ms`), limit);
    sent.on('error', broken);
    sent.on('response', (response) => {
      received = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', broken);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    sent.end(posted);
  });

  if (answer.status !== 200) throw new RequestFailure('status', `status ${answer.status}: ${answer.text.slice(0, EXCERPT)}`);
  return readBody(answer.text, turn, environment, posted);
}

const isReset = (error: NodeJS.ErrnoException): boolean => ['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(error.code ?? '');

function readBody(text: string, turn: Turn, environment: LoadEnvironment, posted: string): PageBody {
  const wrong = (what: string): RequestFailure => new RequestFailure('body', `${what}: ${text.slice(0, EXCERPT)}`);
  let body: Partial<PageBody>;
  try {
    body = JSON.parse(text) as Partial<PageBody>;
  } catch {
    throw wrong('not JSON');
  }
  for (const field of ['page', 'environment', 'member', 'release', 'version', 'shared'] as const) {
    if (typeof body[field] !== 'string' || body[field] === '') throw wrong(`no ${field}`);
  }
  if (body.page !== turn.page) throw wrong(`the page ${turn.page} was asked for`);
  if (body.environment !== environment.name) throw wrong(`${environment.name} was asked for`);
  if (environment.shared !== undefined && body.shared !== environment.shared)
    throw wrong(`the shared file said ${environment.shared.slice(0, 80)}`);
  if (posted && body.checksum !== createHash('sha256').update(posted).digest('hex'))
    throw wrong('another checksum than that of what was posted');
  return body as PageBody;
}
