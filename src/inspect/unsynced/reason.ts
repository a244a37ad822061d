import { unreachable } from '../../base/assert.ts';
import { isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { refusalOf } from '../../wire/refusal-code.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import type { SyncState } from '../../sync/sync-state.ts';
import { toPlainError } from '../shared/to-plain-error.ts';
import type { PlainError } from '../snapshot/plain-error.ts';
import type { WaitingForSocket } from '../snapshot/queue-facts.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { OtherTab } from '../snapshot/tab-facts.ts';
import type { Reason } from '../snapshot/unsynced-row.ts';

export interface Evidence {
  readonly status: SyncState['status'];
  /** The error of the whole sync. */
  readonly error?: PlainError;
  readonly relays: readonly Relay[];
  readonly queuesByRelayID: ReadonlyMap<string, WaitingForSocket>;
  readonly nowMs: number;
  /** Why this device's storage can read nothing now. */
  readonly readError?: PlainError;
  /** Whether the CoValue is in memory, so that it need not be read. */
  readonly isLoaded?: (id: string) => boolean;
  /** The account's other tabs. */
  readonly tabs?: readonly OtherTab[];
  /** The tab that sends the CoValue first, with what is known of it. Undefined if this tab sends it. */
  readonly leftTo?: (id: string) => Partial<OtherTab> | undefined;
}

export interface Dispute {
  readonly relayID: string;
  readonly isSkipped?: boolean;
  /** When the relay requested a resend, in ms since the Unix epoch. */
  readonly askedAgainAtMs?: number;
  /** The latest time at which the relay may have reported what it has, in ms since the Unix epoch. Absent if it has not. */
  readonly answeredAtMs?: number;
}

/** Failures come before waits. Among several relays, the one furthest from having the CoValue counts. */
export function firstReason(
  coValue: UnsyncedCoValue,
  evidence: Evidence,
  disputes: readonly Dispute[] = [],
): Reason {
  const error = coValue.error && { error: toPlainError(coValue.error) };
  const { saved, sent, confirmed, durable } = coValue;
  const atRelay = [sent, confirmed, durable];
  const missing = relaysMissing(coValue, evidence.relays);
  const trackedFor = coValue.trackedFor === 'unknown' ? [] : coValue.trackedFor;

  if (saved === 'failed') return { kind: 'not-saved', ...error };
  if (atRelay.includes('failed')) {
    const at = { ...hostOf(missing[0]), ...error };
    const refused = coValue.error && refusalOf(coValue.error);
    if (refused) return { kind: 'refused', ...at, refusal: refused.refusal, said: refused.reason };
    return sent === 'failed'
      ? { kind: 'withheld', ...at, ...sizeIn(coValue.error) }
      : { kind: 'refused', ...at };
  }
  if (!atRelay.includes('pending')) {
    if (saved === 'pending') return { kind: 'saving' };
    return trackedFor === undefined ? { kind: 'arrived' } : { kind: 'out-of-date', waitsFor: trackedFor };
  }
  if (evidence.status === 'off' && trackedFor) return { kind: 'off', by: 'syncWhen' };
  const relay = missing[0];
  // A session without a relay is off; one that was closed had a relay.
  if (evidence.status === 'off' && relay?.phase === 'closed') return { kind: 'closed', host: relay.host };
  if (evidence.status === 'signed-out' || evidence.status === 'off' || evidence.status === 'paused') {
    return { kind: evidence.status };
  }
  if (!relay && trackedFor) return { kind: 'no-server-peer', gone: trackedFor.filter((id) => id !== 'any') };
  if (!relay) return { kind: 'no-relay', ...(evidence.error && { error: evidence.error }) };
  if (relay.phase !== 'connected') return notConnected(relay, relay.phase);
  const { host } = relay;
  const dispute = disputes.find(({ relayID }) => relayID === relay.id);
  if (dispute?.isSkipped) return { kind: 'skipped', host };
  if (relay.outage?.kind === 'relay-silent') {
    return { kind: 'silent', host, sinceMs: relay.outage.sinceMs ?? relay.phaseSinceMs };
  }
  if (confirmed === 'pending' && isAskedAgain(coValue, dispute)) {
    return { kind: 'asked-again', host, atMs: dispute.askedAgainAtMs };
  }
  const uploader = confirmed === 'pending' ? evidence.leftTo?.(coValue.id) : undefined;
  if (uploader) return leftToTab(uploader);
  if (sent === 'pending') return notSent(coValue, relay, evidence, dispute);
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

/** Ignores requests from before the oldest edit: those are settled. A later send may be the answer that gets nowhere. */
function isAskedAgain(
  { sinceMs }: UnsyncedCoValue,
  dispute: Dispute | undefined,
): dispute is Dispute & { readonly askedAgainAtMs: number } {
  return dispute?.askedAgainAtMs !== undefined && dispute.askedAgainAtMs >= sinceMs;
}

function notConnected(relay: Relay, phase: Exclude<Relay['phase'], 'connected'>): Reason {
  const { host, error, outage, urlSource, attempt = 1, retryAtMs } = relay;
  const sinceMs = relay.disconnectedSinceMs ?? relay.phaseSinceMs;
  switch (phase) {
    case 'failed':
      return {
        ...{ kind: 'relay-failed', host },
        ...(outage && { outage }),
        ...(urlSource !== undefined && { urlSource }),
        ...(error && { error }),
      };
    case 'closed':
      return { kind: 'closed', host };
    case 'paused':
      return { kind: 'paused' };
    case 'offline':
      return { kind: 'offline', sinceMs };
    case 'connecting':
      if (!outage) return { kind: 'connecting', host, sinceMs, attempt };
      return {
        ...{ kind: 'not-connected', host, sinceMs, attempt, outage },
        ...(urlSource !== undefined && { urlSource }),
      };
    case 'waiting':
      return {
        ...{ kind: 'not-connected', host, sinceMs },
        ...(retryAtMs !== undefined && { retryAtMs }),
        ...(outage && { outage }),
        ...(urlSource !== undefined && { urlSource }),
        ...(error && { error }),
      };
    default:
      return unreachable(phase);
  }
}

function sizeIn(error: KernelError | undefined) {
  if (!isKernelError(error, 'MESSAGE_TOO_LARGE')) return {};
  const { bytes, limit } = error.details;
  return bytes === undefined || limit === undefined ? {} : { size: { bytes, limitBytes: limit } };
}

function leftToTab({ title, relays = [] }: Partial<OtherTab>): Reason {
  const isPaused = relays.some(({ phase }) => phase === 'paused');
  return { kind: 'other-tab', ...(title && { title }), ...(isPaused && { isPaused }) };
}

/** Longer than any send takes if nothing else waits and the relay answers. */
const unansweredAfterMs = 5_000;

/** The reason has changed only because time has passed. */
export function isOutdated(reason: Reason, nowMs: number): boolean {
  return reason.kind === 'sending' && nowMs - reason.sinceMs > unansweredAfterMs;
}

function notSent(
  { id, sinceMs: madeAtMs }: UnsyncedCoValue,
  { id: relayID, host, phaseSinceMs }: Relay,
  { queuesByRelayID, readError, isLoaded, nowMs }: Evidence,
  { answeredAtMs = -Infinity }: Partial<Dispute> = {},
): Reason {
  if (readError && !isLoaded?.(id)) return { kind: 'unread', host, error: readError };
  const { messages = 0, bufferedBytes = 0 } = queuesByRelayID.get(relayID) ?? {};
  if (messages !== 'unknown' && messages > 0) return { kind: 'queued', host, messages };
  if (bufferedBytes !== 'unknown' && bufferedBytes > 0)
    return { kind: 'draining', host, bytes: bufferedBytes };
  const sending = { kind: 'sending', host, sinceMs: Math.max(madeAtMs, phaseSinceMs) } as const;
  if (!isOutdated(sending, nowMs)) return sending;
  return answeredAtMs >= phaseSinceMs ? { kind: 'not-sent', host } : { ...sending, kind: 'unanswered' };
}

/** The relays that lack the CoValue, disconnected ones first. If `missingAtPeerIDs` names none, any may lack it. */
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
