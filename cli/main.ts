import { run } from './program.ts';

// For this process alone: a build or a hook that runs Node has a cache of its own.
delete process.env['NODE_COMPILE_CACHE'];
// A reader that has seen enough (`musher logs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const args = process.argv.slice(2);
// What no command waits for, too, ends with a report rather than a stack trace.
process.on('uncaughtException', (error) => {
  // The gRPC client asks again for what nobody waits for any more, from a timer that nobody can catch, after the connection was closed.
  if (error.message === 'Channel has been shut down') return;
  void import('./fail.ts').then(({ fail }) => process.exit(fail(error, args.includes('--json'), args)));
});

process.exitCode = await run(args);
