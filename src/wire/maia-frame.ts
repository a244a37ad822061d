import type { RawCoID } from 'cojson';
import { createKernelError, type RefusalCode } from '../base/kernel-error.ts';
import { oneLine, withoutSecrets } from './one-line.ts';
import { isRecord, type JsonRecord } from '../base/record.ts';
import { readPresence, type PresenceFrame } from './presence.ts';
import { areMarkNumbers, isReceiptText, readSignedReceipt, type SignedReceipt } from './receipt.ts';
import { isRefusalCode } from './refusal-code.ts';
import { isCoValueID, isSessionID } from './ids.ts';
import { isSessionCounts } from './sync-message.ts';

/** Version of the frames that a kernel and a relay add to cojson's. Both sides use the lower of their versions. */
export const protocolVersion = 1;

/** Messages between kernel and relay other than sync messages; stock cojson ignores them on both sides. */
export type MaiaFrame =
  | HelloFrame
  | HiFrame
  | AuthFrame
  | WelcomeFrame
  | RefusedFrame
  | EchoFrame
  | EchoedFrame
  | InspectFrame
  | InspectedFrame
  | ChallengeFrame
  | ReceiptFrame
  | PresenceFrame;

/** The relay's first message, sent once. */
export interface HelloFrame {
  readonly maia: 'hello';
  readonly v: number;
  /** `key`: whose signatures its receipts have, as cojson writes a signer's ID. Absent if the relay gives none. */
  readonly relay: { readonly name: string; readonly version: string; readonly key?: string };
  /** Changes when the relay gets another storage, or when its PostgreSQL server was restored to an earlier state. */
  readonly storage: { readonly id: string; readonly epoch: string };
  /** What acknowledged content survives. Unknown promises are read as 'none'. */
  readonly durability: 'none' | 'process-crash' | 'power-loss';
  readonly limits: HelloLimits;
  /** Null if the relay serves anyone. */
  readonly auth: AuthDemand | null;
  readonly inspect: boolean;
  /** Whether it passes presence on. Absent from relays of earlier versions. */
  readonly presence?: boolean;
  readonly minAppVersion?: string;
}

/** The relay serves only clients that sign in. */
export interface AuthDemand {
  /** For one account proof on this connection. */
  readonly nonce: string;
  /** What the relay accepts; later versions add more than `AuthFrame` has. */
  readonly methods: readonly string[];
  /** How long the relay waits for `auth`, in milliseconds. */
  readonly withinMs: number;
}

/** Limits for each client, if the relay has any. Beyond them, the relay slows its reading or refuses with `limit`. */
export type HelloLimits = Readonly<Partial<Record<(typeof limitNames)[number], number>>>;

/** The kernel's answer to a `hello` without `auth`, or to `welcome`. */
export interface HiFrame {
  readonly maia: 'hi';
  readonly v: number;
  readonly kernel: string;
  readonly appVersion?: string;
  /** Whether it reads acknowledgements that name only the sessions of the content. Without it, the relay sends none. */
  readonly cutAcks?: boolean;
}

/** Signs the kernel in, or renews that on the open connection. */
export type AuthFrame = TokenAuthFrame | AccountAuthFrame;

interface TokenAuthFrame {
  readonly maia: 'auth';
  readonly method: 'jwt';
  readonly token: string;
}

interface AccountAuthFrame extends SignedAccountProof {
  readonly maia: 'auth';
  readonly method: 'account';
  /** Only to look up the entry of a passkey: the account is the one that its agent would have. */
  readonly scope?: 'lookup';
}

export interface SignedAccountProof {
  readonly proof: AccountProof;
  /** The account's first agent, from which its ID follows. */
  readonly agentID: string;
  /** The agent's signature of `proof`. */
  readonly signature: string;
}

/** What an account signs to sign in at one relay, once. */
export type AccountProof = {
  readonly typ: typeof accountProofType;
  readonly nonce: string;
  /** The relay's address as the kernel dialled it: scheme, host and path. */
  readonly audience: string;
  readonly accountID: string;
  readonly sessionID: string;
};

/** The relay has let the client in. The nonce is for the next proof on this connection. */
export interface WelcomeFrame {
  readonly maia: 'welcome';
  readonly principal: 'account' | 'token' | 'lookup';
  readonly nonce: string;
  readonly accountID?: string;
  /** When it ends unless it is renewed. Absent: with the connection. */
  readonly expiresInMs?: number;
  /** Absent if the relay limits nothing. */
  readonly quota?: RelayQuota;
}

/** What the account or user may store at a relay, and has stored there. An amount that is not limited is absent. */
export interface RelayQuota {
  readonly bytes?: number;
  readonly usedBytes: number;
  readonly coValues?: number;
  readonly usedCoValues: number;
}

/** Sent by a relay instead of silence. `closing` is true if the relay then closes the channel. */
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

/** Requests a round trip; `t` is returned unchanged. */
export interface EchoFrame {
  readonly maia: 'echo';
  readonly t: number;
}
export interface EchoedFrame {
  readonly maia: 'echoed';
  readonly t: number;
}

/** Asks what a relay has of a CoValue, if its `hello` offers that. Kernels never answer it. */
export interface InspectFrame {
  readonly maia: 'inspect';
  /** Chosen by the sender, repeated in the answer. */
  readonly ask: number;
  readonly id: RawCoID;
}
export interface InspectedFrame {
  readonly maia: 'inspected';
  readonly ask: number;
  readonly id: RawCoID;
  /** From committed rows only; null if there are none. */
  readonly known: RelayKnown | null;
}

/** Asks a relay for a receipt, if its `hello` has a key. Kernels never answer it. */
export interface ChallengeFrame {
  readonly maia: 'challenge';
  /** Random, and repeated in the receipt, so that an old receipt is no answer. */
  readonly nonce: string;
  /** Numbers of earlier marks, of which the relay states the roots. */
  readonly at: readonly number[];
}

export interface ReceiptFrame extends SignedReceipt {
  readonly maia: 'receipt';
}

/** How many transactions of each of a CoValue's sessions a relay has. */
export interface RelayKnown {
  readonly header: boolean;
  readonly sessions: Readonly<Record<string, number>>;
}

export const accountProofType = 'maia-auth/1';
/** Identity servers issue tokens of about a kilobyte. */
export const maxTokenLength = 16_000;
const maxMethods = 100;

const limitNames = ['messageBytes', 'bytesPerSecond', 'openLoads', 'subscribed', 'unreadBytes'] as const;

/** Undefined for a frame of a later version, which must be ignored. Throws MESSAGE_INVALID if malformed. */
export function readMaiaFrame(value: JsonRecord): MaiaFrame | undefined {
  // cojson acts on messages with these keys, so the frame would be ambiguous.
  if ('action' in value || 'time' in value) throw invalid(value.maia);
  switch (value.maia) {
    case 'hello':
      return readHello(value);
    case 'hi':
      return readHi(value);
    case 'auth':
      return readAuth(value);
    case 'welcome':
      return readWelcome(value);
    case 'refused':
      return readRefused(value);
    case 'echo':
    case 'echoed':
      if (!isFiniteNumber(value.t)) throw invalid(value.maia);
      return { maia: value.maia, t: value.t };
    case 'inspect':
    case 'inspected':
      return readInspection(value, value.maia);
    case 'challenge':
      if (!isReceiptText(value.nonce) || !areMarkNumbers(value.at)) throw invalid(value.maia);
      return { maia: value.maia, nonce: value.nonce, at: value.at };
    case 'receipt': {
      const signed = readSignedReceipt(value);
      if (!signed) throw invalid(value.maia);
      return { maia: value.maia, ...signed };
    }
    case 'presence': {
      const frame = readPresence(value);
      if (!frame) throw invalid(value.maia);
      return frame;
    }
    default:
      if (typeof value.maia !== 'string') throw invalid(undefined);
      return undefined;
  }
}

function readHello(value: JsonRecord): HelloFrame {
  const { v, relay, storage, limits, inspect, presence, minAppVersion } = value;
  if (!isVersion(v) || !isRecord(relay) || !isRecord(storage) || !isRecord(limits)) throw invalid('hello');
  if (!isText(relay.name) || !isText(relay.version) || !isText(storage.id) || !isText(storage.epoch)) {
    throw invalid('hello');
  }
  if (typeof inspect !== 'boolean' || !isOptionalText(minAppVersion)) throw invalid('hello');
  if (!isOptionalBoolean(presence)) throw invalid('hello');
  if (!(relay.key === undefined || isReceiptText(relay.key))) throw invalid('hello');
  const { durability } = value;
  if (typeof durability !== 'string') throw invalid('hello');
  return {
    maia: 'hello',
    v,
    relay: {
      name: oneLine(relay.name),
      version: oneLine(relay.version),
      ...(relay.key === undefined ? {} : { key: relay.key }),
    },
    storage: { id: storage.id, epoch: storage.epoch },
    durability: durability === 'process-crash' || durability === 'power-loss' ? durability : 'none',
    limits: readLimits(limits),
    auth: readAuthDemand(value.auth),
    inspect,
    ...(presence === undefined ? {} : { presence }),
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
  if (!isRecord(value)) throw invalid('hello');
  const { nonce, methods, withinMs } = value;
  if (!isNonEmptyText(nonce) || !isPositive(withinMs)) throw invalid('hello');
  if (!Array.isArray(methods) || methods.length > maxMethods || !methods.every(isText))
    throw invalid('hello');
  return { nonce, methods, withinMs };
}

function readHi({ v, kernel, appVersion, cutAcks }: JsonRecord): HiFrame {
  if (!isVersion(v) || !isText(kernel) || !isOptionalText(appVersion)) throw invalid('hi');
  if (!isOptionalBoolean(cutAcks)) throw invalid('hi');
  return {
    maia: 'hi',
    v,
    kernel,
    ...(appVersion === undefined ? {} : { appVersion }),
    ...(cutAcks === undefined ? {} : { cutAcks }),
  };
}

function readAuth({ method, token, proof, agentID, signature, scope }: JsonRecord): AuthFrame {
  if (method === 'jwt') {
    if (!isToken(token)) throw invalid('auth');
    return { maia: 'auth', method, token };
  }
  if (method !== 'account' || !isText(agentID) || !isText(signature) || !isAccountProof(proof))
    throw invalid('auth');
  // An unknown scope may be narrower than none.
  if (scope !== undefined && scope !== 'lookup') throw invalid('auth');
  return { maia: 'auth', method, proof, agentID, signature, ...(scope === undefined ? {} : { scope }) };
}

/** Exactly these keys, because the signature covers all of it. */
function isAccountProof(value: unknown): value is AccountProof {
  if (!isRecord(value) || value.typ !== accountProofType) return false;
  const { typ, nonce, audience, accountID, sessionID, ...others } = value;
  return [typ, nonce, audience, accountID, sessionID].every(isText) && Object.keys(others).length === 0;
}

function readWelcome({ principal, nonce, accountID, expiresInMs, quota }: JsonRecord): WelcomeFrame {
  if (principal !== 'account' && principal !== 'token' && principal !== 'lookup') throw invalid('welcome');
  if (!isNonEmptyText(nonce)) throw invalid('welcome');
  if (!isOptionalText(accountID)) throw invalid('welcome');
  if (expiresInMs !== undefined && !isPositive(expiresInMs)) throw invalid('welcome');
  const limits = quota === undefined ? undefined : readQuota(quota);
  return {
    maia: 'welcome',
    principal,
    nonce,
    ...(accountID === undefined ? {} : { accountID }),
    ...(expiresInMs === undefined ? {} : { expiresInMs }),
    ...(limits && { quota: limits }),
  };
}

function readQuota(value: unknown): RelayQuota {
  if (!isRecord(value)) throw invalid('welcome');
  const { bytes, usedBytes, coValues, usedCoValues } = value;
  if (!isAmount(usedBytes) || !isAmount(usedCoValues)) throw invalid('welcome');
  if (!(bytes === undefined || isAmount(bytes)) || !(coValues === undefined || isAmount(coValues)))
    throw invalid('welcome');
  return {
    ...(bytes === undefined ? {} : { bytes }),
    usedBytes,
    ...(coValues === undefined ? {} : { coValues }),
    usedCoValues,
  };
}

function readRefused({ code, reason, id, sessionID, retryAfterMs, closing }: JsonRecord): RefusedFrame {
  if (!isText(code) || !isText(reason) || !isOptionalText(id) || !isOptionalText(sessionID))
    throw invalid('refused');
  if (!(retryAfterMs === undefined || isAmount(retryAfterMs))) throw invalid('refused');
  if (typeof closing !== 'boolean') throw invalid('refused');
  return {
    maia: 'refused',
    code: isRefusalCode(code) ? code : 'unknown',
    reason: withoutSecrets(oneLine(reason)),
    // Anything else could be a secret that the relay quotes.
    ...(isCoValueID(id) && { id }),
    ...(isSessionID(sessionID) && { sessionID }),
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
  if (!isRecord(known)) throw invalid(maia);
  const { header, sessions } = known;
  if (typeof header !== 'boolean' || !isSessionCounts(sessions)) throw invalid(maia);
  return { maia, ...about, known: { header, sessions } };
}

function invalid(kind: unknown) {
  const what = typeof kind === 'string' && kind.length <= 32 ? `\`${kind}\` frame` : 'frame';
  return createKernelError(
    'MESSAGE_INVALID',
    `Refused a malformed ${what}. Its sender runs another version or is faulty; update both sides.`,
  );
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isAmount(value: unknown): value is number {
  return isFiniteNumber(value) && value >= 0;
}

function isPositive(value: unknown): value is number {
  return isFiniteNumber(value) && value > 0;
}

/** People see these names and sentences, so they must be short. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 1000;
}

function isNonEmptyText(value: unknown): value is string {
  return isText(value) && value !== '';
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTokenLength;
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || isText(value);
}

function isOptionalBoolean(value: unknown): value is boolean | undefined {
  return value === undefined || typeof value === 'boolean';
}
