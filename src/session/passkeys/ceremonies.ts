import { isKernelError } from '../../base/kernel-error.ts';
import type { PasskeyBackup, PasskeyResult, Passkeys } from '../../platform/passkey-api.ts';
import type { Platform } from '../../platform/platform.ts';
import {
  ceremonyError,
  notVerified,
  passkeyOrphaned,
  prfUnavailable,
  throwIfAborted,
} from './ceremony-errors.ts';
import { bytesToBase64url } from '../account/bytes.ts';
import { withBackup, type PasskeyFacts } from '../account/passkey-facts.ts';
import { prfInput } from '../account/prf-input.ts';

/** A passkey that was used, and its PRF output. */
export interface UsedPasskey {
  readonly credentialID: string;
  /** 32 bytes. */
  readonly prfOutput: Uint8Array<ArrayBuffer>;
  readonly prfFrom: 'create' | 'get';
  /** Undefined if the browser did not report it. */
  readonly backup: PasskeyBackup | undefined;
}

export interface CreatedPasskey extends UsedPasskey {
  readonly facts: PasskeyFacts;
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
    readonly onMade?: (made: Pick<CreatedPasskey, 'credentialID' | 'facts'>) => Promise<unknown>;
  },
): Promise<CreatedPasskey> {
  const { rpID, rpName, label, excludeCredentialIDs, signal } = ceremony;
  const userID = random(32);
  const made = await run(ceremony, () =>
    passkeys.create({
      rpID,
      rpName,
      userID,
      userName: label,
      excludeCredentialIDs,
      prfInput,
      signal,
    }),
  );
  const { credentialID, transports, aaguid, backup } = made;
  const leftOver = { credentialID, label };
  if (made.prf.kind === 'none') throw prfUnavailable(leftOver);
  const userHandle = bytesToBase64url(userID);
  const reported = { rpID, userHandle, transports, ...(aaguid !== undefined && { aaguid }) };
  const facts = withBackup(reported, backup);
  await ceremony.onMade?.({ credentialID, facts });
  try {
    if (made.prf.kind === 'output') return { ...checked(made, made.prf.output, 'create'), facts };
    const used = await use(passkeys, ceremony, [credentialID]);
    return { ...used, facts: withBackup(facts, used.backup) };
  } catch (error) {
    throw isKernelError(error, 'PASSKEY_PRF_UNAVAILABLE')
      ? prfUnavailable(leftOver, error)
      : passkeyOrphaned(leftOver, error, 'starts-over');
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
  const result = await run(request, () => passkeys.get(request));
  if (result.prf.kind !== 'output') throw prfUnavailable();
  return checked(result, result.prf.output, 'get');
}

async function run<T>(
  ceremony: Ceremony & { readonly autofill?: boolean },
  prompt: () => Promise<T>,
): Promise<T> {
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
  return { credentialID: result.credentialID, prfOutput, prfFrom, backup: result.backup };
}
