import type { Platform } from '../platform/platform.ts';
import { openOnce, sessionHere } from './opening/shared-openings.ts';
import { throwIfAborted } from './passkeys/ceremony-errors.ts';
import { resume } from './resume.ts';
import type { Session } from './session.ts';
import type { ResumeOptions } from './session-options.ts';

/** See `resumeSession`. */
export async function resumeOnce(
  platform: Platform,
  { another = false, ...options }: ResumeOptions,
): Promise<Session | undefined> {
  const { accountID, remember = 'device', signal } = options;
  if (another || remember !== 'device') return resume(platform, options);
  throwIfAborted(signal);
  // This session may be one that the device does not remember.
  const here = accountID === undefined ? undefined : sessionHere(accountID);
  return here ?? resume(platform, options, (found, open) => openOnce(found, signal, open));
}
