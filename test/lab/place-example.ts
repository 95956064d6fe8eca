import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import type { Site } from './site.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

/** What a Drupal's own build and hooks call: the build makes the program that the hooks run, which notes what it was told. */
const COMPOSER = `#!/bin/sh
mkdir -p vendor/bin
printf '#!/bin/sh\\necho "$@" >> "$HOME/drush"\\n' > vendor/bin/drush
chmod +x vendor/bin/drush
`;

export interface Example {
  servers: Record<string, { address: string; key?: string; user: string; port?: number }>;
  groups: Record<string, { members: string[]; balancers?: string[]; port?: number; web?: string }>;
  projects: Record<string, ExampleProject>;
}

export interface ExampleProject {
  app: string;
  docroot?: string;
  source: { directory?: string; archive?: string; sha256?: string; git?: string };
  approval?: unknown;
  hooks?: Partial<Record<'once' | 'each', (string | { playbook: string })[]>>;
  environments: Record<string, { group: string; approval?: unknown; ref?: string; domains: string[]; tls?: { certificate: { file: string } } }>;
}

/** An example as its author wrote it. */
export const readExample = async (name: string): Promise<Example> => parse(await readFile(join(EXAMPLES, name), 'utf8')) as Example;

/**
 * Writes an example into a folder as musher.yml, for the hosts of a lab: addresses, keys and where sources are become others, and nothing else.
 *
 * The code of a project is in a folder of its name beside it, which becomes what the example says: itself, an archive or a repository.
 * Of a repository each ref has what is in `PROJECT@REF`, where there is such a folder.
 */
export async function placeExample({ lab, folder: home }: Site, name: string, folder: string): Promise<void> {
  const example = await readExample(name);
  for (const [server, settings] of Object.entries(example.servers)) Object.assign(settings, { address: lab.host(server).address, key: lab.key });
  for (const [project, settings] of Object.entries(example.projects)) {
    await placeSource(settings, folder, project);
    await placePlaybooks(settings, folder);
  }
  await placeTools(join(home, 'tools'));
  await writeFile(join(folder, 'musher.yml'), stringify(example));
}

async function placeSource({ source, environments }: ExampleProject, folder: string, project: string): Promise<void> {
  const tree = join(folder, project);
  if (source.archive !== undefined) {
    await mkdir(dirname(join(folder, source.archive)), { recursive: true });
    await execa('tar', ['--create', '--gzip', '--file', join(folder, source.archive), '--directory', tree, '.']);
    source.sha256 = createHash('sha256').update(await readFile(join(folder, source.archive))).digest('hex');
  } else if (source.git !== undefined) {
    source.git = `${tree}.git`;
    await makeRepository(source.git, tree, Object.values(environments).map(({ ref }) => ref!));
  }
}

/** Each notes on its hosts that it ran. */
async function placePlaybooks({ hooks = {} }: ExampleProject, folder: string): Promise<void> {
  for (const hook of [...(hooks.once ?? []), ...(hooks.each ?? [])]) {
    if (typeof hook === 'string') continue;
    const note = `echo ${basename(hook.playbook)} {{ musher_release.id }} >>/var/tmp/playbooks`;
    await mkdir(dirname(join(folder, hook.playbook)), { recursive: true });
    await writeFile(join(folder, hook.playbook), stringify([{ name: 'Note it', hosts: 'all', tasks: [{ name: 'Note it', 'ansible.builtin.shell': note }] }]));
  }
}

async function makeRepository(repository: string, tree: string, refs: string[]): Promise<void> {
  const git = (...words: string[]) => execa('git', ['-C', repository, '-c', 'user.name=Test', '-c', 'user.email=test@example.net', ...words]);
  await execa('git', ['init', '--quiet', '--initial-branch=main', repository]);
  for (const ref of [...new Set(refs)].sort((a, b) => Number(a === 'main') - Number(b === 'main'))) {
    await git('rm', '-r', '--quiet', '--ignore-unmatch', '.');
    await cp(existsSync(`${tree}@${ref}`) ? `${tree}@${ref}` : tree, repository, { recursive: true });
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', ref);
    if (ref !== 'main') await git('tag', '--force', ref);
  }
}

async function placeTools(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'composer'), COMPOSER);
  await chmod(join(folder, 'composer'), 0o755);
}
