import { setUp } from '../../client/local/set-up.ts';
import { ExitCode } from '../exit-code.ts';
import type { JsonOption } from '../options.ts';
import { print, printDocument, tell } from '../output/print.ts';

/** `musher setup` */
export async function setup({ json }: JsonOption): Promise<ExitCode> {
  const done = await setUp({ onWait: (what) => !json && tell(`${what} …`) });
  if (json) printDocument(done);
  else {
    const { environment, made, ansible, temporal } = done;
    print(
      [
        made ? `Installed into ${environment}:` : `Nothing to do; in ${environment} there is already:`,
        `  Ansible       ansible-core ${ansible}`,
        `  Temporal CLI  ${temporal.version}${temporal.path.startsWith(environment) ? '' : ` (${temporal.path})`}`,
      ].join('\n'),
    );
  }
  return ExitCode.done;
}
