import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { HostFile } from './driver.ts';
import type { Network } from './network.ts';

/** The number of the user `deploy` in the image. */
const deploy = 1000;

/** An SSH host key pair. */
export interface HostKey {
  private: string;
  /** `ssh-ed25519 AAAA…`. */
  public: string;
}

/** A new host key, made here so that known_hosts is written from the key itself and nobody trusts a first answer. */
export async function makeHostKey(): Promise<HostKey> {
  const folder = await mkdtemp(join(tmpdir(), 'musher-lab-'));
  try {
    const file = join(folder, 'key');
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    return { private: await readFile(file, 'utf8'), public: (await readFile(`${file}.pub`, 'utf8')).trim() };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What makes a host of the image's file system this one: its name, address, identity and keys. */
export function identityFiles(name: string, address: string, network: Network, hostKey: HostKey, userKey: string): HostFile[] {
  return [
    { path: 'etc/hostname', content: `${name}\n`, mode: 0o644 },
    { path: 'etc/hosts', content: `127.0.0.1 localhost\n127.0.1.1 ${name}\n`, mode: 0o644 },
    { path: 'etc/machine-id', content: `${randomUUID().replaceAll('-', '')}\n`, mode: 0o444 },
    { path: 'etc/lab-network', content: `ADDRESS=${address}\nGATEWAY=${network.gateway}\n`, mode: 0o644 },
    { path: 'etc/ssh/ssh_host_ed25519_key', content: hostKey.private, mode: 0o600 },
    { path: 'etc/ssh/ssh_host_ed25519_key.pub', content: `${hostKey.public}\n`, mode: 0o644 },
    { path: 'home/deploy/.ssh/authorized_keys', content: userKey, mode: 0o600, owner: deploy },
  ];
}

/** Writes a file below `root`. Its folders are made where they are missing. */
export async function writeHostFile(root: string, file: HostFile): Promise<void> {
  const path = join(root, file.path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file.content);
  await chmod(path, file.mode);
  if (file.owner !== undefined) await chown(path, file.owner, file.owner);
}
