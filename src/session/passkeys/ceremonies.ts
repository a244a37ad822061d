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

/** A passkey that was used, and its PRF output. */
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

/** One or two prompts. Rejects with a ceremony's code or ABORTED; `details` name a created passkey that cannot be used. */
export async function createPasskey(
  { passkeys, random }: Platform,
  ceremony: Ceremony & {
    readonly rpName: string;
    readonly label: string;
    readonly excludeCredentialIDs: readonly string[];
    /** The passkey now exists, but it may turn out to be unusable. Must not reject. */
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

/** Uses a passkey that the user chooses. One prompt, or none with `autofill`, which cannot restrict the choice. */
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
  // Without user verification a passkey has a different PRF value, so an entry sealed under it would not open again.
  if (!result.userVerified) throw notVerified();
  if (prfOutput.length !== prfLength) throw prfUnavailable();
  return { credentialID: result.credentialID, prfOutput, prfFrom };
}
