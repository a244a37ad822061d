import type { Database } from '../database/database.ts';

/** Shared by all relays of a storage, so that each can check the tokens of the others. */
export interface BearerStore {
  /** Made with the storage, known only to its relays. */
  readSecret(): Promise<string>;
  /** Marks a nonce as used, for at least `keptMs`. Resolves with false if it was used already, at whichever relay. */
  useNonce(nonce: string, keptMs: number): Promise<boolean>;
}

export function createBearerStore({ query, write }: Pick<Database, 'query' | 'write'>): BearerStore {
  return {
    async readSecret() {
      const [row] = await query<{ secret: string }>(`select secret from relay.relay_secret`);
      if (!row) throw new Error('The table relay_secret is empty. Restore a backup of the database.');
      return row.secret;
    },
    async useNonce(nonce, keptMs) {
      const used = await write(
        `with ended as (delete from relay.used_nonces where until < now())
         insert into relay.used_nonces (nonce, until) values ($1, now() + $2 * interval '1 millisecond')
         on conflict (nonce) do nothing returning 1`,
        [nonce, keptMs],
      );
      return used.length > 0;
    },
  };
}
