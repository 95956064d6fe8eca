import { execa } from 'execa';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { freePort, Member, PrivateHaproxy } from './private-haproxy.ts';

const root = path.join(import.meta.dirname, '../..');
export const LIVE = 'shop.example.net';
export const TEST = 'test.example.net';

type Result = Record<string, unknown>;

/** Two environments of a shop on members web1 and web2 (and a web3 that waits for a group of its own), behind a HAProxy. */
export class ShopBalancer {
  readonly haproxy: PrivateHaproxy;
  readonly members: Member[];
  readonly settings: Record<string, unknown>;
  readonly memberPort: number;

  private constructor(settings: Record<string, unknown>, members: Member[], memberPort: number) {
    this.haproxy = new PrivateHaproxy(Number(settings['http_port']));
    this.members = members;
    this.settings = settings;
    this.memberPort = memberPort;
  }

  static async start(): Promise<ShopBalancer> {
    await execa(path.join(root, 'lab/ensure-packages'), ['haproxy', 'openssl']);
    const port = await freePort();
    const members = await Promise.all(['web1', 'web2', 'web3'].map((name, index) => Member.start(name, `127.0.0.${index + 2}`, port)));
    const defaults = parse(readFileSync(path.join(root, 'playbooks/roles/balancer/defaults/main.yml'), 'utf8')) as { balancer_settings: object };
    const settings = {
      ...defaults.balancer_settings,
      addresses: ['127.0.0.1'],
      http_port: await freePort(),
      https_port: await freePort(),
      // Quicker than by default.
      check_inter: '300ms',
      check_fastinter: '100ms',
      timeout_client: '1s',
    };
    return new ShopBalancer(settings, members, port);
  }

  async stop(): Promise<void> {
    await this.haproxy.stop();
    await Promise.all(this.members.map((member) => member.down()));
  }

  /** Every member is healthy, says its name, has been asked nothing, and serves the live environment where it is of it. */
  async calm(): Promise<void> {
    for (const member of this.members) {
      member.requests.length = 0;
      member.healthy = true;
      member.answer = (_asked, reply) => void reply.end(member.name);
    }
    const result = await this.live('ready', ['web1', 'web2']);
    if (result['failed']) throw new Error(String(result['msg']));
  }

  environment(project: string, name: string, domains: string[], more: object = {}): object {
    const health = { path: "/health?it's='%d#'", expect: 200, timeout: 5 };
    return { slug: `${project}--${name}`, backend: `${project}_${name}`, domains, health, port: this.memberPort, tls: false, drain_timeout: 30, ...more };
  }

  get environments(): object[] {
    return [this.environment('shop', 'live', [LIVE]), this.environment('shop', 'test', [TEST])];
  }

  addresses(names = ['web1', 'web2']): Record<string, string> {
    return Object.fromEntries(this.members.filter(({ name }) => names.includes(name)).map(({ name, address }) => [name, address]));
  }

  /** @param changes of the role's settings. */
  configure(options: object = {}, changes: object = {}): Promise<Result> {
    const settings = { ...this.settings, ...changes };
    return this.haproxy.module('configured', { group: 'eu', servers: this.addresses(), environments: this.environments, settings, ...options });
  }

  live(state: string, members: string[], timeout = 10, options: object = {}): Promise<Result> {
    return this.haproxy.module(state, { backend: 'shop_live', members, timeout, ...options });
  }

  /** What is observed, by backend and member. */
  async states(): Promise<Record<string, Record<string, unknown>>> {
    return ((await this.haproxy.observe()) as { backends: Record<string, Record<string, unknown>> }).backends;
  }

  /** The different answers to some requests: who answered, or a status that is not 200. */
  async served(count = 6, host = LIVE): Promise<unknown[]> {
    return [...new Set(await Promise.all(Array.from({ length: count }, () => this.#ask(host))))].sort();
  }

  /** The same, asked without a pause while something is done. */
  async servedWhile(work: () => Promise<unknown>): Promise<unknown[]> {
    const found = new Set<unknown>();
    let working = true;
    const load = (async () => {
      while (working) found.add(await this.#ask(LIVE));
    })();
    await work().finally(() => (working = false));
    await load;
    return [...found].sort();
  }

  #ask(host: string): Promise<unknown> {
    return this.haproxy.get(host).then(({ status, body }) => (status === 200 ? body : status), String);
  }
}
