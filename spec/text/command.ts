import { atMost, inOrder, notEmpty, type Check } from './check.ts';

/** A shell command; it may have several lines. Linux takes 128 KiB in one argument. */
export const checkCommand: Check = inOrder(notEmpty('write a command, or leave it out'), atMost(32_768));
