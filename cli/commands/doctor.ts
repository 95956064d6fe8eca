import { mapLimited } from '../../client/map-limited.ts';
import { statePath } from '../../client/local/state-folder.ts';
import { knownHostsOf } from '../../client/trust/known-hosts-file.ts';
import type { Server, Spec } from '../../spec/spec.ts';
import { chosenServers } from '../chosen-servers.ts';
import { askServer } from '../doctor/ask-server.ts';
import { examineMachine } from '../doctor/examine-machine.ts';
import { examineService } from '../doctor/examine-service.ts';
import type { Finding } from '../doctor/finding.ts';
import { judgeServer } from '../doctor/judge-server.ts';
import { judgeWays } from '../doctor/judge-ways.ts';
import { knownDistributions } from '../doctor/known-distributions.ts';
import { needsOf } from '../doctor/needs.ts';
import { ExitCode } from '../exit-code.ts';
import type { SpecOptions } from '../options.ts';
import { nextCommand } from '../output/next-command.ts';
import { paint } from '../output/paint.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { printable } from '../../contract/printable.ts';
import { findSpec, readSpec } from '../spec-file.ts';

const AT_ONCE = 24;
const MARK = { ok: paint('green', '✓'), warning: paint('yellow', '!'), failed: paint('red', '✗') };

/** `musher doctor` */
export async function doctor(names: string[], { file, json }: SpecOptions): Promise<ExitCode> {
  const spec = names.length === 0 && findSpec(file) === undefined ? undefined : (await readSpec(file)).spec;
  const servers = spec ? chosenServers(spec, names) : [];
  if (!json) tell(spec ? `Looking at this machine and ${servers.length === 1 ? servers[0]!.name : `${servers.length} servers`} …` : 'There is no musher.yml here: only this machine is looked at.');
  const [machine, service, ...each] = await Promise.all([examineMachine(spec), examineService(), examineServers(servers, spec)]);
  const found = [...machine, ...service, ...each.flat()];
  const counted = { failed: found.filter(({ state }) => state === 'failed').length, warnings: found.filter(({ state }) => state === 'warning').length };
  if (json) printDocument({ ...counted, findings: found });
  else print(`${render(found)}\n\n${conclusion(counted, file)}`);
  return counted.failed > 0 ? ExitCode.failed : ExitCode.done;
}

async function examineServers(servers: Server[], spec: Spec | undefined): Promise<Finding[]> {
  if (!spec) return [];
  const knownHosts = process.env['MUSHER_KNOWN_HOSTS'] ?? knownHostsOf(statePath());
  const known = knownDistributions();
  const asked = await mapLimited(servers, AT_ONCE, async (server) => {
    const needs = needsOf(server, spec);
    return { server, needs, answer: await askServer(server, needs, knownHosts) };
  });
  const answers = new Map(asked.map(({ server, answer }) => [server.name, answer]));
  return asked.flatMap(({ server, needs, answer }) => [...judgeServer(server, needs, answer, known), ...judgeWays(server, needs, answers)]);
}

function render(found: Finding[]): string {
  const subjects = [...new Set(found.map(({ subject }) => subject))];
  return subjects.map((subject) => `${paint('bold', subject)}\n${found.filter((finding) => finding.subject === subject).map(line).join('\n')}`).join('\n\n');
}

const line = ({ check, state, message, remedy }: Finding): string => `  ${MARK[state]} ${check}: ${printable(message)}${remedy === undefined ? '' : `\n      ${printable(remedy)}`}`;

function conclusion({ failed, warnings }: { failed: number; warnings: number }, file: string | undefined): string {
  const also = warnings > 0 ? `, ${warnings} to look at` : '';
  return failed > 0 ? `${failed} to mend${also}. Then look again: ${nextCommand('doctor', file)}` : `Nothing hinders operations${also}.`;
}
