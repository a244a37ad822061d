import type { CojsonInternalTypes, SyncMessage } from 'cojson';
import { listenToFrames } from '../inspect/shared/taps.ts';
import type { SyncInspection } from '../sync/inspection.ts';
import { readMessage, splitFrame, type MaiaFrame } from '../wire/frames.ts';

/** The names in the lines of a record. */
export interface MessageNames {
  /** Undefined leaves out the messages about this CoValue. Called in the order of the lines. */
  coValue(id: string): string | undefined;
  relay(peerID: string): string;
}

/** A sync's messages, from `recordMessages` until `stop`. */
export interface RecordedMessages {
  /** One message per line: `client -> server | LOAD map sessions: empty`. What time alone causes is left out. */
  lines(names: MessageNames): string[];
  stop(): void;
}

const timedFrames: ReadonlySet<MaiaFrame['maia']> = new Set(['echo', 'echoed', 'challenge', 'receipt']);

export function recordMessages(inspection: SyncInspection): RecordedMessages {
  const entries: { readonly peerID: string; readonly event: string; readonly text?: string }[] = [];
  const open = new Set<number>();
  const stop = listenToFrames(inspection, (moment) => {
    const text = 'text' in moment ? moment.text : undefined;
    // The number of failed attempts depends on timing, so only channels that opened are recorded.
    if (moment.kind === 'opened') open.add(moment.channel);
    else if (moment.kind === 'closed' && !open.delete(moment.channel)) return;
    entries.push({ peerID: moment.peerID, event: moment.kind, ...(text !== undefined && { text }) });
  });
  return {
    lines: (names) =>
      entries.flatMap(({ peerID, event, text }) => {
        const relay = names.relay(peerID);
        if (text === undefined) return [`client -- ${relay} | ${event.toUpperCase()}`];
        const way = event === 'sent' ? `client -> ${relay}` : `${relay} -> client`;
        return splitFrame(text).flatMap((line) => {
          const described = describe(line, names);
          return described === undefined ? [] : [`${way} | ${described}`];
        });
      }),
    stop,
  };
}

function describe(line: string, names: MessageNames): string | undefined {
  const message = readMessage(line);
  if (message.kind === 'sync') return describeSync(message.message, names);
  if (message.kind !== 'maia' || timedFrames.has(message.frame.maia)) return undefined;
  return message.frame.maia.toUpperCase();
}

function describeSync(message: SyncMessage, names: MessageNames): string | undefined {
  const name = names.coValue(message.id);
  if (name === undefined) return undefined;
  const action = message.action.toUpperCase();
  if (message.action === 'content') {
    const news = Object.values(message.new).map(
      ({ after, newTransactions }) => `after ${after}: ${newTransactions.length}`,
    );
    return [action, name, ...(message.header ? ['header'] : []), ...news].join(' ');
  }
  if (message.action !== 'load' && message.action !== 'known') return `${action} ${name}`;
  return `${action} ${name} sessions: ${describeState(message)}`;
}

/** `empty`, or the header and the number of transactions of each session. */
function describeState({ header, sessions }: CojsonInternalTypes.CoValueKnownState): string {
  const counts = Object.values(sessions);
  return header ? ['header', ...counts].join('/') : 'empty';
}
