import type { RawCoID, SessionID } from 'cojson';
import type { JsonRecord } from '../base/record.ts';
import { isCoValueID, isKeyID, isSessionID, isSignature } from './ids.ts';

/** Members show each other a state for a while. A relay passes it on to the others in the CoValue’s room, and stores nothing. */
export type PresenceFrame = PresenceStateFrame | PresenceGoneFrame;

/** One session’s state, sealed and signed by the sender. Whoever has sent one is in the room. */
export interface PresenceStateFrame {
  readonly maia: 'presence';
  /** The CoValue. */
  readonly id: RawCoID;
  /** The sender’s session. */
  readonly from: SessionID;
  /** The group’s key from which the key of `data` follows. */
  readonly key: string;
  /** By the sender’s clock, in ms since the Unix epoch. */
  readonly atMs: number;
  /** In base64url. */
  readonly data: string;
  readonly signature: string;
}

/** The session has left the room. Not signed: a relay sends it, too, when a connection ends. */
export interface PresenceGoneFrame {
  readonly maia: 'presence';
  readonly id: RawCoID;
  readonly from: SessionID;
  readonly gone: true;
}

/** What remains of `maxPresenceBytes` beside the longest IDs, key and signature. */
export const maxPresenceDataLength = 3_400;
/** The longest frame. All of it is ASCII. */
export const maxPresenceBytes = 4_000;

const base64url = /^[\w-]+$/;

/** Undefined if malformed. */
export function readPresence(value: JsonRecord): PresenceFrame | undefined {
  const { id, from, key, atMs, data, signature, gone } = value;
  if (!isCoValueID(id) || !isSessionID(from)) return undefined;
  if (gone !== undefined) return gone === true ? { maia: 'presence', id, from, gone } : undefined;
  if (!isKeyID(key) || !isTime(atMs) || !isData(data) || !isSignature(signature)) return undefined;
  return { maia: 'presence', id, from, key, atMs, data, signature };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isData(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxPresenceDataLength && base64url.test(value);
}
