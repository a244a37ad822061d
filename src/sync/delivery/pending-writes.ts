/** CoValues with content that the storage has received and not yet written. */
export interface PendingWrites {
  has(id: string): boolean;
  storing(id: string): void;
  stored(id: string): void;
}

export function createPendingWrites(): PendingWrites {
  const counts = new Map<string, number>();
  return {
    has: (id) => counts.has(id),
    storing: (id) => void counts.set(id, (counts.get(id) ?? 0) + 1),
    stored(id) {
      const left = (counts.get(id) ?? 1) - 1;
      if (left === 0) counts.delete(id);
      else counts.set(id, left);
    },
  };
}
