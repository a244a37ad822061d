import type { Logger } from '../../base/logger.ts';
import { encodeFrame, type InspectFrame } from '../../wire/frames.ts';
import { createSlots } from '../../base/semaphore.ts';
import type { SqlStorage } from '../storage/sql-storage.ts';

/** Tells a client what is committed of a CoValue, without taking that into memory, and without the client following it. */
export interface Inspections {
  take(frame: InspectFrame): void;
  /** How many are being answered. */
  openCount(): number;
  /** With the connection. */
  close(): void;
}

export interface InspectionsOptions {
  readonly storage: Pick<SqlStorage, 'readCommitted'>;
  readonly logger: Logger;
  /** Whether the client has read enough to get more. */
  hasRoom(): boolean;
  /** Resolves when there is room, which somebody else may have taken by then. */
  whenRoom(): Promise<void>;
  /** By what the client reads of it, the connection notices that there is one less to answer. */
  send(frame: string): void;
}

/** As of loads: what was read is in memory while the client is waited for. */
const atOnce = 200;

export function createInspections(options: InspectionsOptions): Inspections {
  const { storage, logger, hasRoom, whenRoom, send } = options;
  const answering = createSlots(atOnce);
  let openCount = 0;
  let isClosed = false;

  async function answer({ ask, id }: InspectFrame): Promise<void> {
    await whenRoom();
    if (isClosed) return;
    const state = await storage.readCommitted(id);
    // Looked at in the turn of the sending: all that wait are woken at once.
    while (!hasRoom()) await whenRoom();
    if (isClosed) return;
    const known = state ? { header: state.header, sessions: state.sessions } : null;
    send(encodeFrame({ maia: 'inspected', ask, id, known }));
  }

  return {
    take(frame) {
      openCount++;
      void answering
        .run(() => answer(frame))
        .catch((error: unknown) => logger.debug('What is stored could not be told', { id: frame.id, error }))
        .finally(() => openCount--);
    },
    openCount: () => openCount,
    close() {
      isClosed = true;
    },
  };
}
