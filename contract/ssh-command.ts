import type { Server } from '../spec/spec.ts';
import { shellWord } from './shell-word.ts';

/** How a person logs in to a server as Ansible does, to look or to mend by hand. */
export const sshCommand = ({ user, address, port, key }: Server): string => `ssh ${key === undefined ? '' : `-i ${shellWord(key)} `}-p ${port} ${user}@${address}`;
