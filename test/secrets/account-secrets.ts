import { createDecipheriv, hkdfSync } from 'node:crypto';
import { base58 } from '@scure/base';
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { cojsonInternals, type AgentSecret } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import type { Secret } from './find-secrets.ts';

// Derives the secrets as version 1 of the account format does, without the kernel's code: if the kernel derived them
// wrongly, a search that shares its code would look for the wrong values.

/** A passkey's entry on the wire, with the map that contains it. */
export interface SeenEntry {
  readonly mapID: string;
  readonly iv: string;
  readonly data: string;
}

/** Every sealed entry in sync messages, whichever account it belongs to. */
export function entriesIn(messages: Iterable<unknown>): readonly SeenEntry[] {
  const entries: SeenEntry[] = [];
  for (const message of messages) {
    const { action, id, new: sessions } = message as Partial<ContentMessage>;
    if (action !== 'content' || id === undefined) continue;
    for (const { newTransactions } of Object.values(sessions ?? {})) {
      for (const { changes = '[]' } of newTransactions) {
        for (const { key, value } of JSON.parse(changes) as readonly Change[]) {
          if (key === 'entry' && value?.iv && value.data) {
            entries.push({ mapID: id, iv: value.iv, data: value.data });
          }
        }
      }
    }
  }
  return entries;
}

interface ContentMessage {
  readonly action: string;
  readonly id: string;
  readonly new: Readonly<
    Record<string, { readonly newTransactions: readonly { readonly changes?: string }[] }>
  >;
}
interface Change {
  readonly key?: string;
  readonly value?: { readonly iv?: string; readonly data?: string };
}

/** The seed that a passkey decrypts from its own entry, if that is one of `entries`. */
export function seedOf(prfOutput: Uint8Array, entries: readonly SeenEntry[]): Uint8Array | undefined {
  const key = derive(prfOutput, 'maia/keyring-entry/v1');
  for (const { mapID, iv, data } of entries) {
    const sealed = Buffer.from(data, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'));
    decipher.setAAD(Buffer.from(mapID)).setAuthTag(sealed.subarray(-16));
    try {
      const json = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]).toString();
      return Buffer.from((JSON.parse(json) as { readonly seed: string }).seed, 'base64url');
    } catch {
      // Another passkey's entry: AES-GCM refuses to decrypt it.
    }
  }
  return undefined;
}

/** A passkey's PRF output and the secrets derived from it alone, without the account's. */
export async function passkeySecrets(name: string, prfOutput: Uint8Array): Promise<readonly Secret[]> {
  return [
    { name: `${name}: PRF output`, bytes: prfOutput },
    { name: `${name}: key of its entry`, bytes: derive(prfOutput, 'maia/keyring-entry/v1') },
    ...(await agentSecrets(`${name}: keyring`, derive(prfOutput, 'maia/keyring-agent/v1'))),
  ];
}

/** A seed and the secrets derived from it: the phrase, the agent's two secrets, and the keys to private content. */
export async function accountSecrets(name: string, seed: Uint8Array): Promise<readonly Secret[]> {
  const words = entropyToMnemonic(seed, wordlist).split(' ');
  return [
    { name: `${name}: seed`, bytes: seed, words },
    ...(await agentSecrets(name, seed)),
    { name: `${name}: read key`, bytes: derive(seed, 'maia/account-read-key/v1') },
    { name: `${name}: profile's read key`, bytes: derive(seed, 'maia/profile-read-key/v1') },
  ];
}

/** The ID of the account that belongs to a seed. */
export async function accountIDOf(seed: Uint8Array): Promise<string> {
  const crypto = await WasmCrypto.create();
  const secret = crypto.agentSecretFromSecretSeed(seed);
  return cojsonInternals.idforHeader(
    cojsonInternals.accountHeaderForInitialAgentSecret(secret, crypto),
    crypto,
  );
}

async function agentSecrets(name: string, seed: Uint8Array): Promise<readonly Secret[]> {
  const secret: AgentSecret = (await WasmCrypto.create()).agentSecretFromSecretSeed(seed);
  return secret.split('/').map((part) => {
    const [kind = '', digits = ''] = part.split('_z');
    return { name: `${name}: ${kind}`, bytes: base58.decode(digits) };
  });
}

function derive(secret: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '@MaiaOS/kernel/v1', info, 32));
}
