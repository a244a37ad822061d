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
  /**
   * `handed-over`: still in the socket's buffer, as far as this device knows. `lost`: the connection ended before a
   * confirmation.
   */
  readonly kind: 'handed-over' | 'sent' | 'lost' | 'confirmed' | 'refused';
  readonly atMs: number;
  /** The number of the message that shows it. */
  readonly message: number;
  /** Of a refusal: the relay's code. */
  readonly refusal?: string;
}

const maxEvents = 20;

export function timelineOf(
  { id, sinceMs, missingAt, steps }: Pick<UnsyncedRow, 'id' | 'sinceMs' | 'missingAt' | 'steps'>,
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
    relays: relays.map((relay) => ({
      host: relay.host,
      isMissing: missingAt.includes(relay.host),
      events: since
        .filter((row) => row.relayID === relay.id)
        .flatMap((row) => eventIn(row, { confirming, relay, steps }))
        .slice(0, maxEvents)
        .reverse(),
    })),
  };
}

interface Context {
  /** The numbers of the messages that confirm others. */
  readonly confirming: ReadonlySet<number>;
  readonly relay: Relay;
  readonly steps: UnsyncedRow['steps'];
}

function eventIn(row: MessageRow, { confirming, relay, steps }: Context): readonly StoryEvent[] {
  const { atMs, number: message, type, direction, note = '' } = row;
  if (type === 'content' && direction === 'sent')
    return [{ kind: howSent(row, relay, steps), atMs, message }];
  if (confirming.has(message)) return [{ kind: 'confirmed', atMs, message }];
  if (type !== 'maia' || !/^refused(?:: |$)/.test(note)) return [];
  const refusal = note.slice('refused: '.length);
  return [{ kind: 'refused', atMs, message, ...(refusal !== '' && { refusal }) }];
}

/** The log knows when the message was handed to the channel; the ladder knows whether it was sent. */
function howSent(
  { atMs, confirmation }: MessageRow,
  { phase, phaseSinceMs }: Relay,
  { sent }: UnsyncedRow['steps'],
): StoryEvent['kind'] {
  if (confirmation?.state === 'confirmed') return 'sent';
  if (phase !== 'connected' || atMs < phaseSinceMs) return 'lost';
  return sent === 'pending' ? 'handed-over' : 'sent';
}
