import { openStateFolder } from '../../client/local/state-folder.ts';
import { compareKeys } from '../../client/trust/compare-keys.ts';
import { fingerprintOf } from '../../client/trust/host-key.ts';
import { changeKnownHosts, ownKnownHosts, readKnownHosts } from '../../client/trust/known-hosts-file.ts';
import { recordedKeys, withKeys, withoutKeys } from '../../client/trust/known-hosts.ts';
import { lookAtServers, type LookedAt } from '../../client/trust/look-at-servers.ts';
import { quote } from '../../spec/spec-error.ts';
import type { Spec } from '../../spec/spec.ts';
import { askYesNo, canAsk } from '../ask.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { SpecOptions } from '../options.ts';
import { nextCommand } from '../output/next-command.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { printable } from '../../contract/printable.ts';
import { chosenServers } from '../chosen-servers.ts';
import { readSpec } from '../spec-file.ts';
import { decide, type Decision, type TrustSettings } from '../trust/decide.ts';
import { renderKeys } from '../trust/render-keys.ts';

export interface TrustOptions extends SpecOptions, TrustSettings {}

/** A server, what was to be done about it, and what became of it. */
interface Outcome {
  found: LookedAt;
  /** `undecided`: somebody would have had to be asked. */
  outcome: 'known' | 'trusted' | 'replaced' | 'declined' | 'refused' | 'undecided';
  message?: string;
}

/** `musher trust` */
export async function trust(names: string[], { file, json, ...settings }: TrustOptions): Promise<ExitCode> {
  refuseUse(names, settings);
  const { spec } = await readSpec(file);
  const servers = chosenServers(spec, names);
  const home = openStateFolder().path;
  if (!json) tell(`Asking ${servers.length === 1 ? servers[0]!.name : `${servers.length} servers`} for host keys …`);
  const decided = (await lookAtServers(servers, readKnownHosts(home))).map((found) => ({ found, decision: decide(found, settings) }));
  const asked = decided.some(({ decision }) => 'ask' in decision && decision.ask);
  const undecided = asked && (json || !canAsk());
  const outcomes: Outcome[] = [];
  for (const { found, decision } of decided) {
    if (!json) print(renderKeys(found));
    const outcome = undecided && 'ask' in decision ? { found, outcome: 'undecided' as const } : await carryOut(found, decision, home);
    if (!json && outcome.message) tell(`  ${printable(outcome.message)}`);
    outcomes.push(outcome);
  }
  if (json) printDocument({ file: ownKnownHosts(home), servers: outcomes.map(documentOf) });
  if (undecided) return tellUndecided(!!json);
  if (!json) print(summary(outcomes, home, spec, file));
  return outcomes.every(({ outcome }) => outcome === 'known' || outcome === 'trusted' || outcome === 'replaced') ? ExitCode.done : ExitCode.failed;
}

function refuseUse(names: string[], { fingerprint, yes }: TrustSettings): void {
  const other = process.env['MUSHER_KNOWN_HOSTS'];
  if (other) throw new CommandError(`MUSHER_KNOWN_HOSTS says that operations use the host keys in ${other}, which Musher does not change. Add the keys there by hand, or unset the variable.`);
  if (fingerprint === undefined) return;
  if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(fingerprint)) throw new CommandError(`--fingerprint takes what "ssh-keygen -lf" prints, SHA256: and 43 characters, and not ${quote(fingerprint)}.`);
  if (names.length !== 1) throw new CommandError('--fingerprint is of one server: name it, as in "musher trust web1 --fingerprint SHA256:…".');
  if (yes) throw new CommandError('--yes takes every key and --fingerprint only one: leave one of them out.');
}

async function carryOut(found: LookedAt, decision: Decision, home: string): Promise<Outcome> {
  if (decision.do === 'nothing') return { found, outcome: 'known' };
  if (decision.do === 'refuse') return { found, outcome: 'refused', message: decision.message };
  if (decision.ask && !(await agrees(found, decision.do))) return { found, outcome: 'declined' };
  let meanwhile = false;
  await changeKnownHosts(home, (list) => {
    // Somebody else may have changed the list since it was compared, and nobody agreed to what it says now.
    meanwhile = compareKeys(found.shown, recordedKeys(list, found.name)) !== found.standing;
    if (meanwhile) return list;
    const before = decision.do === 'replace' ? withoutKeys(list, found.name) : list;
    const there = new Set(recordedKeys(before, found.name).map(({ key }) => key));
    return withKeys(before, found.name, decision.keys.filter(({ key }) => !there.has(key)));
  });
  if (meanwhile) return { found, outcome: 'refused', message: `The list of host keys was changed meanwhile. Look again.` };
  return { found, outcome: decision.do === 'replace' ? 'replaced' : 'trusted' };
}

function agrees({ server: { name } }: LookedAt, what: 'trust' | 'replace'): Promise<boolean> {
  return askYesNo(what === 'replace' ? `Replace the key on record for ${name} by what it shows now?` : `Is that what ${name} itself says, and shall it be trusted?`);
}

function tellUndecided(json: boolean): ExitCode {
  const message = 'Nothing was written: nobody is there to be asked. Compare the fingerprints with what the servers themselves say, then use --fingerprint SHA256:… for one server, or --yes.';
  if (!json) tell(`musher: ${message}`);
  return ExitCode.refused;
}

function summary(outcomes: Outcome[], home: string, { groups }: Spec, file: string | undefined): string {
  const named = (...kinds: Outcome['outcome'][]) => outcomes.filter(({ outcome }) => kinds.includes(outcome)).map(({ found }) => found.server.name);
  const written = named('trusted', 'replaced');
  const left = named('declined', 'refused');
  const [group] = Object.keys(groups);
  return [
    ...(written.length > 0 ? [`Written to ${ownKnownHosts(home)}: ${written.join(', ')}.`] : []),
    left.length > 0 ? `Not trusted: ${left.join(', ')}. Operations that need them will fail.` : `All of them are trusted. Next: ${nextCommand(`provision ${Object.keys(groups).length === 1 ? group : 'GROUP'}`, file)}`,
  ].join('\n');
}

function documentOf({ found: { server, name, standing, shown, recorded }, outcome, message }: Outcome) {
  return {
    server: server.name,
    address: server.address,
    port: server.port,
    name,
    standing,
    outcome,
    shown: shown.map((key) => ({ type: key.type, fingerprint: fingerprintOf(key) })),
    recorded: recorded.map((key) => ({ type: key.type, fingerprint: fingerprintOf(key), revoked: key.revoked })),
    ...(message !== undefined && { message }),
  };
}
