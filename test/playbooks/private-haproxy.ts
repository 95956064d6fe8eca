import { execa } from 'execa';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type Agent, createServer, request, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as listen, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const playbooks = path.join(import.meta.dirname, '../../playbooks');

export interface Answer {
  status: number;
  body: string;
  headers: IncomingHttpHeaders;
}

/** A member: a web server on a loopback address of its own, which remembers what it was asked and can be told how to answer. */
export class Member {
  readonly requests: IncomingMessage[] = [];
  healthy = true;
  /** Answers what is no health check. */
  answer: (asked: IncomingMessage, reply: ServerResponse) => void;
  checks = 0;
  readonly name: string;
  readonly address: string;
  readonly #server: Server;

  private constructor(name: string, address: string) {
    this.name = name;
    this.address = address;
    this.answer = (_asked, reply) => void reply.end(name);
    this.#server = createServer((asked, reply) => {
      if (asked.headers['user-agent'] === 'musher-check-any') {
        // What is asked of a member as one that may lack its shared files.
        reply.end();
        return;
      }
      if (asked.headers['user-agent'] === 'musher-check') {
        this.checks += 1;
        reply.writeHead(this.healthy ? 200 : 500).end();
        return;
      }
      this.requests.push(asked);
      const milliseconds = Number(new URL(asked.url!, 'http://member').searchParams.get('sleep') ?? 0);
      setTimeout(() => this.answer(asked, reply), milliseconds);
    });
  }

  static async start(name: string, address: string, port: number): Promise<Member> {
    const member = new Member(name, address);
    await member.up(port);
    return member;
  }

  up(port: number): Promise<void> {
    return new Promise((done, failed) => this.#server.once('error', failed).listen(port, this.address, done));
  }

  down(): Promise<unknown> {
    this.#server.closeAllConnections();
    return new Promise((done) => this.#server.close(done));
  }
}

/** A HAProxy process of this test's own, with the files that Musher writes for it, below a temporary folder. Needs root. */
export class PrivateHaproxy {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'musher-haproxy-'));
  readonly file = path.join(this.folder, 'haproxy.cfg');
  /** What operations keep to be undone. */
  readonly undo = path.join(this.folder, 'undo');
  readonly port: number;
  readonly #place = {
    configuration: this.file,
    folder: path.join(this.folder, 'musher'),
    socket: path.join(this.folder, 'master.sock'),
    runtime: path.join(this.folder, 'runtime'),
  };
  // As systemd does it: the runtime folder is gone when the service stops.
  readonly #restart = `
    cd ${this.folder}
    if read -r old < pid; then kill $old; while kill -0 $old; do sleep 0.05; done; fi 2>/dev/null
    rm -rf runtime; mkdir -m 700 runtime
    exec haproxy -D -W -q -f ${this.file} -S ${this.folder}/master.sock -p ${this.folder}/pid >/dev/null 2>&1`;

  /** @param port of its frontend. */
  constructor(port: number) {
    this.port = port;
  }

  get text(): string {
    return readFileSync(this.file, 'utf8');
  }

  /** Runs the module with Ansible's own library, as a host does; its result, also when it failed. */
  async module(state: string, options: object = {}): Promise<Record<string, unknown>> {
    const words = { state, restart: ['sh', '-c', this.#restart], ...this.#place, undo: this.undo, ...options };
    const program = `
import runpy, sys
import ansible.module_utils
from ansible.module_utils import basic
ansible.module_utils.__path__.append(sys.argv[1] + '/module_utils')
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.stdin.buffer.read(), 'legacy'
runpy.run_path(sys.argv[1] + '/modules/musher_balancer.py', run_name='__main__')`;
    const input = JSON.stringify({ ANSIBLE_MODULE_ARGS: words });
    const { stdout, stderr } = await execa('python', ['-B', '-c', program, path.join(playbooks, 'plugins')], { input, reject: false });
    if (!stdout.trim().startsWith('{')) throw new Error(`${stdout}\n${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** What the unit's ExecReload runs. */
  reload(): Promise<unknown> {
    return this.python('reload(instance)');
  }

  restart(): Promise<unknown> {
    return execa('sh', ['-euc', this.#restart]);
  }

  async observe(): Promise<unknown> {
    return JSON.parse((await this.python('import json; print(json.dumps(observe(instance)))')).stdout);
  }

  python(code: string) {
    const { configuration, folder, socket, runtime } = this.#place;
    const words = [configuration, folder, socket, runtime];
    const program = `from musher_haproxy import *; import sys; instance = Instance(*sys.argv[1:]); ${code}`;
    return execa('python3', ['-B', '-c', program, ...words], { env: { PYTHONPATH: path.join(playbooks, 'plugins/module_utils') } });
  }

  get(host: string, url = '/', options: { method?: string; headers?: Record<string, string>; agent?: Agent } = {}): Promise<Answer> {
    return new Promise((done, failed) => {
      request({ host: '127.0.0.1', port: this.port, path: url, agent: false, ...options, headers: { host, ...options.headers } }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (part: string) => (body += part));
        answer.on('end', () => done({ status: answer.statusCode!, body, headers: answer.headers })).on('error', failed);
      })
        .on('error', failed)
        .end();
    });
  }

  async stop(): Promise<void> {
    const file = path.join(this.folder, 'pid');
    if (existsSync(file)) process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

/** A TCP port that nobody uses, on any of the loopback addresses. */
export async function freePort(): Promise<number> {
  const server = listen();
  await new Promise<void>((done) => server.listen(0, '0.0.0.0', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
