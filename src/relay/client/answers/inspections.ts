import type { Logger } from '../../../base/logger.ts';
import { encodeFrame, type InspectFrame } from '../../../wire/frames.ts';
import { createSemaphore } from '../../../base/semaphore.ts';
import type { SqlStorage } from '../../storage/sql-storage.ts';

/** Answers queries about the committed state of a CoValue, without loading it into memory or subscribing the client. */
export interface Inspections {
  /** `isHidden`: the answer is that of a CoValue which the relay does not have. */
  take(frame: InspectFrame, isHidden: boolean): void;
  openCount(): number;
  /** Call it when the connection ends. */
  close(): void;
}

export interface InspectionsOptions {
  readonly storage: Pick<SqlStorage, 'readCommitted'>;
  isTakenDown(id: string): boolean;
  readonly logger: Logger;
  /** Whether the client has read enough to receive more. */
  hasRoom(): boolean;
  /** Resolves when there is room, which another caller may already have used. */
  whenRoom(): Promise<void>;
  /** So many bytes of answers wait until the client has read others. */
  holds(bytes: number): void;
  /** Once the client has read the frame, the connection checks `openCount` again. */
  send(frame: string): void;
}

/** A session's ID and its number of transactions. */
const bytesPerSession = 150;
/** The same limit as for loads: results stay in memory until the client reads them. */
const maxConcurrent = 200;

export function createInspections(options: InspectionsOptions): Inspections {
  const { storage, isTakenDown, logger, hasRoom, whenRoom, holds, send } = options;
  const semaphore = createSemaphore(maxConcurrent);
  let openCount = 0;
  let heldBytes = 0;
  let isClosed = false;

  async function answer({ ask, id }: InspectFrame, isHidden: boolean): Promise<void> {
    await whenRoom();
    if (isClosed) return;
    const state = await storage.readCommitted(id);
    const bytes = Object.keys(state?.sessions ?? {}).length * bytesPerSession;
    add(bytes);
    // Check again right before sending: all waiting callers wake at once.
    while (!hasRoom()) await whenRoom();
    add(-bytes);
    if (isClosed) return;
    const isAbsent = !state || isHidden || isTakenDown(id);
    const known = isAbsent ? null : { header: state.header, sessions: state.sessions };
    send(encodeFrame({ maia: 'inspected', ask, id, known }));
  }

  function add(bytes: number): void {
    heldBytes += bytes;
    holds(heldBytes);
  }

  return {
    take(frame, isHidden) {
      openCount++;
      void semaphore
        .run(() => answer(frame, isHidden))
        .catch((error: unknown) =>
          logger.debug('Could not answer a query about stored content', { id: frame.id, error }),
        )
        .finally(() => openCount--);
    },
    openCount: () => openCount,
    close() {
      isClosed = true;
    },
  };
}
