import type { MessageRow } from '../snapshot/message-types.ts';
import type { Relay } from '../snapshot/relay-facts.ts';
import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';

/** What happened to a CoValue since its oldest waiting edit, as far as the log still has its messages. */
export interface Story {
  readonly id: string;
  /** When the user made that edit, or when it was found if from an earlier run, in ms since the Unix epoch. */
  readonly sinceMs: number;
  readonly relays: readonly RelayStory[];
}

export interface RelayStory {
  readonly host: string;
  readonly isMissing: boolean;
  /** The newest events, oldest first. */
  readonly events: readonly StoryEvent[];
}

export interface StoryEvent {
  readonly kind: 'sent' | 'confirmed' | 'refused';
  readonly atMs: number;
  /** The number of the message that shows it. */
  readonly message: number;
  /** Of a refusal: the relay's code. */
  readonly refusal?: string;
}

const maxEvents = 20;

export function timelineOf(
  { id, sinceMs, missingAt }: Pick<UnsyncedRow, 'id' | 'sinceMs' | 'missingAt'>,
  relays: readonly Relay[],
  messagesAbout: (id: string) => readonly MessageRow[],
): Story {
  const since = messagesAbout(id).filter(({ atMs }) => atMs >= sinceMs);
  const confirming = new Set(
    since.flatMap(({ confirmation }) => (confirmation?.state === 'confirmed' ? [confirmation.by] : [])),
  );
  return {
    id,
    sinceMs,
    relays: relays.map(({ id: relayID, host }) => ({
      host,
      isMissing: missingAt.includes(host),
      events: since
        .filter((row) => row.relayID === relayID)
        .flatMap((row) => eventIn(row, confirming))
        .slice(0, maxEvents)
        .reverse(),
    })),
  };
}

function eventIn(row: MessageRow, confirming: ReadonlySet<number>): readonly StoryEvent[] {
  const { atMs, number: message, type, direction, note = '' } = row;
  if (type === 'content' && direction === 'sent') return [{ kind: 'sent', atMs, message }];
  if (confirming.has(message)) return [{ kind: 'confirmed', atMs, message }];
  if (type !== 'maia' || !/^refused(?:: |$)/.test(note)) return [];
  const refusal = note.slice('refused: '.length);
  return [{ kind: 'refused', atMs, message, ...(refusal !== '' && { refusal }) }];
}
