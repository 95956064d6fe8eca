import { formatSpecError } from '../../spec/spec-error.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { readSpec } from '../spec-file.ts';

/** `musher check` */
export async function check({ file, json }: { file?: string; json?: boolean }): Promise<ExitCode> {
  try {
    const { spec, path } = await readSpec(file);
    const counts = {
      servers: Object.keys(spec.servers).length,
      groups: Object.keys(spec.groups).length,
      projects: Object.keys(spec.projects).length,
      environments: Object.values(spec.projects).reduce((sum, { environments }) => sum + Object.keys(environments).length, 0),
    };
    if (json) printDocument({ file: path, valid: true, ...counts, errors: [] });
    else print(`${path} is right: ${Object.entries(counts).map(([what, count]) => `${count} ${count === 1 ? what.slice(0, -1) : what}`).join(', ')}.`);
    return ExitCode.done;
  } catch (error) {
    if (!(error instanceof CommandError) || error.errors.length === 0) throw error;
    if (json) printDocument({ file: error.errors[0]!.file, valid: false, errors: error.errors });
    else for (const place of [...error.errors.map(formatSpecError), error.message]) tell(place);
    return error.exitCode;
  }
}
