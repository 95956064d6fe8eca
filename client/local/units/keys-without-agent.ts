import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { execa } from 'execa';

export interface KeyWithoutAgent {
  path: string;
  /** False: it has a passphrase, which nobody is there to type. */
  opens: boolean;
}

/** The keys that SSH tries on its own accord, by its configuration, as far as they are there. */
export async function keysWithoutAgent(): Promise<KeyWithoutAgent[]> {
  const { stdout } = await execa('ssh', ['-G', 'localhost'], { reject: false, stdin: 'ignore' });
  const named = [...stdout.matchAll(/^identityfile (.+)$/gm)].map(([, path]) => path!.replace(/^~(?=\/)/, homedir()));
  const paths = named.filter(existsSync);
  return Promise.all(paths.map(async (path) => ({ path, opens: !(await execa('ssh-keygen', ['-y', '-P', '', '-f', path], { reject: false, stdin: 'ignore' })).failed })));
}
