/** CoValues of which the storage has been given content that it has not written yet. */
export interface BeingStored {
  has(id: string): boolean;
  storing(id: string): void;
  stored(id: string): void;
}

export function createBeingStored(): BeingStored {
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
