import { execa } from 'execa';

/** Runs a command such that none of its processes and mounts outlives this program, however that ends. */
export async function isolated(...command: string[]): Promise<void> {
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];
  await execa('setpriv', ['--pdeathsig', 'KILL', 'unshare', ...namespaces, ...command], { stdin: 'ignore', stdout: 'ignore' });
}
