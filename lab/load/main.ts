import { parseArgs } from 'node:util';
import { generate } from './generate.ts';
import { refuseOutsideLab } from './guard.ts';
import type { LoadMessage } from './load.ts';
import { checkBounds, type LoadOptions } from './options.ts';

const USAGE = `Asks a lab's balancer without a pause and prints what came back, as JSON; Ctrl-C ends it early.
  node lab/load/main.ts --target ADDRESS[:PORT] --environment PROJECT/ENVIRONMENT=HOST… [--concurrency 16] [--requests 5000] [--seconds 60]`;

const stopped = new AbortController();

/** Every load, from wherever it was asked for, passes here. */
async function runLoad(options: LoadOptions, onAnswer: () => void) {
  checkBounds(options);
  await refuseOutsideLab(options.target.address);
  return generate(options, stopped.signal, onAnswer);
}

function readArguments(): LoadOptions {
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      environment: { type: 'string', multiple: true },
      concurrency: { type: 'string', default: '16' },
      requests: { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '60' },
    },
  });
  const target = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+))(?::(?<port>\d+))?$/.exec(values.target ?? '')?.groups;
  const environments = (values.environment ?? []).map((text) => {
    const [name = '', host = ''] = text.split('=');
    return { name, host };
  });
  if (!target || environments.length === 0 || environments.some(({ host }) => host === '')) throw new Error(USAGE);
  return {
    target: { address: target.six ?? target.four ?? '', port: Number(target.port ?? 80) },
    environments,
    concurrency: Number(values.concurrency),
    maxRequests: Number(values.requests),
    maxSeconds: Number(values.seconds),
  };
}

function serveParent(): void {
  const tell = (message: LoadMessage): void => void process.send?.(message);
  const leave = (message: LoadMessage): void => void process.send?.(message, () => process.exit());
  // A load does not outlive whoever asked for it.
  process.on('disconnect', () => process.exit(1));
  process.on('message', (message: LoadOptions | 'stop') => {
    if (message === 'stop') return stopped.abort();
    runLoad(message, () => tell({ started: true })).then(
      (report) => leave({ report }),
      (error: unknown) => leave({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  // Ctrl-C goes to the whole terminal; the parent says when to stop.
  process.on('SIGINT', () => {});
}

if (process.argv[2] === '--from-parent' && process.send) serveParent();
else {
  process.once('SIGINT', () => stopped.abort());
  try {
    const report = await runLoad(readArguments(), () => {});
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    process.exitCode = report.failed ? 1 : 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
