import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Lab } from '../../lab/lab.ts';

const BIN = join(import.meta.dirname, '../../.venv/bin');
const PROGRAM = '/usr/local/bin/temporal';
const PORT = 7233;

/** The commands by which docs/workers.md makes the namespace. */
const commands = (): string[] =>
  readFileSync(join(import.meta.dirname, '../../docs/workers.md'), 'utf8').split('\n').filter((line) => line.startsWith('temporal operator '));

/** A real Temporal server on a host of a lab: it stands for a cluster. */
export class TemporalServer {
  /** The IP address of its host. */
  readonly host: string;

  private constructor(host: string) {
    this.host = host;
  }

  /** Starts it on a host, and has its namespace made as the page says. */
  static async start(lab: Lab, host: string): Promise<TemporalServer> {
    await copyFile(join(BIN, 'temporal'), join(lab.rootOf(host), PROGRAM));
    // Its parts reach one another by loopback, so that it cannot be bound to the host's address alone.
    const words = ['server', 'start-dev', '--ip', '0.0.0.0', '--port', String(PORT), '--headless', '--log-level', 'error', '--db-filename', '/root/temporal.db'];
    await lab.root(host, ['systemd-run', '--unit', 'temporal', PROGRAM, ...words]);
    const server = new TemporalServer(lab.host(host).address);
    for (const command of commands()) await server.#run(command);
    return server;
  }

  get address(): string {
    return `${this.host}:${PORT}`;
  }

  /** A namespace just made is not at once known to every part of the server. */
  async #run(command: string): Promise<void> {
    const env = { PATH: `${BIN}:${process.env['PATH']}`, TEMPORAL_ADDRESS: this.address };
    for (const until = Date.now() + 90_000; ; await sleep(500)) {
      const { failed, stderr } = await execa('/bin/sh', ['-c', command], { env, reject: false, stdin: 'ignore', timeout: 20_000 });
      if (!failed || /already exists/i.test(stderr)) return;
      if (Date.now() > until) throw new Error(`${command}: ${stderr}`);
    }
  }
}
