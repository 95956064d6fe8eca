import { floor } from './floor.ts';
import { musher } from './musher.ts';
import type { Peer } from './peer.ts';
import { playbook } from './playbook.ts';
import { pyinfra } from './pyinfra.ts';

/** Everything that is measured, in the order of the first round. What is made once stays in `build`, the rest goes with `work`. */
export const allPeers = (build: string, work: string): Peer[] => [musher(work), playbook('plain'), playbook('tuned'), pyinfra(`${build}/venv`), floor()];
