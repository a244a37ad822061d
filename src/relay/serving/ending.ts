import type { Logger } from '../../base/logger.ts';
import type { Connection } from '../client/client-connection.ts';

/** The end of a process that can no longer check or store content. */
export interface Ending {
  /** Why all clients are refused, once it has begun. */
  readonly refusal: string | undefined;
  /** Resolves once it has begun. */
  readonly failed: Promise<Error>;
  /** Nothing can be checked any more. Clients must not mistake this for a refusal of their edits. */
  trapped(error: Error): void;
  takenOver(error: Error): void;
}

export function createEnding(
  connections: ReadonlyMap<string, Pick<Connection, 'refuse'>>,
  logger: Logger,
): Ending {
  let refusal: string | undefined;
  let reportFailure: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => (reportFailure = resolve));

  function begin(error: Error, message: string, why: string): void {
    if (refusal !== undefined) return;
    refusal = why;
    logger.warn(message, { error });
    for (const connection of connections.values()) connection.refuse('storage', why, 1_000);
    reportFailure(error);
  }

  return {
    get refusal() {
      return refusal;
    },
    failed,
    trapped(error) {
      const message = 'WebAssembly failed, so this process can no longer check content. Restart the relay';
      begin(error, message, 'The relay cannot check content until it is restarted.');
    },
    takenOver(error) {
      begin(error, 'Another relay has taken over the storage', 'Another relay has taken over the storage.');
    },
  };
}
