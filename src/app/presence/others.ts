import type { JsonValue } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { authorOf } from '../../engine/content.ts';
import type { PresenceStateFrame } from '../../wire/frames.ts';
import type { Present } from './presence-types.ts';

type Frame = Pick<PresenceStateFrame, 'from' | 'atMs' | 'signature'>;

/** The other sessions in one room. All that comes in here is verified. */
export interface Others {
  /** In the order in which they came. The same array until one of them changes. */
  readonly list: readonly Present[];
  /** Whether a frame may be news. If it has come over another relay, this relay has the session, too. */
  mayBeNews(relayID: string, frame: Frame): boolean;
  /** `text`: JSON of an array with the state; empty if the session shows nothing. Returns whether the session was not here before. */
  heard(relayID: string, frame: Frame, state: readonly JsonValue[], text: string): boolean;
  /** A frame of a session that left the relay while it was opened. Only its date counts, so that it cannot be repeated. */
  outdated(frame: Frame): void;
  /** The session has left the relay. */
  gone(relayID: string, sessionID: string): void;
  keepOnly(mayStay: (accountID: string) => boolean): void;
  clear(): void;
}

interface Other {
  readonly frame: Frame;
  readonly text: string;
  /** Undefined if the session shows nothing. */
  readonly present: Present | undefined;
  readonly relayIDs: Set<string>;
  readonly heardAtMs: number;
}

export const silenceMs = 30_000;
/** More than people can tell apart. */
const maxOthers = 1_000;

export function createOthers(options: {
  readonly clock: Pick<Clock, 'after' | 'elapsedMs'>;
  readonly accountID: string;
  changed(): void;
}): Others {
  const { clock, accountID, changed } = options;
  const bySession = new Map<string, Other>();
  /** Also of sessions that have gone, so that their frames cannot be repeated. */
  const latestMs = new Map<string, number>();
  let list: readonly Present[] = [];
  let cancelSweep: (() => void) | undefined;

  function publish(): void {
    const next = [...bySession.values()].flatMap(({ present }) => present ?? []);
    if (next.length === list.length && next.every((present, index) => present === list[index])) return;
    list = next;
    changed();
  }

  function sweep(): void {
    cancelSweep = undefined;
    const endedMs = clock.elapsedMs() - silenceMs;
    for (const [sessionID, { heardAtMs }] of bySession) if (heardAtMs <= endedMs) bySession.delete(sessionID);
    publish();
    sweepLater();
  }

  function sweepLater(): void {
    if (cancelSweep || bySession.size === 0) return;
    const firstMs = Math.min(...[...bySession.values()].map(({ heardAtMs }) => heardAtMs));
    cancelSweep = clock.after(Math.max(0, firstMs + silenceMs - clock.elapsedMs()), sweep);
  }

  /** Returns false if a later frame of the session has come before. */
  function noteDate({ from, atMs }: Frame): boolean {
    if (atMs <= (latestMs.get(from) ?? -1)) return false;
    latestMs.delete(from);
    const [oldest] = latestMs.keys();
    if (oldest !== undefined && latestMs.size >= 2 * maxOthers) latestMs.delete(oldest);
    latestMs.set(from, atMs);
    return true;
  }

  return {
    get list() {
      return list;
    },
    mayBeNews(relayID, { from, atMs, signature }) {
      const known = bySession.get(from);
      if (known?.frame.signature === signature) known.relayIDs.add(relayID);
      if (!known && bySession.size >= maxOthers) return false;
      return atMs > (latestMs.get(from) ?? -1);
    },
    heard(relayID, frame, [state], text) {
      const { from, atMs } = frame;
      if (!noteDate(frame)) return false;
      const before = bySession.get(from);
      const isSame = before?.text === text;
      const sender = authorOf(from);
      const present =
        state === undefined
          ? undefined
          : { sessionID: from, accountID: sender, isMe: sender === accountID, state, atMs };
      bySession.set(from, {
        ...{ frame, text, heardAtMs: clock.elapsedMs() },
        present: isSame ? before.present : present,
        relayIDs: new Set([relayID]),
      });
      publish();
      sweepLater();
      return !before;
    },
    outdated: (frame) => void noteDate(frame),
    gone(relayID, sessionID) {
      const known = bySession.get(sessionID);
      if (!known?.relayIDs.delete(relayID) || known.relayIDs.size > 0) return;
      bySession.delete(sessionID);
      publish();
    },
    keepOnly(mayStay) {
      for (const sessionID of bySession.keys())
        if (!mayStay(authorOf(sessionID))) bySession.delete(sessionID);
      publish();
    },
    clear() {
      bySession.clear();
      cancelSweep?.();
      cancelSweep = undefined;
      publish();
    },
  };
}
