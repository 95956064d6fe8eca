/**
 * What an operation's step shows a host to be let in. Tokens of a scope are ordered by epoch, then step,
 * then attempt; a host that has admitted one refuses every smaller one (a fencing token, as in
 * Kleppmann, "How to do distributed locking", 2016).
 */
export interface Token {
  scope: string;
  /** One more than the highest epoch observed on any host of the operation. */
  epoch: number;
  /** Ordinal of the step in its operation, undoing steps included. */
  step: number;
  /** Grows with each start of the step's run, by whichever worker. */
  attempt: number;
}

/** The form that the gate takes on its command line. */
export const tokenText = (token: Token): string => `${token.epoch}.${token.step}.${token.attempt}`;
