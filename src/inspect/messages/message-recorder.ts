import type { LocalNode } from 'cojson';
import type { Clock } from '../../base/clock.ts';
import type { ChannelMoment } from '../../sync/inspection.ts';
import { splitFrame } from '../../wire/frames.ts';
import { createBacklog } from '../shared/backlog.ts';
import type { Cost } from '../shared/cost.ts';
import { findCoValue } from '../../engine/private-fields.ts';
import { isLeftOut } from '../faults/recorder.ts';
import { createSentContents } from './message-confirmations.ts';
import { readLine, readOwnLine, type LineFacts } from './message-facts.ts';
import type { MessageStore } from './message-store.ts';

/** Puts each message of each frame into the store, a moment later. */
export interface MessageRecorder {
  hear(moment: ChannelMoment): void;
  /** Before anybody reads. */
  catchUp(): void;
  /** Resolves once all is in the store that was heard until now. */
  settled(): Promise<void>;
  close(): void;
}

type Frame = Extract<ChannelMoment, { readonly text: string }>;
type Heard = Exclude<ChannelMoment, Frame> | Line;
interface Line {
  readonly kind: 'line';
  /** Undefined where too much waited already. */
  readonly line: string | undefined;
  readonly length: number;
  readonly direction: 'sent' | 'received';
  readonly peerID: string;
  readonly atMs: number;
  readonly continues: boolean;
}

/** Beyond it a message is listed with its length only. */
const mostWaiting = 16_000_000;

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
  const backlog = createBacklog<Heard>({
    ...{ clock, cost, onWorked: onChange },
    work(all) {
      for (const heard of all) add(heard);
      store.setBytesBeside(sent.bytes + waitingLength);
    },
  });

  function add(heard: Heard): void {
    const { atMs, peerID: relayID } = heard;
    if (heard.kind !== 'line') {
      const note = noteOf(heard);
      store.add({ atMs, direction: 'none', relayID, type: heard.kind, bytes: 0, note }, { state: 'none' });
      return;
    }
    const { line, length, direction, continues } = heard;
    const common = { atMs, direction, relayID, ...(continues && { continuesFrame: true as const }) };
    if (line === undefined) {
      store.add(
        { ...common, type: 'other', bytes: length, note: 'not read: too much came at once' },
        { state: 'dropped' },
      );
      return;
    }
    waitingLength -= length;
    const facts = direction === 'sent' ? readOwnLine(line) : readLine(line);
    const { type, id, count, priority, note } = facts;
    const number = store.add(
      {
        ...{ ...common, type, bytes: utf8Bytes(line) },
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
    const { atMs, peerID, kind: direction } = moment;
    const line = waitingLength > mostWaiting ? undefined : text;
    waitingLength += line?.length ?? 0;
    return { kind: 'line', line, length: text.length, direction, peerID, atMs, continues: index > 0 };
  }

  return {
    hear(moment) {
      if (moment.kind === 'opened' || moment.kind === 'closed') backlog.add([moment]);
      else backlog.add(splitFrame(moment.text).map((text, index) => toLine(moment, text, index)));
    },
    catchUp: backlog.catchUp,
    settled: backlog.settled,
    close: backlog.close,
  };
}

function noteOf(moment: Exclude<Heard, Line>): string {
  if (moment.kind === 'opened') return moment.transport;
  return `${moment.error.code}: ${moment.error.message}`.slice(0, 400);
}

function utf8Bytes(text: string): number {
  return /\P{ASCII}/u.test(text) ? new TextEncoder().encode(text).length : text.length;
}
