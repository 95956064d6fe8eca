import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandLine } from '../../cli/program.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import { helpOf } from './help-of.ts';

const document = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');

test('docs/cli.md has the help of every command, word for word, and of no other', () => {
  const shown = [...document('cli.md').matchAll(/```text\n\$ (musher.*) --help\n([\s\S]*?)\n```/g)];
  expect(Object.fromEntries(shown.map(([, words, help]) => [words, help]))).toEqual(helpOf(commandLine(() => {})));
});

test('the spec of the quick start is right', () => {
  const text = /```yaml\n([\s\S]*?)```/.exec(document('quick-start.md'))![1]!;
  expect(parseSpec(text, 'musher.yml')).toHaveProperty('spec.projects.shop.environments.live.group', 'eu-cluster');
});

test('every command that the documents show is one', () => {
  const known = Object.keys(helpOf(commandLine(() => {})));
  const shown = ['cli.md', 'quick-start.md', 'how-an-operation-runs.md', 'failures.md'].flatMap((name) =>
    [...document(name).matchAll(/(?:^|`)(?:\$ )?musher ([a-z]+)/gm)].map(([, word]) => `musher ${word}`),
  );
  expect(shown.length).toBeGreaterThan(20);
  for (const words of new Set(shown)) expect(known).toContain(words);
});
