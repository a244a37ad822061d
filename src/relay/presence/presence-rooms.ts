import type { Clock } from '../../base/clock.ts';
import { encodeFrame, type PresenceFrame, type PresenceStateFrame } from '../../wire/frames.ts';
import { createAllowance, takeOfEach, type Allowance } from './allowance.ts';

type SessionID = PresenceFrame['from'];

/** The rooms of CoValues, and the clients in each. No frame is kept. */
export interface PresenceRooms {
  /** Passes the state on. From then on, the member is in the room as its sender, and as no other one. */
  pass(member: RoomMember, frame: PresenceStateFrame): void;
  leave(member: RoomMember, id: string): void;
  /** A frame from another relay. */
  passFromOther(frame: PresenceFrame): void;
}

/** Members repeat themselves every 10 s, hidden tabs once a minute. A client that goes on listening without it has left. */
export const silenceMs = 90_000;

/**
 * A frame goes to all in its room, so what a room costs grows with the square of its members. In one of 100, all heartbeats are
 * passed on; above that, more and more frames are dropped.
 */
export const deliveriesPerSecond = { room: 2_500, relay: 10_000 };

/** Half of the deliveries is for clients from which nothing was passed on for this long, so no flood silences the others. */
const quietMs = 5_000;

interface Deliveries {
  readonly common: Allowance;
  readonly forQuiet: Allowance;
}

interface Sender {
  readonly from: SessionID;
  readonly atMs: number;
  passedAtMs: number;
}

interface Room {
  readonly members: Map<RoomMember, Sender>;
  readonly deliveries: Deliveries;
}

/** One client. */
export interface RoomMember {
  /** Sends the frame, or drops it if the client reads slowly. */
  offer(text: string): void;
}

export interface PresenceRoomsOptions {
  readonly clock: Pick<Clock, 'elapsedMs'>;
  isTakenDown(id: string): boolean;
  /** Whether the operator has blocked the account. */
  isBarred(accountID: string): boolean;
  /** To the other relays of the storage. */
  publish(frame: PresenceFrame, text: string): void;
}

export function createPresenceRooms(options: PresenceRoomsOptions): PresenceRooms {
  const { clock, isTakenDown, isBarred, publish } = options;
  const rooms = new Map<string, Room>();
  const deliveries = createDeliveries(deliveriesPerSecond.relay);

  function createDeliveries(perSecond: number): Deliveries {
    const [common, forQuiet] = [createAllowance(perSecond / 2, clock), createAllowance(perSecond / 2, clock)];
    return { common, forQuiet };
  }

  function pass(frame: PresenceFrame, member: RoomMember): void {
    const text = encodeFrame(frame);
    offerAll(frame, text, member);
    publish(frame, text);
  }

  /** To all in the room but the member from which the frame comes, if it comes from one here. */
  function offerAll(frame: PresenceFrame, text: string, from?: RoomMember): void {
    const room = rooms.get(frame.id);
    if (!room) return;
    const { members } = room;
    const nowMs = clock.elapsedMs();
    for (const [member, { atMs }] of members) if (atMs <= nowMs - silenceMs) members.delete(member);
    if (members.size === 0) rooms.delete(frame.id);
    const sender = from && members.get(from);
    const receivers = members.size - (sender ? 1 : 0);
    if (receivers === 0 || !mayDeliver(room, receivers, sender)) return;
    if (sender) sender.passedAtMs = nowMs;
    for (const member of members.keys()) if (member !== from) member.offer(text);
  }

  function mayDeliver(room: Room, receivers: number, sender: Sender | undefined): boolean {
    if (takeOfEach([room.deliveries.common, deliveries.common], receivers)) return true;
    const isQuiet = !sender || clock.elapsedMs() - sender.passedAtMs >= quietMs;
    return isQuiet && takeOfEach([room.deliveries.forQuiet, deliveries.forQuiet], receivers);
  }

  function isHere(id: string, from: SessionID): boolean {
    for (const sender of rooms.get(id)?.members.values() ?? []) if (sender.from === from) return true;
    return false;
  }

  /** A session may have two connections for a while, of which the relay has yet to notice that one has ended. */
  function endSession(id: PresenceFrame['id'], from: SessionID, member: RoomMember): void {
    if (!isHere(id, from)) pass({ maia: 'presence', id, from, gone: true }, member);
  }

  return {
    pass(member, frame) {
      const { id, from } = frame;
      const room: Room = rooms.get(id) ?? {
        members: new Map(),
        deliveries: createDeliveries(deliveriesPerSecond.room),
      };
      rooms.set(id, room);
      const before = room.members.get(member);
      const passedAtMs = before?.passedAtMs ?? -Infinity;
      room.members.set(member, { from, atMs: clock.elapsedMs(), passedAtMs });
      if (before && before.from !== from) endSession(id, before.from, member);
      pass(frame, member);
    },
    leave(member, id) {
      const { members } = rooms.get(id) ?? {};
      const from = members?.get(member)?.from;
      if (!members || from === undefined) return;
      members.delete(member);
      if (members.size === 0) rooms.delete(id);
      endSession(id as PresenceFrame['id'], from, member);
    },
    passFromOther(frame) {
      if (isTakenDown(frame.id) || isBarred(accountOf(frame))) return;
      if ('gone' in frame && isHere(frame.id, frame.from)) return;
      if (rooms.has(frame.id)) offerAll(frame, encodeFrame(frame));
    },
  };
}

export function accountOf({ from }: PresenceFrame): string {
  return from.slice(0, from.indexOf('_session_'));
}
