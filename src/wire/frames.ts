import type { SyncMessage } from 'cojson';
import { createKernelError } from '../base/kernel-error.ts';
import { isJsonRecord, parseJson, type JsonRecord } from '../base/json.ts';
import { readMaiaFrame, type MaiaFrame } from './maia-frame.ts';
import { assertSyncMessage } from './sync-message.ts';

export { protocolVersion } from './maia-frame.ts';
export type {
  HelloFrame,
  HiFrame,
  InspectFrame,
  InspectedFrame,
  MaiaFrame,
  RefusalCode,
  RefusedFrame,
  RelayKnown,
} from './maia-frame.ts';

export type ReceivedMessage =
  | { readonly kind: 'sync'; readonly message: SyncMessage }
  /** cojson's keep-alive with the sender's clock, in ms since the Unix epoch. */
  | { readonly kind: 'ping'; readonly timeMs: number }
  | { readonly kind: 'maia'; readonly frame: MaiaFrame }
  /** Of a later version, or meant for nobody here. */
  | { readonly kind: 'ignored' };

/** The messages of one text frame, in order. Each is to be read with `readMessage`. */
export function splitFrame(frame: string): string[] {
  return frame.split('\n').filter((line) => line !== '');
}

/**
 * Reads one message and checks all of it, so that nothing from the network reaches cojson unseen. Throws
 * MESSAGE_INVALID on what is not JSON, is a bare value, or has a wrong shape; the error repeats none of it.
 */
export function readMessage(line: string): ReceivedMessage {
  const value = parseJson(line);
  if (!isJsonRecord(value)) throw invalid('it is not a JSON object');
  if ('maia' in value) {
    const frame = readMaiaFrame(value);
    return frame === undefined ? { kind: 'ignored' } : { kind: 'maia', frame };
  }
  if ('action' in value) {
    // cojson takes a message with both for a ping as well.
    if ('time' in value) throw invalid('it is a sync message and a ping at once');
    assertSyncMessage(value);
    return { kind: 'sync', message: value };
  }
  return 'time' in value ? readPing(value) : { kind: 'ignored' };
}

/** One message as a text frame. */
export function encodeFrame(frame: MaiaFrame): string {
  return JSON.stringify(frame);
}

/** cojson's keep-alive, which relays send and kernels read. */
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
    `A message was refused: ${what}. The other side is not a relay or kernel of this kind, or broken.`,
  );
}
