/** An operation did not take a decision; the message says why, and it goes on waiting. */
export class DecisionRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecisionRefused';
  }
}
