import type { Database } from '../../../src/relay/database/database.ts';

/** Holds up all reads by IDs until `letThrough` is called. */
export function createReadGate() {
  let letThrough = () => {};
  const open = new Promise<void>((resolve) => (letThrough = resolve));
  const asked = new Set<unknown>();
  return {
    /** The IDs of the reads so far. */
    asked,
    letThrough,
    change: (database: Database): Database => ({
      ...database,
      async query(sql, parameters) {
        const ids = parameters?.[0];
        if (Array.isArray(ids)) {
          for (const id of ids as unknown[]) asked.add(id);
          await open;
        }
        return database.query(sql, parameters);
      },
    }),
  };
}
