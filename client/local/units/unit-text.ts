import { homedir } from 'node:os';
import { join } from 'node:path';
import { LocalServiceError } from '../local-service-error.ts';
import type { Units } from './units.ts';

/** A unit's file. @param start the words of what it runs. @throws {LocalServiceError} a path that no unit can name. */
export function unitText(which: 'server' | 'worker', { scope, server }: Units, home: string, start: string[]): string {
  const own = {
    server: { description: "Musher's local Temporal server", unit: [], service: [] },
    worker: {
      description: "Musher's local worker",
      unit: [`Wants=${server}`, `After=${server}`],
      service: [
        // Runs of Ansible outlive the worker: the next one takes them up.
        'KillMode=process',
        // What specs refer to by { env: NAME }, one NAME=value a line.
        `EnvironmentFile=-${unitPath(join(home, 'worker.env'))}`,
      ],
    },
  }[which];
  const environment = { HOME: homedir(), MUSHER_HOME: home, PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin' };
  return `# Written by "musher service install"; "musher service uninstall" takes it away.
[Unit]
Description=${own.description}
StartLimitIntervalSec=0
${lines(own.unit)}
[Service]
Type=exec
Environment=${unitWords(Object.entries(environment).map(([name, value]) => `${name}=${value}`)).replaceAll('$$', '$')}
${lines(own.service)}ExecStart=${unitWords(start)}
WorkingDirectory=${unitPath(home)}
StandardOutput=append:${unitPath(join(home, `${which}.log`))}
UMask=0077
Restart=always
RestartSec=1
TimeoutStopSec=30

[Install]
WantedBy=${scope === 'system' ? 'multi-user' : 'default'}.target
`;
}

const lines = (texts: string[]): string => texts.map((text) => `${text}\n`).join('');

/** Words as systemd reads a command: nothing in them is a variable, a specifier or the end of a word. */
export const unitWords = (words: string[]): string => words.map((word) => `"${unitPath(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', () => '$$')}"`).join(' ');

function unitPath(path: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path)) throw new LocalServiceError(`${JSON.stringify(path)} has a character that no unit of systemd can name. Use another place.`);
  return path.replaceAll('%', '%%');
}
