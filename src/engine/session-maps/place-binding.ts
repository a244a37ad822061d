import { placeOf } from '../session-place.ts';
import { wrapSigning, type SessionMapLayer } from './session-maps.ts';

/**
 * Signs each trusting transaction together with its place, as `meta.at`. cojson's signature covers neither
 * the CoValue's ID nor the session's, so a relay could replay the transaction elsewhere; `meta.at` lets
 * readers notice. Private transactions are bound by their nonce.
 */
export const bindToPlace: SessionMapLayer = (createBelow, coValueID) =>
  wrapSigning(createBelow(), ({ makeNewTrustingTransaction: make }) => ({
    makeNewTrustingTransaction: (sessionID, signerSecret, changes, meta, madeAt) =>
      make(sessionID, signerSecret, changes, withPlace(meta, placeOf(coValueID, sessionID)), madeAt),
  }));

/** A deletion already names its CoValue in `deleted`, which stock cojson reads. */
function withPlace(metaJson: string | undefined, place: string): string {
  const meta = metaJson === undefined ? {} : (JSON.parse(metaJson) as Readonly<Record<string, unknown>>);
  return JSON.stringify(typeof meta['deleted'] === 'string' ? meta : { ...meta, at: place });
}
