import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import type { ChannelMoment } from '../../sync/inspection.ts';
import { splitFrame } from '../../wire/frames.ts';
import { isLeftOut } from '../shared/app-content.ts';
import { createBacklog } from '../shared/backlog.ts';
import type { Cost } from '../shared/cost.ts';
import { createSentContents } from './message-confirmations.ts';
import { readLine, readOwnLine, type LineFacts } from './message-facts.ts';
import type { MessageStore } from './message-store.ts';

/** Adds each message of each frame to the store, asynchronously. */
export interface MessageRecorder {
  receive(moment: ChannelMoment): void;
  /** Call before reading the store. */
  catchUp(): void;
  /** Resolves once all messages received so far are in the store. */
  settled(): Promise<void>;
  close(): void;
}

type Frame = Extract<ChannelMoment, { readonly text: string }>;
type QueuedItem = Exclude<ChannelMoment, Frame> | Line;
interface Line {
  readonly kind: 'line';
  /** Undefined if too much was already waiting. */
  readonly line: string | undefined;
  readonly length: number;
  readonly direction: 'sent' | 'received';
  readonly peerID: string;
  readonly channel: number;
  readonly atMs: number;
  readonly continues: boolean;
}

/** In characters. Beyond this, only a message's length is recorded. */
const maxWaiting = 16_000_000;

export function createMessageRecorder(options: {
  readonly store: MessageStore;
  readonly node: LocalNode;
  readonly clock: Clock;
  readonly cost: Cost;
  readonly onChange: () => void;
}): MessageRecorder {
  const { store, node, clock, cost, onChange } = options;
  const sent = createSentContents();
  let waitingLength = 0;
  const backlog = createBacklog<QueuedItem>({
    clock,
    cost,
    onWorked: onChange,
    work(items) {
      for (const item of items) add(item);
      store.setBytesBeside(sent.bytes + waitingLength);
    },
  });

  function add(item: QueuedItem): void {
    const { atMs, peerID: relayID, channel } = item;
    if (item.kind !== 'line') {
      const note = noteOf(item);
      store.add(
        { atMs, direction: 'none', relayID, channel, type: item.kind, bytes: 0, note },
        { state: 'none' },
      );
      return;
    }
    const { line, length, direction, continues } = item;
    const common = { atMs, direction, relayID, channel, ...(continues && { continuesFrame: true as const }) };
    if (line === undefined) {
      store.add(
        { ...common, type: 'other', bytes: length, note: 'not read: too many messages at once' },
        { state: 'dropped' },
      );
      return;
    }
    waitingLength -= length;
    const facts = direction === 'sent' ? readOwnLine(line) : readLine(line);
    const { type, id, count, priority, note } = facts;
    const number = store.add(
      {
        ...common,
        type,
        bytes: utf8Bytes(line),
        ...(id !== undefined && { id }),
        ...(count !== undefined && { count }),
        ...(priority && { priority }),
        ...(note !== undefined && { note }),
      },
      facts.text === undefined || isPasskeyEntry(facts)
        ? { state: 'withheld' }
        : { state: 'kept', text: facts.text },
    );
    join(number, facts, direction, relayID);
  }

  function join(
    number: number,
    { id, needs, has }: LineFacts,
    direction: Line['direction'],
    peerID: string,
  ): void {
    if (id === undefined) return;
    if (needs && direction === 'sent') {
      const givenUp = sent.sent(peerID, id, number, needs);
      if (givenUp !== undefined) store.setUnwatched(givenUp);
    }
    const confirmed = has && direction === 'received' ? sent.stated(peerID, id, has) : [];
    for (const content of confirmed) store.setConfirmed(content, number);
    const newest = confirmed.at(-1);
    if (newest !== undefined) store.setConfirms(number, newest, confirmed.length);
  }

  function isPasskeyEntry({ type, id, header }: LineFacts): boolean {
    if (type !== 'content' || id === undefined) return false;
    return isLeftOut(header ?? findCoValue(node, id)?.verified?.header);
  }

  function toLine(moment: Frame, text: string, index: number): Line {
    const { atMs, peerID, channel, kind: direction } = moment;
    const line = waitingLength > maxWaiting ? undefined : text;
    waitingLength += line?.length ?? 0;
    return {
      kind: 'line',
      line,
      length: text.length,
      direction,
      peerID,
      channel,
      atMs,
      continues: index > 0,
    };
  }

  return {
    receive(moment) {
      if (moment.kind === 'opened' || moment.kind === 'closed') backlog.add([moment]);
      else backlog.add(splitFrame(moment.text).map((text, index) => toLine(moment, text, index)));
    },
    catchUp: backlog.catchUp,
    settled: backlog.settled,
    close: backlog.close,
  };
}

function noteOf(moment: Exclude<QueuedItem, Line>): string {
  if (moment.kind === 'opened') return moment.transport;
  return `${moment.error.code}: ${moment.error.message}`.slice(0, 400);
}

function utf8Bytes(text: string): number {
  return /\P{ASCII}/u.test(text) ? new TextEncoder().encode(text).length : text.length;
}
