import type { CoValueCore, LocalNode, PeerState, RawCoID, SessionID, SyncMessage } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { HelloFrame } from '../wire/frames.ts';
import { needOf, type PendingEdits } from './pending-edits.ts';
import type { ConfirmedEdit, RelayMemory, RememberedRelay } from '../storage/relay-memory.ts';

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

const writeAfterMs = 250;
/** One of them another device may have brought back by now. */
const mostRemembered = 8;
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
  /** So many losses this tab knows of. */
  let knownLosses = 0;
  let connection = {};
  let phase: 'sure' | 'reading' | 'asking' | 'filling' = 'sure';
  /** What is not answered yet, by CoValue. */
  const asked = new Map<RawCoID, ConfirmedEdit & { readonly answers: number }>();
  let cancelWrite: (() => void) | undefined;
  const beginning = read().then((found) => {
    remembered = { ...found, ...remembered };
    knownLosses = found.losses ?? 0;
  });

  async function read(): Promise<RememberedRelay> {
    try {
      return (await memory.read(relayID)) ?? {};
    } catch (error) {
      logger.warn('What was known of the relay could not be read', { error });
      return {};
    }
  }

  async function compare(hello: HelloFrame | undefined): Promise<void> {
    const mine = connection;
    phase = 'reading';
    const own = remembered.confirmed ?? [];
    // Of what is in memory now, cojson has asked itself with the first thing it said.
    expect(own, (id) => node.isCoValueInMemory(id) && node.getCoValue(id).isAvailable());
    await beginning;
    // Meanwhile another tab may have been told more, or have seen a loss and brought back what this one asks for.
    const found = await read();
    if (connection !== mine || phase !== 'reading') return;
    phase = 'asking';
    const { losses = 0 } = found;
    if (isAnotherStorage(remembered, hello) || losses > knownLosses) {
      return findMissing(hello, Math.max(losses, knownLosses));
    }
    const isOwn = new Set(own.map(({ id }) => id));
    const others = (found.confirmed ?? []).filter(({ id }) => !isOwn.has(id));
    const confirmed = [...own, ...others].slice(0, mostRemembered);
    remember({ ...remembered, ...(hello && { storage: hello.storage }), confirmed });
    expect(others, () => false);
    if (asked.size === 0) becomeSure();
  }

  function expect(edits: readonly ConfirmedEdit[], isAsked: (id: RawCoID) => boolean): void {
    for (const edit of edits) asked.set(edit.id, { ...edit, answers: 0 });
    for (const { id } of edits) if (!isAsked(id)) ask(id);
  }

  /** It is loaded first, as cojson takes what a relay does not have for lost, where it has not loaded it itself. */
  function ask(id: RawCoID): void {
    const mine = connection;
    const core = node.getCoValue(id);
    // A storage that fails finds nothing, and it may not have been able to write this.
    if (core.isAvailable()) return askFor(core);
    core.loadFromStorage((isFound) => {
      // What it depends on may still be on its way.
      if (isFound) core.subscribe(goOn, true);
      else if (connection === mine) answered(id);
    });

    function goOn(_: CoValueCore, stop: () => void): void {
      if (connection === mine && !core.isAvailable()) return;
      stop();
      if (connection === mine) askFor(core);
    }
  }

  function askFor(core: CoValueCore): void {
    const edit = asked.get(core.id);
    const peer = node.syncManager.peers[relayID];
    if (!edit) return;
    if (!peer || edit.answers > mostAnswers) return answered(core.id);
    node.syncManager.trySendToPeer(peer, { action: 'load', ...core.knownState() });
  }

  function answered(id: RawCoID): void {
    asked.delete(id);
    if (asked.size === 0 && phase === 'asking') becomeSure();
  }

  /** `losses`: all that are known now, with this one. Other tabs may be told already that nothing is lost. */
  async function findMissing(hello: HelloFrame | undefined, losses: number): Promise<void> {
    logger.warn('The relay has not all that it had; everything on this device is compared with it');
    const mine = connection;
    phase = 'filling';
    asked.clear();
    if (losses > knownLosses) knownLosses = losses;
    remembered = { ...remembered, losses: knownLosses };
    write();
    await doubt();
    if (connection !== mine) return;
    remember({ ...remembered, ...(hello && { storage: hello.storage }) });
    becomeSure();
  }

  function becomeSure(): void {
    phase = 'sure';
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
      return phase === 'sure';
    },
    connected(its) {
      hello = its;
      void compare(its);
    },
    handled(message) {
      const edit = 'id' in message ? asked.get(message.id as RawCoID) : undefined;
      if (!edit) return;
      const { id, sessionID, count, answers } = edit;
      if (message.action === 'known' || message.action === 'load') {
        const has = message.header ? (message.sessions[sessionID] ?? 0) : -1;
        if (has < count && !node.getCoValue(id).isDeleted) void findMissing(hello, knownLosses + 1);
        else answered(id);
      } else if (message.action === 'content') {
        // What others wrote, and not a word of what it has of this session.
        asked.set(id, { ...edit, answers: answers + 1 });
        ask(id);
      }
    },
    confirmed(id, edits) {
      if (phase !== 'sure') return;
      const counts = Object.entries(needOf(edits)).filter(([sessionID]) => sessionID !== 'header');
      // What was just made may have nothing but its header, and be lost as well.
      const [sessionID, count] = counts[0] ?? [node.currentSessionID, 0];
      const edit = { id: id as RawCoID, sessionID: sessionID as SessionID, count };
      const others = (remembered.confirmed ?? []).filter((other) => other.id !== id);
      remember({ ...remembered, confirmed: [edit, ...others].slice(0, mostRemembered) });
    },
    lost() {
      connection = {};
      asked.clear();
      phase = 'sure';
    },
    close() {
      if (cancelWrite) write();
    },
  };
}

function isAnotherStorage({ storage: before }: RememberedRelay, now: HelloFrame | undefined): boolean {
  return before !== undefined && (before.id !== now?.storage.id || before.epoch !== now.storage.epoch);
}
