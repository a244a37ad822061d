import { base64urlnopad } from '@scure/base';
import type { SharedKey } from '../../engine/membership.ts';
import type { PresenceStateFrame } from '../../wire/frames.ts';

export type PresenceHead = Pick<PresenceStateFrame, 'id' | 'from' | 'key' | 'atMs'>;

/** Seals states for the members that have a group’s key. */
export interface Seals {
  /** Returns base64url. */
  seal(groupID: string, key: SharedKey, head: PresenceHead, text: string): Promise<string>;
  /** Undefined if it was sealed with another key or head. */
  open(groupID: string, key: SharedKey, head: PresenceHead, data: string): Promise<string | undefined>;
}

const nonceBytes = 12;
const info = utf8('maia/presence/v1');
/** More than the groups whose presence one page shows. */
const maxKeys = 100;

export function createSeals(subtle: SubtleCrypto, random: (length: number) => Uint8Array): Seals {
  const keys = new Map<string, Promise<CryptoKey>>();

  function cipherKey(groupID: string, { id, secret }: SharedKey): Promise<CryptoKey> {
    const name = `${groupID} ${id}`;
    const known = keys.get(name);
    if (known) return known;
    if (keys.size >= maxKeys) keys.clear();
    const derived = derive(groupID, secret);
    keys.set(name, derived);
    return derived;
  }

  async function derive(groupID: string, secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
    const base = await subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
    const how = { name: 'HKDF', hash: 'SHA-256', salt: utf8(groupID), info };
    return subtle.deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  }

  const algorithm = (iv: Uint8Array<ArrayBuffer>, { id, from, key, atMs }: PresenceHead) => ({
    name: 'AES-GCM',
    iv,
    additionalData: utf8(JSON.stringify([id, from, key, atMs])),
  });

  return {
    async seal(groupID, key, head, text) {
      const nonce = new Uint8Array(random(nonceBytes));
      const cipher = await cipherKey(groupID, key);
      const sealed = new Uint8Array(await subtle.encrypt(algorithm(nonce, head), cipher, utf8(text)));
      const data = new Uint8Array(nonceBytes + sealed.length);
      data.set(nonce);
      data.set(sealed, nonceBytes);
      return base64urlnopad.encode(data);
    },
    async open(groupID, key, head, data) {
      try {
        const bytes = new Uint8Array(base64urlnopad.decode(data));
        const cipher = await cipherKey(groupID, key);
        const how = algorithm(bytes.slice(0, nonceBytes), head);
        return new TextDecoder().decode(await subtle.decrypt(how, cipher, bytes.slice(nonceBytes)));
      } catch {
        return undefined; // Not base64url, or not sealed for this.
      }
    },
  };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
