import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Cgroup } from '../../lab/cgroup.ts';
import { paths } from '../../lab/home.ts';

/** Everything on the machine that belongs to a lab: its processes, mounts, namespace, links, routes and files. */
export async function tracesOf(name: string, number: number | undefined): Promise<string[]> {
  const folder = join(paths.labs, name);
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(`${folder}/`));
  const processes = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const places = await Promise.all(
    processes.map(async (pid) => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) + (await readlink(`/proc/${pid}/cwd`).catch(() => ''))),
  );
  const traces = [...mounts, ...places.filter((place) => place.includes(`${folder}/`)), ...(existsSync(folder) ? [folder] : [])];
  if (number === undefined) return traces;
  const shown = await Promise.all([['netns', 'list'], ['-oneline', 'link'], ['route', 'show', 'table', 'all']].map((words) => execa('ip', words)));
  const lines = shown.flatMap(({ stdout }) => stdout.split('\n'));
  const words = new RegExp(`\\bmusher-lab-${number}\\b|\\b10\\.77\\.${number}\\.`);
  const inGroup = await new Cgroup(String(number)).processes();
  return [...traces, ...lines.filter((line) => words.test(line)), ...inGroup.map(String)];
}
