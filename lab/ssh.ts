import { connect } from 'node:net';
import { execa } from 'execa';
import { until } from './process.ts';

/** What it takes to reach a host by SSH. */
export interface Way {
  address: string;
  user: string;
  key: string;
  knownHosts: string;
}

/** The words of an ssh command to a host, up to and with the host: nothing of the caller's own configuration, host key checked. */
export function sshWords(way: Way, options: string[] = []): string[] {
  const settings = [
    ...['BatchMode=yes', 'ConnectTimeout=5', 'IdentitiesOnly=yes', 'ControlPath=none', 'LogLevel=ERROR'],
    ...['StrictHostKeyChecking=yes', `UserKnownHostsFile=${way.knownHosts}`, 'GlobalKnownHostsFile=/dev/null'],
  ];
  return ['ssh', '-F', '/dev/null', '-i', way.key, ...settings.flatMap((setting) => ['-o', setting]), ...options, '--', `${way.user}@${way.address}`];
}

/** One word for the remote shell, which sees exactly this text. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Comes back when the host lets its user in; throws after `limit` ms, with what ssh said last. */
export async function waitForSsh(way: Way, limit: number): Promise<void> {
  let last = 'nothing listens on port 22';
  const answered = await until(limit, 50, async () => {
    if (!(await listens(way.address))) return false;
    const [command, ...words] = sshWords(way);
    const { failed, stderr } = await execa(command!, [...words, 'true'], { reject: false, stdin: 'ignore', timeout: 10_000 });
    last = stderr;
    return !failed;
  });
  if (!answered) throw new Error(`${way.address} does not answer SSH within ${limit / 1000} s: ${last}`);
}

/** Whether a server greets on port 22: cheaper than ssh, which a booting host would turn away many times. */
function listens(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
  });
}
