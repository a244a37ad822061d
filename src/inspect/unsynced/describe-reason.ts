import { unreachable } from '../../base/assert.ts';
import { formatBytes, formatCount, formatDuration } from '../shared/format.ts';
import type { PlainError } from '../snapshot/plain-error.ts';
import type { Reason } from '../snapshot/unsynced-row.ts';

const causesByCode: Readonly<Record<string, string>> = {
  STORAGE_FULL: 'storage is full',
  STORAGE_CLOSED: 'the browser closed the database',
  STORAGE_BLOCKED: 'another tab holds the database',
  STORAGE_TOO_NEW: 'a newer version of the app wrote the database',
  STORAGE_UNAVAILABLE: 'the browser offers this page no storage',
  STORAGE_WRITE_FAILED: 'writing failed',
  MESSAGE_TOO_LARGE: 'larger than the relay accepts',
};

/** One sentence without a full stop, such as "Not saved on this device: storage is full". */
export function describeReason(reason: Reason, nowMs: number): string {
  switch (reason.kind) {
    case 'not-saved':
      return withCause('Not saved on this device', causeOf(reason.error));
    case 'refused':
      return withCause(`Refused by ${reason.host ?? 'the relay'}`, reason.refusal ?? causeOf(reason.error));
    case 'withheld':
      return withCause(`Not sent to ${reason.host ?? 'the relay'}`, causeOf(reason.error));
    case 'skipped':
      return `Skipped: cojson could not read what ${reason.host} sent`;
    case 'asked-again':
      return `Resending: ${reason.host} requested it`;
    case 'signed-out':
      return 'Not signed in';
    case 'off':
      return withCause('Sync is switched off', reason.by && "the node was created with `syncWhen: 'never'`");
    case 'no-server-peer':
      return reason.gone.length === 0
        ? 'No relay was ever added: the node has no server peer'
        : `${reason.gone.length === 1 ? 'The peer it waits for was' : 'The peers it waits for were'} removed: ${reason.gone.join(', ')}`;
    case 'out-of-date':
      return 'cojson’s tracker is out of date: every relay has all of it';
    case 'paused':
      return 'Paused';
    case 'no-relay':
      return withCause('There is no relay', causeOf(reason.error));
    case 'relay-failed':
      return withCause(`No more attempts to reach ${reason.host}`, causeOf(reason.error));
    case 'closed':
      return `Sync with ${reason.host} has ended`;
    case 'offline':
      return `Offline for ${formatDuration(nowMs - reason.sinceMs)}, next attempt when the network returns`;
    case 'not-connected': {
      const toHost = reason.host === undefined ? '' : ` to ${reason.host}`;
      const outage = `Not connected${toHost} for ${formatDuration(nowMs - reason.sinceMs)}`;
      return reason.retryAtMs === undefined
        ? outage
        : `${outage}, ${formatNextAttempt(reason.retryAtMs, nowMs)}`;
    }
    case 'connecting':
      return `Connecting to ${reason.host}, attempt ${reason.attempt}`;
    case 'queued':
      return `Not sent: ${formatCount(reason.messages, 'message')} queued for ${reason.host}`;
    case 'draining':
      return `Not sent: ${formatBytes(reason.bytes)} still in the socket to ${reason.host}`;
    case 'sending':
      return `Being sent to ${reason.host}`;
    case 'unconfirmed': {
      if (reason.isHandedOver) return `Handed to the peer, not yet confirmed by ${reason.host}`;
      const sent =
        reason.sentAtMs === undefined ? 'Sent' : `Sent ${formatDuration(nowMs - reason.sentAtMs)} ago`;
      return `${sent}, not yet confirmed by ${reason.host}`;
    }
    case 'not-durable':
      return `Confirmed, not yet durable at ${reason.host}`;
    case 'saving':
      return 'Being saved on this device';
    case 'arrived':
      return 'Arrived';
    default:
      return unreachable(reason);
  }
}

export function formatNextAttempt(retryAtMs: number, nowMs: number): string {
  return retryAtMs <= nowMs ? 'next attempt now' : `next attempt in ${formatDuration(retryAtMs - nowMs)}`;
}

function withCause(text: string, cause: string | undefined): string {
  return cause === undefined ? text : `${text}: ${cause}`;
}

function causeOf(error: PlainError | undefined): string | undefined {
  return error && describeCause(error);
}

/** A short phrase for a known code, otherwise the first sentence of the error's message; without a full stop. */
export function describeCause({ code, message, byFaultPlan }: PlainError): string {
  if (byFaultPlan) return 'caused by injected faults';
  const [firstSentence = message] = message.split(/(?<=[.!?])\s/);
  return causesByCode[code] ?? firstSentence.replace(/\.$/, '');
}
