import type { JsonValue, LocalNode, RawAccountID, RawGroup } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { isEqual } from '../../base/equal.ts';
import { parseJson } from '../../base/json.ts';
import { createReadable, subscribeCounted } from '../../base/readable.ts';
import { authorOf } from '../../engine/content.ts';
import { groupIn } from '../../engine/covalue-access.ts';
import { currentKeyOf, sharedKeyOf } from '../../engine/membership.ts';
import type { RelayPresence } from '../../sync/confirmations.ts';
import type { PresenceFrame, PresenceStateFrame } from '../../wire/frames.ts';
import { isCoValueID } from '../../wire/ids.ts';
import type { CollaborationParts } from '../app-parts.ts';
import type { Names } from '../names/create-names.ts';
import type { NameView } from '../names/name-view.ts';
import { createOthers } from './others.ts';
import type { Presence, PresenceNow, Present } from './presence-types.ts';
import type { PresenceHead, Seals } from './seal.ts';
import type { SendQueue } from './send-queue.ts';
import { stateText } from './state-text.ts';

/** One CoValue’s presence. This session is in the room while the app subscribes, or shows something. */
export interface PresenceRoom {
  readonly presence: Presence;
  /** A relay was connected, or lost. */
  relaysChanged(): void;
  received(relayID: string, frame: PresenceFrame): void;
  leave(): void;
}

export interface PresenceRoomOptions {
  readonly id: PresenceFrame['id'];
  readonly node: LocalNode;
  readonly load: CollaborationParts['load'];
  readonly names: Pick<Names, 'view'>;
  readonly relays: Pick<RelayPresence, 'offer' | 'send'>;
  readonly queue: SendQueue;
  readonly seals: Seals;
  /** The time at the relays, as far as it is known, in ms since the Unix epoch. */
  nowMs(): number;
  readonly clock: Pick<Clock, 'after' | 'elapsedMs'>;
  /** Whether one more frame may be verified now. */
  mayVerify(): boolean;
  /** False once the session is closed. */
  mayEnter(): boolean;
  /** The room wants frames, until `left`. */
  entered(room: PresenceRoom): void;
  left(room: PresenceRoom): void;
}

export const heartbeatMs = 10_000;
/** Newcomers in this time get one answer together: in a large room, each answer goes to many. */
const answerIntervalMs = 1_000;
/** Of accounts that are loaded because frames name them as senders. Anyone can invent some in a group for everyone. */
const maxAskedAuthors = 100;
/** Of a frame, either way, because clocks differ. What is older may be a repetition. */
export const maxAgeMs = 30_000;
const presenceType = 'maia-presence/1';

export function createPresenceRoom(options: PresenceRoomOptions): PresenceRoom {
  const { id, node, relays, queue, seals, clock, nowMs } = options;
  const own = node.currentSessionID;
  const value = createReadable<PresenceNow>({ state: 'waiting', others: [] }, isEqual);
  const others = createOthers({ clock, accountID: authorOf(own), changed: publish });
  let group: RawGroup | undefined;
  let names: NameView | undefined;
  let isIn = false;
  let isLoading = false;
  let isSubscribed = false;
  /** JSON of an array with the state, or of an empty one. */
  let mine = stateText(undefined);
  let keyID: string | undefined;
  let latestMs = 0;
  let cancelHeartbeat = () => {};
  let cancelAnswer: (() => void) | undefined;
  let answeredAtMs = -Infinity;
  const askedAuthors = new Set<string>();
  /** Frames that are being opened. Their sessions may leave meanwhile. */
  const opening = new Set<{ readonly relayID: string; readonly from: string }>();
  const named = new WeakMap<Present, Present>();
  let stopFollowing = () => {};

  function publish(): void {
    const offer = relays.offer();
    const state = offer === 'on' && keyID === undefined ? 'waiting' : offer;
    value.set({ state, others: others.list.map(withName) });
  }

  function withName(present: Present): Present {
    const found = currentGroup();
    const name = found && names?.nameOf(found, present.accountID);
    if (name === undefined) return present;
    const before = named.get(present);
    // The same object while nothing of it changes: apps compare by identity what they draw.
    if (before?.name === name) return before;
    const shown = { ...present, name };
    named.set(present, shown);
    return shown;
  }

  function enter(): void {
    if (isIn || !options.mayEnter()) return;
    isIn = true;
    names = options.names.view(publish);
    options.entered(room);
    beat();
  }

  function leave(): void {
    if (!isIn) return;
    isIn = false;
    cancelHeartbeat();
    cancelAnswer?.();
    cancelAnswer = undefined;
    stopFollowing();
    names?.close();
    queue.remove(send);
    opening.clear();
    options.left(room);
    sendGone();
    group = undefined;
    keyID = undefined;
    mine = stateText(undefined);
    others.clear();
    publish();
  }

  function beat(): void {
    cancelHeartbeat = clock.after(heartbeatMs, beat);
    if (!group) void follow();
    queue.add(send);
    publish();
  }

  /** Also after a load that has failed: with the next heartbeat. */
  async function follow(): Promise<void> {
    if (isLoading) return;
    isLoading = true;
    const content = await options.load(id).catch(() => undefined);
    isLoading = false;
    const found = content && groupIn(content.core);
    if (!found || !isIn || group) return;
    group = found;
    stopFollowing = found.core.subscribe(groupChanged);
  }

  /** A removed member shows nothing more, and is shown nothing more. A new key seals what is shown anew. */
  function groupChanged(): void {
    const found = currentGroup();
    const before = keyID;
    keyID = found && mayRead(found, authorOf(own)) ? currentKeyOf(found)?.id : undefined;
    // After the key, because this publishes.
    others.keepOnly((accountID) => mayShow(found, accountID));
    if (keyID !== before) queue.add(send);
    if (keyID === undefined && before !== undefined) sendGone();
    publish();
  }

  /** Nothing is shown to an account that may not read. It still has the keys from before its removal. */
  function mayShow(found: RawGroup | undefined, accountID: string): boolean {
    return mayRead(found, authorOf(own)) && mayRead(found, accountID);
  }

  function sendGone(): void {
    relays.send({ maia: 'presence', id, from: own, gone: true });
  }

  /** cojson makes another object of a group that has changed. */
  function currentGroup(): RawGroup | undefined {
    return group && (group.core.getCurrentContent() as RawGroup);
  }

  function send(): void {
    void sendNow();
  }

  async function sendNow(): Promise<void> {
    const found = currentGroup();
    const key = found && keyID !== undefined ? sharedKeyOf(found, keyID) : undefined;
    if (!isIn || !found || !key || relays.offer() !== 'on') return;
    const sentMs = nowMs();
    // Not after a date that was too far ahead: no receiver has taken it.
    latestMs = latestMs > sentMs + maxAgeMs ? sentMs : Math.max(sentMs, latestMs + 1);
    const head: PresenceHead = { id, from: own, key: key.id, atMs: latestMs };
    const data = await seals.seal(found.id, key, head, mine);
    if (isIn) relays.send({ maia: 'presence', ...head, data, signature: sign(head, data) });
  }

  function sign(head: PresenceHead, data: string): string {
    const { crypto, agentSecret } = node;
    return crypto.sign(crypto.getAgentSignerSecret(agentSecret), { typ: presenceType, ...head, data });
  }

  /** The account’s agent is here with the group, unless everyone may read. */
  function isSigned({ id, from, key, atMs, data, signature }: PresenceStateFrame): boolean {
    const accountID = authorOf(from) as RawAccountID;
    const { value: agent } = node.resolveAccountAgent(accountID);
    if (!agent) {
      askForAuthor(accountID);
      return false;
    }
    const { crypto } = node;
    const signed = { typ: presenceType, id, from, key, atMs, data };
    try {
      return crypto.verify(signature as `signature_z${string}`, signed, crypto.getAgentSignerID(agent));
    } catch {
      return false; // cojson throws if the signature does not have 64 bytes.
    }
  }

  function askForAuthor(accountID: RawAccountID): void {
    if (askedAuthors.size >= maxAskedAuthors || askedAuthors.has(accountID)) return;
    askedAuthors.add(accountID);
    void node.loadCoValueCore(accountID);
  }

  function receiveGone(relayID: string, from: string): void {
    for (const arrival of opening)
      if (arrival.relayID === relayID && arrival.from === from) opening.delete(arrival);
    others.gone(relayID, from);
  }

  function answerNewcomer(): void {
    if (cancelAnswer) return;
    const answer = () => {
      cancelAnswer = undefined;
      answeredAtMs = clock.elapsedMs();
      queue.add(send);
    };
    const waitMs = answeredAtMs + answerIntervalMs - clock.elapsedMs();
    if (waitMs <= 0) answer();
    else cancelAnswer = clock.after(waitMs, answer);
  }

  async function receiveState(relayID: string, frame: PresenceStateFrame): Promise<void> {
    const found = currentGroup();
    const sender = authorOf(frame.from);
    if (!found || frame.from === own || !isCoValueID(sender) || !mayShow(found, sender)) return;
    if (!others.mayBeNews(relayID, frame) || Math.abs(nowMs() - frame.atMs) > maxAgeMs) return;
    const key = sharedKeyOf(found, frame.key);
    const arrival = { relayID, from: frame.from };
    opening.add(arrival);
    const text = key && (await seals.open(found.id, key, frame, frame.data));
    const isHere = opening.delete(arrival);
    // Signatures cost more, so they are only checked of frames from someone who has a key of the group.
    if (text === undefined || !options.mayVerify() || !isSigned(frame)) return;
    const state = parseJson(text);
    if (!Array.isArray(state) || !isIn || !mayShow(currentGroup(), sender)) return;
    if (!isHere) return others.outdated(frame);
    // A session that has just come does not know of this one.
    if (others.heard(relayID, frame, state as JsonValue[], text)) answerNewcomer();
  }

  const room: PresenceRoom = {
    presence: {
      get current() {
        return value.current;
      },
      subscribe: subscribeCounted(
        value,
        () => {
          isSubscribed = true;
          enter();
        },
        () => {
          isSubscribed = false;
          leave();
        },
      ),
      set(state) {
        mine = stateText(state);
        if (state !== undefined) enter();
        else if (!isSubscribed) leave();
        if (isIn) queue.add(send);
      },
    },
    relaysChanged() {
      if (!isIn) return;
      if (!group) void follow();
      queue.add(send);
      publish();
    },
    received(relayID, frame) {
      if (!isIn) return;
      if ('gone' in frame) receiveGone(relayID, frame.from);
      else void receiveState(relayID, frame);
    },
    leave,
  };
  return room;
}

function mayRead(group: RawGroup | undefined, accountID: string): boolean {
  const role = group?.roleOf(accountID as RawAccountID);
  return role === 'reader' || role === 'writer' || role === 'manager' || role === 'admin';
}
