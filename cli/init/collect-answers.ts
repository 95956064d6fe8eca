import type { Problem } from '../../spec/spec-error.ts';
import { CONTROL, controlCharacter } from '../../spec/text/control.ts';
import { CommandError } from '../command-error.ts';
import type { Answers, Read } from './answers.ts';
import { QUESTIONS, type Flag, type Question } from './questions.ts';

export type Flags = Partial<Record<Flag, string>>;

/** Asks a person. @returns the answer; '' for none. */
export type Asker = (question: string) => Promise<string>;

/**
 * The answers to all questions: a flag's where there is one, else a person's, else the preset.
 *
 * @param folder where the spec is going to be.
 * @param ask undefined where nobody is there.
 * @param tell is told what is wrong with a person's answer, who is then asked again.
 * @throws {CommandError} a flag cannot be used, or one is missing and nobody is there.
 */
export async function collectAnswers(flags: Flags, folder: string, ask?: Asker, tell: (line: string) => void = () => {}): Promise<Answers> {
  const missing = QUESTIONS.filter(({ flag, preset }) => !preset && flags[flag] === undefined).map(({ flag }) => `--${flag}`);
  if (!ask && missing.length > 0) {
    throw new CommandError(
      `Nobody is there to be asked, and these are needed: ${missing.join(', ')}. Say, for example: musher init --members web1.example.net,web2.example.net --balancer lb1.example.net --domain shop.example.net`,
    );
  }
  let known: Partial<Answers> = { balancers: [] };
  for (const asked of QUESTIONS) {
    const question: Question = { ...asked, read: printableOnly(asked.read) };
    const { flag, applies } = question;
    const given = flags[flag];
    if (applies && !applies.if(known)) {
      if (given !== undefined) throw new CommandError(`--${flag} ${applies.otherwise}`);
      continue;
    }
    const asker = question.asked?.(known) === false ? undefined : ask;
    known = { ...known, ...(given === undefined ? await answer(question, known, folder, asker, tell) : accepted(question.read(given, known, folder), (problem) => refused(flag, problem))) };
  }
  return known as Answers;
}

async function answer({ flag, text, preset, read }: Question, known: Partial<Answers>, folder: string, ask: Asker | undefined, tell: (line: string) => void): Promise<Partial<Answers>> {
  const otherwise = preset?.(known, folder);
  if (!ask) return accepted(read(otherwise!, known, folder), (problem) => refused(flag, problem));
  for (;;) {
    const found = read((await ask(`${text}${otherwise ? ` [${otherwise}]` : ''}: `)) || (otherwise ?? ''), known, folder);
    if ('value' in found) return found.value;
    tell(sentence(found.problem));
  }
}

/** What no spec may hold is refused here, whichever question it answers. */
const printableOnly =
  (read: Question['read']): Question['read'] =>
  (text, ...rest) => {
    const found = CONTROL.exec(text)?.[0];
    return found === undefined ? read(text, ...rest) : { problem: controlCharacter(found) };
  };

function accepted<T>(read: Read<T>, refuse: (problem: Problem) => Error): T {
  if ('problem' in read) throw refuse(read.problem);
  return read.value;
}

const sentence = ({ message, suggestion }: Problem): string => (suggestion ? `${message}; ${suggestion}` : message);

const refused = (flag: Flag, problem: Problem): CommandError => new CommandError(`--${flag}: ${sentence(problem)}`);
