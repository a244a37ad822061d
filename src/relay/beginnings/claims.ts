import type { RawCoID, SessionID } from '../../engine/content.ts';
import type { Query } from '../database/database.ts';

/** The place at which a relay has stored a beginning first, to be stored with it. */
export interface Claim {
  readonly id: RawCoID;
  readonly sessionID: SessionID;
  /** The client that brought it. */
  readonly peerID: string;
  readonly digest: string;
  readonly place: string;
  /** Whether the content may not be stored if another place has the digest. */
  readonly isExclusive: boolean;
}

/** The places by digest. */
export async function readClaims(
  query: Query,
  digests: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await query<{ digest: string; place: string }>(
    `select digest, place from relay.beginnings where digest = any($1::text[])`,
    [digests],
  );
  return new Map(rows.map(({ digest, place }) => [digest, place]));
}

/** Stores claims within a transaction, and returns the exclusive ones that another place was first to make. */
export async function storeClaims(query: Query, claims: readonly Claim[]): Promise<readonly Claim[]> {
  if (claims.length === 0) return [];
  const places = new Map<string, string>();
  for (const { digest, place } of claims) if (!places.has(digest)) places.set(digest, place);
  // Rows are written in key order, so that two relays rarely deadlock.
  const rows = [...places].sort(([a], [b]) => (a < b ? -1 : 1));
  const stored = await query<{ digest: string }>(
    `insert into relay.beginnings (digest, place) select * from unnest($1::text[], $2::text[])
     on conflict (digest) do nothing returning digest`,
    [rows.map(([digest]) => digest), rows.map(([, place]) => place)],
  );
  const isNew = new Set(stored.map(({ digest }) => digest));
  const others = rows.flatMap(([digest]) => (isNew.has(digest) ? [] : [digest]));
  if (others.length > 0)
    for (const [digest, place] of await readClaims(query, others)) places.set(digest, place);
  return claims.filter(({ digest, place, isExclusive }) => isExclusive && places.get(digest) !== place);
}
