import { unreachable } from '../../base/assert.ts';
import type { NotCountedReason } from '../../base/not-counted-reason.ts';
import { formatMoment } from '../shared/clock-time.ts';
import { describeCause } from '../shared/describe-cause.ts';
import { describeOutage, describeRefusal } from '../shared/describe-outage.ts';
import { formatBytes, formatCount, formatDuration, formatNextAttempt } from '../shared/format.ts';
import { describeClock } from '../shared/wrong-clock.ts';
import type { PlainError } from '../snapshot/plain-error.ts';
import type { LostReason, Reason } from '../snapshot/unsynced-row.ts';

/** One sentence without a full stop, such as "Not saved on this device: storage is full". */
export function describeReason(reason: Reason, nowMs: number): string {
  switch (reason.kind) {
    case 'not-saved':
      return withCause('Not saved on this device', causeOf(reason.error));
    case 'refused':
      return reason.refusal === undefined
        ? withCause(`Refused by ${reason.host ?? 'the relay'}`, causeOf(reason.error))
        : describeRefusal(reason.host ?? 'the relay', reason.refusal, reason.said);
    case 'withheld': {
      const host = reason.host ?? 'the relay';
      return reason.size
        ? `Too large for ${host}: ${formatSize(reason.size)}`
        : withCause(`Not sent to ${host}`, causeOf(reason.error));
    }
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
      const { host, sinceMs, outage, attempt, retryAtMs } = reason;
      const what = outage
        ? describeOutage(outage, { host, sinceMs, nowMs })
        : `Not connected to ${host} for ${formatDuration(nowMs - sinceMs)}`;
      if (retryAtMs !== undefined) return `${what}, ${formatNextAttempt(retryAtMs, nowMs)}`;
      return attempt === undefined ? what : `${what}, attempt ${attempt} is running`;
    }
    case 'silent':
      return describeOutage({ kind: 'relay-silent', sinceMs: reason.sinceMs }, { ...reason, nowMs });
    case 'connecting': {
      const { host, attempt, sinceMs } = reason;
      const isLong = nowMs - sinceMs > slowMs;
      return `Connecting to ${host}, attempt ${attempt}${isLong ? `: not connected after ${formatDuration(nowMs - sinceMs)}` : ''}`;
    }
    case 'queued':
      return `Not sent: ${formatCount(reason.messages, 'message')} queued for ${reason.host}`;
    case 'draining':
      return `Not sent: ${formatBytes(reason.bytes)} still in the socket to ${reason.host}`;
    case 'sending':
      return `Being sent to ${reason.host}`;
    case 'unanswered':
      return `Not sent: ${reason.host} has not answered for ${formatDuration(nowMs - reason.sinceMs)}`;
    case 'not-sent':
      return `Not sent, although ${reason.host} has answered`;
    case 'unread':
      return withCause('Not sent, because this device cannot read the edits', causeOf(reason.error));
    case 'other-tab': {
      const tab = reason.title === undefined ? 'another tab' : `another tab, “${reason.title}”`;
      return `Left to ${tab}${reason.isPaused ? ', which is paused' : ''}`;
    }
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
    case 'not-made':
      return `Not made: ${describeRefusedEdit(reason)}`;
    case 'not-counted':
      return `Not counted: ${describeNotCounted(reason, nowMs)}`;
    default:
      return unreachable(reason);
  }
}

function describeRefusedEdit({ error, size }: Extract<LostReason, { kind: 'not-made' }>): string {
  return size ? `the value is too large (${formatSize(size)})` : describeCause(error);
}

const notCountedTexts: Readonly<Record<NotCountedReason, string>> = {
  'no-access': 'your role did not permit it',
  'not-a-member-then': 'you were not a member of the group',
  malformed: 'it is not a valid change to a group',
  other: 'cojson gave another reason',
};

function describeNotCounted(
  { why, roleChange, clockOffsetMs }: Extract<LostReason, { kind: 'not-counted' }>,
  nowMs: number,
): string {
  const isRemoval = roleChange?.role === 'revoked';
  if (roleChange && isRemoval === (why === 'not-a-member-then')) {
    const when = formatMoment(roleChange.atMs, nowMs);
    if (isRemoval) return `you were removed ${when}`;
    if (why === 'no-access') return `your role became ${roleChange.role} ${when}`;
  }
  if (clockOffsetMs !== undefined)
    return `${describeClock(clockOffsetMs).replace(/^This/, 'this')}, so the edit is dated before you became a member`;
  return notCountedTexts[why];
}

/** A connection opens faster. */
const slowMs = 5_000;

function formatSize({ bytes, limitBytes }: { readonly bytes: number; readonly limitBytes: number }): string {
  const [size, limit] = [formatBytes(bytes), formatBytes(limitBytes)];
  if (size !== limit) return `${size}, limit ${limit}`;
  return `${formatCount(bytes, 'byte')}, limit ${limitBytes.toLocaleString('en')}`;
}

function withCause(text: string, cause: string | undefined): string {
  return cause === undefined ? text : `${text}: ${cause}`;
}

function causeOf(error: PlainError | undefined): string | undefined {
  return error && describeCause(error);
}
