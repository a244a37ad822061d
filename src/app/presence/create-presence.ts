import { assert } from '../../base/assert.ts';
import { confirmationsOf, type RelayPresence } from '../../sync/confirmations.ts';
import type { CollaborationParts } from '../app-parts.ts';
import type { Names } from '../names/create-names.ts';
import { createWeakCache } from '../weak-cache.ts';
import { createCheckBudget } from './check-budget.ts';
import type { Presence } from './presence-types.ts';
import { createPresenceRoom, type PresenceRoom } from './presence-room.ts';
import { createSeals } from './seal.ts';
import { createSendQueue } from './send-queue.ts';

export interface PresenceCalls {
  presence(id: string): Presence;
  close(): void;
}

/** A flood of frames costs no more than this many signatures a second. */
const verifiedPerSecond = 200;

export function createPresence(parts: CollaborationParts, names: Names): PresenceCalls {
  const { node, sync, clock, subtle } = parts;
  assert(subtle, 'a session opens only in a secure context');
  const relays: RelayPresence = confirmationsOf(sync)?.presence ?? without;
  /** Those that want frames. */
  const rooms = new Map<string, PresenceRoom>();
  let isClosed = false;
  const queue = createSendQueue(clock);
  const seals = createSeals(subtle, (length) => node.crypto.randomBytes(length));
  const checks = createCheckBudget(verifiedPerSecond, clock);

  function open(id: string): PresenceRoom {
    return createPresenceRoom({
      ...{ node, load: parts.load, relays, queue, seals, clock, names },
      id: id as `co_z${string}`,
      nowMs: () => Math.round(clock.nowMs() + (sync.current.clockOffsetMs ?? 0)),
      mayVerify: () => checks.take(id, rooms.size),
      mayEnter: () => !isClosed,
      entered: (room) => void rooms.set(id, room),
      left: () => void rooms.delete(id),
    });
  }

  relays.follow({
    changed() {
      for (const room of rooms.values()) room.relaysChanged();
    },
    received: (relayID, frame) => rooms.get(frame.id)?.received(relayID, frame),
  });

  return {
    presence: createWeakCache((id) => open(id).presence),
    close() {
      isClosed = true;
      for (const room of [...rooms.values()]) room.leave();
      queue.close();
    },
  };
}

/** The sync is not the kernel’s. */
const without: RelayPresence = { offer: () => 'not-offered', follow() {}, send() {} };
