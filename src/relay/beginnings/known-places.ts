/** Which place each digest belongs to, as far as this relay has read or received it. */
export interface KnownPlaces {
  /** Keeps an earlier place. `peerID`: the client that brought the beginning to this relay. */
  learn(digest: DatedDigest, place: string | undefined, peerID?: string): void;
  has(digest: string): boolean;
  /** Whether nothing that was learnt is forgotten of those with this date. */
  isComplete(madeAtMs: number): boolean;
  isAt(digest: string, place: string): boolean;
  isElsewhere(digest: string, place: string): boolean;
  isBy(digest: string, peerID: string): boolean;
  forget(digest: string): void;
  clear(): void;
}

export interface DatedDigest {
  readonly digest: string;
  readonly madeAtMs: number;
}

interface Known {
  readonly place: string;
  readonly madeAtMs: number;
  readonly peerID: string | undefined;
}

/** About 2 MB. Evicted digests are read again. */
export const maxKnown = 10_000;

export function createKnownPlaces(): KnownPlaces {
  /** The oldest first. */
  const known = new Map<string, Known>();
  /** The latest date of those that were forgotten. Equal digests have equal dates. */
  let forgottenMs = -Infinity;

  function forget(digest: string): void {
    forgottenMs = Math.max(forgottenMs, known.get(digest)?.madeAtMs ?? -Infinity);
    known.delete(digest);
  }

  return {
    learn({ digest, madeAtMs }, place, peerID) {
      if (place === undefined || known.has(digest)) return;
      known.set(digest, { place, madeAtMs, peerID });
      for (const oldest of known.keys()) {
        if (known.size <= maxKnown) break;
        forget(oldest);
      }
    },
    has: (digest) => known.has(digest),
    isComplete: (madeAtMs) => madeAtMs > forgottenMs,
    isAt: (digest, place) => known.get(digest)?.place === place,
    isElsewhere(digest, place) {
      const found = known.get(digest);
      return found !== undefined && found.place !== place;
    },
    isBy: (digest, peerID) => known.get(digest)?.peerID === peerID,
    forget,
    clear() {
      known.clear();
      forgottenMs = -Infinity;
    },
  };
}
