/** The act cannot be done. `message` has the reason, and what to do. */
export class ActRefusal extends Error {
  constructor(
    readonly code: 'invalid' | 'limit' | 'not-found' | 'forbidden' | 'storage',
    message: string,
  ) {
    super(message);
  }
}
