import type { OperationResult } from './result.ts';

type Words = Readonly<Record<OperationResult['operation'], string>>;

/** What an operation is called where it is shown, with its subject after it. */
export const TITLE: Words = { provision: 'Provision', deploy: 'Deploy', rollBack: 'Roll back', recover: 'Clear up after' };

/** What it is called in a sentence: the deploy of …. */
export const SPOKEN: Words = { provision: 'provisioning', deploy: 'deploy', rollBack: 'roll back', recover: 'clearing up' };
