import type { RawCoID } from 'cojson';
import { createKernelError } from '../base/kernel-error.ts';
import { isCoValueID } from './ids.ts';
import { isJsonRecord, type JsonRecord } from '../base/json.ts';
import { isSessionCounts } from './sync-message.ts';

/** Version of the frames that a kernel and a relay add to cojson's. Two sides speak the lower of theirs. */
export const protocolVersion = 1;

/** What passes between a kernel and a relay beside the sync messages; stock cojson ignores it on either side. */
export type MaiaFrame =
  HelloFrame | HiFrame | RefusedFrame | EchoFrame | EchoedFrame | InspectFrame | InspectedFrame;

/** A relay's first message, once. */
export interface HelloFrame {
  readonly maia: 'hello';
  readonly v: number;
  readonly relay: { readonly name: string; readonly version: string };
  /** Changes when the storage is another one, or was put back to an earlier state. */
  readonly storage: { readonly id: string; readonly epoch: string };
  /** What acknowledged content survives. A promise that this version does not know is read as 'none'. */
  readonly durability: 'none' | 'process-crash' | 'power-loss';
  readonly limits: HelloLimits;
  readonly auth: null | {
    readonly nonce: string;
    readonly methods: readonly string[];
    readonly withinMs: number;
  };
  readonly inspect: boolean;
  readonly minAppVersion?: string;
}

/** What one client may use, where the relay says so; beyond it, it is read more slowly or refused with `limit`. */
export type HelloLimits = Readonly<Partial<Record<(typeof limitNames)[number], number>>>;

/** The kernel's answer to a `hello` that asks for no authentication. */
export interface HiFrame {
  readonly maia: 'hi';
  readonly v: number;
  readonly kernel: string;
  readonly appVersion?: string;
}

/** Sent by a relay instead of silence; `closing` when it ends the channel with it. */
export interface RefusedFrame {
  readonly maia: 'refused';
  readonly code: RefusalCode;
  /** A sentence for people. */
  readonly reason: string;
  readonly id?: string;
  readonly sessionID?: string;
  readonly retryAfterMs?: number;
  readonly closing: boolean;
}

/** Asks for a round trip; `t` comes back as it was. */
export interface EchoFrame {
  readonly maia: 'echo';
  readonly t: number;
}
export interface EchoedFrame {
  readonly maia: 'echoed';
  readonly t: number;
}

/** Asks a relay whose `hello` offers it what it has of a CoValue. A kernel never answers one. */
export interface InspectFrame {
  readonly maia: 'inspect';
  /** Chosen by who asks; the answer has it too. */
  readonly ask: number;
  readonly id: RawCoID;
}
export interface InspectedFrame {
  readonly maia: 'inspected';
  readonly ask: number;
  readonly id: RawCoID;
  /** From committed rows only; null where there are none. */
  readonly known: RelayKnown | null;
}

/** What a relay has of a CoValue: how many transactions of each session. */
export interface RelayKnown {
  readonly header: boolean;
  readonly sessions: Readonly<Record<string, number>>;
}

const limitNames = ['messageBytes', 'bytesPerSecond', 'openLoads', 'subscribed', 'unreadBytes'] as const;

const refusalCodes = [
  'invalid',
  'too-large',
  'limit',
  'unauthorized',
  'expired',
  'forbidden',
  'outdated',
  'fork',
  'storage',
  'draining',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** Undefined for a frame of a later version, which is to be ignored. Throws MESSAGE_INVALID on a malformed one. */
export function readMaiaFrame(value: JsonRecord): MaiaFrame | undefined {
  // Both stand in messages that cojson acts on: a frame with one of them would mean two things at once.
  if ('action' in value || 'time' in value) throw invalid(value.maia);
  switch (value.maia) {
    case 'hello':
      return readHello(value);
    case 'hi':
      return readHi(value);
    case 'refused':
      return readRefused(value);
    case 'echo':
    case 'echoed':
      if (!isFiniteNumber(value.t)) throw invalid(value.maia);
      return { maia: value.maia, t: value.t };
    case 'inspect':
    case 'inspected':
      return readInspection(value, value.maia);
    default:
      if (typeof value.maia !== 'string') throw invalid(undefined);
      return undefined;
  }
}

function readHello(value: JsonRecord): HelloFrame {
  const { v, relay, storage, limits, inspect, minAppVersion } = value;
  if (!isVersion(v) || !isJsonRecord(relay) || !isJsonRecord(storage) || !isJsonRecord(limits))
    throw invalid('hello');
  if (!isText(relay.name) || !isText(relay.version) || !isText(storage.id) || !isText(storage.epoch)) {
    throw invalid('hello');
  }
  if (typeof inspect !== 'boolean' || !isOptionalText(minAppVersion)) throw invalid('hello');
  const { durability } = value;
  if (typeof durability !== 'string') throw invalid('hello');
  return {
    maia: 'hello',
    v,
    relay: { name: relay.name, version: relay.version },
    storage: { id: storage.id, epoch: storage.epoch },
    durability: durability === 'process-crash' || durability === 'power-loss' ? durability : 'none',
    limits: readLimits(limits),
    auth: readAuthDemand(value.auth),
    inspect,
    ...(minAppVersion === undefined ? {} : { minAppVersion }),
  };
}

function readLimits(value: JsonRecord): HelloLimits {
  const limits: Partial<Record<(typeof limitNames)[number], number>> = {};
  for (const name of limitNames) {
    const limit = value[name];
    if (limit === undefined) continue;
    if (!isPositive(limit)) throw invalid('hello');
    limits[name] = limit;
  }
  return limits;
}

function readAuthDemand(value: unknown): HelloFrame['auth'] {
  if (value === null) return null;
  if (!isJsonRecord(value)) throw invalid('hello');
  const { nonce, methods, withinMs } = value;
  if (!isText(nonce) || !Array.isArray(methods) || !methods.every(isText) || !isPositive(withinMs)) {
    throw invalid('hello');
  }
  return { nonce, methods, withinMs };
}

function readHi({ v, kernel, appVersion }: JsonRecord): HiFrame {
  if (!isVersion(v) || !isText(kernel) || !isOptionalText(appVersion)) throw invalid('hi');
  return { maia: 'hi', v, kernel, ...(appVersion === undefined ? {} : { appVersion }) };
}

function readRefused({ code, reason, id, sessionID, retryAfterMs, closing }: JsonRecord): RefusedFrame {
  if (!isText(code) || !isText(reason) || !isOptionalText(id) || !isOptionalText(sessionID))
    throw invalid('refused');
  if (!(retryAfterMs === undefined || (isFiniteNumber(retryAfterMs) && retryAfterMs >= 0)))
    throw invalid('refused');
  if (typeof closing !== 'boolean') throw invalid('refused');
  return {
    maia: 'refused',
    // A refusal for a reason that this version does not know is still one that asking again does not lift.
    code: refusalCodes.find((known) => known === code) ?? 'forbidden',
    reason,
    ...(id === undefined ? {} : { id }),
    ...(sessionID === undefined ? {} : { sessionID }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    closing,
  };
}

function readInspection(
  { ask, id, known }: JsonRecord,
  maia: 'inspect' | 'inspected',
): InspectFrame | InspectedFrame {
  if (!Number.isSafeInteger(ask) || !isCoValueID(id)) throw invalid(maia);
  const about = { ask: Number(ask), id };
  if (maia === 'inspect') return { maia, ...about };
  if (known === null) return { maia, ...about, known };
  if (!isJsonRecord(known)) throw invalid(maia);
  const { header, sessions } = known;
  if (typeof header !== 'boolean' || !isSessionCounts(sessions)) throw invalid(maia);
  return { maia, ...about, known: { header, sessions } };
}

function invalid(kind: unknown) {
  const what = typeof kind === 'string' && kind.length <= 32 ? `\`${kind}\` frame` : 'frame';
  return createKernelError(
    'MESSAGE_INVALID',
    `A ${what} was refused because it is malformed. Its sender is of another version, or broken; update both sides.`,
  );
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isPositive(value: unknown): value is number {
  return isFiniteNumber(value) && value > 0;
}

/** Names and sentences of these frames are shown to people: long ones are no such thing. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 1000;
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}
