import { isKernelError } from '../../base/kernel-error.ts';
import type { Platform } from '../../platform/platform.ts';
import { withBackup, type PasskeyFacts } from '../account/passkey-facts.ts';
import type { UnfinishedHere } from '../device/unfinished-here.ts';
import type { UnfinishedPasskey } from '../device/unfinished-passkeys.ts';
import { createPasskey, getPasskey, type UsedPasskey } from './ceremonies.ts';
import { prfUnavailable, type LeftOverPasskey, type NextAttempt } from './ceremony-errors.ts';

export interface NewPasskey extends UsedPasskey {
  readonly label: string;
  readonly createdAtMs: number;
  /** Undefined if an earlier version noted the passkey. */
  readonly facts: PasskeyFacts | undefined;
  /** The passkeys that it was created besides. */
  readonly besides?: readonly string[] | undefined;
}

export interface NewPasskeyCeremony {
  readonly platform: Platform;
  readonly rpID: string;
  readonly signal: AbortSignal | undefined;
  readonly unfinished: UnfinishedHere;
}

interface NewPasskeyRequest extends NewPasskeyCeremony {
  readonly rpName: string;
  readonly label: string;
  readonly excludeCredentialIDs: readonly string[];
  /** A passkey to continue with: a second one would look the same to the user. */
  readonly left: UnfinishedPasskey | undefined;
  readonly addTo?: string;
  readonly errors: {
    /** The passkey exists, but the prompt that was to use it failed. */
    unused(leftOver: LeftOverPasskey, cause: unknown, next: NextAttempt): unknown;
    /** The provider refused to create another passkey while it has `left`, or one that the account has. */
    alreadyHere(left: UnfinishedPasskey | undefined, error: unknown): unknown;
  };
}

/** Notes the passkey as soon as it exists, so that neither a refused prompt nor a closed tab loses it. One or two prompts. */
export function newPasskey(request: NewPasskeyRequest): Promise<NewPasskey> {
  const { left } = request;
  return left && !left.isDoubted ? continueWith(request, left) : create(request);
}

async function continueWith(request: NewPasskeyRequest, left: UnfinishedPasskey): Promise<NewPasskey> {
  const { platform, rpID, signal, unfinished, errors } = request;
  const { credentialID, label, madeAtMs, facts, besides } = left;
  try {
    const used = await getPasskey(platform, { rpID, signal, allowCredentialIDs: [credentialID] });
    return { ...used, label, createdAtMs: madeAtMs, facts: facts && withBackup(facts, used.backup), besides };
  } catch (error) {
    // Nothing is wrong with the passkey; the next attempt continues with it.
    if (isKernelError(error, 'ABORTED')) throw error;
    if (isKernelError(error, 'PASSKEY_PRF_UNAVAILABLE')) {
      await discard(request, credentialID);
      throw prfUnavailable(left, error);
    }
    // Browsers report a refusal like a passkey that is gone.
    await unfinished.note({ ...left, isDoubted: true });
    throw errors.unused({ credentialID, label }, error, 'replaces');
  }
}

async function create(request: NewPasskeyRequest): Promise<NewPasskey> {
  const { platform, rpID, label, left, addTo, unfinished, errors } = request;
  const madeAtMs = platform.clock.nowMs();
  const besides = request.excludeCredentialIDs;
  const excludeCredentialIDs = [...besides, ...(left ? [left.credentialID] : [])];
  const to = addTo === undefined ? { besides } : { addTo };
  try {
    const made = await createPasskey(platform, {
      ...request,
      excludeCredentialIDs,
      async onMade(made) {
        await unfinished.note({ ...made, rpID, label, madeAtMs, ...to });
        if (left) await discard(request, left.credentialID);
      },
    });
    return { ...made, label, createdAtMs: madeAtMs, besides };
  } catch (error) {
    if (isKernelError(error, 'PASSKEY_ALREADY_HERE')) {
      if (left) await unfinished.note({ ...left, isDoubted: false });
      throw errors.alreadyHere(left, error);
    }
    if (isKernelError(error, 'PASSKEY_ORPHANED')) {
      const next = nextAttempt(unfinished, error.details.credentialID);
      throw errors.unused(error.details, error.cause, next);
    }
    const useless = isKernelError(error, 'PASSKEY_PRF_UNAVAILABLE') ? error.details.credentialID : undefined;
    if (useless !== undefined) await discard(request, useless);
    throw error;
  }
}

export function nextAttempt(unfinished: UnfinishedHere, credentialID: string): NextAttempt {
  return unfinished.isInPage(credentialID) ? 'continues-in-page' : 'continues';
}

/** Asks the provider to drop a passkey. If it cannot, the passkey is noted, and the next attempt continues with it. */
export async function dropPasskey(
  { platform, rpID, unfinished }: NewPasskeyCeremony,
  { credentialID, label, createdAtMs, facts, besides = [] }: NewPasskey,
  addTo?: string,
): Promise<NextAttempt> {
  if (await platform.passkeys.signalUnknown({ rpID, credentialID })) {
    await unfinished.forget(credentialID);
    return 'starts-over';
  }
  // An account that could not be opened may have taken the note with it.
  await unfinished.note({
    ...{ credentialID, rpID, label, madeAtMs: createdAtMs },
    ...(facts && { facts }),
    ...(addTo === undefined ? { besides } : { addTo }),
  });
  return nextAttempt(unfinished, credentialID);
}

/** Forgets a passkey that cannot be used. */
async function discard(
  { platform, rpID, unfinished }: NewPasskeyCeremony,
  credentialID: string,
): Promise<void> {
  await unfinished.forget(credentialID);
  await platform.passkeys.signalUnknown({ rpID, credentialID });
}
