import type { CryptoProvider } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { healSessionMaps } from '../../engine/session-maps/hash-repair.ts';
import { mendCojson } from '../../platform/mend-cojson.ts';
import { gateEdits, type EditGate } from './edit-gate.ts';

/** cojson's cryptography, with each trusting transaction bound to its place. */
export interface SessionCrypto extends CryptoProvider {
  readonly bindsToPlace: true;
  readonly edits: EditGate;
}

/** One for each session, and never shared: it caches ids by agent secret. Rejects where WebAssembly cannot be loaded. */
export async function createSessionCrypto(): Promise<SessionCrypto> {
  mendCojson();
  const crypto = bindToPlace(healSessionMaps(await WasmCrypto.create()));
  return Object.assign(crypto, { edits: gateEdits(crypto) });
}

/**
 * A signature covers a session's transactions, but neither the CoValue's id nor the session's, so a relay could replay
 * a trusting transaction elsewhere. Signing its place with it, as `meta.at`, lets the reader see that. Private ones
 * are bound by their nonce.
 *
 * This is done where transactions are signed: every node with this provider goes through here, also those that cojson
 * makes by itself to accept an invite.
 */
function bindToPlace(crypto: CryptoProvider): CryptoProvider & Pick<SessionCrypto, 'bindsToPlace'> {
  const createSessionMap = crypto.createSessionMap.bind(crypto);
  const createBoundSessionMap: CryptoProvider['createSessionMap'] = (coValueID, ...rest) => {
    const map = createSessionMap(coValueID, ...rest);
    const makeTrusting = map.makeNewTrustingTransaction.bind(map);
    map.makeNewTrustingTransaction = (sessionID, signerSecret, changes, meta, madeAt) =>
      makeTrusting(sessionID, signerSecret, changes, withPlace(meta, `${coValueID}/${sessionID}`), madeAt);
    return map;
  };
  return Object.assign(crypto, { createSessionMap: createBoundSessionMap, bindsToPlace: true as const });
}

/** A deletion names its CoValue already, in `deleted`, and stock cojson reads it there. */
function withPlace(metaJson: string | undefined, place: string): string {
  const meta = metaJson === undefined ? {} : (JSON.parse(metaJson) as Readonly<Record<string, unknown>>);
  return JSON.stringify('deleted' in meta ? meta : { ...meta, at: place });
}
