import type { CojsonInternalTypes, SyncMessage } from 'cojson';
import { readMessage, splitFrame } from '../../../src/wire/frames.ts';
import { inspectionOf } from '../../../src/sync/inspection.ts';
import type { SyncPeers } from '../../../src/sync/sync-peers.ts';

/** Names for the CoValues and relays that a log shows. Messages about other CoValues are left out. */
export interface LogNames {
  readonly coValues: Readonly<Record<string, { readonly id: string }>>;
  /** Names by peer ID. Default: `server` for each. */
  readonly relays?: Readonly<Record<string, string>>;
}

/**
 * Records a sync's messages from now on. The function returned formats them, one per line:
 * `client -> server | LOAD map sessions: empty`. Pings and echoes are left out.
 */
export function logMessages(sync: SyncPeers): (names: LogNames) => readonly string[] {
  const entries: { readonly peerID: string; readonly event: string; readonly text?: string }[] = [];
  const open = new Set<number>();
  inspectionOf(sync)?.setFrameTap((moment) => {
    const text = 'text' in moment ? moment.text : undefined;
    // The number of failed attempts depends on timing, so only channels that opened are logged.
    if (moment.kind === 'opened') open.add(moment.channel);
    else if (moment.kind === 'closed' && !open.delete(moment.channel)) return;
    entries.push({ peerID: moment.peerID, event: moment.kind, ...(text !== undefined && { text }) });
  });
  return ({ coValues, relays = {} }) =>
    entries.flatMap(({ peerID, event, text }) => {
      const relay = relays[peerID] ?? 'server';
      if (text === undefined) return [`client -- ${relay} | ${event.toUpperCase()}`];
      const way = event === 'sent' ? `client -> ${relay}` : `${relay} -> client`;
      return splitFrame(text).flatMap((line) => {
        const described = describe(line, coValues);
        return described === undefined ? [] : [`${way} | ${described}`];
      });
    });
}

function describe(line: string, coValues: LogNames['coValues']): string | undefined {
  const message = readMessage(line);
  if (message.kind === 'sync') return describeSync(message.message, coValues);
  if (message.kind !== 'maia' || message.frame.maia.startsWith('echo')) return undefined;
  return message.frame.maia.toUpperCase();
}

function describeSync(message: SyncMessage, coValues: LogNames['coValues']): string | undefined {
  const name = Object.entries(coValues).find(([, { id }]) => id === message.id)?.[0];
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
