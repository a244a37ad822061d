import { unreachable } from '../../base/assert.ts';
import type { NotCountedReason } from '../../base/not-counted-reason.ts';
import type { NextStepCode } from '../snapshot/next-step-code.ts';
import type { PlainError } from '../snapshot/plain-error.ts';
import type { LostReason, Reason } from '../snapshot/unsynced-row.ts';
import { stepOnOutage } from './outage-advice.ts';
import { stepOnRefusal } from './refusal-advice.ts';
import type { NextStep } from './step.ts';

export type { NextStep } from './step.ts';

export function nextStepFor(reason: Reason): NextStep {
  switch (reason.kind) {
    case 'refused':
      return reason.refusal === undefined
        ? { code: 'check-relay', advice: adviceOn(reason.error) }
        : stepOnRefusal(reason.refusal);
    case 'not-saved':
      return {
        code: reason.error?.code === 'STORAGE_FULL' ? 'free-space' : 'check-storage',
        advice: adviceOn(reason.error),
      };
    case 'withheld':
      return { code: reason.size ? 'split-value' : 'create-again', advice: adviceOn(reason.error) };
    case 'skipped':
      return {
        code: 'reload',
        advice:
          'Reload the page: a new session requests it from the relay again. If the problem returns, the relay stores content that no client can verify, and its operator must check this CoValue.',
      };
    case 'asked-again':
      return {
        code: 'wait',
        advice:
          'Wait a moment. If this persists, the edits do not reach the relay, or the relay does not keep them: check Queues and Peers, and the relay’s log.',
      };
    case 'relay-failed':
      // The kernel's own message depends on whether the app passed a version.
      return !reason.outage || reason.error?.code === 'APP_OUTDATED'
        ? { code: codeOfFailure(reason.error), advice: adviceOn(reason.error), control: 'reconnect' }
        : stepOnOutage(reason.outage, reason.host, reason.urlSource);
    case 'signed-out':
      return { code: 'sign-in', advice: 'Sign in to send what this device holds.' };
    case 'no-server-peer':
      return {
        code: 'add-peer',
        advice:
          "Connect the node to a relay: call `setupSyncPeers({ node, url })`, or add a peer with `role: 'server'` and `persistent: true`.",
      };
    case 'out-of-date':
      return { code: 'repair', advice: adviceOnTracker(reason.waitsFor), control: 'repair' };
    case 'off':
      if (reason.by) {
        return {
          code: 'correct-options',
          advice:
            "Call `setupSyncPeers({ node, url })` to sync it anyway, or create the node with `syncWhen: 'always'` and a server peer.",
        };
      }
      return {
        code: 'connect-relay',
        advice:
          'Call `setupSyncPeers({ node, url })` to start sync now. To keep it on, open the session with a relay, or omit `sync` to use the default relay.',
      };
    case 'paused':
      return {
        code: 'resume',
        advice: 'Resume sync. Until then, this tab sends nothing, but another tab of this account may.',
        control: 'resume',
      };
    case 'no-relay':
      return reason.error
        ? { code: 'correct-address', advice: reason.error.message }
        : { code: 'connect-relay', advice: 'Connect a relay: call `setupSyncPeers({ node, url })`.' };
    case 'closed':
      return {
        code: 'reopen',
        advice:
          'Open the session again (signing in does this), or call `setupSyncPeers` for this node. If the app has already done so, create a new inspector: this one stays with the sync that has ended. If the app adds the peer itself, add the peer again or, if its relay is gone for good, call `removePeer`.',
      };
    case 'offline':
      return {
        code: 'check-network',
        advice: 'Nothing. Sync continues automatically when the network returns.',
      };
    case 'not-connected':
      return reason.outage
        ? stepOnOutage(reason.outage, reason.host, reason.urlSource)
        : {
            code: 'wait',
            advice: reason.error?.message ?? 'Wait for the next attempt, or try now.',
            control: 'reconnect',
          };
    case 'silent': {
      const { code, advice } = stepOnOutage({ kind: 'relay-silent' }, reason.host, undefined);
      return { code, advice };
    }
    case 'connecting':
      return {
        code: 'wait',
        advice:
          'Wait for the connection. If it never opens, check that a relay is running at this address. If the relay requires signing in, check that the app’s `auth.token` returns a token.',
      };
    case 'queued':
    case 'draining':
      return {
        code: 'wait',
        advice:
          'Wait, or check Queues: high-priority messages always go first, so low-priority ones may wait a long time.',
      };
    case 'sending':
      return { code: 'wait', advice: 'Wait a moment.' };
    case 'unanswered':
      return {
        code: 'check-relay',
        advice: `Check the log and the storage of the relay at ${reason.host}. The connection works, but the relay has not reported what it has of this CoValue, and this device sends nothing of it until then. The kernel asks again automatically.`,
      };
    case 'not-sent':
      return {
        code: 'reload',
        advice:
          'Reload the page: a new session asks the relay again. If the verdict stays the same, use Copy for a bug report, and keep this device’s data until the cause is found.',
      };
    case 'unread':
      return {
        code: 'check-storage',
        advice:
          'Check this device’s disk, and reload the page if this persists. The kernel retries automatically, and sends the edits once it can read them.',
      };
    case 'other-tab':
      return {
        code: reason.isPaused ? 'resume' : 'wait',
        advice: `${reason.isPaused ? 'Resume sync in that tab, or wait' : 'Wait'} a few seconds: if that tab does not send the edits, this tab does.`,
      };
    case 'unconfirmed':
      return {
        code: 'wait',
        advice: 'Wait for the relay’s answer. If this takes a long time, check the relay’s log.',
      };
    case 'not-durable':
      return {
        code: 'wait',
        advice: 'Wait for the relay’s storage. If this takes a long time, check the relay’s log.',
      };
    case 'saving':
      return {
        code: 'wait',
        advice: 'Wait a moment. If this takes a long time, another tab may be blocking the database.',
      };
    case 'arrived':
      return { code: 'nothing', advice: 'Nothing.' };
    case 'not-made':
      return stepOnRefusedEdit(reason);
    case 'not-counted':
      return stepOnNotCounted(reason);
    default:
      return unreachable(reason);
  }
}

function stepOnNotCounted({
  why,
  writesAs,
  clockOffsetMs,
}: Extract<LostReason, { kind: 'not-counted' }>): NextStep {
  if (clockOffsetMs !== undefined)
    return { code: 'correct-clock', advice: 'Correct the device’s date and time, then make the edit again.' };
  const code = codeByWhy[why];
  if (code !== 'ask-for-permission' || writesAs === undefined) return { code, advice: adviceByWhy[why] };
  return {
    code: 'create-again',
    advice: `Make the edit again: your role is ${writesAs} now. If the group permits this edit only to a higher role, ask a manager or an admin for it.`,
  };
}

const askForRole =
  'Ask a manager or an admin of the group for a role that permits it, then make the edit again.';
const adviceByWhy: Readonly<Record<NotCountedReason, string>> = {
  'no-access': askForRole,
  'not-a-member-then': askForRole,
  malformed: 'Change the group through its own methods, such as `addMember`, then make the edit again.',
  other: 'Read cojson’s reason below, remove the cause, and make the edit again.',
};

const codeByWhy: Readonly<Record<NotCountedReason, NextStepCode>> = {
  'no-access': 'ask-for-permission',
  'not-a-member-then': 'ask-for-permission',
  malformed: 'create-again',
  other: 'create-again',
};

function stepOnRefusedEdit({ error, size }: Extract<LostReason, { kind: 'not-made' }>): NextStep {
  const control = 'dismiss';
  if (size) {
    return {
      code: 'split-value',
      advice:
        'Split the value into several edits, or write a binary stream. The edit threw VALUE_TOO_LARGE and changed nothing: catch the error, and let the user keep what they entered.',
      control,
    };
  }
  const code = error.code === 'WRITE_FORBIDDEN' ? 'ask-for-permission' : 'create-again';
  return { code, advice: error.message, control };
}

function codeOfFailure(error: PlainError | undefined): NextStepCode {
  if (error?.code !== 'APP_OUTDATED') return 'check-relay';
  return error.lacksAppVersion ? 'correct-options' : 'reload';
}

function adviceOnTracker(waitsFor: readonly string[]): string {
  const repair = 'Use Repair to update cojson’s tracker. Repairing sends nothing and loses nothing.';
  return waitsFor.includes('any')
    ? `${repair} The problem returns with each edit until a server peer is \`persistent\`.`
    : repair;
}

/** A KernelError's message includes what to do. */
function adviceOn(error: PlainError | undefined): string {
  return error?.message ?? 'Check the app’s log for the underlying error.';
}
