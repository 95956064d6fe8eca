import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Lab } from '../../lab.ts';

/** A picture: who kept it, and who showed it as it was sent. */
export interface Upload {
  name: string;
  through: string;
  readThrough: string[];
}

/** A visitor of the gallery, who asks hosts by themselves, so that it is known which of them took a picture and which showed it. */
export class Visitor {
  readonly uploads: Upload[] = [];
  readonly #lab: Lab;
  readonly #domain: string;
  readonly #folder: string;
  /** The file that is sent under every name. */
  readonly #file: string;

  /** @param folder of the gallery in its site. */
  constructor(lab: Lab, { host, folder, file }: { host: string; folder: string; file: string }) {
    this.#lab = lab;
    this.#domain = host;
    this.#folder = folder;
    this.#file = file;
  }

  /** @throws where the host does not keep the picture. */
  async upload(name: string, host: string): Promise<void> {
    const words = ['--form', `picture=@${this.#file};filename=${name}`];
    show(`curl --form picture=@${name} http://${host}/${this.#folder}/upload.php`);
    const answer = (await this.#ask(host, 'upload.php', words)).toString().trim();
    say(answer);
    if (answer !== `kept ${name}`) throw new Error(`${host} did not keep ${name}: ${answer}`);
    this.uploads.push({ name, through: host, readThrough: [] });
  }

  /** Reads every picture so far through each host. @throws where one is not what was sent. */
  async readAll(hosts: readonly string[]): Promise<void> {
    const sent = await readFile(this.#file);
    for (const { name, through, readThrough } of this.uploads) {
      for (const host of hosts) {
        show(`curl http://${host}/${this.#folder}/pictures/${name}`);
        const answer = await this.#ask(host, `pictures/${name}`);
        if (!answer.equals(sent)) throw new Error(`${name}, read through ${host}, is not what was sent through ${through}.`);
        say(`${answer.length} bytes, as they were sent through ${through}`);
        if (!readThrough.includes(host)) readThrough.push(host);
      }
    }
  }

  /** What the gallery's page says at a host, which may need some time after it got its power back. */
  async page(host: string, patienceSeconds = 0): Promise<void> {
    show(`curl http://${host}/${this.#folder}/`);
    for (const end = Date.now() + patienceSeconds * 1000; ; await sleep(500)) {
      try {
        return say((await this.#ask(host, '')).toString().trim());
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }

  async #ask(host: string, page: string, words: string[] = []): Promise<Buffer> {
    const { address } = this.#lab.host(host);
    const always = ['--silent', '--show-error', '--fail', '--max-time', '30', '--header', `Host: ${this.#domain}`];
    const { stdout } = await execa('curl', [...always, ...words, `http://${address}/${this.#folder}/${page}`], { encoding: 'buffer' });
    return Buffer.from(stdout);
  }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const show = (command: string): void => say(`\x1b[1m$ ${command}\x1b[22m`);
