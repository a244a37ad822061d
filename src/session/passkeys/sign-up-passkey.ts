import { isKernelError, type KernelError } from '../../base/kernel-error.ts';
import type { Logger } from '../../base/logger.ts';
import type { Platform } from '../../platform/platform.ts';
import { unlessDeviceFails } from '../device/prepare-device.ts';
import type { UnfinishedPasskeys } from '../device/unfinished-passkeys.ts';
import { createPasskey, getPasskey, type UsedPasskey } from './ceremonies.ts';
import { passkeyOrphaned, type LeftOverPasskey } from './ceremony-errors.ts';

export interface SignUpPasskey extends UsedPasskey {
  readonly label: string;
  readonly createdAtMs: number;
}

export interface SignUpCeremony {
  readonly platform: Platform;
  readonly rpID: string;
  readonly signal: AbortSignal | undefined;
  /** Undefined if this device stores nothing. */
  readonly unfinished: UnfinishedPasskeys | undefined;
  readonly logger: Logger;
}

/** Reuses the passkey of a sign-up whose tab ended, because the user could not distinguish a second one from it. */
export async function signUpPasskey(
  ceremony: SignUpCeremony & {
    readonly rpName: string;
    readonly label: string;
    readonly excludeCredentialIDs: readonly string[];
  },
): Promise<SignUpPasskey> {
  const { platform, rpID, signal, unfinished, logger, label } = ceremony;
  const left = await unlessDeviceFails(unfinished?.latest(rpID), logger);
  // If this device knows a passkey, let the browser refuse another one instead of completing the wrong sign-up.
  if (left && ceremony.excludeCredentialIDs.length === 0) {
    const { credentialID, label: its, madeAtMs } = left;
    try {
      const used = await getPasskey(platform, { rpID, signal, allowCredentialIDs: [credentialID] });
      return { ...used, label: its, createdAtMs: madeAtMs };
    } catch (error) {
      // Nothing is wrong with the passkey; the next sign-up continues with it.
      if (isKernelError(error, 'ABORTED')) throw error;
      await unlessDeviceFails(unfinished?.forget(credentialID), logger);
      await platform.passkeys.signalUnknown({ rpID, credentialID });
      throw passkeyOrphaned({ credentialID, label: its }, error);
    }
  }

  const madeAtMs = platform.clock.nowMs();
  const note = (credentialID: string) =>
    unlessDeviceFails(unfinished?.note({ credentialID, rpID, label, madeAtMs }), logger);
  try {
    const used = await createPasskey(platform, { ...ceremony, onMade: note });
    return { ...used, label, createdAtMs: madeAtMs };
  } catch (error) {
    if (isKernelError(error, 'PASSKEY_ORPHANED')) throw await orphaned(ceremony, error.details, error.cause);
    if (isKernelError(error, 'PASSKEY_PRF_UNAVAILABLE')) await discard(ceremony, error.details.credentialID);
    throw error;
  }
}

/** Asks the provider to drop the passkey, or else notes it for the next sign-up. Returns the error to throw. */
export async function orphaned(
  ceremony: SignUpCeremony,
  leftOver: LeftOverPasskey,
  cause: unknown,
): Promise<KernelError> {
  const { platform, rpID, unfinished, logger } = ceremony;
  const { credentialID } = leftOver;
  if (await platform.passkeys.signalUnknown({ rpID, credentialID })) {
    await unlessDeviceFails(unfinished?.forget(credentialID), logger);
    return passkeyOrphaned(leftOver, cause);
  }
  const passkey = { ...leftOver, rpID, madeAtMs: platform.clock.nowMs() };
  await unlessDeviceFails(unfinished?.note(passkey), logger);
  const noted = await unlessDeviceFails(unfinished?.get(credentialID), logger);
  return passkeyOrphaned(leftOver, cause, noted !== undefined);
}

/** Like `orphaned`, but keeps a noted passkey for the next sign-up, because a retry may succeed. */
export async function leftForNext(
  ceremony: SignUpCeremony,
  leftOver: LeftOverPasskey,
  cause: unknown,
): Promise<KernelError> {
  const { unfinished, logger } = ceremony;
  const noted = await unlessDeviceFails(unfinished?.get(leftOver.credentialID), logger);
  return noted ? passkeyOrphaned(leftOver, cause, true) : orphaned(ceremony, leftOver, cause);
}

async function discard(
  { platform, rpID, unfinished, logger }: SignUpCeremony,
  credentialID: string | undefined,
): Promise<void> {
  if (credentialID === undefined) return;
  await unlessDeviceFails(unfinished?.forget(credentialID), logger);
  await platform.passkeys.signalUnknown({ rpID, credentialID });
}
