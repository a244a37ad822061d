import { base58 } from '@scure/base';
import type { AgentSecret, CojsonInternalTypes, RawCoID, SessionID } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import type { Evidence } from '../../../test/secrets/find-secrets.ts';
import { transactionsIn, type SeenTransaction } from './seen-transactions.ts';

type KeySecret = CojsonInternalTypes.KeySecret;
type SealerSecret = CojsonInternalTypes.SealerSecret;
type SealerID = CojsonInternalTypes.SealerID;
type Place = Readonly<{ in: RawCoID; tx: { sessionID: SessionID; txIndex: number } }>;

export interface Haul {
  /** All secrets, those in the open first, then those that were opened with them. */
  readonly secrets: readonly string[];
  /** Private content in plain text. */
  readonly opened: readonly Evidence[];
  /** How many different private transactions were tried with each key. */
  readonly tried: number;
  /** Ciphertexts in the evidence that belong to no transaction that was read, and so were not tried. */
  readonly untried: readonly string[];
}

const secretForm = /(?:keySecret|sealerSecret|signerSecret|inviteSecret)_z[1-9A-HJ-NP-Za-km-z]{30,}/g;
const sealerForm = /sealer_z[1-9A-HJ-NP-Za-km-z]{30,}/g;
const ciphertextForm = /(?:encrypted|sealed|sealedForGroup)_U[\w-]{20,}=*/g;
const keyForKeyForm = /^(key_z\w+)_for_(key_z\w+)$/;

/** All secrets that can be read in the evidence, in order. */
export function secretsIn(evidence: Iterable<Evidence>): readonly string[] {
  return matchesIn(evidence, secretForm);
}

/** The keys that groups reveal to everyone. */
export function publishedKeysIn(evidence: Iterable<Evidence>): readonly string[] {
  const changes = transactionsIn(evidence).flatMap(trustingChangesOf);
  const published = changes.filter(({ field }) => /^key_z\w+_for_everyone$/.test(field));
  return [...new Set(published.map(({ value }) => value))];
}

/**
 * Opens whatever can be opened with the secrets in the evidence and the given ones: keys open content and other keys, invites
 * and agents' secrets open the keys that were sealed to them, and what was opened may hold more secrets.
 */
export async function openAll(evidence: readonly Evidence[], given: readonly string[] = []): Promise<Haul> {
  const crypto = await WasmCrypto.create();
  const transactions = transactionsIn(evidence);
  const encrypted = transactions.flatMap(ciphertextsOf);
  const changes = transactions.flatMap(trustingChangesOf);
  const sealers = matchesIn(evidence, sealerForm);
  const secrets = new Set([...secretsIn(evidence), ...given]);
  const opened: Evidence[] = [];
  /** Of groups. Nothing of the form `sealed_`, which takes most of the time, is sealed for them. */
  const groupSealers = new Set<string>();

  // A set also visits what is added on the way.
  for (const secret of secrets) {
    for (const text of textsBehind(secret))
      for (const [found] of text.matchAll(secretForm)) secrets.add(found);
  }

  function textsBehind(secret: string): readonly string[] {
    if (secret.startsWith('keySecret_')) return withKey(secret as KeySecret);
    if (secret.startsWith('sealerSecret_')) return withSealer(secret as SealerSecret);
    if (secret.startsWith('inviteSecret_')) return [agentOf(secret)];
    return [];
  }

  function withKey(key: KeySecret): readonly string[] {
    const sealer = crypto.groupSealerFromReadKey(key).secret;
    groupSealers.add(sealer);
    const texts: string[] = [sealer];
    for (const { text, place, name } of encrypted) {
      const plain = attempt(() => crypto.decryptRaw(text as never, key, place as never));
      if (plain === undefined || !isContent(plain)) continue;
      opened.push({ place: name, content: plain });
      texts.push(plain);
    }
    for (const { field, value } of changes) {
      const [, encryptedID, encryptingID] = keyForKeyForm.exec(field) ?? [];
      if (encryptedID === undefined || encryptingID === undefined) continue;
      const nonce = { encryptedID, encryptingID };
      const plain = attempt(() => crypto.decryptRaw(value as never, key, nonce as never));
      if (plain !== undefined) texts.push(plain);
    }
    return texts;
  }

  function withSealer(secret: SealerSecret): readonly string[] {
    const texts: (string | undefined)[] = [];
    for (const { value, place } of changes) {
      if (value.startsWith('sealedForGroup_')) {
        texts.push(attempt(() => crypto.unsealForGroup<string>(value as never, secret, place)));
      } else if (value.startsWith('sealed_') && !groupSealers.has(secret)) {
        for (const from of sealers) {
          texts.push(attempt(() => crypto.unseal<string>(value as never, secret, from as SealerID, place)));
        }
      }
    }
    return texts.filter((text) => text !== undefined);
  }

  function agentOf(invite: string): AgentSecret {
    return crypto.agentSecretFromSecretSeed(base58.decode(invite.slice('inviteSecret_z'.length)));
  }

  const known = new Set([...encrypted.map(({ text }) => text), ...changes.map(({ value }) => value)]);
  return {
    secrets: [...secrets],
    opened,
    tried: transactions.filter(({ tx }) => tx.privacy === 'private').length,
    untried: matchesIn(evidence, ciphertextForm).filter((text) => !known.has(text)),
  };
}

function placeOf({ id, sessionID, txIndex }: SeenTransaction): Place {
  return { in: id as RawCoID, tx: { sessionID: sessionID as SessionID, txIndex } };
}

function ciphertextsOf(seen: SeenTransaction) {
  if (seen.tx.privacy !== 'private') return [];
  const name = `opened: ${seen.id} ${seen.sessionID} ${seen.txIndex}`;
  return [seen.tx.encryptedChanges, seen.tx.meta]
    .filter((text) => text !== undefined)
    .map((text) => ({ text, place: placeOf(seen), name }));
}

function trustingChangesOf(seen: SeenTransaction) {
  const changes = JSON.parse(seen.tx.changes ?? '[]') as readonly {
    readonly key?: unknown;
    readonly value?: unknown;
  }[];
  return changes.flatMap(({ key, value }) =>
    typeof key === 'string' && typeof value === 'string' ? [{ field: key, value, place: placeOf(seen) }] : [],
  );
}

function matchesIn(evidence: Iterable<Evidence>, form: RegExp): readonly string[] {
  const found = new Set<string>();
  for (const { content } of evidence) {
    const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
    for (const [match] of text.matchAll(form)) found.add(match);
  }
  return [...found];
}

/** The cipher does not notice a wrong key and returns noise. */
function isContent(text: string): boolean {
  const value = attempt<unknown>(() => JSON.parse(text));
  return typeof value === 'object' && value !== null;
}

function attempt<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}
