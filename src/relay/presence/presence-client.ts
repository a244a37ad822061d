import type { Clock } from '../../base/clock.ts';
import type { PresenceFrame, PresenceStateFrame, RefusalCode } from '../../wire/frames.ts';
import { createAllowance, takeOfEach } from './allowance.ts';
import { accountOf, type PresenceRooms, type RoomMember } from './presence-rooms.ts';

/** One client’s presence. Exists from its first frame on. */
export interface PresenceClient {
  take(frame: PresenceFrame): void;
  /** Leaves all rooms. Call it when the connection ends. */
  close(): void;
}

export interface PresenceClientOptions extends RoomMember {
  readonly rooms: PresenceRooms;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  /** A promise unless the answer is known at once. It never rejects. */
  mayLoad(id: string): boolean | Promise<boolean>;
  /** The account that the client has proved to be; undefined if the relay does not know it. */
  accountID(): string | undefined;
  /** Whether the operator has blocked the account. */
  isBarred(accountID: string): boolean;
  /** Refuses without disconnecting. */
  notify(code: RefusalCode, reason: string): void;
  /** So many bytes are kept of the client. */
  holds(bytes: number): void;
}

export const framesPerSecond = 30;
export const maxRooms = 1_000;
/** A room’s maps, and the two IDs. */
const bytesPerRoom = 700;
const noticeIntervalMs = 10_000;

export function createPresenceClient(options: PresenceClientOptions): PresenceClient {
  const { rooms, clock, mayLoad } = options;
  const member: RoomMember = { offer: options.offer };
  const joined = new Set<string>();
  /** The latest frame of each room for which the answer of `mayLoad` is due. */
  const undecided = new Map<string, PresenceStateFrame>();
  const frames = createAllowance(framesPerSecond, clock);
  let noticedAtMs = -Infinity;
  let isClosed = false;

  function notify(code: RefusalCode, reason: string): void {
    if (clock.elapsedMs() - noticedAtMs < noticeIntervalMs) return;
    noticedAtMs = clock.elapsedMs();
    options.notify(code, reason);
  }

  function report(): void {
    options.holds((joined.size + undecided.size) * bytesPerRoom);
  }

  function takeState(frame: PresenceStateFrame): void {
    const { id } = frame;
    const accountID = accountOf(frame);
    const own = options.accountID();
    if (own !== undefined && accountID !== own) {
      leave(id);
      return notify('forbidden', 'A client may show presence only as the account that it has signed in as.');
    }
    if (options.isBarred(accountID)) return leave(id);
    if (undecided.has(id)) return void undecided.set(id, frame);
    if (!joined.has(id) && joined.size + undecided.size >= maxRooms)
      return notify('limit', `This client shows presence in more than ${maxRooms} CoValues.`);
    const answer = mayLoad(id);
    if (typeof answer === 'boolean') return decided(frame, answer);
    undecided.set(id, frame);
    report();
    void answer.then((isAllowed) => {
      const latest = undecided.get(id);
      undecided.delete(id);
      if (latest && !isClosed) decided(latest, isAllowed);
    });
  }

  function decided(frame: PresenceStateFrame, isAllowed: boolean): void {
    if (!isAllowed) return leave(frame.id);
    joined.add(frame.id);
    rooms.pass(member, frame);
    report();
  }

  function leave(id: string): void {
    undecided.delete(id);
    if (joined.delete(id)) rooms.leave(member, id);
    report();
  }

  return {
    take(frame) {
      if (isClosed) return;
      if ('gone' in frame) leave(frame.id);
      else if (!takeOfEach([frames], 1))
        notify('limit', `This client sends more than ${framesPerSecond} presence frames per second.`);
      else takeState(frame);
    },
    close() {
      isClosed = true;
      for (const id of [...joined]) leave(id);
    },
  };
}
