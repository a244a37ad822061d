import { isKernelError } from '../../base/kernel-error.ts';
import type { PasskeyResult, Passkeys } from '../../platform/passkey-api.ts';
import type { Platform } from '../../platform/platform.ts';
import {
  ceremonyError,
  notVerified,
  passkeyOrphaned,
  prfUnavailable,
  throwIfAborted,
} from './ceremony-errors.ts';
import { prfInput } from '../account/prf-input.ts';

/** A passkey that was used, and what its PRF gave. */
export interface UsedPasskey {
  readonly credentialID: string;
  /** 32 bytes. */
  readonly prfOutput: Uint8Array<ArrayBuffer>;
  readonly prfFrom: 'create' | 'get';
}

export interface Ceremony {
  readonly rpID: string;
  readonly signal: AbortSignal | undefined;
}

const prfLength = 32;

/**
 * Makes a passkey. One prompt, or two where the authenticator evaluates its PRF on use only. Rejects with a passkey's
 * code or ABORTED; where a passkey was made that nothing can use, `details` name it.
 */
export async function createPasskey(
  { passkeys, random }: Platform,
  ceremony: Ceremony & {
    readonly rpName: string;
    readonly label: string;
    readonly excludeCredentialIDs: readonly string[];
    /** The passkey exists from here on; whether it can be used is not known yet. Never rejects. */
    readonly onMade?: (credentialID: string) => Promise<unknown>;
  },
): Promise<UsedPasskey> {
  const { rpID, rpName, label, excludeCredentialIDs, signal } = ceremony;
  const made = await run(ceremony, () =>
    passkeys.create({
      rpID,
      rpName,
      userID: random(32),
      userName: label,
      excludeCredentialIDs,
      prfInput,
      signal,
    }),
  );
  const leftOver = { credentialID: made.credentialID, label };
  if (made.prf.kind === 'none') throw prfUnavailable(leftOver);
  await ceremony.onMade?.(made.credentialID);
  try {
    if (made.prf.kind === 'output') return checked(made, made.prf.output, 'create');
    return await use(passkeys, ceremony, [made.credentialID]);
  } catch (error) {
    throw isKernelError(error, 'PASSKEY_PRF_UNAVAILABLE')
      ? prfUnavailable(leftOver, error)
      : passkeyOrphaned(leftOver, error);
  }
}

/**
 * Uses a passkey that the person chooses, of all or of those that are allowed. One prompt; with `autofill` none, and it
 * cannot be said which are allowed.
 */
export function getPasskey(
  { passkeys }: Platform,
  ceremony: Ceremony & { readonly allowCredentialIDs?: readonly string[]; readonly autofill?: boolean },
): Promise<UsedPasskey> {
  const { allowCredentialIDs = [], autofill } = ceremony;
  return use(passkeys, ceremony, allowCredentialIDs, autofill);
}

async function use(
  passkeys: Passkeys,
  ceremony: Ceremony,
  allowCredentialIDs: readonly string[],
  autofill = false,
): Promise<UsedPasskey> {
  const { rpID, signal } = ceremony;
  const request = { rpID, allowCredentialIDs, autofill, prfInput, signal };
  const result = await run(ceremony, () => passkeys.get(request));
  if (result.prf.kind !== 'output') throw prfUnavailable();
  return checked(result, result.prf.output, 'get');
}

async function run(ceremony: Ceremony, prompt: () => Promise<PasskeyResult>): Promise<PasskeyResult> {
  throwIfAborted(ceremony.signal);
  try {
    return await prompt();
  } catch (error) {
    throw ceremonyError(error, ceremony);
  }
}

function checked(
  result: PasskeyResult,
  prfOutput: Uint8Array<ArrayBuffer>,
  prfFrom: 'create' | 'get',
): UsedPasskey {
  // Another PRF value belongs to the passkey without verification, so an entry under it would not open again.
  if (!result.userVerified) throw notVerified();
  if (prfOutput.length !== prfLength) throw prfUnavailable();
  return { credentialID: result.credentialID, prfOutput, prfFrom };
}
