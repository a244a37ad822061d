/** The request cannot be done. The message has the reason, and what to do. */
export class ErasureRefusal extends Error {
  constructor(
    readonly code: 'not-found' | 'forbidden' | 'limit',
    message: string,
  ) {
    super(message);
  }
}
