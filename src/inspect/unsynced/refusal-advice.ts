import { isRefusalCode, type RefusalCode } from '../../wire/refusal-code.ts';

const resend = 'pause and resume sync: each new connection sends the edits again.';

const adviceByCode: Readonly<Record<RefusalCode, string>> = {
  forbidden: `Ask the relay’s operator or the group’s admins for permission to write to this CoValue. Then ${resend}`,
  invalid: `Update the app and the relay to compatible versions, then ${resend}`,
  'too-large': 'Write large values in pieces, for example as a binary stream.',
  limit: `Write less at a time. The kernel retries automatically; if that does not help, ${resend}`,
  unauthorized: 'Sign in again: the relay does not recognize this session.',
  expired: 'Sign in again: your authorization has expired.',
  outdated: 'Reload to get the app’s newest version. Waiting edits stay on this device.',
  fork: 'Wait a moment: the kernel is rewriting the edit under another session ID. If the edit is still refused, reload the page.',
  clock: 'Correct the device’s date and time, then make the edit again.',
  storage: 'Check the relay’s log: its storage failed. The kernel retries automatically.',
  draining: 'Wait a moment: the relay is shutting down, and the kernel reconnects automatically.',
};

/** Advice on a relay's refusal; the relay's own text only names the problem. An unknown code counts as `forbidden`. */
export function adviceOnRefusal(refusal: string): string {
  return isRefusalCode(refusal)
    ? adviceByCode[refusal]
    : `This version of the kernel does not know the relay’s reason and treats it as “forbidden”. ${adviceByCode.forbidden}`;
}
