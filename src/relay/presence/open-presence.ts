import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { openTransport, type BusPlace } from '../bus/open-transport.ts';
import { createPresenceBus } from './presence-bus.ts';
import { createPresenceRooms, type PresenceRooms, type PresenceRoomsOptions } from './presence-rooms.ts';

export interface OpenPresence extends PresenceRooms {
  /** Disconnects from the other relays. */
  close(): void;
}

/** `place`: undefined if no other relay can use the database. */
export function openPresence(
  place: BusPlace | undefined,
  options: Pick<PresenceRoomsOptions, 'isTakenDown' | 'isBarred'> & {
    readonly clock: Clock;
    readonly logger: Logger;
  },
): OpenPresence {
  const bus =
    place &&
    createPresenceBus({
      ...options,
      open: (on) => openTransport(place, 'presence', on),
      received: (frame) => rooms.passFromOther(frame),
    });
  const rooms = createPresenceRooms({ ...options, publish: (frame, text) => bus?.publish(frame, text) });
  return { ...rooms, close: () => bus?.close() };
}
