import { quote } from '../../spec/spec-error.ts';
import { checkAddress } from '../../spec/text/host.ts';
import { checkLabel } from '../../spec/text/label.ts';
import type { NewServer, Read } from './answers.ts';

/**
 * Reads `web1.example.net, db=192.0.2.7`: an address gets the name before its "=", else the first word of its host name, else `<word>1`, `<word>2` …
 *
 * @param others servers that have been named already.
 */
export function readServers(text: string, word: string, others: NewServer[]): Read<NewServer[]> {
  const found: NewServer[] = [];
  const entries = listed(text);
  for (const entry of entries) {
    const [, stated, address = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(entry)!;
    const all = [...others, ...found];
    const problem = (stated === undefined ? undefined : checkLabel(stated)) ?? checkAddress(address);
    if (problem) return { problem };
    const isThere = (server: NewServer) => (stated === undefined ? isNamed(server, address) : server.address.toLowerCase() === address.toLowerCase());
    if (all.some(isThere)) return { problem: { message: `${quote(address)} is there twice`, suggestion: 'name each server once' } };
    if (all.some(({ name }) => name === stated)) return { problem: { message: `two servers would be called ${quote(stated!)}`, suggestion: 'give each a name of its own' } };
    found.push({ name: stated ?? nameFor(address, word, all, entries), address });
  }
  return { value: found };
}

/** Whether an entry of a list means a server that is known already: by its name, or by its address. */
export const isNamed = ({ name, address }: NewServer, entry: string): boolean => [name, address.toLowerCase()].includes(entry.toLowerCase());

/** The parts of a list that commas divide. */
export const listed = (text: string): string[] => text.split(',').map((part) => part.trim()).filter(Boolean);

/** @param entries of the same list: one that is a name only by its number would be taken for the server that got that number. */
function nameFor(address: string, word: string, taken: NewServer[], entries: string[]): string {
  const isFree = (name: string) => !checkLabel(name) && taken.every((server) => server.name !== name);
  const first = /^[0-9.]+$|:/.test(address) ? '' : address.split('.')[0]!.toLowerCase();
  if (isFree(first)) return first;
  for (let number = 1; ; number++) if (isFree(`${word}${number}`) && !entries.includes(`${word}${number}`)) return `${word}${number}`;
}
