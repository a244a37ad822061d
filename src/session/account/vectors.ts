import { cojsonInternals, type JsonValue } from 'cojson';
import { createBrowserPlatform } from '../../platform/browser-platform.ts';
import { utf8 } from './bytes.ts';
import { createGenesis } from './genesis.ts';
import { openEntry } from '../keyring/keyring-entry.ts';
import { deriveKeyringKeys } from '../keyring/keyring-keys.ts';
import { requireSecure } from './secure-platform.ts';
import { createSessionCrypto } from '../../engine/session-crypto.ts';
import { prfInput } from './version-1.ts';

/** The content of `vectors.json`: inputs, and what every engine must derive from them, forever. Bytes are hexadecimal. */
export interface Vectors {
  readonly prfInput: string;
  readonly accounts: readonly {
    readonly seed: string;
    readonly accountID: string;
    /** The IDs of the account, the profile's group, the profile, the root and the kernel's map, in this order. */
    readonly ids: readonly string[];
    /** SHA-256 of the genesis content messages as JSON with sorted keys. */
    readonly genesisSHA256: string;
  }[];
  readonly passkeys: readonly {
    readonly prfOutput: string;
    readonly groupID: string;
    readonly mapID: string;
    /** The keyring entry as a relay stores it. */
    readonly entry: { readonly v: number; readonly iv: string; readonly data: string };
    readonly seedInside: string;
  }[];
}

/** Returns the same inputs with all outputs computed again. */
export async function recomputeVectors({ accounts, passkeys }: Vectors): Promise<Vectors> {
  return {
    prfInput: toHex(prfInput),
    accounts: await Promise.all(accounts.map(recomputeAccount)),
    passkeys: await Promise.all(passkeys.map(recomputePasskey)),
  };
}

async function recomputeAccount({ seed }: { readonly seed: string }): Promise<Vectors['accounts'][number]> {
  const { subtle } = requireSecure(createBrowserPlatform());
  const genesis = await createGenesis(await createSessionCrypto(), subtle, fromHex(seed));
  const content = await genesis.content();
  const json = cojsonInternals.stableStringify(JSON.parse(JSON.stringify(content)) as JsonValue);
  const genesisSHA256 = toHex(new Uint8Array(await subtle.digest('SHA-256', utf8(json))));
  return { seed, accountID: genesis.accountID, ids: content.map(({ id }) => id), genesisSHA256 };
}

async function recomputePasskey(input: Vectors['passkeys'][number]): Promise<Vectors['passkeys'][number]> {
  const platform = requireSecure(createBrowserPlatform());
  const crypto = await createSessionCrypto();
  const keys = await deriveKeyringKeys(crypto, platform.subtle, fromHex(input.prfOutput));
  const seedInside = toHex(await openEntry(crypto, platform, keys, input.entry));
  return { ...input, groupID: keys.groupID, mapID: keys.mapID, seedInside };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array((hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16)));
}
