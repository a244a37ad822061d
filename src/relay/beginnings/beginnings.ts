import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import {
  sessionsOf,
  type Content,
  type CoValueHeader,
  type KnownState,
  type SessionContent,
} from '../../engine/content.ts';
import { getKnownCoValue } from '../../engine/covalue-lookup.ts';
import { placeOf } from '../../engine/session-place.ts';
import { beginningIn, signerOf, type Beginning, type SessionPiece } from './beginning-digests.ts';
import type { Claim } from './claims.ts';
import { isSigned } from './is-signed.ts';
import { createKnownPlaces, type DatedDigest } from './known-places.ts';

/**
 * Where stock accounts' sessions begin. cojson's signature covers no place, so anyone can replay the beginning of a session in
 * another CoValue or session, where its author could then write no more.
 */
export interface Beginnings {
  /** Reads what is stored of the beginnings in this content, so that `isCopy` knows. Undefined if there is nothing to read. */
  read(content: Content): Promise<void> | undefined;
  /** Whether another place has the beginning of this session. With a false signature it is no copy: cojson refuses it. */
  isCopy(piece: SessionPiece & { readonly header: CoValueHeader }, peerID: string): boolean;
  /** Call it before cojson handles admitted content; call the result after that. */
  passing(content: Content, peerID: string): () => void;
  /** The claims to commit together with this content. */
  claimsIn(content: Content): readonly Claim[];
  /** Another relay was first to commit the claim, so its content is not stored. */
  lost(claim: Pick<Claim, 'id' | 'sessionID'>): void;
  /** Undefined if nothing in the content waits for the commit of its claim. Afterwards, the result gives what was stored. */
  heldBack(content: Content): (() => Content) | undefined;
  /** The database has gone back to an earlier state. */
  clear(): void;
  /** Since when content may claim places, by the clock's `nowMs`. */
  sinceMs(): number;
}

export interface BeginningsOptions {
  readonly node: LocalNode;
  readonly clock: Pick<Clock, 'nowMs'>;
  /**
   * Whether no other relay stores claims in this database. What a push claims is found at the commit, which then refuses the
   * other place.
   */
  readonly isAlone: boolean;
  /** Default: now. */
  readonly sinceMs?: number;
  /** Resolves with the place that is stored for a digest. */
  readClaim(digest: string): Promise<string | undefined>;
  /** Resolves with what is stored of a CoValue. */
  readCommitted(id: string): Promise<Pick<KnownState, 'sessions'> | undefined>;
  /** Calls `run` once everything that cojson has stored so far of the CoValue is committed. */
  onceWritten(id: string, run: () => void): void;
}

/**
 * Later content claims no place, nor does content from before this relay, or its database, began: whoever brought copies of it
 * to a new or restored relay first, into a trap, would keep the true history out.
 */
export const claimWithinMs = 60 * 60 * 1_000;
type DatedClaim = Claim & DatedDigest;

interface Waiting {
  claims: readonly DatedClaim[];
  /** How many pieces of content it waits for. */
  pieces: number;
  isLost: boolean;
}

const noBeginning = { place: '', digests: [] } as const satisfies Partial<Beginning>;

export function createBeginnings(options: BeginningsOptions): Beginnings {
  const { node, clock, isAlone, readClaim, readCommitted, onceWritten } = options;
  const known = createKnownPlaces();
  /** What cojson is about to handle, or has yet to be committed; by place. */
  const waiting = new Map<string, Waiting>();
  /** Each piece is asked about several times. */
  const beginnings = new WeakMap<SessionContent, Beginning>();
  /** Content of sessions that are stored, but not in memory: it begins nothing. */
  const stored = new WeakSet<SessionContent>();
  /** What was read to be elsewhere: content may wait for its author's role until others have evicted the digest. */
  const copied = new WeakMap<SessionContent, ReadonlySet<string>>();
  let generation = 0;
  let sinceMs = options.sinceMs ?? clock.nowMs();

  function find(piece: SessionPiece): Beginning | undefined {
    const { content } = piece;
    if (content.after > 1 || stored.has(content)) return undefined;
    const found = beginnings.get(content);
    if (found && found.count === countOf(piece)) return found;
    const beginning = beginningIn(node, piece);
    if (beginning) beginnings.set(content, beginning);
    return beginning;
  }

  function countOf({ id, sessionID }: Pick<SessionPiece, 'id' | 'sessionID'>): number {
    return getKnownCoValue(node, id)?.verified?.getTransactionsCount(sessionID) ?? 0;
  }

  async function readPiece(
    piece: SessionPiece,
    place: string,
    digests: readonly DatedDigest[],
  ): Promise<void> {
    const since = generation;
    const places = await Promise.all(digests.map(({ digest }) => readClaim(digest)));
    if (since !== generation) return;
    digests.forEach((digest, index) => known.learn(digest, places[index]));
    if (!digests.some(({ digest }) => known.isElsewhere(digest, place))) return;
    const { sessions } = (await readCommitted(piece.id)) ?? {};
    if (sessions?.[piece.sessionID]) stored.add(piece.content);
    else {
      const elsewhere = digests.filter((_, index) => isOther(places[index], place));
      copied.set(piece.content, new Set(elsewhere.map(({ digest }) => digest)));
    }
  }

  const isOther = (found: string | undefined, place: string) => found !== undefined && found !== place;

  /**
   * Whether no place can have it, without a look into the database: whoever could have claimed it since this relay began is known.
   * Should an earlier relay have done so, for a device whose clock was ahead, the commit refuses the claim.
   */
  function isNew({ digest, madeAtMs }: DatedDigest): boolean {
    return isAlone && !known.has(digest) && mayClaim(madeAtMs) && known.isComplete(madeAtMs);
  }

  function mayClaim(madeAtMs: number): boolean {
    return madeAtMs >= sinceMs && Math.abs(clock.nowMs() - madeAtMs) <= claimWithinMs;
  }

  function claimsOf(piece: SessionPiece, peerID: string): readonly DatedClaim[] {
    const { id, sessionID } = piece;
    const { place, digests } = find(piece) ?? noBeginning;
    return digests
      .filter(({ madeAtMs }) => mayClaim(madeAtMs))
      .map(({ digest, madeAtMs, decides }) => ({
        ...{ id, sessionID, peerID, digest, madeAtMs, place },
        isExclusive: decides && !known.isElsewhere(digest, place),
      }));
  }

  /** Returns a function to call once cojson has handled the piece. */
  function wait(piece: SessionPiece, peerID: string): (() => void) | undefined {
    const claims = claimsOf(piece, peerID);
    if (claims.length === 0) return undefined;
    const place = placeOf(piece.id, piece.sessionID);
    const entry = waiting.get(place) ?? { claims: [], pieces: 0, isLost: false };
    waiting.set(place, entry);
    entry.claims = [...entry.claims, ...claims];
    entry.pieces++;
    const count = countOf(piece);
    const end = () => {
      entry.pieces--;
      if (entry.pieces === 0 && waiting.get(place) === entry) waiting.delete(place);
    };
    return () => {
      if (countOf(piece) > count) {
        for (const claim of claims) known.learn(claim, claim.place, peerID);
        return onceWritten(piece.id, end);
      }
      entry.claims = entry.claims.filter((claim) => !claims.includes(claim));
      end();
    };
  }

  return {
    read(content) {
      const reads = sessionsOf(content).flatMap(([sessionID, session]) => {
        const piece = { id: content.id, sessionID, content: session };
        const { place, digests } = find(piece) ?? noBeginning;
        const unread = digests.filter((one) => one.decides && !known.isAt(one.digest, place) && !isNew(one));
        return unread.length > 0 ? [readPiece(piece, place, unread)] : [];
      });
      return reads.length > 0 ? Promise.all(reads).then(() => {}) : undefined;
    },
    isCopy(piece, peerID) {
      const { place, digests } = find(piece) ?? noBeginning;
      const elsewhere = copied.get(piece.content);
      const isElsewhere = digests.some(
        ({ digest, decides, canBeEqual }) =>
          decides &&
          (known.isElsewhere(digest, place) || elsewhere?.has(digest) === true) &&
          // Equal transactions of one author come from the author's own client. A copier has another connection.
          !(canBeEqual && known.isBy(digest, peerID)),
      );
      return isElsewhere && isSigned(node, piece, signerOf(node, piece.sessionID));
    },
    passing(content, peerID) {
      const ends = sessionsOf(content).flatMap(
        ([sessionID, session]) => wait({ id: content.id, sessionID, content: session }, peerID) ?? [],
      );
      return () => {
        for (const end of ends) end();
      };
    },
    claimsIn: ({ id, new: sessions }) =>
      waiting.size === 0
        ? []
        : Object.keys(sessions).flatMap((sessionID) => waiting.get(placeOf(id, sessionID))?.claims ?? []),
    lost({ id, sessionID }) {
      const entry = waiting.get(placeOf(id, sessionID));
      if (!entry) return;
      entry.isLost = true;
      for (const { digest } of entry.claims) known.forget(digest);
    },
    heldBack(content) {
      if (waiting.size === 0) return undefined;
      const sessions = sessionsOf(content).map(
        ([sessionID, session]) => [sessionID, session, waiting.get(placeOf(content.id, sessionID))] as const,
      );
      if (!sessions.some(([, , entry]) => entry)) return undefined;
      return () => ({
        ...content,
        new: Object.fromEntries(
          sessions
            .filter(([, , entry]) => !entry?.isLost)
            .map(([sessionID, session]) => [sessionID, session]),
        ),
      });
    },
    clear() {
      generation++;
      sinceMs = clock.nowMs();
      known.clear();
      waiting.clear();
    },
    sinceMs: () => sinceMs,
  };
}
