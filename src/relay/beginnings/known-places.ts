/** Which place each digest belongs to, as far as this relay has read or received it. */
export interface KnownPlaces {
  /** Keeps an earlier place. `peerID`: the client that brought the beginning to this relay. */
  learn(digest: string, place: string | undefined, peerID?: string): void;
  isAt(digest: string, place: string): boolean;
  isElsewhere(digest: string, place: string): boolean;
  isBy(digest: string, peerID: string): boolean;
  forget(digest: string): void;
  clear(): void;
}

interface Known {
  readonly place: string;
  readonly peerID: string | undefined;
}

/** About 2 MB. Evicted digests are read again. */
const maxKnown = 10_000;

export function createKnownPlaces(): KnownPlaces {
  /** The oldest first. */
  const known = new Map<string, Known>();

  return {
    learn(digest, place, peerID) {
      if (place === undefined || known.has(digest)) return;
      known.set(digest, { place, peerID });
      for (const oldest of known.keys()) {
        if (known.size <= maxKnown) break;
        known.delete(oldest);
      }
    },
    isAt: (digest, place) => known.get(digest)?.place === place,
    isElsewhere(digest, place) {
      const found = known.get(digest);
      return found !== undefined && found.place !== place;
    },
    isBy: (digest, peerID) => known.get(digest)?.peerID === peerID,
    forget: (digest) => void known.delete(digest),
    clear: () => known.clear(),
  };
}
