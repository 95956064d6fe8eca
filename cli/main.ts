import { run } from './program.ts';

// For this process alone: a build or a hook that runs Node has a cache of its own.
delete process.env['NODE_COMPILE_CACHE'];
// A reader that has seen enough (`musher logs | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2));
