import { Context } from '@temporalio/activity';
import type { Call, World } from './world.ts';

/** Keeps runs that match from beginning until they are let go. @returns when one has been reached. */
export function hold(world: World, matches: (call: Call) => boolean = ({ activity }) => activity === 'uploadRelease'): { reached: Promise<void>; letGo: () => void } {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  world.gate = async (call) => {
    if (!matches(call)) return;
    reached.resolve();
    // A test that failed lets nobody go: then the worker's end does.
    await Promise.race([opened.promise, Context.current().cancelled]);
  };
  return { reached: reached.promise, letGo: opened.resolve };
}
