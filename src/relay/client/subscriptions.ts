/** The CoValues that clients subscribe to, across all connections. */
export interface Subscriptions {
  has(id: string): boolean;
  ids(): Iterable<string>;
  open(): ConnectionSubscriptions;
}

export interface ConnectionSubscriptions {
  count(): number;
  has(id: string): boolean;
  add(id: string): void;
  /** Call it when the connection ends. */
  close(): void;
}

export function createSubscriptions(): Subscriptions {
  const countsByID = new Map<string, number>();

  function remove(id: string): void {
    const count = countsByID.get(id) ?? 0;
    if (count > 1) countsByID.set(id, count - 1);
    else countsByID.delete(id);
  }

  return {
    has: (id) => countsByID.has(id),
    ids: () => [...countsByID.keys()],
    open() {
      const ids = new Set<string>();
      return {
        count: () => ids.size,
        has: (id) => ids.has(id),
        add(id) {
          if (ids.has(id)) return;
          ids.add(id);
          countsByID.set(id, (countsByID.get(id) ?? 0) + 1);
        },
        close() {
          for (const id of ids) remove(id);
          ids.clear();
        },
      };
    },
  };
}
