import { createKernelError, isKernelError } from '../../base/kernel-error.ts';
import { isRecord } from '../../base/record.ts';
import { readRelayAuths, readRelayTargets } from '../../sync/relay-targets.ts';
import {
  erasureProofType,
  maxKeyringAgents,
  type ErasureProof,
  type ErasurePreview,
  type KeptCoValue,
  type SignedErasureCertificate,
} from '../../wire/erasure.ts';
import { readPasskeys, readRemovals } from '../account/kernel-map.ts';
import type { ErasedAtRelay, PreviewAtRelay } from '../session-options.ts';
import type { ErasableAccount } from './erasable-account.ts';
import {
  askRelay,
  reachRelay,
  type AskedRelay,
  type AskOptions,
  type ReachedRelay,
} from './ask-relay-to-erase.ts';

/** Counts, at each relay, what an erasure would take. Changes nothing. */
export async function previewErasure(
  account: ErasableAccount,
  signal: AbortSignal | undefined,
): Promise<readonly PreviewAtRelay[]> {
  const options = askOptions(account, signal);
  const reached = await Promise.all(relaysOf(account).map((relay) => reachRelay(relay, options)));
  const previews = await Promise.all(
    reached.map(async (relay) => ({ relay, answer: await askRelay(relay, 'preview', options) })),
  );
  return previews.map(({ relay, answer }) => ({ relay: relay.url.href, ...readPreview(relay, answer) }));
}

/** Erases nothing unless all relays can be reached. Signs out once all have erased the account. */
export async function eraseAccount(
  account: ErasableAccount,
  signal: AbortSignal | undefined,
): Promise<readonly ErasedAtRelay[]> {
  const options = askOptions(account, signal);
  const relays = relaysOf(account);
  await Promise.all(relays.map((relay) => reachRelay(relay, options)));
  const erased: ErasedAtRelay[] = [];
  for (const [done, relay] of relays.entries()) {
    try {
      // An erasure can take longer than a nonce counts.
      const reached = await reachRelay(relay, options);
      const answer = await askRelay(reached, 'erase', options);
      if (answer !== undefined)
        erased.push({ relay: reached.url.href, ...readCertificate(account, reached, answer) });
    } catch (error) {
      throw partly(error, done, relays.length);
    }
  }
  await account.signOut({ discardUnsynced: true });
  return erased;
}

function relaysOf({ options: { sync = {} } }: ErasableAccount): readonly AskedRelay[] {
  if (sync === false) return [];
  const auths = readRelayAuths(sync);
  return readRelayTargets(sync).map((urls, place) => ({ urls, auth: auths[place] }));
}

/** The agents of all passkeys' entries, removed ones included, sign with the account. */
function askOptions(
  { platform, node, kernelMap }: ErasableAccount,
  signal: AbortSignal | undefined,
): AskOptions {
  const { crypto } = node;
  const accountID = node.expectCurrentAccountID('A session has an account.');
  const secrets = new Set(
    [...readPasskeys(kernelMap), ...readRemovals(kernelMap)].map((one) => one.removalSecret),
  );
  const keyring = [...secrets].slice(0, maxKeyringAgents);
  return {
    ...{ platform, node, signal },
    sign(asked) {
      const proof: ErasureProof = {
        ...{ typ: erasureProofType, ...asked, accountID },
        keyringAgentIDs: keyring.map((secret) => crypto.getAgentID(secret)),
      };
      const sign = (secret: typeof node.agentSecret) =>
        crypto.sign(crypto.getAgentSignerSecret(secret), proof);
      return {
        ...{ proof, agentID: crypto.getAgentID(node.agentSecret), signature: sign(node.agentSecret) },
        keyringSignatures: keyring.map(sign),
      };
    },
  };
}

const nothing = { coValues: 0, transactions: 0, bytes: 0 };

function readPreview(relay: ReachedRelay, answer: unknown): ErasurePreview {
  if (answer === undefined) return { ...nothing, kept: [], backupDays: null };
  if (!isRecord(answer) || !areSums(answer) || !areKept(answer['kept'])) throw malformed(relay);
  const { coValues, transactions, bytes, kept, backupDays } = answer;
  return {
    coValues,
    transactions,
    bytes,
    kept,
    backupDays: typeof backupDays === 'number' ? backupDays : null,
  };
}

function readCertificate(
  { node }: ErasableAccount,
  relay: ReachedRelay,
  answer: unknown,
): SignedErasureCertificate {
  const { certificate, signature } = isRecord(answer) ? answer : {};
  if (!isRecord(certificate) || certificate['typ'] !== 'maia-erasure/1') throw malformed(relay);
  const { relay: signer, accountID, erased, kept } = certificate;
  if (accountID !== node.expectCurrentAccountID('A session has an account.')) throw malformed(relay);
  if (!isRecord(erased) || !areSums(erased) || !areKept(kept) || !isSigned()) throw malformed(relay);
  return { certificate, signature } as unknown as SignedErasureCertificate;

  function isSigned(): boolean {
    try {
      return node.crypto.verify(signature as never, certificate as never, signer as never);
    } catch {
      return false;
    }
  }
}

function areSums<T extends object>(value: T): value is T & typeof nothing {
  return Object.keys(nothing).every((name) => Number.isFinite((value as Record<string, unknown>)[name]));
}

function areKept(value: unknown): value is readonly KeptCoValue[] {
  return (
    Array.isArray(value) &&
    value.every((one) => isRecord(one) && typeof one['id'] === 'string' && typeof one['why'] === 'string')
  );
}

function malformed({ url }: ReachedRelay) {
  const reason = 'Its answer to the erasure is malformed, or its signature is wrong.';
  return createKernelError(
    'RELAY_REFUSED',
    `The relay at ${url.host} has a fault: ${reason} Tell its operator.`,
    {
      details: { refusal: 'unknown', reason },
    },
  );
}

/** The account stays open here, so that the person can go on later. */
function partly(error: unknown, done: number, all: number): unknown {
  if (done === 0 || !isKernelError(error)) return error;
  const message = `${error.message} ${done} of ${all} relays have erased the account; this device has not. Erase it again to go on.`;
  return createKernelError(error.code, message, { cause: error, details: error.details });
}
