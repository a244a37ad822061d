import type { SyncMessage } from 'cojson';
import { parseJson } from '../base/json.ts';
import { createKernelError } from '../base/kernel-error.ts';
import { isRecord, type JsonRecord } from '../base/record.ts';
import { readMaiaFrame, type MaiaFrame } from './maia-frame.ts';
import { keepSigned } from './signed-fields.ts';
import { assertSyncMessage } from './sync-message.ts';

export type { RefusalCode } from '../base/kernel-error.ts';
export { accountProofType, maxTokenLength, protocolVersion } from './maia-frame.ts';
export type {
  AccountProof,
  AuthDemand,
  AuthFrame,
  ChallengeFrame,
  HelloFrame,
  HiFrame,
  InspectFrame,
  InspectedFrame,
  MaiaFrame,
  ReceiptFrame,
  RefusedFrame,
  RelayKnown,
  RelayQuota,
  SignedAccountProof,
  WelcomeFrame,
} from './maia-frame.ts';
export type { PresenceFrame, PresenceGoneFrame, PresenceStateFrame } from './presence.ts';

export type ReceivedMessage =
  | { readonly kind: 'sync'; readonly message: SyncMessage }
  /** cojson's keep-alive with the sender's clock, in ms since the Unix epoch. */
  | { readonly kind: 'ping'; readonly timeMs: number }
  | { readonly kind: 'maia'; readonly frame: MaiaFrame }
  /** A message of a later version, or for another receiver. */
  | { readonly kind: 'ignored' };

/** No relay sends more in one frame. A frame of only short lines is tiny when compressed, but takes gigabytes when split. */
export const mostMessages = 100_000;

/** The messages of one text frame, in order; of more than `mostMessages`, one more than that. Read each with `readMessage`. */
export function splitFrame(frame: string): string[] {
  return frame.split('\n', mostMessages + 1).filter((line) => line !== '');
}

/** Fully validates one message before it reaches cojson. Throws MESSAGE_INVALID, which quotes at most a short frame name. */
export function readMessage(line: string): ReceivedMessage {
  return readParsed(parseJson(line));
}

/** The same for a message that is part of other JSON. */
export function readParsed(value: unknown): ReceivedMessage {
  if (!isRecord(value)) throw invalid('it is not a JSON object');
  if ('maia' in value) {
    const frame = readMaiaFrame(value);
    return frame === undefined ? { kind: 'ignored' } : { kind: 'maia', frame };
  }
  if ('action' in value) {
    // cojson would treat it as a ping, too.
    if ('time' in value) throw invalid('it is a sync message and a ping at once');
    assertSyncMessage(value);
    if (value.action === 'content') keepSigned(value);
    return { kind: 'sync', message: value };
  }
  return 'time' in value ? readPing(value) : { kind: 'ignored' };
}

export function encodeFrame(frame: MaiaFrame): string {
  return JSON.stringify(frame);
}

/** cojson's keep-alive, sent by relays and read by kernels. */
export function encodePing(timeMs: number): string {
  return JSON.stringify({ type: 'ping', time: timeMs, dc: 'maia' });
}

function readPing({ time }: JsonRecord): ReceivedMessage {
  if (typeof time !== 'number' || !Number.isFinite(time)) throw invalid('its time is not a number');
  return { kind: 'ping', timeMs: time };
}

function invalid(what: string) {
  return createKernelError(
    'MESSAGE_INVALID',
    `Refused a message: ${what}. The other side is not a compatible relay or kernel, or is faulty.`,
  );
}
