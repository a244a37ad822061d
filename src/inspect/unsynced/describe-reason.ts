import { unreachable } from '../../base/assert.ts';
import type { Reason } from './reason.ts';
import type { PlainError } from '../snapshot.ts';
import { bytesWords, countWords, durationWords } from '../shared/format.ts';

const causesByCode: Readonly<Record<string, string>> = {
  STORAGE_FULL: 'storage is full',
  STORAGE_CLOSED: 'the browser closed the database',
  STORAGE_BLOCKED: 'another tab holds the database',
  STORAGE_TOO_NEW: 'a newer version of the app wrote the database',
  STORAGE_UNAVAILABLE: 'this browser keeps nothing for the page',
  STORAGE_WRITE_FAILED: 'writing failed',
  MESSAGE_TOO_LARGE: 'larger than a relay takes',
};

/** Cause, place, detail, in one sentence without a full stop: "Not saved on this device: storage is full". */
export function describeReason(reason: Reason, nowMs: number): string {
  switch (reason.kind) {
    case 'not-saved':
      return joined('Not saved on this device', causeOf(reason.error));
    case 'refused':
      return joined(`Refused by ${reason.host ?? 'the relay'}`, reason.refusal ?? causeOf(reason.error));
    case 'withheld':
      return joined(`Not sent to ${reason.host ?? 'the relay'}`, causeOf(reason.error));
    case 'skipped':
      return `Skipped: what ${reason.host} sent of it could not be read`;
    case 'asked-again':
      return `Being sent again: ${reason.host} asked for it`;
    case 'signed-out':
      return 'Nobody is signed in';
    case 'off':
      return joined('Sync is switched off', reason.by && "the node was made with `syncWhen: 'never'`");
    case 'no-server-peer':
      return reason.gone.length === 0
        ? 'No relay was ever added: the node has no server peer'
        : `The peer that it waits for was taken away: ${reason.gone.join(', ')}`;
    case 'out-of-date':
      return 'cojson’s tracker is out of date: every relay has all of it';
    case 'paused':
      return 'Paused';
    case 'no-relay':
      return joined('There is no relay', causeOf(reason.error));
    case 'relay-failed':
      return joined(`${reason.host} is not tried again`, causeOf(reason.error));
    case 'closed':
      return `Sync with ${reason.host} has ended`;
    case 'offline':
      return `Offline for ${durationWords(nowMs - reason.sinceMs)}, next attempt when the browser has a network`;
    case 'not-connected': {
      const where = reason.host === undefined ? '' : ` to ${reason.host}`;
      const outage = `Not connected${where} for ${durationWords(nowMs - reason.sinceMs)}`;
      return reason.retryAtMs === undefined ? outage : `${outage}, ${nextAttempt(reason.retryAtMs, nowMs)}`;
    }
    case 'connecting':
      return `Connecting to ${reason.host}, attempt ${reason.attempt}`;
    case 'queued':
      return `Not sent: ${countWords(reason.messages, 'message')} queued for ${reason.host}`;
    case 'draining':
      return `Not sent: ${bytesWords(reason.bytes)} left in the socket to ${reason.host}`;
    case 'sending':
      return `Being sent to ${reason.host}`;
    case 'unconfirmed': {
      if (reason.isHandedOver) return `Handed over, not confirmed by ${reason.host} yet`;
      const sent =
        reason.sentAtMs === undefined ? 'Sent' : `Sent ${durationWords(nowMs - reason.sentAtMs)} ago`;
      return `${sent}, not confirmed by ${reason.host} yet`;
    }
    case 'not-durable':
      return `Confirmed, not durable at ${reason.host} yet`;
    case 'saving':
      return 'Being saved on this device';
    case 'arrived':
      return 'Arrived';
    default:
      return unreachable(reason);
  }
}

export function nextAttempt(retryAtMs: number, nowMs: number): string {
  return retryAtMs <= nowMs ? 'next attempt now' : `next attempt in ${durationWords(retryAtMs - nowMs)}`;
}

function joined(what: string, cause: string | undefined): string {
  return cause === undefined ? what : `${what}: ${cause}`;
}

function causeOf(error: PlainError | undefined): string | undefined {
  return error && describeCause(error);
}

/** A few words where we have them, else the first sentence of the error's own message; without a full stop. */
export function describeCause({ code, message, byFaultPlan }: PlainError): string {
  if (byFaultPlan) return 'broken by your own faults';
  const [firstSentence = message] = message.split(/(?<=[.!?])\s/);
  return causesByCode[code] ?? firstSentence.replace(/\.$/, '');
}
