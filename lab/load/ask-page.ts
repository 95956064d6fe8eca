import { Agent, request } from 'node:http';
import { refuseOutsideLab } from './guard.ts';

/** Where a page of an application is asked for. */
export interface Target {
  address: string;
  port: number;
  host: string;
  page: string;
  /** What a right answer holds. */
  holds: string;
}

/** Asks once. @returns seconds. @throws where the answer is not the page. */
export async function askOnce(target: Target, agent: Agent | false = false): Promise<number> {
  const started = performance.now();
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const { address, port, page, host } = target;
    const asked = request({ host: address, port, path: page, headers: { host }, agent, timeout: 120_000 }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part)).on('error', reject).on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 120 s'))).on('error', reject).end();
  });
  if (status !== 200 || !text.includes(target.holds)) throw new Error(`http://${target.address}:${target.port}${target.page} (${target.host}) answered ${status}: ${text.slice(0, 300)}`);
  return (performance.now() - started) / 1000;
}

/** Asks `count` times over `together` connections that are kept. @returns requests per second. */
export async function askMany(target: Target, count: number, together: number): Promise<number> {
  await refuseOutsideLab(target.address);
  const agent = new Agent({ keepAlive: true, maxSockets: together });
  const started = performance.now();
  let left = count;
  const asker = async (): Promise<void> => {
    while (left-- > 0) await askOnce(target, agent);
  };
  await Promise.all(Array.from({ length: together }, asker));
  agent.destroy();
  return count / ((performance.now() - started) / 1000);
}
