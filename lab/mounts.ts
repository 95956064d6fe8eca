import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** The machine's mount points, in the order in which they were mounted. */
async function mountPoints(): Promise<string[]> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => line.split(' ')[1]!.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))));
}

export async function isMounted(folder: string): Promise<boolean> {
  return (await mountPoints()).includes(folder);
}

/** Unmounts everything at and below `folder`; what is still in use goes when its last user does. */
export async function unmountBelow(folder: string): Promise<void> {
  const points = (await mountPoints()).filter((point) => point === folder || point.startsWith(`${folder}/`));
  for (const point of points.reverse()) {
    const { failed } = await execa('umount', [point], { reject: false });
    if (failed) await execa('umount', ['--lazy', point]);
  }
}
