import { describe, expect, test } from 'vitest';
import { LARGEST_SPEC } from '../../spec/decode.ts';
import { errorsOf } from './refuses.ts';
import { VALID } from './valid-spec.ts';

const ESCAPE = '\u001b';

describe('a file that is no spec at all', () => {
  const files: [name: string, text: string | Uint8Array, error: string][] = [
    ['an empty file', '', '1:1 is empty; begin with "version: 1"'],
    ['spaces and line breaks', ' \n\n', '1:1 is empty; begin with "version: 1"'],
    ['a comment', '# later\n', '1:1 is empty; begin with "version: 1"'],
    ['an empty document', '---\n', '1:4 must be a map, but is empty'],
    ['a word', 'hello', '1:1 must be a map, not "hello"'],
    ['a list', '- version: 1\n', '1:1 must be a map, not a list'],
    ['tabs', 'version: 1\nservers:\n\tweb1: {}\n', '3:1 is not valid YAML: Tabs are not allowed as indentation; indent with spaces'],
    ['a lost quote', 'version: "1\n', '2:1 is not valid YAML: Missing closing "quote; is a quote, a bracket or a colon missing?'],
    [
      'a value with a colon',
      'a: b: c\n',
      '1:4 is not valid YAML: Nested mappings are not allowed in compact mappings; put the value in quotes if it holds ": "',
    ],
    ['a reserved sign', 'a: @b\n', '1:4 is not valid YAML: Plain value cannot start with reserved character @; put the value in quotes'],
    ['a second document', `${VALID}---\nversion: 1\n`, '22:1 holds a second document; leave out the line "---"; one file is one spec'],
    ['YAML 1.1', `%YAML 1.1\n---\n${VALID}`, '1:1 begins with a YAML directive; leave out the lines that begin with "%"'],
    ['a NUL', `${VALID}\0`, '22:1 holds the control character U+0000; take it out'],
    ['an escape in a comment', `# ${ESCAPE}[2J\n${VALID}`, '1:3 holds the control character U+001B; take it out'],
    ['a lone surrogate', 'a: "\ud800"', '1:5 holds the control character U+D800; take it out'],
    ['bytes that are not UTF-8', Uint8Array.of(0x61, 0x80), '1:1 is not text in UTF-8; save it as UTF-8; is it the right file?'],
    ['UTF-16', Buffer.from(`\ufeff${VALID}`, 'utf16le'), '1:1 is written in UTF-16; save it as UTF-8'],
    [
      '5 MB',
      'a'.repeat(5_000_000),
      `1:1 is too large: 5000000 bytes; a spec has at most ${LARGEST_SPEC}; split it by group into several files`,
    ],
  ];
  test.each(files)('%s', (_, text, error) => {
    expect(errorsOf(text)).toEqual([`musher.yml:${error}`]);
  });

  test('a program: its first control characters only', () => {
    const errors = errorsOf(Buffer.concat([Buffer.from('\u007fELF'), Buffer.alloc(1000)]));
    expect(errors).toHaveLength(10);
    expect(errors[0]).toBe('musher.yml:1:1 holds the control character U+007F; take it out');
  });
});

describe('a file that is written otherwise', () => {
  const files: [name: string, text: string | Uint8Array][] = [
    ['with a byte order mark', `\ufeff${VALID}`],
    ['with a byte order mark, as bytes', Buffer.from(`\ufeff${VALID}`)],
    ['with CR LF', VALID.replaceAll('\n', '\r\n')],
    ['between document marks', `---\n${VALID}...\n`],
    ['with an anchor and an alias', VALID.replace('once: [bin/update]', 'once: &commands [bin/update]\n      each: *commands')],
  ];
  test.each(files)('%s', (_, text) => expect(errorsOf(text)).toEqual([]));

  test('columns do not count the mark, lines count CR LF once', () => {
    expect(errorsOf(`\ufeff${VALID}`.replace('version: 1', 'version: 2').replaceAll('\n', '\r\n'))).toEqual([
      'musher.yml:1:10 version: must be 1, not the number 2',
    ]);
    expect(errorsOf(VALID.replace('keep', '').replace('ref: main', 'ref: -x').replaceAll('\n', '\r\n'))[0]).toMatch(/^musher.yml:20:14 /);
  });
});

describe('a file made to be slow', () => {
  const half = 200_000;
  const letters = [...'bcdefghij'];
  const bomb = `a: &a [${'x,'.repeat(10)}]\n${letters.map((to, index) => `${to}: &${to} [${`*${'abcdefghi'[index]},`.repeat(10)}]\n`).join('')}`;
  const files: [name: string, text: string, error: RegExp][] = [
    ['an alias bomb', bomb, /^musher.yml:\d+:\d+ e\S+: aliases repeat more than 20000 values; write less by alias$/m],
    ['a merge bomb', bomb.replaceAll(/&(\w) \[(.*)\]/g, '&$1 {<<: [$2]}'), /^musher.yml:2:8 b: merge keys \("<<"\) are not supported/m],
    ['brackets', '['.repeat(half), /too deeply nested; nest less deeply$/m],
    ['closed brackets', '['.repeat(500) + ']'.repeat(500), /: is nested too deeply; a spec needs no more than 24 levels$/m],
    ['lists in lists', '- '.repeat(half / 2), /too deeply nested; nest less deeply$/m],
    ['documents', '---\n'.repeat(half / 4), /holds a second document/],
    ['tabs', '\ta: 1\n'.repeat(half / 6), /Tabs are not allowed as indentation/],
    ['unknown keys', Array.from({ length: half / 12 }, (_, index) => `key${index}: 1\n`).join(''), /unknown key "key7"/],
  ];
  test.each(files)('%s', { timeout: 20_000 }, (_, text, error) => {
    const errors = errorsOf(text);
    expect(errors.join('\n')).toMatch(error);
    expect(errors.join('\n')).not.toMatch(/^\s+at /m);
  });

  test('a thousand honest servers take less than a second', () => {
    const names = Array.from({ length: 1000 }, (_, index) => `s${index}`);
    const servers = names.map((name, index) => `  ${name}: { address: 10.0.${index >> 8}.${index & 255}, user: deploy }\n`);
    const text = VALID.replace('servers:\n', `servers:\n${servers.join('')}`).replace('[web1, web2]', `[${names.join(', ')}]`);
    // Of the processor: other tests run beside this one.
    const start = process.cpuUsage();
    expect(errorsOf(text)).toEqual([]);
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(1_000_000);
  });
});
