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
  for (const entry of listed(text)) {
    const [, stated, address = ''] = /^(?:([^=]*)=)?(.*)$/s.exec(entry)!;
    const all = [...others, ...found];
    const problem = (stated === undefined ? undefined : checkLabel(stated)) ?? checkAddress(address);
    if (problem) return { problem };
    if (all.some((server) => server.address.toLowerCase() === address.toLowerCase())) return { problem: { message: `${quote(address)} is there twice`, suggestion: 'name each server once' } };
    if (all.some(({ name }) => name === stated)) return { problem: { message: `two servers would be called ${quote(stated!)}`, suggestion: 'give each a name of its own' } };
    found.push({ name: stated ?? nameFor(address, word, all), address });
  }
  return { value: found };
}

/** The parts of a list that commas divide. */
export const listed = (text: string): string[] => text.split(',').map((part) => part.trim()).filter(Boolean);

function nameFor(address: string, word: string, taken: NewServer[]): string {
  const isFree = (name: string) => !checkLabel(name) && taken.every((server) => server.name !== name);
  const first = /^[0-9.]+$|:/.test(address) ? '' : address.split('.')[0]!.toLowerCase();
  if (isFree(first)) return first;
  for (let number = 1; ; number++) if (isFree(`${word}${number}`)) return `${word}${number}`;
}
