import { cojsonInternals, type CryptoProvider, type RawCoID } from 'cojson';
import type { CoValueHeader } from '../content.ts';

/** cojson's native object that holds, signs and verifies the transactions of one CoValue. */
export type SessionMap = ReturnType<CryptoProvider['createSessionMap']>;
export type Signing = Pick<SessionMap, 'makeNewPrivateTransaction' | 'makeNewTrustingTransaction'>;

/** Changes what the map below does for one CoValue. */
export type SessionMapLayer = (createBelow: () => SessionMap, coValueID: RawCoID) => SessionMap;

/** Outermost first; below the last is cojson's own map. */
const layerOrder = [
  'announced-sessions',
  'edit-times',
  'write-gate',
  'write-rights',
  'removal-heads',
  'size-limit',
  'place-binding',
  'hash-repair',
  'traps',
] as const;

/** Layers all session maps of this provider, also those of cojson's helper nodes. Call it once for each provider. */
export function layerSessionMaps(
  crypto: CryptoProvider,
  layers: Readonly<Partial<Record<(typeof layerOrder)[number], SessionMapLayer>>>,
): void {
  const createOriginal = crypto.createSessionMap.bind(crypto);
  const innermostFirst = layerOrder.flatMap((name) => layers[name] ?? []).reverse();
  crypto.createSessionMap = (coValueID, ...rest) => {
    const ready = lastChecked.get(crypto);
    if (ready?.id === coValueID && rest.every((one, at) => one === ready.rest[at])) {
      lastChecked.delete(crypto);
      return ready.map;
    }
    let create = () => createOriginal(coValueID, ...rest);
    for (const layer of innermostFirst) {
      const createBelow = create;
      create = () => layer(createBelow, coValueID);
    }
    return create();
  };
}

type Rest = readonly [string, number, boolean];

/** The empty map of the CoValue whose header was checked last, for cojson, which makes one right after. */
const lastChecked = new WeakMap<
  CryptoProvider,
  { readonly id: RawCoID; readonly rest: Rest; readonly map: SessionMap }
>();

/** Whether the CoValue’s ID is the hash of this header. Hashing it in JavaScript would cost more, and cojson would check it again. */
export function isOwnHeader(crypto: CryptoProvider, id: RawCoID, header: CoValueHeader): boolean {
  const rest: Rest = [
    JSON.stringify(header),
    cojsonInternals.TRANSACTION_CONFIG.MAX_RECOMMENDED_TX_SIZE,
    false,
  ];
  try {
    lastChecked.set(crypto, { id, rest, map: crypto.createSessionMap(id, ...rest) });
    return true;
  } catch {
    return false;
  }
}

/** Calls `check` before each transaction is made. If it throws, nothing is made, and the edit's caller gets the error. */
export function checkEdits(
  map: SessionMap,
  check: (sessionID: string, changesJson: string, metaJson: string | undefined) => void,
): SessionMap {
  return wrapSigning(map, (below) => ({
    makeNewPrivateTransaction(...edit) {
      const [sessionID, , changesJson, , , metaJson] = edit;
      check(sessionID, changesJson, metaJson);
      return below.makeNewPrivateTransaction(...edit);
    },
    makeNewTrustingTransaction(...edit) {
      const [sessionID, , changesJson, metaJson] = edit;
      check(sessionID, changesJson, metaJson);
      return below.makeNewTrustingTransaction(...edit);
    },
  }));
}

/** Replaces the methods that make and sign transactions. */
export function wrapSigning(map: SessionMap, wrap: (below: Signing) => Partial<Signing>): SessionMap {
  return Object.assign(
    map,
    wrap({
      makeNewPrivateTransaction: map.makeNewPrivateTransaction.bind(map),
      makeNewTrustingTransaction: map.makeNewTrustingTransaction.bind(map),
    }),
  );
}
