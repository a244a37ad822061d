import type { LocalNode, PeerState, RawCoID, SessionID, SyncMessage } from 'cojson';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { HelloFrame } from '../transport/frames.ts';
import { needOf, type PendingEdits } from './pending-edits.ts';
import type { RelayMemory, RememberedRelay } from '../storage/relay-memory.ts';

/**
 * Notices a relay that has lost what it once confirmed: its storage is another one, or was put back to an earlier state. As a
 * copy can carry its epoch along, what the relay confirmed last is asked for on every connection.
 */
export interface LossWatch {
  /** False until this connection's relay has shown that it still has what it had. */
  readonly isSure: boolean;
  /** Its peer was added. */
  connected(hello: HelloFrame | undefined): void;
  /** cojson has dealt with a message of the relay. */
  handled(message: SyncMessage, peer: PeerState): void;
  /** All of these edits are at the relay. */
  confirmed(id: string, edits: PendingEdits): void;
  lost(): void;
  /** Writes down what is remembered. */
  close(): void;
}

type Confirmed = NonNullable<RememberedRelay['confirmed']>;

const writeAfterMs = 1_000;
/** Others may write to the CoValue while it is asked for. */
const mostAnswers = 20;

export function createLossWatch(options: {
  readonly node: LocalNode;
  readonly relayID: string;
  readonly memory: RelayMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the relay confirmed counts no more. Resolves when everything that this device has is counted as missing there. */
  readonly doubt: () => Promise<void>;
  readonly onChange: () => void;
}): LossWatch {
  const { node, relayID, memory, clock, logger, doubt, onChange } = options;
  let remembered: RememberedRelay = {};
  let connection = {};
  let isSure = true;
  let asked: (Confirmed & { answers: number }) | undefined;
  let cancelWrite: (() => void) | undefined;
  const reading = memory.read(relayID).then(
    (found) => {
      remembered = { ...found, ...remembered };
    },
    (error: unknown) => logger.warn('What was known of the relay could not be read', { error }),
  );

  async function compare(hello: HelloFrame | undefined): Promise<void> {
    const mine = connection;
    isSure = false;
    await reading;
    if (connection !== mine) return;
    if (isAnotherStorage(remembered, hello)) return findMissing(hello);
    if (hello) remember({ ...remembered, storage: hello.storage });
    if (remembered.confirmed) ask({ ...remembered.confirmed, answers: 0 });
    else becomeSure();
  }

  /** It is loaded first, as cojson takes what a relay does not have for lost, where it has not loaded it itself. */
  function ask(next: Confirmed & { answers: number }): void {
    asked = next;
    node.getCoValue(next.id).loadFromStorage(() => {
      if (asked !== next) return;
      const peer = node.syncManager.peers[relayID];
      const core = node.getCoValue(next.id);
      if (!peer || !core.isAvailable() || next.answers > mostAnswers) return becomeSure();
      node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
    });
  }

  async function findMissing(hello: HelloFrame | undefined): Promise<void> {
    logger.warn('The relay has not all that it had; everything on this device is compared with it');
    const mine = connection;
    asked = undefined;
    await doubt();
    if (connection !== mine) return;
    remember(hello ? { storage: hello.storage } : {});
    becomeSure();
  }

  function becomeSure(): void {
    asked = undefined;
    isSure = true;
    onChange();
  }

  function remember(next: RememberedRelay): void {
    remembered = next;
    cancelWrite ??= clock.after(writeAfterMs, write);
  }

  function write(): void {
    cancelWrite?.();
    cancelWrite = undefined;
    memory.write(relayID, remembered);
  }

  let hello: HelloFrame | undefined;
  return {
    get isSure() {
      return isSure;
    },
    connected(its) {
      hello = its;
      void compare(its);
    },
    handled(message) {
      if (!asked || !('id' in message) || message.id !== asked.id) return;
      const { id, sessionID, count, answers } = asked;
      if (message.action === 'known' || message.action === 'load') {
        const has = message.header ? (message.sessions[sessionID] ?? 0) : -1;
        if (has < count && !node.getCoValue(id).isDeleted) void findMissing(hello);
        else becomeSure();
      } else if (message.action === 'content') {
        // What others wrote, and not a word of what it has of this session.
        ask({ id, sessionID, count, answers: answers + 1 });
      }
    },
    confirmed(id, edits) {
      if (!isSure) return;
      const counts = Object.entries(needOf(edits)).filter(([sessionID]) => sessionID !== 'header');
      // What was just made may have nothing but its header, and be lost as well.
      const [sessionID, count] = counts[0] ?? [node.currentSessionID, 0];
      const confirmed = { id: id as RawCoID, sessionID: sessionID as SessionID, count };
      remember({ ...remembered, confirmed });
    },
    lost() {
      connection = {};
      asked = undefined;
      isSure = true;
    },
    close() {
      if (cancelWrite) write();
    },
  };
}

function isAnotherStorage({ storage: before }: RememberedRelay, now: HelloFrame | undefined): boolean {
  return before !== undefined && (before.id !== now?.storage.id || before.epoch !== now.storage.epoch);
}
