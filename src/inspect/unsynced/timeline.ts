import type { MessageReader } from '../messages/message-reader.ts';
import type { MessageRow } from '../snapshot/message-types.ts';
import type { Relay, UnsyncedRow } from '../snapshot.ts';

/** What has happened to a CoValue since its oldest edit that has not arrived, as far as its messages are kept. */
export interface Story {
  readonly id: string;
  /** When that edit was made, in ms since the Unix epoch; see `UnsyncedRow.sinceMs`. */
  readonly sinceMs: number;
  readonly relays: readonly RelayStory[];
}

export interface RelayStory {
  readonly host: string;
  readonly isMissing: boolean;
  /** The newest of them, oldest first. */
  readonly events: readonly StoryEvent[];
}

export interface StoryEvent {
  readonly kind: 'sent' | 'confirmed' | 'refused';
  readonly atMs: number;
  /** The number of the message that says so. */
  readonly message: number;
  /** Of a refusal: the relay's own word for it. */
  readonly refusal?: string;
}

const mostEvents = 20;

export function storyOf(
  { id, sinceMs, missingAt }: Pick<UnsyncedRow, 'id' | 'sinceMs' | 'missingAt'>,
  relays: readonly Relay[],
  messages: Pick<MessageReader, 'about'>,
): Story {
  const since = messages.about(id).filter(({ atMs }) => atMs >= sinceMs);
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
        .slice(0, mostEvents)
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
