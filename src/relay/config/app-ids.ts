import { createKernelError } from '../../base/kernel-error.ts';
import { isAppID } from '../../wire/sync-path.ts';

const maxApps = 200;

/** Throws RELAY_SETTING_INVALID. */
export function readAppIDs(appIDs: readonly string[] = []): readonly string[] {
  const unfit = appIDs.find((appID) => !isAppID(appID));
  if (unfit !== undefined)
    throw invalid(
      `${JSON.stringify(unfit)} is not the ID of an app (APP_IDS). Use lower-case letters, digits and hyphens, at most 63, such as notes, but not pull, nonce or token, which are paths below /sync.`,
    );
  const different = new Set(appIDs);
  if (different.size > maxApps)
    throw invalid(`APP_IDS names ${different.size} apps, but a relay serves at most ${maxApps}.`);
  return [...different];
}

function invalid(message: string) {
  return createKernelError('RELAY_SETTING_INVALID', message);
}
