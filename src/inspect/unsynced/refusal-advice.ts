import type { RefusalCode } from '../../base/kernel-error.ts';
import type { NextStep } from './step.ts';

const resend = 'pause and resume sync: each new connection sends the edits again.';
const ask = `Ask the relay’s operator or the group’s admins for permission to write to this CoValue. Then ${resend}`;

/** On a refused CoValue; the relay's own text only names the problem. */
const steps: Readonly<Record<RefusalCode, NextStep>> = {
  forbidden: { code: 'ask-for-permission', advice: ask },
  invalid: { code: 'update', advice: `Update the app and the relay to compatible versions, then ${resend}` },
  'too-large': {
    code: 'split-value',
    advice: 'Write large values in pieces, for example as a binary stream.',
  },
  limit: {
    code: 'write-less',
    advice: `Write less at a time. The kernel retries automatically; if that does not help, ${resend}`,
  },
  unauthorized: { code: 'sign-in', advice: 'Sign in again: the relay does not recognize this session.' },
  expired: { code: 'sign-in', advice: 'Sign in again: your authorization has expired.' },
  outdated: {
    code: 'reload',
    advice: 'Reload to get the app’s newest version. Waiting edits stay on this device.',
  },
  fork: {
    code: 'wait',
    advice:
      'Wait a moment: the kernel is rewriting the edit under another session ID. If the edit is still refused, reload the page.',
  },
  clock: {
    code: 'correct-clock',
    advice: `Correct the device’s date and time. The relay accepts edits that you have already made, and those that follow them, once they are dated no more than a day ahead; then ${resend}`,
  },
  quota: {
    code: 'free-quota',
    advice:
      'Delete what is no longer needed, or ask the relay’s operator for a larger quota. The edits stay on this device, and the kernel sends them automatically once there is room.',
  },
  storage: {
    code: 'check-relay',
    advice: 'Check the relay’s log: its storage failed. The kernel retries automatically.',
  },
  draining: {
    code: 'wait',
    advice: 'Wait a moment: the relay is shutting down, and the kernel reconnects automatically.',
  },
  unknown: {
    code: 'update',
    advice: `This version of the kernel does not know the relay’s reason. Update the app. Until then: ${ask}`,
  },
};

/** On a refused connection. */
const connectionSteps: Readonly<Record<RefusalCode, NextStep>> = {
  ...steps,
  forbidden: {
    code: 'ask-for-permission',
    advice:
      'Ask the relay’s operator for permission to connect. Then try again; if the relay has named a time, the kernel retries automatically. Waiting edits stay on this device.',
  },
  invalid: {
    code: 'update',
    advice: 'Update the app and the relay to compatible versions. The kernel retries automatically.',
  },
  unauthorized: {
    code: 'sign-in',
    advice:
      'Sign in again in the app, then try again. If the relay still refuses, compare the app’s `auth` with the relay’s settings. Waiting edits stay on this device.',
  },
  expired: {
    code: 'wait',
    advice:
      'Wait a moment: the kernel signs in again automatically. If this repeats, check how long the app’s tokens are valid, and the clocks of the identity server and the relay. Waiting edits stay on this device.',
  },
  limit: {
    code: 'free-connections',
    advice:
      'Close tabs and clients that use this relay, or raise the limit that the relay names. The kernel retries automatically.',
  },
  unknown: {
    code: 'update',
    advice: 'This version of the kernel does not know the relay’s reason. Update the app.',
  },
};

export function stepOnRefusal(refusal: RefusalCode): NextStep {
  return steps[refusal];
}

export function stepOnRefusedConnection(refusal: RefusalCode): NextStep {
  return { ...connectionSteps[refusal], control: 'reconnect' };
}
