import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { SecurePlatform } from '../account/secure-platform.ts';
import { credentialsOn, unlessDeviceFails } from '../device/prepare-device.ts';
import type { SignUpOptions } from '../session-options.ts';

/** Rejects with PASSKEY_ALREADY_HERE if this device keeps an account, unless the app asks for another. */
export async function requireNoAccount(
  platform: SecurePlatform,
  { anotherAccount = false, logger = silentLogger }: SignUpOptions,
): Promise<void> {
  if (anotherAccount) return;
  if (await unlessDeviceFails(credentialsOn(platform)?.hasAccounts(), logger)) throw accountHere();
}

function accountHere(): KernelError {
  return createKernelError(
    'PASSKEY_ALREADY_HERE',
    'This device already has an account for this app. Sign in to it. Only if you want a second one, create another account.',
  );
}
