import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { findRuns, type FoundRun } from '../find-runs.ts';
import { latestOperation, unknownOperation } from '../latest-operation.ts';
import { paint } from '../output/paint.ts';
import { print, printDocument, tell } from '../output/print.ts';
import { printable } from '../../contract/printable.ts';
import { parseSubject } from '../subject.ts';
import { withClient } from '../with-client.ts';

/** `musher logs` */
export async function logs(subject: string, { step, json }: { step?: string; json?: boolean }): Promise<ExitCode> {
  parseSubject(subject);
  return withClient({ json: !!json, waitForWorker: false }, async ({ client, local }) => {
    const operation = await latestOperation(client, subject);
    if (!operation) throw unknownOperation(subject);
    if (!local) throw new CommandError('Runs are kept by the worker that made them: look below runs/ in the state folder (MUSHER_HOME) of its machine.');
    const all = await findRuns(client.temporal, operation);
    const runs = step === undefined ? all : all.filter((run) => run.step.includes(step));
    if (runs.length === 0) tell(step === undefined ? `${subject}: no run of Ansible is kept. They are, for 30 days, once a step has begun; "musher watch ${subject}" tells how the operation stands.` : `${subject}: no run of a step "${step}"; there are: ${names(all)}.`);
    if (json) printDocument({ subject, operation: operation.operation, workflowId: operation.workflowId, runId: operation.runId, runs });
    else for (const run of runs) print(`${paint('bold', `── ${run.step} · ${run.folder}`)}\n${process.stdout.isTTY ? printable(run.text) : run.text}`);
    return ExitCode.done;
  });
}

const names = (runs: FoundRun[]): string => [...new Set(runs.map(({ step }) => step))].join(', ') || 'none';
