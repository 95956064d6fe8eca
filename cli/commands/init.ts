import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { PACKAGE } from '../../client/local/installation.ts';
import { shellWord } from '../../contract/shell-word.ts';
import { localPath } from '../../spec/normalise.ts';
import { parseSpec } from '../../spec/parse-spec.ts';
import { ask, canAsk } from '../ask.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Answers } from '../init/answers.ts';
import { collectAnswers, type Flags } from '../init/collect-answers.ts';
import { detectApp } from '../init/detect-app.ts';
import { isUnshared } from '../init/read-shared.ts';
import { renderSpec } from '../init/render-spec.ts';
import type { SpecOptions } from '../options.ts';
import { nextCommand } from '../output/next-command.ts';
import { print, printDocument, tell } from '../output/print.ts';

const SCHEMA = join(PACKAGE, 'docs/musher.schema.json');
/** Where it is for whoever has Musher among the packages of the site, as docs/spec.md says. */
const SCHEMA_OF_PACKAGE = 'node_modules/musher/docs/musher.schema.json';

export type InitOptions = SpecOptions & Flags;

/** `musher init` */
export async function init({ file = 'musher.yml', json, ...flags }: InitOptions): Promise<ExitCode> {
  refuseExisting(file);
  const folder = dirname(resolve(file));
  const answers = await collectAnswers(flags, folder, !json && canAsk() ? ask : undefined, (problem) => tell(`  ${problem}`));
  const text = renderSpec(answers, schemaFrom(folder));
  const parsed = parseSpec(text, file);
  if ('errors' in parsed) throw new CommandError('These answers make no spec; nothing was written.', ExitCode.refused, parsed.errors);
  write(file, text);
  const other = file === 'musher.yml' ? undefined : file;
  const next = ['trust', 'doctor', `provision ${answers.group}`, `deploy ${answers.project}/${answers.environment}`].map((words) => nextCommand(words, other));
  if (json) printDocument({ file, next });
  else print(`Written: ${file}. Look through it, then:\n${next.map((command) => `  ${command}`).join('\n')}`);
  for (const line of [...aboutSource(answers, folder), ...aboutShared(answers, file)]) tell(line);
  return ExitCode.done;
}

/** What a source folder lacks that somebody may believe to have named. */
function aboutSource({ source }: Answers, folder: string): string[] {
  if (!('directory' in source) || existsSync(localPath(source.directory, folder))) return [];
  const there = `${source.directory} is not there yet: the site's code belongs there.`;
  return detectApp(folder) === 'static' ? [there] : [`${there} If what lies beside the spec is the site, write --source .`];
}

const aboutShared = (answers: Answers, file: string): string[] =>
  isUnshared(answers) ? [`No shared path is named yet, so that uploads would go with the old release: name their folders as "shared" in ${file}.`] : [];

/** Looked at before any question is asked. */
function refuseExisting(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })) throw alreadyThere(file);
}

function write(file: string, text: string): void {
  try {
    // Never over a file that has come into being meanwhile.
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyThere(file);
    throw new CommandError(`${file} cannot be written: ${code === 'ENOENT' ? 'there is no such folder' : message}. Name another place with --file.`);
  }
}

const alreadyThere = (file: string) => new CommandError(`${file} is there already, and is left as it is. Check it with "musher check --file ${shellWord(file)}", or name another with --file.`);

/** Below the spec, as seen from there, so that the line is good on other machines, too; undefined where it is elsewhere. */
function schemaFrom(folder: string): string | undefined {
  if (existsSync(join(folder, SCHEMA_OF_PACKAGE))) return SCHEMA_OF_PACKAGE;
  const path = relative(folder, SCHEMA);
  return path.startsWith('..') || isAbsolute(path) ? undefined : `./${path}`;
}
