/** The local server or worker cannot be used; the message says why, and the way out. */
export class LocalServiceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LocalServiceError';
  }
}
