import { unreachable } from '../../base/assert.ts';
import type { KernelError } from '../../base/kernel-error.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import type { SyncState } from '../../sync/sync-state.ts';
import { plainError } from '../plain-error.ts';
import type { PlainError, Reading, Relay } from '../snapshot.ts';

/** Why a CoValue has not arrived: the first thing in its way. Facts only; `describeReason` puts them into words. */
export type Reason =
  | { readonly kind: 'not-saved'; readonly error?: PlainError }
  /** `refusal`: the relay's own word for it, such as `forbidden`. */
  | {
      readonly kind: 'refused';
      readonly host?: string;
      readonly refusal?: string;
      readonly error?: PlainError;
    }
  /** It cannot be sent as it is, so it was not. */
  | { readonly kind: 'withheld'; readonly host?: string; readonly error?: PlainError }
  /** cojson sends this peer nothing of it any more, as it could not read what the peer sent of it. */
  | { readonly kind: 'skipped'; readonly host: string }
  /** The relay has less than this device took it to have, and its answer is to be sent all of the rest. */
  | { readonly kind: 'asked-again'; readonly host: string; readonly atMs: number }
  | { readonly kind: 'signed-out' }
  /** With `by` where the node itself was made so. */
  | { readonly kind: 'off'; readonly by?: 'syncWhen' }
  /** Of a node whose peers the app adds itself. `gone`: peers that cojson's tracker waits for, and that were taken away. */
  | { readonly kind: 'no-server-peer'; readonly gone: readonly string[] }
  /** Every relay has it, and cojson's tracker, which apps ask, says that it is unsynced: it waits for these. */
  | { readonly kind: 'out-of-date'; readonly waitsFor: readonly string[] }
  | { readonly kind: 'paused' }
  /** With an error where the relay's address cannot be used. */
  | { readonly kind: 'no-relay'; readonly error?: PlainError }
  /** The relay is not tried again by itself. */
  | { readonly kind: 'relay-failed'; readonly host: string; readonly error?: PlainError }
  | { readonly kind: 'closed'; readonly host: string }
  /** The browser says that there is no network. */
  | { readonly kind: 'offline'; readonly sinceMs: number }
  | {
      readonly kind: 'not-connected';
      /** Where there are several relays. */
      readonly host?: string;
      readonly sinceMs: number;
      readonly retryAtMs?: number;
      readonly error?: PlainError;
    }
  | { readonly kind: 'connecting'; readonly host: string; readonly sinceMs: number; readonly attempt: number }
  | { readonly kind: 'queued'; readonly host: string; readonly messages: number }
  | { readonly kind: 'draining'; readonly host: string; readonly bytes: number }
  | { readonly kind: 'sending'; readonly host: string }
  /** `isHandedOver`: cojson has given it to its peer, and cannot tell whether it was sent. */
  | {
      readonly kind: 'unconfirmed';
      readonly host: string;
      readonly sentAtMs?: number;
      readonly isHandedOver?: true;
    }
  | { readonly kind: 'not-durable'; readonly host: string }
  | { readonly kind: 'saving' }
  /** Every rung is reached; it leaves the list with the next look. */
  | { readonly kind: 'arrived' };

export interface Evidence {
  readonly status: SyncState['status'];
  /** Of the sync as a whole. */
  readonly error?: PlainError;
  readonly relays: readonly Relay[];
  readonly queuesByRelayID: ReadonlyMap<string, WaitingForSocket>;
}
/** What is between one CoValue and one relay alone. */
export interface Quarrel {
  readonly relayID: string;
  readonly isSkipped?: boolean;
  /** When the relay asked for it again, in ms since the Unix epoch. */
  readonly askedAgainAtMs?: number;
}
export interface WaitingForSocket {
  readonly messages: Reading;
  readonly bufferedBytes: Reading;
}

/** What fails comes before what waits, and of several relays the one that is furthest from having it. */
export function firstReason(
  coValue: UnsyncedCoValue,
  evidence: Evidence,
  quarrels: readonly Quarrel[] = [],
): Reason {
  const error = coValue.error && { error: plainError(coValue.error) };
  const { saved, sent, confirmed, durable } = coValue;
  const atRelay = [sent, confirmed, durable];
  const missing = relaysMissing(coValue, evidence.relays);
  const trackedFor = coValue.trackedFor === 'unknown' ? [] : coValue.trackedFor;

  if (saved === 'failed') return { kind: 'not-saved', ...error };
  if (atRelay.includes('failed')) {
    const refusal = refusalIn(coValue.error);
    const kind = sent === 'failed' && refusal === undefined ? 'withheld' : 'refused';
    return { kind, ...hostOf(missing[0]), ...(refusal !== undefined && { refusal }), ...error };
  }
  if (!atRelay.includes('pending')) {
    if (saved === 'pending') return { kind: 'saving' };
    return trackedFor === undefined ? { kind: 'arrived' } : { kind: 'out-of-date', waitsFor: trackedFor };
  }
  if (evidence.status === 'off' && trackedFor) return { kind: 'off', by: 'syncWhen' };
  if (evidence.status === 'signed-out' || evidence.status === 'off' || evidence.status === 'paused') {
    return { kind: evidence.status };
  }
  const relay = missing[0];
  if (!relay && trackedFor) return { kind: 'no-server-peer', gone: trackedFor.filter((id) => id !== 'any') };
  if (!relay) return { kind: 'no-relay', ...(evidence.error && { error: evidence.error }) };
  if (relay.phase !== 'connected') return notConnected(relay, relay.phase, evidence.relays.length > 1);
  const { host } = relay;
  const quarrel = quarrels.find(({ relayID }) => relayID === relay.id);
  if (quarrel?.isSkipped) return { kind: 'skipped', host };
  if (confirmed === 'pending' && isAskedAgain(coValue, quarrel)) {
    return { kind: 'asked-again', host, atMs: quarrel.askedAgainAtMs };
  }
  if (sent === 'pending') return notSent(host, evidence.queuesByRelayID.get(relay.id));
  if (confirmed === 'pending') {
    return {
      kind: 'unconfirmed',
      host,
      ...(coValue.sentAtMs !== undefined && { sentAtMs: coValue.sentAtMs }),
      ...(sent === 'unknown' && { isHandedOver: true }),
    };
  }
  return { kind: 'not-durable', host };
}

/** Since its oldest edit was made and the newest was sent: what went wrong before is over. */
function isAskedAgain(
  { sinceMs, sentAtMs = 0 }: UnsyncedCoValue,
  quarrel: Quarrel | undefined,
): quarrel is Quarrel & { readonly askedAgainAtMs: number } {
  return quarrel?.askedAgainAtMs !== undefined && quarrel.askedAgainAtMs >= Math.max(sinceMs, sentAtMs);
}

function notConnected(
  relay: Relay,
  phase: Exclude<Relay['phase'], 'connected'>,
  isOneOfSeveral: boolean,
): Reason {
  const { host, error } = relay;
  const sinceMs = relay.disconnectedSinceMs ?? relay.phaseSinceMs;
  switch (phase) {
    case 'failed':
      return { kind: 'relay-failed', host, ...(error && { error }) };
    case 'closed':
      return { kind: 'closed', host };
    case 'paused':
      return { kind: 'paused' };
    case 'offline':
      return { kind: 'offline', sinceMs };
    case 'connecting':
      return { kind: 'connecting', host, sinceMs, attempt: relay.attempt ?? 1 };
    case 'waiting':
      return {
        kind: 'not-connected',
        ...(isOneOfSeveral && { host }),
        sinceMs,
        ...(relay.retryAtMs !== undefined && { retryAtMs: relay.retryAtMs }),
        ...(error && { error }),
      };
    default:
      return unreachable(phase);
  }
}

function notSent(host: string, waiting: WaitingForSocket | undefined): Reason {
  const { messages = 0, bufferedBytes = 0 } = waiting ?? {};
  if (messages !== 'unknown' && messages > 0) return { kind: 'queued', host, messages };
  if (bufferedBytes !== 'unknown' && bufferedBytes > 0)
    return { kind: 'draining', host, bytes: bufferedBytes };
  return { kind: 'sending', host };
}

/** The relays that lack it, those without a connection first. Where no peer is named, any of them may lack it. */
export function relaysMissing(coValue: UnsyncedCoValue, relays: readonly Relay[]): readonly Relay[] {
  if (relays.length < 2) return relays;
  const named = relays.filter((relay) => coValue.missingAtPeerIDs.includes(relay.id));
  const missing = named.length > 0 ? named : relays;
  return [
    ...missing.filter((relay) => relay.phase !== 'connected'),
    ...missing.filter((relay) => relay.phase === 'connected'),
  ];
}

function hostOf(relay: Relay | undefined): { readonly host?: string } {
  return relay ? { host: relay.host } : {};
}

function refusalIn(error: KernelError | undefined): string | undefined {
  const refusal: unknown = error && Reflect.get(error.details, 'refusal');
  return typeof refusal === 'string' ? refusal : undefined;
}
